//! Kustomization: builds a directory of a source and applies it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::inventory::{ResourceInventory, Snapshot};
use crate::overlay::{CustomHealthCheck, IgnoreRule, Image, Patch};
use crate::reference::{
    CommonMetadata, DependencyReference, KubeConfigReference, LocalObjectReference,
    NamespacedObjectKindReference,
};
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// The API group of Kustomization.
pub const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// A Kustomization object.
pub type Kustomization = Resource<KustomizationSpec>;

/// What to build, how to change it, where and how to apply it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizationSpec {
    /// How often to apply again, which undoes drift.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// How long to wait after a failure; the interval when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub retry_interval: Option<GoDuration>,
    /// Time that apply and health checks may take; 30 seconds less than the interval when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub timeout: Option<GoDuration>,
    /// The source whose artifact is built.
    pub source_ref: CrossNamespaceSourceReference,
    /// Directory of the artifact to build; the root when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub path: String,
    /// Whether objects that leave the build are deleted.
    pub prune: bool,
    /// What happens to the objects when the Kustomization is deleted; as `prune` says when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Stops applying; deleting a suspended Kustomization leaves its objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
    /// Whether objects are deleted and made anew when a field that cannot change changes.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = false))]
    pub force: bool,
    /// Whether to wait until every applied object is healthy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub wait: bool,
    /// Objects to wait for; passed over when `wait` is set.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub health_checks: Vec<NamespacedObjectKindReference>,
    /// Health of custom kinds.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub health_check_exprs: Vec<CustomHealthCheck>,
    /// Kustomizations that must be ready before.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub depends_on: Vec<DependencyReference>,
    /// The cluster to apply to; the own one when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub kube_config: Option<KubeConfigReference>,
    /// ServiceAccount of this namespace to act as.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
    /// Namespace that the objects are put into.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 63))]
    pub target_namespace: String,
    /// Text before the names of the objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 200))]
    pub name_prefix: String,
    /// Text after the names of the objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(min = 1, max = 200))]
    pub name_suffix: String,
    /// Labels and annotations for all objects.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub common_metadata: Option<CommonMetadata>,
    /// Patches over the build.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub patches: Vec<Patch>,
    /// Image names, tags and digests to replace.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub images: Vec<Image>,
    /// Directories of components, relative to the path.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub components: Vec<String>,
    /// Whether components that are missing are passed over.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore_missing_components: bool,
    /// What the build notes on the objects about their origin.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub build_metadata: Vec<BuildMetadata>,
    /// Variables to substitute after the build.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub post_build: Option<PostBuild>,
    /// How to decrypt Secrets.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub decryption: Option<Decryption>,
    /// Fields that are left to other managers.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore: Vec<IgnoreRule>,
}

/// A source in any namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceSourceReference {
    /// API version of the source.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the source.
    pub kind: KustomizationSourceKind,
    /// Name of the source.
    pub name: String,
    /// Namespace of the source; empty for the own one.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
}

/// The kinds that a Kustomization can build from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum KustomizationSourceKind {
    /// An OCIRepository.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// A GitRepository.
    GitRepository,
    /// A Bucket.
    Bucket,
    /// An ExternalArtifact.
    ExternalArtifact,
}

impl KustomizationSourceKind {
    /// The kind as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OciRepository => "OCIRepository",
            Self::GitRepository => "GitRepository",
            Self::Bucket => "Bucket",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// What happens to the objects when their Kustomization is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// As `spec.prune` says.
    MirrorPrune,
    /// They are deleted.
    Delete,
    /// They are deleted, and the Kustomization stays until they are gone.
    WaitForTermination,
    /// They stay.
    Orphan,
}

/// What the build notes on objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BuildMetadata {
    /// The file that an object comes from.
    OriginAnnotations,
    /// The transformers that changed an object.
    TransformerAnnotations,
}

impl BuildMetadata {
    /// The option of kustomize.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OriginAnnotations => "originAnnotations",
            Self::TransformerAnnotations => "transformerAnnotations",
        }
    }
}

/// Substitution of variables in the built objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostBuild {
    /// Variables with their values; they win over those of `substituteFrom`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub substitute: BTreeMap<String, String>,
    /// ConfigMaps and Secrets that hold variables; later ones win.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub substitute_from: Vec<SubstituteReference>,
    /// When to substitute; with variables only when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub substitute_strategy: Option<SubstituteStrategy>,
}

/// A ConfigMap or Secret of the same namespace whose data are variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubstituteReference {
    /// Which of both.
    pub kind: ValuesKind,
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Whether it may be absent.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = false))]
    pub optional: bool,
}

/// Kinds that hold values.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ValuesKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

impl ValuesKind {
    /// The kind as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

/// When to substitute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubstituteStrategy {
    /// When there is at least one variable.
    WithVariables,
    /// Always.
    Always,
}

/// Decryption of encrypted files and Secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decryption {
    /// The format.
    pub provider: DecryptionProvider,
    /// Secret with private keys and tokens.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose identity is used with key services of clouds.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
}

/// Formats of encrypted files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DecryptionProvider {
    /// SOPS.
    Sops,
}

/// What was applied last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizationStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Revision that was applied last with success.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_applied_revision: String,
    /// Revision at the origin that was applied last with success.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_applied_origin_revision: String,
    /// Revision that was tried last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_attempted_revision: String,
    /// The objects that are owned.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub inventory: Option<ResourceInventory>,
    /// The last outcomes, newest first.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub history: Vec<Snapshot>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(KustomizationStatus);

impl KindSpec for KustomizationSpec {
    type Status = KustomizationStatus;
    const DEFINITION: Definition = Definition {
        group: KUSTOMIZE_GROUP,
        kind: "Kustomization",
        plural: "kustomizations",
        short_names: &["ks"],
        category: Category::Applier,
        versions: &Version::only("v1"),
        columns: &[Column::AGE, Column::READY, Column::STATUS],
        status: StatusShape::Unobserved,
        description: "A directory of a source that is built and applied to a cluster.",
    };
}
