//! Status of a HelmRelease: releases, attempts and failures.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use crate::conditions::Condition;
use crate::inventory::ResourceInventory;
use crate::shape::{self, is_unset};
use crate::time::Time;

/// What was released last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmReleaseStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// The HelmChart that was made, `<namespace>/<name>`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub helm_chart: String,
    /// Namespace of the release records.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: String,
    /// The last releases, newest first.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub history: Vec<ReleaseSnapshot>,
    /// The objects of the release.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub inventory: Option<ResourceInventory>,
    /// Generation that was tried last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_generation: i64,
    /// Chart version that was tried last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_revision: String,
    /// Digest of the chart that was tried last, when it comes from an OCI artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_revision_digest: String,
    /// Checksum of values by older controllers.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_values_checksum: String,
    /// Digest of the values that were tried last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_config_digest: String,
    /// The action that was tried last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_release_action: Option<ReleaseAction>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::text")]
    pub last_attempted_release_action_duration: Option<GoDuration>,
    /// Release number by older controllers.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::integer")]
    pub last_release_revision: i64,
    /// Failures in a row with the present spec.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub failures: i64,
    /// Failed installs in a row with the present spec.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub install_failures: i64,
    /// Failed upgrades in a row with the present spec.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub upgrade_failures: i64,
    /// Digest of the post-renderers of the release.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_post_renderers_digest: String,
    /// Digest of the common metadata of the release.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_common_metadata_digest: String,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
    /// The request to force that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_force_at: String,
    /// The request to reset that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reset_at: String,
}

/// What is tried to bring a release about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseAction {
    /// An install.
    Install,
    /// An upgrade.
    Upgrade,
}

/// A release as it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSnapshot {
    /// Format of this entry.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// The action that made the entry.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub action: String,
    /// Checksum of the release record.
    pub digest: String,
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Number of the release.
    #[schemars(schema_with = "shape::integer")]
    pub version: i64,
    /// Status of the release, in the words of Helm.
    pub status: String,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart.
    pub chart_version: String,
    /// Version of what the chart installs.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub app_version: String,
    /// Digest of the values.
    pub config_digest: String,
    /// When the release name was installed first.
    pub first_deployed: Time,
    /// When this release was made.
    pub last_deployed: Time,
    /// When the release was uninstalled.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub deleted: Option<Time>,
    /// Tests of the release by name.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub test_hooks: Option<BTreeMap<String, TestHookStatus>>,
    /// Digest of the chart, when it comes from an OCI artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub oci_digest: String,
}

/// How a test went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestHookStatus {
    /// When it started.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_started: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_completed: Option<Time>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub phase: String,
}

crate::resource::status_conditions!(HelmReleaseStatus);
