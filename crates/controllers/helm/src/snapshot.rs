//! The history in the status: snapshots of release records, which of them count, and what the writes of an action make of them. Pure.

use std::collections::BTreeMap;

use skein_api::Time;
use skein_api::helm_release::status::{ReleaseSnapshot, TestHookStatus};
use skein_helm::release::{Moment, Release, observation};

/// Format of the snapshots.
pub const SNAPSHOT_FORMAT: &str = "v2";
/// Snapshots kept when none of them is good.
const SNAPSHOTS_MAX: usize = 5;

/// A record as a snapshot.
pub fn of(release: &Release, oci_digest: &str, action: &str) -> ReleaseSnapshot {
    let metadata = release.chart.as_ref().map(|chart| &chart.metadata);
    ReleaseSnapshot {
        api_version: SNAPSHOT_FORMAT.into(),
        action: action.to_owned(),
        digest: observation::digest(release, oci_digest),
        name: release.name.clone(),
        namespace: release.namespace.clone(),
        version: release.version,
        status: release.info.status.to_string(),
        chart_name: metadata.map(|m| m.name.clone()).unwrap_or_default(),
        chart_version: metadata.map(|m| m.version.clone()).unwrap_or_default(),
        app_version: metadata.map(|m| m.app_version.clone()).unwrap_or_default(),
        config_digest: observation::config_digest(&release.config),
        first_deployed: time(&release.info.first_deployed).unwrap_or_default(),
        last_deployed: time(&release.info.last_deployed).unwrap_or_default(),
        deleted: time(&release.info.deleted),
        test_hooks: None,
        oci_digest: oci_digest.to_owned(),
    }
}

fn time(moment: &Moment) -> Option<Time> {
    moment.timestamp().map(Time::new)
}

/// `<namespace>/<name>.v<version>`.
pub fn full_name(snapshot: &ReleaseSnapshot) -> String {
    format!(
        "{}/{}.v{}",
        snapshot.namespace, snapshot.name, snapshot.version
    )
}

/// `<chart>@<version>`.
pub fn chart_of(snapshot: &ReleaseSnapshot) -> String {
    format!("{}@{}", snapshot.chart_name, snapshot.chart_version)
}

/// Whether a snapshot is of this record.
pub fn targets(snapshot: &ReleaseSnapshot, release: &Release) -> bool {
    snapshot.name == release.name
        && snapshot.namespace == release.namespace
        && snapshot.version == release.version
}

/// Whether the record is as it was when the snapshot was taken. Snapshots of older formats are trusted.
pub fn is_of(snapshot: &ReleaseSnapshot, release: &Release) -> bool {
    snapshot.api_version != SNAPSHOT_FORMAT
        || observation::digest(release, &snapshot.oci_digest) == snapshot.digest
}

/// Newest first.
pub fn sort(history: &mut [ReleaseSnapshot]) {
    history.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.version));
}

/// The newest snapshot.
pub fn latest(history: &[ReleaseSnapshot]) -> Option<&ReleaseSnapshot> {
    history.iter().max_by_key(|snapshot| snapshot.version)
}

/// Whether the snapshot is one to go back to.
fn is_good(snapshot: &ReleaseSnapshot, ignore_tests: bool) -> bool {
    matches!(snapshot.status.as_str(), "deployed" | "superseded")
        && (ignore_tests || !has_test_in_phase(snapshot, "Failed"))
}

/// The newest good snapshot before the latest.
pub fn previous(history: &[ReleaseSnapshot], ignore_tests: bool) -> Option<&ReleaseSnapshot> {
    let newest = latest(history)?.version;
    history
        .iter()
        .filter(|snapshot| snapshot.version < newest && is_good(snapshot, ignore_tests))
        .max_by_key(|snapshot| snapshot.version)
}

/// Drops what is older than the previous good snapshot.
pub fn truncate(history: &mut Vec<ReleaseSnapshot>, ignore_tests: bool) {
    if history.len() < 2 {
        return;
    }
    sort(history);
    let good = history
        .iter()
        .skip(1)
        .position(|snapshot| is_good(snapshot, ignore_tests));
    history.truncate(good.map_or(SNAPSHOTS_MAX, |at| at + 2));
}

/// Keeps the newest few, good or not.
pub fn truncate_plainly(history: &mut Vec<ReleaseSnapshot>) {
    sort(history);
    history.truncate(SNAPSHOTS_MAX);
}

/// Whether a test is in a phase.
pub fn has_test_in_phase(snapshot: &ReleaseSnapshot, phase: &str) -> bool {
    snapshot
        .test_hooks
        .iter()
        .flatten()
        .any(|(_, hook)| hook.phase == phase)
}

/// Whether test results were seen; no tests at all count as results. Tests that a filter leaves out have no phase.
pub fn is_tested(snapshot: &ReleaseSnapshot) -> bool {
    let Some(hooks) = &snapshot.test_hooks else {
        return false;
    };
    has_test_in_phase(snapshot, "Failed")
        || hooks
            .values()
            .all(|hook| matches!(hook.phase.as_str(), "Succeeded" | ""))
}

/// The results of the tests of a record.
pub fn test_hooks(release: &Release) -> BTreeMap<String, TestHookStatus> {
    let tests = release.hooks.iter().filter(|hook| hook.runs_at("test"));
    tests
        .map(|hook| {
            let status = TestHookStatus {
                last_started: time(&hook.last_run.started_at),
                last_completed: time(&hook.last_run.completed_at),
                phase: hook.last_run.phase.clone(),
            };
            (hook.name.clone(), status)
        })
        .collect()
}

/// Notes what an install or upgrade wrote: the newest record in front, and what became of the one before.
pub fn note_release(
    history: &mut Vec<ReleaseSnapshot>,
    written: &[Release],
    oci_digest: &str,
    action: &str,
) {
    // The last state of each revision counts.
    let mut states: BTreeMap<i64, &Release> = BTreeMap::new();
    for release in written {
        states.insert(release.version, release);
    }
    let Some((newest, release)) = states.pop_last() else {
        return;
    };
    history.retain(|snapshot| snapshot.version != newest || !targets(snapshot, release));
    history.insert(0, of(release, oci_digest, action));
    for release in states.values().rev() {
        if let Some(snapshot) = history.iter_mut().find(|s| targets(s, release)) {
            renew(snapshot, release, None);
            return;
        }
    }
}

/// Notes what a rollback wrote: known revisions anew, unknown ones in front; the next run sorts them.
pub fn note_rollback(history: &mut Vec<ReleaseSnapshot>, written: &[Release]) {
    for release in written {
        match history.iter_mut().find(|s| targets(s, release)) {
            Some(snapshot) => renew(snapshot, release, Some("rollback")),
            None => history.insert(0, of(release, "", "")),
        }
    }
}

/// Notes what an uninstall (or an unlock, which keeps the action) wrote, as far as the revisions are known.
pub fn note_known(history: &mut [ReleaseSnapshot], written: &[Release], action: Option<&str>) {
    for release in written {
        if let Some(snapshot) = history.iter_mut().find(|s| targets(s, release)) {
            let kept = snapshot.action.clone();
            renew(snapshot, release, Some(action.unwrap_or(&kept)));
        }
    }
}

/// Notes what tests wrote, when they were of the latest revision.
pub fn note_tests(history: &mut [ReleaseSnapshot], written: &[Release]) {
    sort(history);
    let Some(latest) = history.first_mut() else {
        return;
    };
    for release in written {
        if targets(latest, release) {
            let action = latest.action.clone();
            renew(latest, release, Some(&action));
            latest.test_hooks = Some(test_hooks(release));
        }
    }
}

fn renew(snapshot: &mut ReleaseSnapshot, release: &Release, action: Option<&str>) {
    let renewed = of(release, &snapshot.oci_digest, action.unwrap_or_default());
    *snapshot = ReleaseSnapshot {
        test_hooks: snapshot.test_hooks.take(),
        ..renewed
    };
}

#[cfg(test)]
mod tests;
