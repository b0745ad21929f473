//! Options of the Helm actions of a HelmRelease: install, upgrade, test, rollback, uninstall, and post-rendering.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use crate::overlay::{Image, Patch};
use crate::shape::{self, is_unset};

/// Options of an install.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Install {
    /// Time that the action may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// What happens after a failure; remediation when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub strategy: Option<InstallStrategy>,
    /// How often to uninstall and try again.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub remediation: Option<InstallRemediation>,
    /// Whether objects that exist already are an error instead of being adopted.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_take_ownership: bool,
    /// Whether not to wait until objects are ready.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait: bool,
    /// Whether not to wait until jobs are complete.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait_for_jobs: bool,
    /// Whether hooks are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_hooks: bool,
    /// Whether objects are not checked against the schema of the API server.
    #[serde(
        default,
        rename = "disableOpenAPIValidation",
        skip_serializing_if = "is_unset"
    )]
    pub disable_open_api_validation: bool,
    /// Whether values are not checked against the schema of the chart.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_schema_validation: bool,
    /// Whether a name is used again whose release was uninstalled with its history kept.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub replace: bool,
    /// Whether CRDs are left out; replaced by `crds`.
    #[serde(default, rename = "skipCRDs", skip_serializing_if = "is_unset")]
    pub skip_crds: bool,
    /// What happens to the CRDs of the chart; `Create` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub crds: Option<CrdsPolicy>,
    /// Whether the target namespace is made.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub create_namespace: bool,
    /// Whether objects are applied by the server; yes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub server_side_apply: Option<bool>,
}

/// What happens after an install has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
        "message": ".retryInterval cannot be set when .name is 'RemediateOnFailure'",
    },
]))]
pub struct InstallStrategy {
    /// What happens.
    pub name: ActionStrategyName,
    /// How long to wait; five minutes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub retry_interval: Option<GoDuration>,
}

/// What happens after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActionStrategyName {
    /// The remediation is carried out.
    RemediateOnFailure,
    /// The action is tried again after a while.
    RetryOnFailure,
}

/// How often to uninstall and try again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallRemediation {
    /// Number of tries after the first, negative for no limit.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::integer")]
    pub retries: i64,
    /// Whether failed tests count as success; as `test.ignoreFailures` says when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore_test_failures: Option<bool>,
    /// Whether the last failure is remediated too; no when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub remediate_last_failure: Option<bool>,
}

/// What happens to the CRDs of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CrdsPolicy {
    /// Nothing.
    Skip,
    /// They are made when absent.
    Create,
    /// They are made or replaced.
    CreateReplace,
}

/// Options of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Time that the action may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// What happens after a failure; remediation when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub strategy: Option<UpgradeStrategy>,
    /// How often to roll back or uninstall and try again.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub remediation: Option<UpgradeRemediation>,
    /// What happens when the name of the chart changes; a new install when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub chart_name_change_strategy: Option<ChartNameChangeStrategy>,
    /// Whether objects that exist already are an error instead of being adopted.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_take_ownership: bool,
    /// Whether not to wait until objects are ready.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait: bool,
    /// Whether not to wait until jobs are complete.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait_for_jobs: bool,
    /// Whether hooks are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_hooks: bool,
    /// Whether objects are not checked against the schema of the API server.
    #[serde(
        default,
        rename = "disableOpenAPIValidation",
        skip_serializing_if = "is_unset"
    )]
    pub disable_open_api_validation: bool,
    /// Whether values are not checked against the schema of the chart.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_schema_validation: bool,
    /// Whether objects are replaced when they cannot be changed; not with server-side apply.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub force: bool,
    /// Whether the values of the last release are kept below the new ones.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub preserve_values: bool,
    /// Whether new objects are deleted after a failure.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cleanup_on_fail: bool,
    /// What happens to the CRDs of the chart; `Skip` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub crds: Option<CrdsPolicy>,
    /// Whether objects are applied by the server; as in the last release when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub server_side_apply: Option<ServerSideApplyMode>,
}

/// What happens after an upgrade has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
        "message": ".retryInterval can only be set when .name is 'RetryOnFailure'",
    },
]))]
pub struct UpgradeStrategy {
    /// What happens.
    pub name: ActionStrategyName,
    /// How long to wait; five minutes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub retry_interval: Option<GoDuration>,
}

/// How often to undo a failed upgrade and try again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeRemediation {
    /// Number of tries after the first, negative for no limit.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::integer")]
    pub retries: i64,
    /// Whether failed tests count as success; as `test.ignoreFailures` says when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore_test_failures: Option<bool>,
    /// Whether the last failure is remediated too; with retries yes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub remediate_last_failure: Option<bool>,
    /// How to undo; `rollback` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub strategy: Option<RemediationStrategy>,
}

/// How to undo a failed upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemediationStrategy {
    /// Back to the release before.
    Rollback,
    /// Uninstall.
    Uninstall,
}

/// What happens when the name of the chart changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChartNameChangeStrategy {
    /// An upgrade.
    InPlaceUpdate,
    /// An uninstall and an install.
    Reinstall,
}

/// Whether objects are applied by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerSideApplyMode {
    /// They are.
    Enabled,
    /// They are not.
    Disabled,
    /// As in the last release.
    Auto,
}

/// Options of tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Test {
    /// Whether tests run after install and upgrade.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub enable: bool,
    /// Time that the tests may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// Whether failed tests count as success.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore_failures: bool,
    /// Which tests run; all of them when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub filters: Option<Vec<TestFilter>>,
}

/// A test that runs, or does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestFilter {
    /// Name of the test.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Whether this test is left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub exclude: bool,
}

/// Options of a rollback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// Time that the action may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// Whether not to wait until objects are ready.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait: bool,
    /// Whether not to wait until jobs are complete.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait_for_jobs: bool,
    /// Whether hooks are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_hooks: bool,
    /// Without effect; kept for old objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub recreate: bool,
    /// Whether objects are replaced when they cannot be changed.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub force: bool,
    /// Whether new objects are deleted after a failure.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cleanup_on_fail: bool,
    /// Whether objects are applied by the server; as in the release when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub server_side_apply: Option<ServerSideApplyMode>,
}

/// Options of an uninstall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uninstall {
    /// Time that the action may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// Whether hooks are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_hooks: bool,
    /// Whether release records are kept.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub keep_history: bool,
    /// Whether not to wait until objects are gone.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub disable_wait: bool,
    /// What happens to dependents of deleted objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "background"))]
    pub deletion_propagation: Option<DeletionPropagation>,
}

/// What happens to dependents of deleted objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeletionPropagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted before.
    Foreground,
    /// They stay.
    Orphan,
}

/// How to tell that objects are ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitStrategy {
    /// The way.
    pub name: WaitStrategyName,
}

/// Ways to tell that objects are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitStrategyName {
    /// As Kustomizations do.
    Poller,
    /// As Helm 3 did.
    Legacy,
}

/// A change to what the chart renders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostRenderer {
    /// Patches and images.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub kustomize: Option<KustomizePostRenderer>,
}

/// Patches and images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizePostRenderer {
    /// Patches over the objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub patches: Vec<Patch>,
    /// Image names, tags and digests to replace.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub images: Vec<Image>,
}

/// Whether hooks are changed too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PostRenderStrategy {
    /// They are not.
    #[serde(rename = "nohooks")]
    NoHooks,
    /// Together with the rest.
    #[serde(rename = "combined")]
    Combined,
    /// By a run of their own.
    #[serde(rename = "separate")]
    Separate,
}
