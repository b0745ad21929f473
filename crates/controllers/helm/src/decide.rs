//! What state a release is in, and which one step comes next: closed sets over plain data. The rules are those of Flux's helm-controller.

use skein_api::helm_release::DriftDetectionMode;
use skein_api::helm_release::actions::RemediationStrategy;
use skein_api::helm_release::status::{HelmReleaseStatus, ReleaseSnapshot};
use skein_helm::release::{Release, ReleaseStatus, history};

use crate::snapshot;
use crate::spec::Options;

/// Everything that tells the state of a release.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'s> {
    /// All stored records of the release.
    pub records: &'s [Release],
    /// The status as far as it is known.
    pub status: &'s HelmReleaseStatus,
    /// `metadata.generation`.
    pub generation: i64,
    /// Name of the chart that is wanted.
    pub chart_name: &'s str,
    /// Version of it.
    pub chart_version: &'s str,
    /// Digest of the values that are wanted.
    pub config_digest: &'s str,
    /// Digest of the post-renderers that are wanted; empty for none.
    pub post_renderers_digest: &'s str,
    /// Digest of the common metadata that are wanted; empty for none.
    pub common_metadata_digest: &'s str,
    /// What is done about drift.
    pub drift: DriftDetectionMode,
    /// The options of the HelmRelease.
    pub options: &'s Options,
}

/// The state of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no release.
    Absent,
    /// There is one that is not known to be ours.
    Unmanaged,
    /// It is another chart, other values, or other changes than wanted.
    OutOfSync,
    /// An action on it has begun and not ended.
    Locked,
    /// Its tests have not run.
    Untested,
    /// It, or one of its tests, failed.
    Failed,
    /// It is as wanted, but others may have changed its objects: that has to be looked at.
    CheckDrift,
    /// It is as wanted.
    InSync,
    /// Its status is none that a release should have here.
    Undetermined(ReleaseStatus),
}

/// The state of a release, before drift is looked at.
pub fn state(seen: &Seen<'_>) -> State {
    let Some(last) = history::last(seen.records) else {
        return State::Absent;
    };
    if last.info.status.is_pending() {
        return State::Locked;
    }
    let Some(latest) = snapshot::latest(&seen.status.history) else {
        return match last.info.status {
            ReleaseStatus::Uninstalled => State::Absent,
            _ => State::Unmanaged,
        };
    };
    if !snapshot::is_of(latest, last) {
        return State::Unmanaged;
    }
    match last.info.status {
        ReleaseStatus::Failed => State::Failed,
        ReleaseStatus::Uninstalled => State::Absent,
        ReleaseStatus::Deployed => deployed_state(seen, last, latest),
        other => State::Undetermined(other),
    }
}

fn deployed_state(seen: &Seen<'_>, last: &Release, latest: &ReleaseSnapshot) -> State {
    let is_other_chart =
        last.chart_name() != seen.chart_name || last.chart_version() != seen.chart_version;
    if is_other_chart || latest.config_digest != seen.config_digest {
        return State::OutOfSync;
    }
    // The observed digests are of the last release that was made; only a new spec can want others.
    let status = seen.status;
    let is_new_spec = status.observed_generation != seen.generation;
    if is_new_spec
        && (seen.post_renderers_digest != status.observed_post_renderers_digest
            || seen.common_metadata_digest != status.observed_common_metadata_digest)
    {
        return State::OutOfSync;
    }
    if seen.options.test.enable {
        if !snapshot::is_tested(latest) {
            return State::Untested;
        }
        let counts = seen
            .options
            .active_remediation(status)
            .is_some_and(|remediation| !remediation.ignore_test_failures);
        if counts && snapshot::has_test_in_phase(latest, "Failed") {
            return State::Failed;
        }
    }
    match seen.drift {
        DriftDetectionMode::Enabled | DriftDetectionMode::Warn => State::CheckDrift,
        DriftDetectionMode::Disabled => State::InSync,
    }
}

/// The one step that comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: the release is as wanted.
    Nothing,
    /// An install.
    Install,
    /// An upgrade.
    Upgrade,
    /// Tests.
    Test,
    /// Back to a revision.
    Rollback(i64),
    /// An uninstall because of a failure.
    Uninstall,
    /// A pending release becomes a failed one.
    Unlock,
    /// Drift is looked for, and corrected.
    CheckDrift,
    /// No retry is left.
    Exhausted,
    /// There is no release to go back to.
    NoRollbackTarget,
    /// The state cannot be acted on; the text says why.
    Stuck(String),
}

impl Step {
    /// Its name in conditions; empty for what is no action.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Test => "test",
            Self::Rollback(_) => "rollback",
            Self::Uninstall => "uninstall",
            Self::Unlock => "unlock",
            Self::CheckDrift => "correct cluster drift",
            _ => "",
        }
    }

    /// Which sort of step it is: each sort runs once in a run.
    pub fn sort(&self) -> Option<StepSort> {
        match self {
            Self::Install | Self::Upgrade => Some(StepSort::Release),
            Self::Test => Some(StepSort::Test),
            Self::Rollback(_) | Self::Uninstall => Some(StepSort::Remediate),
            Self::Unlock => Some(StepSort::Unlock),
            Self::CheckDrift => Some(StepSort::Drift),
            _ => None,
        }
    }
}

/// Sorts of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepSort {
    /// A release is made.
    Release,
    /// It is tested.
    Test,
    /// A failure is undone.
    Remediate,
    /// A lock is taken away.
    Unlock,
    /// Drift is corrected.
    Drift,
}

/// The step that follows from a state. The history is cut to what may still be needed.
pub fn next_step(
    state: &State,
    seen: &Seen<'_>,
    is_forced: bool,
    trimmed: &mut Vec<ReleaseSnapshot>,
) -> Step {
    let (options, status) = (seen.options, seen.status);
    match state {
        State::InSync | State::CheckDrift => {
            if options.active_retry(status).is_some() {
                snapshot::truncate_plainly(trimmed);
            } else {
                snapshot::truncate(trimmed, options.ignores_test_failures(status));
            }
            match state {
                State::CheckDrift if !is_forced => Step::CheckDrift,
                _ if is_forced => Step::Upgrade,
                _ => Step::Nothing,
            }
        }
        State::Locked => Step::Unlock,
        State::Absent => {
            let exhausted = options.install_remediation().is_exhausted(status);
            if exhausted && !is_forced {
                Step::Exhausted
            } else {
                Step::Install
            }
        }
        State::Unmanaged => {
            trimmed.clear();
            Step::Upgrade
        }
        State::OutOfSync => {
            let exhausted = options.upgrade_remediation().is_exhausted(status);
            if exhausted && !is_forced {
                Step::Exhausted
            } else {
                Step::Upgrade
            }
        }
        State::Untested => Step::Test,
        State::Failed => after_failure(seen, is_forced, trimmed),
        State::Undetermined(status) => Step::Stuck(format!(
            "unable to determine state for release with status '{status}'"
        )),
    }
}

fn after_failure(seen: &Seen<'_>, is_forced: bool, trimmed: &mut Vec<ReleaseSnapshot>) -> Step {
    let (options, status) = (seen.options, seen.status);
    if options.active_retry(status).is_some() {
        snapshot::truncate_plainly(trimmed);
        return Step::Upgrade;
    }
    let Some(remediation) = options.active_remediation(status) else {
        return Step::Upgrade;
    };
    // No failure counted means that what failed is not what is wanted now.
    if remediation.failures(status) <= 0 || is_forced {
        return Step::Upgrade;
    }
    if remediation.is_exhausted(status) && !remediation.remediate_last_failure {
        return Step::Exhausted;
    }
    snapshot::truncate(trimmed, remediation.ignore_test_failures);
    match remediation.strategy {
        RemediationStrategy::Uninstall => Step::Uninstall,
        RemediationStrategy::Rollback => {
            match snapshot::previous(trimmed, remediation.ignore_test_failures) {
                None => Step::NoRollbackTarget,
                Some(previous) => {
                    let mut records = seen.records.iter();
                    let record = records.find(|record| snapshot::targets(previous, record));
                    match record {
                        // What is not as we left it is nothing to go back to: go forward.
                        Some(record) if snapshot::is_of(previous, record) => {
                            Step::Rollback(previous.version)
                        }
                        _ => Step::Upgrade,
                    }
                }
            }
        }
    }
}

/// Whether the release that the status speaks of is not the one that is wanted, so that it has to go first.
pub fn is_other_release(
    status: &HelmReleaseStatus,
    storage_namespace: &str,
    release_namespace: &str,
    release_name: &str,
) -> bool {
    let Some(latest) = snapshot::latest(&status.history) else {
        return false;
    };
    !status.storage_namespace.is_empty()
        && (status.storage_namespace != storage_namespace
            || latest.namespace != release_namespace
            || latest.name != release_name)
}

#[cfg(test)]
mod tests;
