//! Status of an object in one word with reason and message, by the rules of `skein-health` and `skein-graph`.

use jiff::Timestamp;
use serde_json::Value;
use skein_graph::flux_health;
use skein_health::{Health, Status, health};
use skein_object::{Object, Revision};

use super::node::{NodeStatus, UnixMillis};

/// Reasons with which Ready is False although nothing is wrong with the object itself: it waits.
const WAITING_REASONS: [&str; 2] = ["DependencyNotReady", "ProgressingWithRetry"];

/// How Flux begins to say that the source has fetched nothing so far; its reason is also used for real failures.
const NO_ARTIFACT_YET: &str = "Source artifact not found";

/// What kstatus says of kinds that have no rules; it tells nobody anything.
const NOTHING_TO_SAY: [&str; 2] = ["Resource is current", "Resource is always ready"];

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
pub fn summarise(object: &Object, now: UnixMillis) -> Summary {
    if object.is_deleting() {
        return summarise_deleting(object);
    }
    let Health {
        status,
        reason,
        message,
    } = flux_health(object).unwrap_or_else(|| health(object, timestamp(now)));
    let status = match status {
        Status::Current => NodeStatus::Ready,
        Status::InProgress => NodeStatus::Progressing,
        Status::Failed if is_waiting(&reason, &message) => NodeStatus::Progressing,
        Status::Failed => NodeStatus::Failed,
        Status::Terminating => NodeStatus::Deleting,
        Status::NotFound => NodeStatus::Missing,
        Status::Unknown => NodeStatus::Unknown,
    };
    let message = if NOTHING_TO_SAY.contains(&message.as_str()) {
        ""
    } else {
        message.as_str()
    };
    Summary::new(status, &reason, message, changed_at(object))
}

/// Whether nothing is wrong with the object itself: it waits for another one.
fn is_waiting(reason: &str, message: &str) -> bool {
    WAITING_REASONS.contains(&reason) || message.starts_with(NO_ARTIFACT_YET)
}

fn summarise_deleting(object: &Object) -> Summary {
    let since = object
        .str_at(&["metadata", "deletionTimestamp"])
        .unwrap_or_default();
    let finalizers = object.finalizers();
    let message = if finalizers.is_empty() {
        "being deleted".to_owned()
    } else {
        format!("being deleted, waits for {}", finalizers.join(", "))
    };
    Summary::new(NodeStatus::Deleting, "Terminating", &message, since)
}

/// When Ready last changed, else when the object was made.
fn changed_at(object: &Object) -> &str {
    object
        .condition("Ready")
        .and_then(|ready| ready.get("lastTransitionTime").and_then(Value::as_str))
        .or_else(|| object.str_at(&["metadata", "creationTimestamp"]))
        .unwrap_or_default()
}

fn timestamp(now: UnixMillis) -> Timestamp {
    i64::try_from(now)
        .ok()
        .and_then(|now| Timestamp::from_millisecond(now).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
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
