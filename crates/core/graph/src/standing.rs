//! How an object is doing, in one word with reason, message and time: what a row of a tree says.

use jiff::Timestamp;
use serde_json::Value;
use skein_api::FluxKind;
use skein_health::{Health, Status, health};
use skein_object::Object;

/// The one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// As desired.
    Ready,
    /// On the way, or waiting for something else.
    Progressing,
    /// Needs somebody.
    Failed,
    /// Named by another object, but not there.
    Missing,
    /// Being deleted.
    Deleting,
    /// Nobody can tell.
    Unknown,
}

impl Standing {
    /// Whether it is known not to be well.
    pub fn is_broken(self) -> bool {
        !matches!(self, Self::Ready | Self::Unknown)
    }
}

/// Standing, reason, message and time of last change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// In one word.
    pub standing: Standing,
    /// Machine-readable reason; may be empty.
    pub reason: String,
    /// For people; may be empty.
    pub message: String,
    /// When it last changed, RFC 3339 as the cluster wrote it; empty when unknown.
    pub since: String,
}

/// Reasons with which Ready is False although nothing is wrong with the object itself: it waits.
const WAITING_REASONS: [&str; 3] = [
    "DependencyNotReady",
    "ProgressingWithRetry",
    "SourceNotReady",
];

/// How Flux begins to say that the source has fetched nothing so far; its reason is also used for real failures.
const NO_ARTIFACT_YET: &str = "Source artifact not found";

/// What kstatus says of kinds that have no rules; it tells nobody anything.
const NOTHING_TO_SAY: [&str; 2] = ["Resource is current", "Resource is always ready"];

/// The health of a Flux object, in which `Ready=False` without `Reconciling` is a failure and not progress; `None` for other
/// kinds. A Flux object without conditions has not been reconciled, unless its kind has none.
pub fn flux_health(object: &Object) -> Option<Health> {
    let kind = FluxKind::of(&object.gvk().group_kind())?;
    if object.is_deleting() {
        return Some(Health::new(
            Status::Terminating,
            "",
            "Resource scheduled for deletion",
        ));
    }
    if is_static(kind, object) {
        return Some(Health::current("Resource is current"));
    }
    let text = |condition: &str, field: &str| {
        let value = object
            .condition(condition)
            .and_then(|c| c.get(field))
            .and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let observed = object.i64_at(&["status", "observedGeneration"]);
    let is_observed = observed.is_none_or(|observed| observed == object.generation());
    let (reason, message) = (text("Ready", "reason"), text("Ready", "message"));
    Some(match object.condition_status("Ready") {
        _ if object.condition_status("Stalled") == Some("True") => {
            Health::failed(text("Stalled", "reason"), text("Stalled", "message"))
        }
        Some("True") if is_observed => Health::new(Status::Current, reason, message),
        // A retry of something that failed is told as the failure that it is.
        Some("False") => Health::failed(reason, message),
        None => Health::in_progress("", "waiting to be reconciled"),
        Some(_) => Health::in_progress(reason, message),
    })
}

/// Kinds and types that are never reconciled, and so have no conditions.
pub(crate) fn is_static(kind: FluxKind, object: &Object) -> bool {
    match kind {
        FluxKind::Alert | FluxKind::Provider => true,
        FluxKind::HelmRepository => object.str_at(&["spec", "type"]) == Some("oci"),
        FluxKind::ExternalArtifact => object.at(&["status", "artifact"]).is_some(),
        _ => false,
    }
}

/// The summary of an object as it was last seen; the time matters for Pods that cannot be scheduled only.
pub fn summarise(object: &Object, now: Timestamp) -> Summary {
    if object.is_deleting() {
        return summarise_deleting(object);
    }
    let Health {
        status,
        reason,
        message,
    } = flux_health(object).unwrap_or_else(|| health(object, now));
    let standing = match status {
        Status::Current => Standing::Ready,
        Status::InProgress => Standing::Progressing,
        Status::Failed if is_waiting(&reason, &message) => Standing::Progressing,
        Status::Failed => Standing::Failed,
        Status::Terminating => Standing::Deleting,
        Status::NotFound => Standing::Missing,
        Status::Unknown => Standing::Unknown,
    };
    let message = if NOTHING_TO_SAY.contains(&message.as_str()) {
        String::new()
    } else {
        message
    };
    Summary {
        standing,
        reason,
        message,
        since: changed_at(object).to_owned(),
    }
}

/// Whether nothing is wrong with the object itself: it waits for another one.
fn is_waiting(reason: &str, message: &str) -> bool {
    WAITING_REASONS.contains(&reason) || message.starts_with(NO_ARTIFACT_YET)
}

fn summarise_deleting(object: &Object) -> Summary {
    let finalizers = object.finalizers();
    let message = if finalizers.is_empty() {
        "being deleted".to_owned()
    } else {
        format!("being deleted, waits for {}", finalizers.join(", "))
    };
    Summary {
        standing: Standing::Deleting,
        reason: "Terminating".into(),
        message,
        since: object
            .str_at(&["metadata", "deletionTimestamp"])
            .unwrap_or_default()
            .to_owned(),
    }
}

/// When the condition that sums the object up last changed, else when the object was made.
fn changed_at(object: &Object) -> &str {
    const SUMS_UP: [&str; 4] = ["Ready", "Available", "Complete", "Failed"];
    let changed = |name: &&str| object.condition(name)?.get("lastTransitionTime")?.as_str();
    SUMS_UP
        .iter()
        .find_map(changed)
        .or_else(|| object.str_at(&["metadata", "creationTimestamp"]))
        .unwrap_or_default()
}
