//! `status.history`: the last outcomes, newest first, one entry per digest and outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most entries that are kept.
pub const MAX_ENTRIES: usize = 5;

/// One entry of the history. Times are RFC 3339, durations Go's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Digest of the rendered manifests.
    pub digest: String,
    /// When this digest was first reconciled.
    pub first_reconciled: String,
    /// When this digest was last reconciled.
    pub last_reconciled: String,
    /// How long the last run took.
    pub last_reconciled_duration: String,
    /// Reason of the Ready condition after the last run.
    pub last_reconciled_status: String,
    /// How often the digest was reconciled.
    pub total_reconciliations: i64,
    /// Revision and origin revision.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// The outcome of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Digest of the rendered manifests.
    pub digest: String,
    /// Now, RFC 3339.
    pub now: String,
    /// How long the run took, as a Go duration.
    pub duration: String,
    /// Reason of the Ready condition.
    pub status: String,
    /// Revision and origin revision.
    pub metadata: BTreeMap<String, String>,
}

/// Records an outcome: an entry of the same digest and status is refreshed and moves to the front, else a new one is made.
pub fn record(history: &mut Vec<Snapshot>, outcome: Outcome) {
    let known = history.iter().position(|entry| {
        entry.digest == outcome.digest && entry.last_reconciled_status == outcome.status
    });
    let snapshot = match known {
        Some(at) => {
            let mut entry = history.remove(at);
            entry.last_reconciled = outcome.now;
            entry.last_reconciled_duration = outcome.duration;
            entry.metadata = outcome.metadata;
            entry.total_reconciliations += 1;
            entry
        }
        None => Snapshot {
            digest: outcome.digest,
            first_reconciled: outcome.now.clone(),
            last_reconciled: outcome.now,
            last_reconciled_duration: outcome.duration,
            last_reconciled_status: outcome.status,
            total_reconciliations: 1,
            metadata: outcome.metadata,
        },
    };
    history.insert(0, snapshot);
    history.truncate(MAX_ENTRIES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(digest: &str, status: &str, now: &str) -> Outcome {
        Outcome {
            digest: digest.into(),
            now: now.into(),
            duration: "1s".into(),
            status: status.into(),
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn same_digest_and_status_is_one_entry() {
        let mut history = Vec::new();
        record(&mut history, outcome("a", "ok", "1"));
        record(&mut history, outcome("b", "ok", "2"));
        record(&mut history, outcome("a", "ok", "3"));
        record(&mut history, outcome("a", "failed", "4"));
        let found: Vec<_> = history
            .iter()
            .map(|e| {
                (
                    e.digest.as_str(),
                    e.first_reconciled.as_str(),
                    e.last_reconciled.as_str(),
                    e.total_reconciliations,
                )
            })
            .collect();
        assert_eq!(
            found,
            [("a", "4", "4", 1), ("a", "1", "3", 2), ("b", "2", "2", 1)]
        );
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut history = Vec::new();
        for n in 0..9 {
            record(&mut history, outcome(&n.to_string(), "ok", "now"));
        }
        assert_eq!(history.len(), MAX_ENTRIES);
        assert_eq!(history[0].digest, "8");
    }
}
