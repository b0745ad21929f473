//! Options of writes: dry run, field manager, field validation, preconditions.

use serde_json::Value;
use skein_gowords::quote;
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
        if call.query.has("dryRun") && dry_run != "All" {
            causes.push(unsupported_list("dryRun", &[dry_run.to_owned()], &["All"]));
        }
        let given = call.query.text("fieldManager");
        if given.len() > MAX_MANAGER_BYTES {
            let text = format!("Too long: may not be more than {MAX_MANAGER_BYTES} bytes");
            causes.push(Cause::new("FieldValueTooLong", "fieldManager", text));
        }
        let odd = given.char_indices().find(|(_, c)| c.is_control());
        if let Some((at, character)) = odd {
            let text = format!(
                "Invalid value: {}: invalid character U+{:04X} (at position {at})",
                quote(given),
                u32::from(character)
            );
            causes.push(Cause::new("FieldValueInvalid", "fieldManager", text));
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
fn unsupported_list(field: &str, values: &[String], supported: &[&str]) -> Cause {
    let given: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    let allowed: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    let text = format!(
        "Unsupported value: [{}]: supported values: {}",
        given.join(","),
        allowed.join(", ")
    );
    Cause::new("FieldValueNotSupported", field, text)
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

/// Numbers and texts of delete options that the query may name, read before anything is checked.
struct RawDelete {
    dry_run: Option<Vec<String>>,
    grace: Option<i64>,
    orphan: Option<bool>,
    policy: Option<String>,
}

impl DeleteOptions {
    /// From the body when there is one, else from the query.
    pub(crate) fn parse(call: &Call) -> Outcome<Self> {
        if call.body.is_empty() {
            let query = &call.query;
            let raw = RawDelete {
                dry_run: query
                    .has("dryRun")
                    .then(|| vec![query.text("dryRun").to_owned()]),
                grace: query.signed("gracePeriodSeconds")?,
                orphan: query
                    .has("orphanDependents")
                    .then(|| query.flag("orphanDependents")),
                policy: query
                    .has("propagationPolicy")
                    .then(|| query.text("propagationPolicy").to_owned()),
            };
            return raw.check();
        }
        let body = decode::delete_options(call)?;
        Self::from_value(&body)
    }

    /// From the JSON form.
    pub(crate) fn from_value(body: &Value) -> Outcome<Self> {
        let at = |pointer: &str| body.pointer(pointer).filter(|value| !value.is_null());
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
        let list = |list: &Vec<Value>| {
            let texts = list.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        let raw = RawDelete {
            dry_run: at("/dryRun").and_then(Value::as_array).map(list),
            grace: at("/gracePeriodSeconds").and_then(Value::as_i64),
            orphan: at("/orphanDependents").and_then(Value::as_bool),
            policy: text("/propagationPolicy"),
        };
        Ok(Self {
            uid: text("/preconditions/uid"),
            resource_version: text("/preconditions/resourceVersion"),
            ..raw.check()?
        })
    }
}

impl RawDelete {
    fn check(self) -> Outcome<DeleteOptions> {
        let mut causes = Vec::new();
        if let (Some(policy), Some(_)) = (&self.policy, self.orphan) {
            let text = format!(
                "Invalid value: {policy:?}: orphanDependents and deletionPropagation cannot be both set"
            );
            causes.push(Cause::new("FieldValueInvalid", "propagationPolicy", text));
        }
        let propagation = match self.policy.as_deref() {
            None => match self.orphan {
                Some(true) => Some(Propagation::Orphan),
                Some(false) => Some(Propagation::Background),
                None => None,
            },
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                causes.push(unsupported("propagationPolicy", other, &supported));
                None
            }
        };
        let dry_run = self.dry_run.unwrap_or_default();
        if dry_run.iter().any(|way| way != "All") {
            causes.push(unsupported_list("dryRun", &dry_run, &["All"]));
        }
        if !causes.is_empty() {
            let gvk = GroupVersionKind::new("meta.k8s.io", "v1", "DeleteOptions");
            return Err(Failure::invalid(&gvk, "", causes));
        }
        Ok(DeleteOptions {
            dry_run: !dry_run.is_empty(),
            grace_seconds: self.grace,
            propagation,
            uid: None,
            resource_version: None,
        })
    }
}
