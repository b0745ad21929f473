//! ArtifactGenerator: takes apart and puts together the artifacts of sources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::CommonMetadata;
use crate::resource::{KindSpec, Resource, StatusConditions};
use crate::shape::is_unset;

/// The API group of ArtifactGenerator.
pub const SOURCE_EXTENSIONS_GROUP: &str = "source.extensions.fluxcd.io";

/// An ArtifactGenerator object.
pub type ArtifactGenerator = Resource<ArtifactGeneratorSpec>;

/// Which artifacts to make of which sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "has(self.pathPattern) && size(self.pathPattern) > 0 || self.artifacts.all(a, a.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))",
        "message": "artifact names must be valid Kubernetes object names when pathPattern is not set",
    },
    {
        "rule": "has(self.serviceAccountName) && size(self.serviceAccountName) > 0 || self.artifacts.all(a, !has(a.namespace))",
        "message": "artifact namespaces can only be set when serviceAccountName is set",
    },
]))]
pub struct ArtifactGeneratorSpec {
    /// The sources to take files from.
    #[schemars(length(min = 1, max = 1000))]
    pub sources: Vec<GeneratorSource>,
    /// `@alias/dir/{name}`: the artifacts are made once per directory that matches, and `{name}` stands for its part of the path.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 1024))]
    #[schemars(regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$"))]
    pub path_pattern: String,
    /// The artifacts to make.
    #[schemars(length(min = 1, max = 1000))]
    pub artifacts: Vec<OutputArtifact>,
    /// Labels and annotations for the artifacts.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub common_metadata: Option<CommonMetadata>,
    /// ServiceAccount of this namespace to act as when artifacts are written (Flux 2.10).
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 253))]
    pub service_account_name: String,
}

/// A source to take files from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorSource {
    /// Name by which the copy operations know the source; unique.
    #[schemars(length(max = 63))]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"))]
    pub alias: String,
    /// Kind of the source.
    pub kind: GeneratorSourceKind,
    /// Name of the source.
    #[schemars(length(max = 253))]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub name: String,
    /// Namespace of the source; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub namespace: String,
}

/// Kinds that an ArtifactGenerator can take files from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GeneratorSourceKind {
    /// A Bucket.
    Bucket,
    /// A GitRepository.
    GitRepository,
    /// An OCIRepository.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// A HelmChart.
    HelmChart,
    /// An ExternalArtifact.
    ExternalArtifact,
}

/// An artifact to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutputArtifact {
    /// Name of the ExternalArtifact; may hold the names of the path pattern in braces.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace of the ExternalArtifact; empty for the own one (Flux 2.10).
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 253))]
    pub namespace: String,
    /// `@alias` of the source whose revision the artifact gets; made from its content when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 64))]
    #[schemars(regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$"))]
    pub revision: String,
    /// `@alias` of the source whose origin is noted in the metadata.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 64))]
    #[schemars(regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)$"))]
    pub origin_revision: String,
    /// What to copy, in order.
    #[schemars(length(min = 1))]
    pub copy: Vec<CopyOperation>,
}

/// Files to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CopyOperation {
    /// `@alias/` and a glob of files.
    #[schemars(length(min = 1, max = 1024))]
    #[schemars(regex(pattern = r"^@([a-z0-9]([a-z0-9_-]*[a-z0-9])?)/(.*)$"))]
    pub from: String,
    /// `@artifact/` and a path; one that ends with a slash is a directory.
    #[schemars(length(min = 1, max = 1024))]
    #[schemars(regex(pattern = r"^@(artifact)/(.*)$"))]
    pub to: String,
    /// Globs of files that are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 100))]
    pub exclude: Vec<String>,
    /// What happens with files that are there; `Overwrite` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub strategy: Option<CopyStrategy>,
}

/// What happens with files that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CopyStrategy {
    /// They are replaced.
    Overwrite,
    /// They are merged as YAML; lists are replaced.
    Merge,
    /// Archives among the files are unpacked.
    Extract,
}

/// What was made last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactGeneratorStatus {
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// The artifacts that exist.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub inventory: Vec<GeneratedArtifact>,
    /// Checksum over the sources that the artifacts were made from.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_sources_digest: String,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

/// An artifact that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedArtifact {
    /// Name of the ExternalArtifact.
    pub name: String,
    /// Namespace of the ExternalArtifact.
    pub namespace: String,
    /// Checksum of the file.
    pub digest: String,
    /// Name of the file in the storage.
    pub filename: String,
}

impl StatusConditions for ArtifactGeneratorStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
    fn observed_generation(&self) -> Option<i64> {
        None
    }
    fn last_handled_reconcile_at(&self) -> &str {
        &self.last_handled_reconcile_at
    }
}

impl KindSpec for ArtifactGeneratorSpec {
    type Status = ArtifactGeneratorStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_EXTENSIONS_GROUP,
        kind: "ArtifactGenerator",
        plural: "artifactgenerators",
        short_names: &["ag"],
        category: Category::Source,
        versions: &Version::only("v1beta1"),
        columns: &[Column::AGE, Column::READY, Column::STATUS],
        status: StatusShape::Empty,
        description: "Makes artifacts out of parts of the artifacts of sources.",
    };
}
