//! Options of writes: dry run, field manager, field validation, preconditions.

use serde_json::Value;
use skein_object::GroupVersionKind;

use crate::api::Call;
use crate::decode;
use crate::failure::{Cause, Failure, Outcome};

/// Longest field manager, in bytes.
const MAX_MANAGER_BYTES: usize = 128;

/// What happens to fields that are unknown or occur twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// Options of create, update and patch.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) manager: String,
    pub(crate) validation: FieldValidation,
    pub(crate) force: bool,
}

impl WriteOptions {
    /// From the query; the manager defaults to the first word of the user agent. `kind` is that of
    /// the options in refusals: `CreateOptions`, `UpdateOptions`, `PatchOptions`.
    pub(crate) fn parse(call: &Call, kind: &str, apply: bool) -> Outcome<Self> {
        let gvk = GroupVersionKind::new("meta.k8s.io", "v1", kind);
        let mut causes = Vec::new();
        let dry_run = call.query.text("dryRun");
        if !matches!(dry_run, "" | "All") {
            causes.push(unsupported_list("dryRun", dry_run, &["All"]));
        }
        let given = call.query.text("fieldManager");
        if given.len() > MAX_MANAGER_BYTES {
            let text = format!("Too long: may not be more than {MAX_MANAGER_BYTES} bytes");
            causes.push(Cause::new("FieldValueTooLong", "fieldManager", text));
        }
        if apply && given.is_empty() {
            let text = "Required value: is required for apply patch";
            causes.push(Cause::new("FieldValueRequired", "fieldManager", text));
        }
        let force = call.query.flag("force");
        if !apply && !call.query.text("force").is_empty() && kind == "PatchOptions" {
            let text = "Forbidden: may not be specified for non-apply patch";
            causes.push(Cause::new("FieldValueForbidden", "force", text));
        }
        let validation = match call.query.text("fieldValidation") {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                causes.push(unsupported(
                    "fieldValidation",
                    other,
                    &["", "Ignore", "Strict", "Warn"],
                ));
                FieldValidation::Warn
            }
        };
        if !causes.is_empty() {
            return Err(Failure::invalid(&gvk, "", causes));
        }
        let manager = if given.is_empty() {
            default_manager(call.header("user-agent"))
        } else {
            given.to_owned()
        };
        Ok(Self {
            dry_run: dry_run == "All",
            manager,
            validation,
            force,
        })
    }
}

fn unsupported(field: &str, value: &str, supported: &[&str]) -> Cause {
    let list: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    let text = format!(
        "Unsupported value: {value:?}: supported values: {}",
        list.join(", ")
    );
    Cause::new("FieldValueNotSupported", field, text)
}

/// As [`unsupported`], for a field that is a list.
fn unsupported_list(field: &str, value: &str, supported: &[&str]) -> Cause {
    let mut cause = unsupported(field, value, supported);
    cause.message = cause
        .message
        .replacen(&format!("{value:?}"), &format!("[{value:?}]"), 1);
    cause
}

fn default_manager(user_agent: &str) -> String {
    let name = user_agent.split('/').next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() {
        return "unknown".to_owned();
    }
    name.chars().take(MAX_MANAGER_BYTES).collect()
}

/// What happens to the objects that an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// Options of delete.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) dry_run: bool,
    pub(crate) grace_seconds: Option<i64>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

impl DeleteOptions {
    /// From the body when there is one, else from the query.
    pub(crate) fn parse(call: &Call) -> Outcome<Self> {
        let body = if call.body.is_empty() {
            Value::Null
        } else {
            decode::body(call)?.value
        };
        let from_body = |pointer: &str| body.pointer(pointer).filter(|value| !value.is_null());
        let text = |pointer: &str| {
            from_body(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let query = |key: &str| Some(call.query.text(key).to_owned()).filter(|v| !v.is_empty());
        let dry_run = match from_body("/dryRun").and_then(Value::as_array) {
            Some(list) => list.first().and_then(Value::as_str).map(str::to_owned),
            None => query("dryRun"),
        };
        let grace = from_body("/gracePeriodSeconds").and_then(Value::as_i64);
        let grace_seconds = match grace {
            Some(grace) => Some(grace),
            None => query("gracePeriodSeconds").and_then(|value| value.parse().ok()),
        };
        let gvk = GroupVersionKind::new("meta.k8s.io", "v1", "DeleteOptions");
        let refuse = |cause| Err(Failure::invalid(&gvk, "", vec![cause]));
        let propagation = match text("/propagationPolicy").or_else(|| query("propagationPolicy")) {
            None => match from_body("/orphanDependents").and_then(Value::as_bool) {
                Some(true) => Some(Propagation::Orphan),
                Some(false) => Some(Propagation::Background),
                None => None,
            },
            Some(policy) => match policy.as_str() {
                "Background" => Some(Propagation::Background),
                "Foreground" => Some(Propagation::Foreground),
                "Orphan" => Some(Propagation::Orphan),
                other => {
                    let supported = ["Foreground", "Background", "Orphan", "nil"];
                    return refuse(unsupported("propagationPolicy", other, &supported));
                }
            },
        };
        match dry_run.as_deref() {
            None | Some("All") => {}
            Some(other) => return refuse(unsupported_list("dryRun", other, &["All"])),
        }
        Ok(Self {
            dry_run: dry_run.is_some(),
            grace_seconds,
            propagation,
            uid: text("/preconditions/uid"),
            resource_version: text("/preconditions/resourceVersion"),
        })
    }
}
