//! HelmChart: one chart of a repository or of files, as a package.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::SOURCE_GROUP;
use super::oci_repository::{OciVerificationProvider, OidcIdentityMatch};
use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// A HelmChart object.
pub type HelmChart = Resource<HelmChartSpec>;

/// Which chart of which source to fetch or package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        "message": "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'",
    },
]))]
pub struct HelmChartSpec {
    /// Name of the chart in a repository, or its path in the files of another source.
    pub chart: String,
    /// Range of semantic versions to take the highest of; only for repositories.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "*"))]
    pub version: String,
    /// The source in the same namespace.
    pub source_ref: HelmChartSourceReference,
    /// How often to look for changes.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
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
    /// Stops fetching; the last artifact stays.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
    /// Which signature a chart of a registry must have.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub verify: Option<HelmChartVerification>,
}

/// A source of charts in the same namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartSourceReference {
    /// API version of the source.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the source.
    pub kind: HelmChartSourceKind,
    /// Name of the source.
    pub name: String,
}

/// Kinds that hold charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HelmChartSourceKind {
    /// A chart repository.
    HelmRepository,
    /// A Git repository.
    GitRepository,
    /// A bucket.
    Bucket,
    /// An OCI artifact with a chart directory (Flux 2.10).
    #[serde(rename = "OCIRepository")]
    OciRepository,
}

/// What makes a new artifact of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReconcileStrategy {
    /// A new version of the chart.
    #[default]
    ChartVersion,
    /// A new revision of the source too.
    Revision,
}

/// Verification of the signature of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartVerification {
    /// The tool that made the signature.
    #[schemars(extend("default" = "cosign"))]
    pub provider: OciVerificationProvider,
    /// Secret with the public keys, or the trust policy, of trusted signers; keyless when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Signers that are trusted without a key; one that matches is enough.
    #[serde(
        default,
        rename = "matchOIDCIdentity",
        skip_serializing_if = "is_unset"
    )]
    pub match_oidc_identity: Vec<OidcIdentityMatch>,
}

/// What was fetched last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Address that always leads to the newest artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub url: String,
    /// The last artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub artifact: Option<Artifact>,
    /// Revision of the source artifact that the chart comes from.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_source_artifact_revision: String,
    /// Name of the chart.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_chart_name: String,
    /// The values files of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_values_files: Vec<String>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(HelmChartStatus);

impl KindSpec for HelmChartSpec {
    type Status = HelmChartStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "HelmChart",
        plural: "helmcharts",
        short_names: &["hc"],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("Chart", ".spec.chart"),
            Column::text("Version", ".spec.version"),
            Column::text("Source Kind", ".spec.sourceRef.kind"),
            Column::text("Source Name", ".spec.sourceRef.name"),
            Column::AGE,
            Column::READY,
            Column::STATUS,
        ],
        status: StatusShape::Unobserved,
        description: "A Helm chart, fetched or packaged from a source.",
    };
}
