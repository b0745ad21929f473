//! Semantic versions.

use std::borrow::Cow;
use std::cmp::Ordering;

use skein_semver::{Constraint, Version};

use super::arguments::text;
use super::{Entry, Outcome};
use crate::exec::Runtime;
use crate::function::{CallError, Signature};
use crate::object::Object;
use crate::strconv::quote;
use crate::types::{Kind, UintKind};
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("semver", "string -> *semver.Version", semver),
    ("semverCompare", "string, string -> bool", semver_compare),
];

fn version(text: &str) -> Result<Version, CallError> {
    Version::parse(text).map_err(|error| CallError::new(error.to_string()))
}

fn semver(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let version = version(&text(arguments, 0).lossy())?;
    Ok(Value::object(SemVer(version)).into())
}

fn semver_compare(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let constraint = Constraint::parse(&text(arguments, 0).lossy())
        .map_err(|error| CallError::new(error.to_string()))?;
    let version = version(&text(arguments, 1).lossy())?;
    Ok(Value::Bool(constraint.check(&version)).into())
}

/// A version with the methods of Masterminds semver.
#[derive(Clone, Debug)]
struct SemVer(Version);

const COMPARES: &str = "*semver.Version -> bool";

impl SemVer {
    fn next(&self, major: u64, minor: u64, patch: u64) -> Result<Value, CallError> {
        let sign = if self.0.original().starts_with('v') {
            "v"
        } else {
            ""
        };
        version(&format!("{sign}{major}.{minor}.{patch}")).map(|next| Value::object(Self(next)))
    }

    fn compared(&self, arguments: &[Value]) -> Result<Ordering, CallError> {
        let other = arguments.first().map(crate::functions::text_of);
        let other = version(&other.unwrap_or_default().lossy())?;
        Ok(self.0.precedence(&other))
    }
}

impl Object for SemVer {
    fn type_name(&self) -> Cow<'static, str> {
        "*semver.Version".into()
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let text = match name {
            "Major" | "Minor" | "Patch" => "-> uint64",
            "Prerelease" | "Metadata" | "Original" | "String" => "-> string",
            "Compare" => "*semver.Version -> int",
            "LessThan" | "GreaterThan" | "Equal" | "LessThanEqual" | "GreaterThanEqual" => COMPARES,
            "IncMajor" | "IncMinor" | "IncPatch" => "-> semver.Version",
            _ => return None,
        };
        Some(Signature::parse(text))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let version = &self.0;
        let uint = |value| Ok(Value::Uint(UintKind::Uint64, value));
        let order = |holds: fn(Ordering) -> bool| {
            self.compared(arguments)
                .map(|order| Value::Bool(holds(order)))
        };
        match name {
            "Major" => uint(version.major),
            "Minor" => uint(version.minor),
            "Patch" => uint(version.patch),
            "Prerelease" => Ok(Value::text(version.pre_release.as_str())),
            "Metadata" => Ok(Value::text(version.metadata.as_str())),
            "Original" => Ok(Value::text(version.original())),
            "String" => Ok(Value::text(version.to_string())),
            "Compare" => self
                .compared(arguments)
                .map(|order| Value::int(order as i64)),
            "LessThan" => order(Ordering::is_lt),
            "GreaterThan" => order(Ordering::is_gt),
            "LessThanEqual" => order(Ordering::is_le),
            "GreaterThanEqual" => order(Ordering::is_ge),
            "Equal" => order(Ordering::is_eq),
            "IncMajor" => self.next(version.major + 1, 0, 0),
            "IncMinor" => self.next(version.major, version.minor + 1, 0),
            // A pre-release comes before its release: that is the next patch.
            "IncPatch" if !version.pre_release.is_empty() => {
                self.next(version.major, version.minor, version.patch)
            }
            "IncPatch" => self.next(version.major, version.minor, version.patch + 1),
            _ => Err(CallError::new(format!("no method {name}"))),
        }
    }

    fn display(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn go_syntax(&self) -> Option<String> {
        let quoted = |text: &str| quote(text.as_bytes());
        let version = &self.0;
        Some(format!(
            "&semver.Version{{major:{:#x}, minor:{:#x}, patch:{:#x}, pre:{}, metadata:{}, original:{}}}",
            version.major,
            version.minor,
            version.patch,
            quoted(&version.pre_release),
            quoted(&version.metadata),
            quoted(version.original())
        ))
    }

    fn marshaled_text(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn deep_copy(&self) -> Option<Value> {
        Some(Value::object(Self(Version::default())))
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(serde_json::Value::from(self.0.to_string()))
    }
}
