//! Pod Security labels of namespaces: which standard they ask for, and what of a pod breaks it.

use std::fmt;

use serde_json::{Map, Value};
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

mod checks;
#[cfg(test)]
mod tests;

/// The newest minor version of Kubernetes whose standard differs from that before it.
const NEWEST: u32 = 35;
const PREFIX: &str = "pod-security.kubernetes.io/";

/// How much a pod may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Privileged,
    /// Nothing that is known to escape.
    Baseline,
    /// What is good practice.
    Restricted,
}

/// A level, as a minor version of Kubernetes defines it; the latest when none is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// How much a pod may do.
    pub level: Level,
    /// The minor version; absent for the latest.
    pub minor: Option<u32>,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        match self.minor {
            Some(minor) => write!(f, "{level}:v1.{minor}"),
            None => write!(f, "{level}:latest"),
        }
    }
}

/// What the labels of a namespace ask for. Audits are not kept anywhere, so they are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Pods that break it are refused.
    pub enforce: Standard,
    /// What breaks it is warned of.
    pub warn: Standard,
}

/// The policy of a namespace with these labels, and what is wrong with them.
pub fn policy(labels: Option<&Map<String, Value>>) -> (Policy, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut of = |mode: &str, otherwise: Level| {
        let (level, has_level) = level(labels, mode, otherwise, &mut errors);
        let (minor, has_minor) = minor(labels, mode, &mut errors);
        (Standard { level, minor }, has_level, has_minor)
    };
    // A broken label closes what is enforced and opens the rest.
    let (enforce, is_enforced, _) = of("enforce", Level::Restricted);
    of("audit", Level::Privileged);
    let (mut warn, has_level, has_minor) = of("warn", Level::Privileged);
    if has_level.is_none() && is_enforced == Some(true) && enforce.level > warn.level {
        warn.level = enforce.level;
        if !has_minor {
            warn.minor = enforce.minor;
        }
    }
    (Policy { enforce, warn }, errors)
}

fn label<'a>(labels: Option<&'a Map<String, Value>>, name: &str) -> Option<(String, &'a str)> {
    let key = format!("{PREFIX}{name}");
    let value = labels?.get(&key)?.as_str()?;
    Some((key, value))
}

fn wrong(key: &str, value: &str, why: &str) -> FieldError {
    let path = FieldPath::new("metadata").child("labels").key(key);
    FieldError::invalid(path, value.into(), why)
}

/// The level, and whether the label is there and right.
fn level(
    labels: Option<&Map<String, Value>>,
    mode: &str,
    otherwise: Level,
    errors: &mut Vec<FieldError>,
) -> (Level, Option<bool>) {
    let Some((key, value)) = label(labels, mode) else {
        return (Level::Privileged, None);
    };
    let level = match value {
        "privileged" => Level::Privileged,
        "baseline" => Level::Baseline,
        "restricted" => Level::Restricted,
        _ => {
            let why = "must be one of privileged, baseline, restricted";
            errors.push(wrong(&key, value, why));
            return (otherwise, Some(false));
        }
    };
    (level, Some(true))
}

/// The version, and whether there is a label for it.
fn minor(
    labels: Option<&Map<String, Value>>,
    mode: &str,
    errors: &mut Vec<FieldError>,
) -> (Option<u32>, bool) {
    let Some((key, value)) = label(labels, &format!("{mode}-version")) else {
        return (None, false);
    };
    let digits = value.strip_prefix("v1.").filter(|digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && (*digits == "0" || !digits.starts_with('0'))
    });
    let minor = digits.and_then(|digits| digits.parse().ok());
    if minor.is_none() && value != "latest" {
        errors.push(wrong(&key, value, "must be \"latest\" or \"v1.x\""));
    }
    (minor, true)
}

/// One thing of a pod that a standard does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it is.
    pub reason: String,
    /// Where it is.
    pub detail: String,
}

/// What a standard does not allow of a pod with these annotations and this specification, in the order of the standard.
pub fn violations(
    standard: Standard,
    annotations: Option<&Map<String, Value>>,
    spec: &Value,
) -> Vec<Violation> {
    let pod = checks::Pod {
        annotations,
        spec,
        minor: standard.minor.unwrap_or(NEWEST).min(NEWEST),
    };
    match standard.level {
        Level::Privileged => Vec::new(),
        Level::Baseline => pod.baseline(),
        Level::Restricted => pod.restricted(),
    }
}

/// The violations as they are told: each with where it is.
pub fn details(violations: &[Violation]) -> String {
    let texts: Vec<String> = violations
        .iter()
        .map(|Violation { reason, detail }| match detail.is_empty() {
            true => reason.clone(),
            false => format!("{reason} ({detail})"),
        })
        .collect();
    texts.join(", ")
}

/// The violations by their reasons alone.
pub fn reasons(violations: &[Violation]) -> String {
    let texts: Vec<&str> = violations.iter().map(|v| v.reason.as_str()).collect();
    texts.join(", ")
}
