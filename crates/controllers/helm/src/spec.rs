//! What a HelmRelease says, with Flux's defaults: names, namespaces, timeouts, remediation. Pure.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use skein_api::helm_release::actions::{
    ActionStrategyName, Install, PostRenderStrategy, RemediationStrategy, Rollback, Test,
    Uninstall, Upgrade, WaitStrategyName,
};
use skein_api::helm_release::status::{HelmReleaseStatus, ReleaseAction};
use skein_api::helm_release::{DriftDetectionMode, HelmRelease};
use skein_object::GoDuration;

/// Longest name of a release.
const RELEASE_NAME_MAX: usize = 53;
/// How much of the hash of a longer name stands in its short form.
const HASH_CHARS: usize = 12;
/// Time that an action may take.
const DEFAULT_TIMEOUT: GoDuration = GoDuration::from_secs(300);
/// Pause before a retry without remediation.
const DEFAULT_RETRY_INTERVAL: GoDuration = GoDuration::from_secs(300);
/// Records kept of one release.
const DEFAULT_MAX_HISTORY: i64 = 5;

/// What to do about failures of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remediation {
    /// The action.
    pub action: ReleaseAction,
    /// Tries after the first; negative for no limit.
    pub retries: i64,
    /// Whether failed tests are ignored.
    pub ignore_test_failures: bool,
    /// Whether the last failure is remediated too.
    pub remediate_last_failure: bool,
    /// How to undo.
    pub strategy: RemediationStrategy,
}

impl Remediation {
    /// Failures so far.
    pub fn failures(&self, status: &HelmReleaseStatus) -> i64 {
        match self.action {
            ReleaseAction::Install => status.install_failures,
            ReleaseAction::Upgrade => status.upgrade_failures,
        }
    }

    /// Whether no try is left.
    pub fn is_exhausted(&self, status: &HelmReleaseStatus) -> bool {
        self.retries >= 0 && self.failures(status) > self.retries
    }

    /// Counts a failure.
    pub fn count_failure(&self, status: &mut HelmReleaseStatus) {
        match self.action {
            ReleaseAction::Install => status.install_failures += 1,
            ReleaseAction::Upgrade => status.upgrade_failures += 1,
        }
    }

    /// Whether a failed upgrade ends with an uninstall, after which an install follows.
    pub fn is_uninstall_after_upgrade(&self) -> bool {
        self.action == ReleaseAction::Upgrade && self.strategy == RemediationStrategy::Uninstall
    }
}

/// What counts where a HelmRelease says nothing: settings of the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Failures are retried, not remediated (gate DefaultToRetryOnFailure).
    pub retry_on_failure: bool,
    /// As in Helm 3 the client applies objects at installs, most kinds are not waited for, and hooks are not post-rendered (gate UseHelm3Defaults).
    pub helm_3: bool,
}

/// The options of a HelmRelease, absent ones as defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of installs.
    pub install: Install,
    /// Of upgrades.
    pub upgrade: Upgrade,
    /// Of tests.
    pub test: Test,
    /// Of rollbacks.
    pub rollback: Rollback,
    /// Of uninstalls.
    pub uninstall: Uninstall,
    /// How the ready state of objects is told, where that is said.
    wait_strategy: Option<WaitStrategyName>,
    /// How hooks are post-rendered, where that is said.
    post_render_strategy: Option<PostRenderStrategy>,
    defaults: Defaults,
    timeout: GoDuration,
}

impl Options {
    /// The options of a HelmRelease.
    pub fn of(release: &HelmRelease, defaults: Defaults) -> Self {
        let spec = &release.spec;
        Self {
            install: spec.install.clone().unwrap_or_default(),
            upgrade: spec.upgrade.clone().unwrap_or_default(),
            test: spec.test.clone().unwrap_or_default(),
            rollback: spec.rollback.clone().unwrap_or_default(),
            uninstall: spec.uninstall.clone().unwrap_or_default(),
            wait_strategy: spec.wait_strategy.as_ref().map(|strategy| strategy.name),
            post_render_strategy: spec.post_render_strategy,
            defaults,
            timeout: spec.timeout.unwrap_or(DEFAULT_TIMEOUT),
        }
    }

    /// Whether objects are waited for as Helm 3 does.
    pub fn waits_as_helm_3(&self) -> bool {
        match self.wait_strategy {
            Some(name) => name == WaitStrategyName::Legacy,
            None => self.defaults.helm_3,
        }
    }

    /// Whether the server applies the objects of an install.
    pub fn installs_server_side(&self) -> bool {
        let default = !self.defaults.helm_3;
        self.install.server_side_apply.unwrap_or(default)
    }

    /// How hooks are post-rendered.
    pub fn post_render_strategy(&self) -> PostRenderStrategy {
        let default = match self.defaults.helm_3 {
            true => PostRenderStrategy::NoHooks,
            false => PostRenderStrategy::Combined,
        };
        self.post_render_strategy.unwrap_or(default)
    }

    /// Timeout of anything that has no timeout of its own.
    pub fn timeout(&self) -> GoDuration {
        self.timeout
    }

    /// Timeout of an action that may have its own.
    pub fn timeout_of(&self, own: Option<GoDuration>) -> GoDuration {
        own.unwrap_or(self.timeout)
    }

    /// Remediation of installs.
    pub fn install_remediation(&self) -> Remediation {
        let spec = self.install.remediation.clone().unwrap_or_default();
        Remediation {
            action: ReleaseAction::Install,
            retries: spec.retries,
            ignore_test_failures: spec
                .ignore_test_failures
                .unwrap_or(self.test.ignore_failures),
            remediate_last_failure: spec.remediate_last_failure.unwrap_or(false),
            strategy: RemediationStrategy::Uninstall,
        }
    }

    /// Remediation of upgrades.
    pub fn upgrade_remediation(&self) -> Remediation {
        let spec = self.upgrade.remediation.clone().unwrap_or_default();
        Remediation {
            action: ReleaseAction::Upgrade,
            retries: spec.retries,
            ignore_test_failures: spec
                .ignore_test_failures
                .unwrap_or(self.test.ignore_failures),
            remediate_last_failure: spec.remediate_last_failure.unwrap_or(spec.retries > 0),
            strategy: spec.strategy.unwrap_or(RemediationStrategy::Rollback),
        }
    }

    /// The remediation of the action that was tried last.
    pub fn active_remediation(&self, status: &HelmReleaseStatus) -> Option<Remediation> {
        Some(match status.last_attempted_release_action? {
            ReleaseAction::Install => self.install_remediation(),
            ReleaseAction::Upgrade => self.upgrade_remediation(),
        })
    }

    /// The pause before a failed action is tried again, when it is not remediated.
    pub fn retry_of(&self, action: ReleaseAction) -> Option<GoDuration> {
        let chosen = match action {
            ReleaseAction::Install => self
                .install
                .strategy
                .as_ref()
                .map(|s| (s.name, s.retry_interval)),
            ReleaseAction::Upgrade => self
                .upgrade
                .strategy
                .as_ref()
                .map(|s| (s.name, s.retry_interval)),
        };
        match chosen {
            None => self
                .defaults
                .retry_on_failure
                .then_some(DEFAULT_RETRY_INTERVAL),
            Some((ActionStrategyName::RetryOnFailure, interval)) => {
                Some(interval.unwrap_or(DEFAULT_RETRY_INTERVAL))
            }
            Some((ActionStrategyName::RemediateOnFailure, _)) => None,
        }
    }

    /// The same for the action that was tried last.
    pub fn active_retry(&self, status: &HelmReleaseStatus) -> Option<GoDuration> {
        self.retry_of(status.last_attempted_release_action?)
    }

    /// Whether test failures do not count, in the light of the action that was tried last.
    pub fn ignores_test_failures(&self, status: &HelmReleaseStatus) -> bool {
        self.active_remediation(status)
            .map_or(self.test.ignore_failures, |remediation| {
                remediation.ignore_test_failures
            })
    }
}

/// `[targetNamespace-]name`, or what the spec says.
pub fn full_release_name(release: &HelmRelease) -> String {
    let spec = &release.spec;
    if !spec.release_name.is_empty() {
        return spec.release_name.clone();
    }
    if spec.target_namespace.is_empty() {
        return release.metadata.name.clone();
    }
    format!("{}-{}", spec.target_namespace, release.metadata.name)
}

/// The name of the release, shortened with a hash where it is too long.
pub fn release_name(release: &HelmRelease) -> String {
    let name = full_release_name(release);
    if name.len() <= RELEASE_NAME_MAX {
        return name;
    }
    let sum = hex::encode(Sha256::digest(name.as_bytes()));
    let head: String = name
        .chars()
        .take(RELEASE_NAME_MAX - HASH_CHARS - 1)
        .collect();
    let hash: String = sum.chars().take(HASH_CHARS).collect();
    format!("{head}-{hash}")
}

/// Namespace of the release.
pub fn release_namespace(release: &HelmRelease) -> &str {
    match release.spec.target_namespace.as_str() {
        "" => &release.metadata.namespace,
        namespace => namespace,
    }
}

/// Namespace of the records.
pub fn storage_namespace(release: &HelmRelease) -> &str {
    match release.spec.storage_namespace.as_str() {
        "" => &release.metadata.namespace,
        namespace => namespace,
    }
}

/// Records to keep.
pub fn max_history(release: &HelmRelease) -> i64 {
    release.spec.max_history.unwrap_or(DEFAULT_MAX_HISTORY)
}

/// Whether drift is looked for, and how it is treated.
pub fn drift_mode(release: &HelmRelease) -> DriftDetectionMode {
    release
        .spec
        .drift_detection
        .as_ref()
        .and_then(|drift| drift.mode)
        .unwrap_or(DriftDetectionMode::Disabled)
}

/// The interval.
pub fn interval(release: &HelmRelease) -> Duration {
    release.spec.interval.as_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_with_a_hash() {
        let mut release = HelmRelease::default();
        release.metadata.name =
            "a-very-long-release-name-that-goes-beyond-fifty-three-chars".into();
        let name = release_name(&release);
        assert_eq!(name.len(), 53);
        assert!(name.starts_with("a-very-long-release-name-that-goes-beyon-"));
        release.spec.target_namespace = "t".into();
        release.metadata.name = "short".into();
        assert_eq!(release_name(&release), "t-short");
        release.spec.release_name = "mine".into();
        assert_eq!(release_name(&release), "mine");
    }

    #[test]
    fn the_last_failure_of_an_upgrade_is_remediated_when_there_are_retries() {
        let mut release = HelmRelease::default();
        let upgrade = Upgrade {
            remediation: Some(skein_api::helm_release::actions::UpgradeRemediation {
                retries: 2,
                ..Default::default()
            }),
            ..Upgrade::default()
        };
        release.spec.upgrade = Some(upgrade);
        let options = Options::of(&release, Defaults::default());
        assert!(options.upgrade_remediation().remediate_last_failure);
        assert!(!options.install_remediation().remediate_last_failure);
        let status = HelmReleaseStatus {
            upgrade_failures: 3,
            ..HelmReleaseStatus::default()
        };
        assert!(options.upgrade_remediation().is_exhausted(&status));
    }

    #[test]
    fn what_the_spec_says_counts_before_the_defaults_of_helm_3() {
        let helm_3 = Defaults {
            helm_3: true,
            ..Defaults::default()
        };
        let mut release = HelmRelease::default();
        let options = Options::of(&release, helm_3);
        assert!(options.waits_as_helm_3() && !options.installs_server_side());
        assert_eq!(options.post_render_strategy(), PostRenderStrategy::NoHooks);
        let options = Options::of(&release, Defaults::default());
        assert!(!options.waits_as_helm_3() && options.installs_server_side());
        assert_eq!(options.post_render_strategy(), PostRenderStrategy::Combined);
        release.spec.install = Some(Install {
            server_side_apply: Some(true),
            ..Install::default()
        });
        release.spec.post_render_strategy = Some(PostRenderStrategy::Separate);
        release.spec.wait_strategy = Some(skein_api::helm_release::actions::WaitStrategy {
            name: WaitStrategyName::Poller,
        });
        let options = Options::of(&release, helm_3);
        assert!(!options.waits_as_helm_3() && options.installs_server_side());
        assert_eq!(options.post_render_strategy(), PostRenderStrategy::Separate);
    }
}
