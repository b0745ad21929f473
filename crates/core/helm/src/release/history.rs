//! The revisions of a release: which is the last, which is deployed, and which go when there are too many.

use super::{Release, ReleaseStatus};

/// The newest revision.
pub fn last(history: &[Release]) -> Option<&Release> {
    history.iter().max_by_key(|release| release.version)
}

/// The newest revision that is deployed.
pub fn deployed(history: &[Release]) -> Option<&Release> {
    history
        .iter()
        .filter(|release| release.info.status == ReleaseStatus::Deployed)
        .max_by_key(|release| release.version)
}

/// The revisions to delete before a new one is stored, oldest first, so that with it there are no more than `max_history`; the deployed
/// one is never among them. Zero keeps all.
pub fn surplus(history: &[Release], max_history: i64) -> Vec<i64> {
    if max_history <= 0 {
        return Vec::new();
    }
    let keep = usize::try_from(max_history - 1).unwrap_or(usize::MAX);
    let mut versions: Vec<i64> = history.iter().map(|release| release.version).collect();
    versions.sort_unstable();
    let spared = deployed(history).map(|release| release.version);
    let excess = versions.len().saturating_sub(keep);
    versions
        .into_iter()
        .filter(|version| Some(*version) != spared)
        .take(excess)
        .collect()
}
