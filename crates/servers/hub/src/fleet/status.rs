//! What a row says of an object, by the rules of `skein-graph`: status, reason, message, revision.

use skein_graph::Standing;
use skein_object::{Object, Revision};

use super::node::{NodeStatus, UnixMillis};
use super::view::timestamp;

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

impl From<Standing> for NodeStatus {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ready => Self::Ready,
            Standing::Progressing => Self::Progressing,
            Standing::Failed => Self::Failed,
            Standing::Missing => Self::Missing,
            Standing::Deleting => Self::Deleting,
            Standing::Unknown => Self::Unknown,
        }
    }
}

/// The summary of an object as it was last seen.
pub fn summarise(object: &Object, now: UnixMillis) -> Summary {
    let summary = skein_graph::summarise(object, timestamp(now).unwrap_or_default());
    Summary {
        status: summary.standing.into(),
        reason: summary.reason,
        message: summary.message.chars().take(ROW_MESSAGE_CHARS).collect(),
        changed_at: summary.since,
    }
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
