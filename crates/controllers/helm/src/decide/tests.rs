//! States and steps, by table.

use super::*;
use skein_api::helm_release::HelmRelease;
use skein_api::helm_release::actions::{
    ActionStrategyName, Test, Upgrade, UpgradeRemediation, UpgradeStrategy,
};
use skein_api::helm_release::status::ReleaseAction;
use skein_helm::Metadata;
use skein_helm::release::{Info, RecordedChart};
use std::sync::Arc;

const CONFIG: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn record(version: i64, status: ReleaseStatus) -> Release {
    let metadata = Metadata {
        name: "app".into(),
        version: "1.0.0".into(),
        ..Metadata::default()
    };
    Release {
        name: "app".into(),
        namespace: "ns".into(),
        version,
        info: Info {
            status,
            ..Info::default()
        },
        chart: Some(Arc::new(RecordedChart {
            metadata,
            ..RecordedChart::default()
        })),
        ..Release::default()
    }
}

struct Case {
    records: Vec<Release>,
    status: HelmReleaseStatus,
    release: HelmRelease,
    chart_version: &'static str,
    drift: DriftDetectionMode,
}

impl Case {
    fn new(records: Vec<Release>) -> Self {
        let history = records
            .iter()
            .rev()
            .map(|record| snapshot::of(record, "", "upgrade"))
            .collect();
        Self {
            records,
            status: HelmReleaseStatus {
                history,
                observed_generation: 1,
                last_attempted_release_action: Some(ReleaseAction::Upgrade),
                ..HelmReleaseStatus::default()
            },
            release: HelmRelease::default(),
            chart_version: "1.0.0",
            drift: DriftDetectionMode::Disabled,
        }
    }

    fn decide(&self, is_forced: bool) -> (State, Step, Vec<ReleaseSnapshot>) {
        let options = Options::of(&self.release, crate::spec::Defaults::default());
        let seen = Seen {
            records: &self.records,
            status: &self.status,
            generation: 1,
            chart_name: "app",
            chart_version: self.chart_version,
            config_digest: CONFIG,
            post_renderers_digest: "",
            common_metadata_digest: "",
            drift: self.drift,
            options: &options,
        };
        let mut history = self.status.history.clone();
        let state = state(&seen);
        let step = next_step(&state, &seen, is_forced, &mut history);
        (state, step, history)
    }

    fn retries(mut self, retries: i64, last: Option<bool>, uninstall: bool) -> Self {
        self.release.spec.upgrade = Some(Upgrade {
            remediation: Some(UpgradeRemediation {
                retries,
                remediate_last_failure: last,
                strategy: uninstall.then_some(RemediationStrategy::Uninstall),
                ..UpgradeRemediation::default()
            }),
            ..Upgrade::default()
        });
        self
    }
}

#[test]
fn a_new_name_is_installed_and_a_foreign_release_upgraded() {
    assert_eq!(Case::new(vec![]).decide(false).1, Step::Install);
    let mut foreign = Case::new(vec![record(3, ReleaseStatus::Deployed)]);
    foreign.status.history.clear();
    assert_eq!(foreign.decide(false).0, State::Unmanaged);
    assert_eq!(foreign.decide(false).1, Step::Upgrade);
    let mut gone = Case::new(vec![record(3, ReleaseStatus::Uninstalled)]);
    gone.status.history.clear();
    assert_eq!(gone.decide(false).1, Step::Install);
}

#[test]
fn a_record_that_others_changed_is_not_ours_any_more() {
    let mut case = Case::new(vec![record(1, ReleaseStatus::Deployed)]);
    case.records.push(record(2, ReleaseStatus::Deployed));
    let (state, step, history) = case.decide(false);
    assert_eq!((state, step), (State::Unmanaged, Step::Upgrade));
    assert!(history.is_empty());
}

#[test]
fn a_deployed_release_is_compared_with_what_is_wanted() {
    let mut case = Case::new(vec![record(1, ReleaseStatus::Deployed)]);
    assert_eq!(case.decide(false).1, Step::Nothing);
    assert_eq!(case.decide(true).1, Step::Upgrade);
    case.drift = DriftDetectionMode::Warn;
    assert_eq!(case.decide(false).1, Step::CheckDrift);
    case.chart_version = "1.1.0";
    assert_eq!(case.decide(false).0, State::OutOfSync);
    let mut exhausted = case.retries(0, None, false);
    exhausted.status.upgrade_failures = 1;
    assert_eq!(exhausted.decide(false).1, Step::Exhausted);
    assert_eq!(exhausted.decide(true).1, Step::Upgrade);
}

#[test]
fn a_pending_release_is_unlocked() {
    let case = Case::new(vec![record(1, ReleaseStatus::PendingUpgrade)]);
    assert_eq!(case.decide(false).1, Step::Unlock);
}

#[test]
fn tests_run_once_and_their_failure_is_a_failure() {
    let mut case = Case::new(vec![
        record(1, ReleaseStatus::Superseded),
        record(2, ReleaseStatus::Deployed),
    ])
    .retries(1, None, false);
    case.release.spec.test = Some(Test {
        enable: true,
        ..Test::default()
    });
    assert_eq!(case.decide(false).1, Step::Test);
    let failed = skein_api::helm_release::status::TestHookStatus {
        phase: "Failed".into(),
        ..Default::default()
    };
    case.status.history[0].test_hooks = Some([("t".to_owned(), failed)].into());
    case.status.upgrade_failures = 1;
    assert_eq!(case.decide(false).1, Step::Rollback(1));
}

#[test]
fn failures_are_undone_as_long_as_retries_last() {
    let records = || {
        vec![
            record(1, ReleaseStatus::Superseded),
            record(2, ReleaseStatus::Failed),
        ]
    };
    let with = |retries, last, uninstall, failures| {
        let mut case = Case::new(records()).retries(retries, last, uninstall);
        case.status.upgrade_failures = failures;
        case.decide(false).1
    };
    for (case, expected) in [
        ((0, None, false, 0), Step::Upgrade),
        ((0, None, false, 1), Step::Exhausted),
        ((0, Some(true), false, 1), Step::Rollback(1)),
        ((1, None, false, 1), Step::Rollback(1)),
        ((1, None, false, 2), Step::Rollback(1)),
        ((1, Some(false), false, 2), Step::Exhausted),
        ((-1, None, true, 9), Step::Uninstall),
    ] {
        let (retries, last, uninstall, failures) = case;
        assert_eq!(
            with(retries, last, uninstall, failures),
            expected,
            "{case:?}"
        );
    }
    let mut lonely = Case::new(vec![record(1, ReleaseStatus::Failed)]).retries(1, None, false);
    lonely.status.upgrade_failures = 1;
    assert_eq!(lonely.decide(false).1, Step::NoRollbackTarget);
}

#[test]
fn a_release_that_is_retried_is_never_rolled_back() {
    let mut case = Case::new(vec![record(1, ReleaseStatus::Failed)]).retries(3, None, false);
    case.status.upgrade_failures = 1;
    if let Some(upgrade) = &mut case.release.spec.upgrade {
        upgrade.strategy = Some(UpgradeStrategy {
            name: ActionStrategyName::RetryOnFailure,
            retry_interval: None,
        });
    }
    assert_eq!(case.decide(false).1, Step::Upgrade);
}

#[test]
fn another_name_or_namespace_is_another_release() {
    let mut case = Case::new(vec![record(1, ReleaseStatus::Deployed)]);
    case.status.storage_namespace = "ns".into();
    assert!(!is_other_release(&case.status, "ns", "ns", "app"));
    for (storage, namespace, name) in [("x", "ns", "app"), ("ns", "x", "app"), ("ns", "ns", "x")] {
        assert!(is_other_release(&case.status, storage, namespace, name));
    }
}
