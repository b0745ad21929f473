//! Decides for one object what has to be sent, and reads the answers: skip, nothing, check first, apply, recreate.

use serde_json::Value;
use skein_object::{Object, ObjectKey};

use crate::change::{Action, ChangeEntry};
use crate::ignore::{self, IgnoreRules};
use crate::normalize;
use crate::owned;
use crate::settings;
use crate::takeover::{self, Predecessor};

/// What is known about the object in the cluster.
#[derive(Clone, Copy, Debug)]
pub enum Live<'l> {
    /// Nothing: it has to be read.
    Unknown,
    /// It does not exist.
    Absent,
    /// It exists and looks like this.
    Present(&'l Object),
}

impl<'l> Live<'l> {
    /// The object, when it exists.
    pub fn object(self) -> Option<&'l Object> {
        match self {
            Self::Present(object) => Some(object),
            Self::Unknown | Self::Absent => None,
        }
    }
}

/// What to do with one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The live object must be read before anything can be decided.
    Look,
    /// Left alone on purpose.
    Skip(ChangeEntry),
    /// As wanted already: nothing is sent.
    Settled(ChangeEntry),
    /// To be applied.
    Apply {
        /// JSON patch that must be sent before (and after the dry run of) the apply.
        cleanup: Option<Value>,
        /// Whether a dry run has to tell first: what it would change is not known, or fields are ignored.
        compare: bool,
    },
}

/// The choices of a Kustomization and of the operator that matter for single objects.
#[derive(Debug)]
pub struct Rules<'r> {
    /// Our field manager.
    pub manager: &'r str,
    /// Managers whose fields become ours.
    pub predecessors: &'r [Predecessor],
    /// `spec.ignore`.
    pub ignore: &'r IgnoreRules,
    /// `spec.force`.
    pub force: bool,
}

/// The change entry of an object.
pub fn entry(object: &Object, action: Action) -> ChangeEntry {
    ChangeEntry {
        key: object.key(),
        version: object.gvk().version,
        action,
    }
}

/// The first decision, before any request for this object.
pub fn decide(desired: &Object, live: Live<'_>, rules: &Rules<'_>) -> Decision {
    // The live object's identity is preferred: a cluster-scoped object may carry a namespace in its manifest.
    let known = live.object().unwrap_or(desired);
    if settings::is_excluded(desired) || live.object().is_some_and(settings::is_excluded) {
        return match live {
            Live::Unknown => Decision::Look,
            _ => Decision::Skip(entry(known, Action::Skipped)),
        };
    }
    let live = match live {
        Live::Unknown => return Decision::Look,
        Live::Absent => {
            return Decision::Apply {
                cleanup: None,
                compare: false,
            };
        }
        Live::Present(live) => live,
    };
    if settings::is_if_not_present(desired) {
        return Decision::Skip(entry(known, Action::Skipped));
    }
    let cleanup = takeover::cleanup(desired, live, rules.manager, rules.predecessors);
    if cleanup.is_none() && owned::is_settled(desired, live, rules.manager) {
        return Decision::Settled(entry(live, Action::Unchanged));
    }
    let compare = !rules.ignore.paths(desired).is_empty() || cleanup.is_some();
    Decision::Apply { cleanup, compare }
}

/// Whether the dry run differs from the live object in what counts: labels, annotations, everything but metadata and status.
pub fn is_drifted(live: &Object, dry_run: &Object, rules: &Rules<'_>) -> bool {
    let paths = rules.ignore.paths(dry_run);
    let (live, dry_run) = if paths.is_empty() {
        (live.clone(), dry_run.clone())
    } else {
        (
            ignore::without(live, &paths),
            ignore::without(dry_run, &paths),
        )
    };
    let same_map = |a: Option<&serde_json::Map<String, Value>>,
                    b: Option<&serde_json::Map<String, Value>>| {
        a.filter(|m| !m.is_empty()) == b.filter(|m| !m.is_empty())
    };
    !same_map(live.labels(), dry_run.labels())
        || !same_map(live.annotations(), dry_run.annotations())
        || normalize::comparable(&live) != normalize::comparable(&dry_run)
}

/// What is sent after the dry run: the wanted object, with ignored fields that differ left to others.
pub fn payload(
    desired: &Object,
    live: Option<&Object>,
    dry_run: &Object,
    rules: &Rules<'_>,
) -> Object {
    let paths = rules.ignore.paths(dry_run);
    match live {
        Some(live) if !paths.is_empty() => {
            ignore::yield_fields(desired, live, dry_run, &paths, rules.manager)
        }
        _ => desired.clone(),
    }
}

/// A refusal by the API server, as far as decisions and messages need it.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'r> {
    /// HTTP status code.
    pub code: u16,
    /// Reason of the Status object: `Invalid`, `Forbidden`, `NotFound`; empty when there is none.
    pub reason: &'r str,
    /// Message of the Status object.
    pub message: &'r str,
    /// Whether a cause of the Status object is a conflict of field managers.
    pub field_conflict: bool,
}

impl Refusal<'_> {
    /// Whether the refusal may be about a field that cannot be changed, so that making the object anew may help.
    pub fn is_immutable(&self) -> bool {
        const CONFLICT: u16 = 409;
        const INVALID: u16 = 422;
        matches!(self.code, CONFLICT | INVALID)
            || matches!(self.reason, "Conflict" | "Invalid" | "AlreadyExists")
            || self.message.contains("is immutable")
            || self.message.contains("immutable field")
    }

    /// How a refused dry run is reported.
    pub fn dry_run_message(&self, object: &Object) -> String {
        let key = object.key();
        if self.reason == "NotFound" {
            let what = if key.namespace.is_empty() {
                "namespace not specified"
            } else {
                "not found"
            };
            return format!("{key} {what}: {}", self.message);
        }
        let reason = if self.field_conflict {
            "FieldManagerConflict"
        } else {
            self.reason
        };
        let reason = if reason.is_empty() {
            String::new()
        } else {
            format!(" ({reason})")
        };
        format!("{key} dry-run failed{reason}: {}", self.message)
    }
}

/// Whether a refused object is deleted and made anew.
pub fn may_recreate(
    desired: &Object,
    live: Option<&Object>,
    rules: &Rules<'_>,
    refusal: &Refusal<'_>,
) -> bool {
    let Some(live) = live else { return false };
    refusal.is_immutable()
        && (rules.force || settings::is_forced(desired) || settings::is_forced(live))
}

/// What an apply did, told by its answer: HTTP status and object.
pub fn action_of(status: u16, live: Option<&Object>, answer: &Object) -> Action {
    const CREATED: u16 = 201;
    match live {
        _ if status == CREATED => Action::Created,
        Some(live) if live.resource_version() == answer.resource_version() => Action::Unchanged,
        _ => Action::Configured,
    }
}

/// Largest data of a ConfigMap or Secret, in bytes, that the API server takes.
const MAX_DATA_BYTES: usize = 1024 * 1024;
/// Longest name of an object.
const MAX_NAME_CHARS: usize = 253;

/// Whether the API server will take the object for all we can know, so that a dry run may be saved: small kinds without rules of
/// their own. Admission webhooks and quotas may still refuse; then the apply fails, as the dry run would have, but objects that were
/// sent before stay applied and are in the inventory.
pub fn is_plain(desired: &Object, live: Live<'_>) -> bool {
    let live = match live {
        Live::Unknown => return false,
        Live::Absent => None,
        Live::Present(live) => Some(live),
    };
    let frozen = live.is_some_and(|live| live.bool_at(&["immutable"]) == Some(true));
    let same_type = |field: &str, default: &str| {
        let wanted = desired.str_at(&[field]).unwrap_or(default);
        live.map_or(wanted == default, |live| {
            live.str_at(&[field]).unwrap_or(default) == wanted
        })
    };
    let kind_is_plain = match (desired.api_version(), desired.kind()) {
        ("v1", "ConfigMap") => plain_fields(desired, &["data"]) && plain_data(desired, "data"),
        ("v1", "Secret") => {
            plain_fields(desired, &["data", "type"])
                && plain_data(desired, "data")
                && base64_values(desired)
                && same_type("type", "Opaque")
        }
        ("v1", "ServiceAccount") => plain_fields(desired, &["automountServiceAccountToken"]),
        _ => false,
    };
    !frozen && kind_is_plain && plain_identity(&desired.key()) && plain_metadata(desired)
}

fn plain_fields(object: &Object, allowed: &[&str]) -> bool {
    let known = |key: &String| {
        ["apiVersion", "kind", "metadata"].contains(&key.as_str())
            || allowed.contains(&key.as_str())
    };
    object.as_map().keys().all(known)
}

fn plain_data(object: &Object, field: &str) -> bool {
    let Some(data) = object.as_map().get(field) else {
        return true;
    };
    let Some(data) = data.as_object() else {
        return false;
    };
    let plain_key = |key: &str| {
        !key.is_empty()
            && key.len() <= MAX_NAME_CHARS
            && !key.starts_with('.')
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let size: usize = data.values().filter_map(Value::as_str).map(str::len).sum();
    size < MAX_DATA_BYTES
        && data
            .iter()
            .all(|(key, value)| plain_key(key) && value.is_string())
}

fn base64_values(object: &Object) -> bool {
    use base64::Engine;
    let data = object.as_map().get("data").and_then(Value::as_object);
    data.into_iter()
        .flat_map(|data| data.values())
        .filter_map(Value::as_str)
        .all(|text| {
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .is_ok()
        })
}

fn plain_identity(key: &ObjectKey) -> bool {
    let label = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    !key.namespace.is_empty()
        && label(&key.namespace)
        && key.name.len() <= MAX_NAME_CHARS
        && key.name.split('.').all(label)
}

/// Only names, labels and annotations of the common form.
fn plain_metadata(object: &Object) -> bool {
    const MAX_LABEL_CHARS: usize = 63;
    let Some(metadata) = object.at(&["metadata"]).and_then(Value::as_object) else {
        return false;
    };
    let known = ["name", "namespace", "labels", "annotations"];
    let token = |text: &str| {
        text.len() <= MAX_LABEL_CHARS
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && (text.is_empty()
                || (text.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && text.ends_with(|c: char| c.is_ascii_alphanumeric())))
    };
    let key = |text: &str| {
        let (prefix, name) = text.split_once('/').unwrap_or(("x", text));
        !name.is_empty()
            && token(name)
            && !prefix.is_empty()
            && prefix.split('.').all(token)
            && !prefix.chars().any(|c| c.is_ascii_uppercase() || c == '_')
    };
    let labels = object.labels().into_iter().flatten();
    let annotations = object.annotations().into_iter().flatten();
    metadata.keys().all(|field| known.contains(&field.as_str()))
        && labels
            .into_iter()
            .all(|(k, v)| key(k) && v.as_str().is_some_and(token))
        && annotations
            .into_iter()
            .all(|(k, v)| key(k) && v.is_string())
}

#[cfg(test)]
mod tests;
