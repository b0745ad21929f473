//! Status of an object in one word with reason and message: Flux's conditions here, other kinds by `skein-health`.

use serde_json::{Map, Value};
use skein_object::{Object, Revision};

use super::kinds;
use super::node::NodeStatus;

/// Reasons with which Ready is False although nothing is wrong with the object itself: it waits.
const WAITING_REASONS: [&str; 3] = ["DependencyNotReady", "Progressing", "ProgressingWithRetry"];

/// Longest message that goes into a row, in characters; the panel shows all of it.
const ROW_MESSAGE_CHARS: usize = 400;

/// Status, reason, message and time of last change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// In one word.
    pub status: NodeStatus,
    /// Machine-readable reason; may be empty.
    pub reason: String,
    /// For people; may be empty.
    pub message: String,
    /// RFC 3339; may be empty.
    pub changed_at: String,
}

impl Summary {
    fn new(status: NodeStatus, reason: &str, message: &str, changed_at: &str) -> Self {
        let message = message.chars().take(ROW_MESSAGE_CHARS).collect();
        Self {
            status,
            reason: reason.into(),
            message,
            changed_at: changed_at.into(),
        }
    }
}

/// The summary of an object as it was last seen.
pub fn summarise(object: &Object) -> Summary {
    if object.is_deleting() {
        let since = object
            .str_at(&["metadata", "deletionTimestamp"])
            .unwrap_or_default();
        let finalizers = object.finalizers();
        let message = if finalizers.is_empty() {
            "being deleted".to_owned()
        } else {
            format!("being deleted, waits for {}", finalizers.join(", "))
        };
        return Summary::new(NodeStatus::Deleting, "Terminating", &message, since);
    }
    if kinds::is_flux(&object.key().group) {
        return summarise_flux(object);
    }
    summarise_other(object)
}

fn summarise_flux(object: &Object) -> Summary {
    let created = object
        .str_at(&["metadata", "creationTimestamp"])
        .unwrap_or_default();
    let Some(ready) = object.condition("Ready") else {
        return if kinds::has_status(object.kind()) {
            let text = "no controller has looked at it yet";
            Summary::new(NodeStatus::Progressing, "", text, created)
        } else {
            Summary::new(NodeStatus::Ready, "", "", created)
        };
    };
    let reason = text(ready, "reason");
    let status = match text(ready, "status") {
        "True" if is_behind(object, ready) => NodeStatus::Progressing,
        "True" => NodeStatus::Ready,
        "False" if object.condition_status("Stalled") == Some("True") => NodeStatus::Failed,
        "False" if WAITING_REASONS.contains(&reason) => NodeStatus::Progressing,
        "False" => NodeStatus::Failed,
        _ => NodeStatus::Progressing,
    };
    Summary::new(
        status,
        reason,
        text(ready, "message"),
        text(ready, "lastTransitionTime"),
    )
}

/// Whether the condition speaks of an older generation than the object has.
fn is_behind(object: &Object, condition: &Map<String, Value>) -> bool {
    let seen = condition
        .get("observedGeneration")
        .and_then(Value::as_i64)
        .or_else(|| object.i64_at(&["status", "observedGeneration"]));
    seen.is_some_and(|seen| seen < object.generation())
}

fn summarise_other(object: &Object) -> Summary {
    let created = object
        .str_at(&["metadata", "creationTimestamp"])
        .unwrap_or_default();
    let (status, message) = super::workload::status(object);
    Summary::new(status, "", &message, created)
}

fn text<'a>(condition: &'a Map<String, Value>, field: &str) -> &'a str {
    condition
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The revision a row shows: what was last applied or fetched, with a short hash; empty when there is none.
pub fn revision(object: &Object) -> String {
    const PLACES: [&[&str]; 4] = [
        &["status", "lastAppliedRevision"],
        &["status", "artifact", "revision"],
        &["status", "lastAttemptedRevision"],
        &["status", "observedChartName"],
    ];
    PLACES
        .iter()
        .find_map(|place| object.str_at(place).filter(|text| !text.is_empty()))
        .map(|text| Revision::new(text).short())
        .unwrap_or_default()
}
