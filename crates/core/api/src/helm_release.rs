//! HelmRelease: a Helm chart with values that is kept installed.

pub mod actions;
pub mod status;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_object::GoDuration;

use self::actions::{
    Install, PostRenderStrategy, PostRenderer, Rollback, Test, Uninstall, Upgrade, WaitStrategy,
};
use self::status::HelmReleaseStatus;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::kustomization::ValuesKind;
use crate::overlay::{CustomHealthCheck, IgnoreRule};
use crate::reference::{
    CommonMetadata, DependencyReference, KubeConfigReference, LocalObjectReference,
};
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};
use crate::source::helm_chart::{HelmChartSourceKind, ReconcileStrategy};
use crate::source::oci_repository::OciVerificationProvider;

/// The API group of HelmRelease.
pub const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";

/// A HelmRelease object.
pub type HelmRelease = Resource<HelmReleaseSpec>;

/// Which chart to install with which values, where and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
        "message": "either chart or chartRef must be set",
    },
]))]
pub struct HelmReleaseSpec {
    /// The HelmChart object to make.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub chart: Option<HelmChartTemplate>,
    /// An object that has the chart.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub chart_ref: Option<ChartReference>,
    /// How often to compare release and spec.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// The cluster to install to; the own one when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub kube_config: Option<KubeConfigReference>,
    /// Stops acting; deleting a suspended HelmRelease leaves the release.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
    /// Name of the release; made of target namespace and name when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 53))]
    pub release_name: String,
    /// Namespace to install to; the own one when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: String,
    /// Namespace of the release records; the own one when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub storage_namespace: String,
    /// HelmReleases that must be ready before.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub depends_on: Vec<DependencyReference>,
    /// Time that each Helm action may take; five minutes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// Number of release records to keep, 0 for all; 5 when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::integer")]
    pub max_history: Option<i64>,
    /// ServiceAccount of this namespace to act as.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 253))]
    pub service_account_name: String,
    /// Whether one client is used for a whole action; yes when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub persistent_client: Option<bool>,
    /// Whether changes by others are seen and undone.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub drift_detection: Option<DriftDetection>,
    /// How to tell that objects are ready.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub wait_strategy: Option<WaitStrategy>,
    /// Health of custom kinds.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub health_check_exprs: Vec<CustomHealthCheck>,
    /// Options of an install.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub install: Option<Install>,
    /// Options of an upgrade.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub upgrade: Option<Upgrade>,
    /// Options of tests.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub test: Option<Test>,
    /// Options of a rollback.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub rollback: Option<Rollback>,
    /// Options of an uninstall.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub uninstall: Option<Uninstall>,
    /// ConfigMaps and Secrets that hold values; later ones win.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub values_from: Vec<ValuesReference>,
    /// Values; they win over those of `valuesFrom`.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::any")]
    pub values: Option<Value>,
    /// Labels and annotations for all objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub common_metadata: Option<CommonMetadata>,
    /// Changes to what the chart renders, in order.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub post_renderers: Vec<PostRenderer>,
    /// Whether hooks are changed too; together with the rest when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub post_render_strategy: Option<PostRenderStrategy>,
}

/// The HelmChart object to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartTemplate {
    /// Labels and annotations of the HelmChart.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub metadata: Option<CommonMetadata>,
    /// Which chart of which source.
    pub spec: HelmChartTemplateSpec,
}

/// Which chart of which source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartTemplateSpec {
    /// Name of the chart in a repository, or its path in the files of another source.
    #[schemars(length(min = 1, max = 2048))]
    pub chart: String,
    /// Range of semantic versions to take the highest of; only for repositories.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "*"))]
    pub version: String,
    /// The source.
    pub source_ref: ChartSourceReference,
    /// How often to look for changes; the interval of the HelmRelease when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub interval: Option<GoDuration>,
    /// What makes a new artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "ChartVersion"))]
    pub reconcile_strategy: ReconcileStrategy,
    /// Files of the chart that are merged, in order, to its default values.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub values_files: Vec<String>,
    /// Whether values files that are missing are passed over.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore_missing_values_files: bool,
    /// Which signature a chart of a registry must have.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub verify: Option<ChartTemplateVerification>,
}

/// A source of charts in any namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartSourceReference {
    /// API version of the source.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the source.
    pub kind: HelmChartSourceKind,
    /// Name of the source.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the source, and of the HelmChart; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: String,
}

/// Verification of the signature of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartTemplateVerification {
    /// The tool that made the signature.
    #[schemars(extend("default" = "cosign"))]
    pub provider: OciVerificationProvider,
    /// Secret with the public keys of trusted signers; keyless when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
}

/// An object that has the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartReference {
    /// API version of the object.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the object.
    pub kind: ChartReferenceKind,
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the object; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: String,
}

/// Kinds that can have a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChartReferenceKind {
    /// An OCIRepository.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// A HelmChart.
    HelmChart,
    /// An ExternalArtifact.
    ExternalArtifact,
}

/// Whether changes by others are seen and undone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftDetection {
    /// What to do about them; nothing when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub mode: Option<DriftDetectionMode>,
    /// Fields that are left to others.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore: Vec<IgnoreRule>,
}

/// What to do about changes by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftDetectionMode {
    /// They are told and undone.
    Enabled,
    /// They are told.
    Warn,
    /// They are not looked for.
    Disabled,
}

/// A ConfigMap or Secret of the same namespace that holds values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValuesReference {
    /// Which of both.
    pub kind: ValuesKind,
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Key of the data; `values.yaml` when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 253))]
    #[schemars(regex(pattern = r"^[\-._a-zA-Z0-9]+$"))]
    pub values_key: String,
    /// Where to put a single value, as with `helm --set`; the data are a whole values file when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 250))]
    #[schemars(regex(pattern = r"^([a-zA-Z0-9_\-.\\\/]|\[[0-9]{1,5}\])+$"))]
    pub target_path: String,
    /// Whether object and key may be absent.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub optional: bool,
    /// Whether the single value is taken as it is, as with `helm --set-literal`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub literal: bool,
}

impl KindSpec for HelmReleaseSpec {
    type Status = HelmReleaseStatus;
    const DEFINITION: Definition = Definition {
        group: HELM_GROUP,
        kind: "HelmRelease",
        plural: "helmreleases",
        short_names: &["hr"],
        category: Category::Applier,
        versions: &Version::only("v2"),
        columns: &[Column::AGE, Column::READY, Column::STATUS],
        status: StatusShape::Unobserved,
        description: "A Helm chart with values that is kept installed.",
    };
}
