//! OCIRepository: a layer of an OCI artifact, as an archive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::{CloudProvider, SOURCE_GROUP};
use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// An OCIRepository object.
pub type OciRepository = Resource<OciRepositorySpec>;

/// Which layer of which artifact to fetch, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositorySpec {
    /// Address of the repository, `oci://` and no tag.
    #[schemars(regex(pattern = r"^oci://.*$"))]
    pub url: String,
    /// How often to look for changes.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// Time that the operations on the registry may take.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration", extend("default" = "60s"))]
    pub timeout: Option<GoDuration>,
    /// Which artifact to fetch; the tag `latest` when left out.
    #[serde(default, rename = "ref", skip_serializing_if = "is_unset")]
    pub reference: Option<OciRepositoryRef>,
    /// Which layer to take; the first one when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub layer_selector: Option<OciLayerSelector>,
    /// How to log in to the registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "generic"))]
    pub provider: CloudProvider,
    /// Secret with the credentials of the registry, of type `kubernetes.io/dockerconfigjson`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose image pull secrets, or with a cloud provider whose identity, are used.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub service_account_name: String,
    /// Secret with TLS certificates for the registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Secret with address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// Which signature the artifact must have.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub verify: Option<OciVerification>,
    /// Files to leave out, as lines of a `.gitignore`; replaces the built-in exclusions.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ignore: Option<String>,
    /// Whether the registry is reached by plain HTTP, or its certificate is not checked.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub insecure: bool,
    /// Stops fetching; the last artifact stays.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// Which artifact to fetch; the first that is set counts, in the order digest, semver, tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositoryRef {
    /// This digest of a manifest.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub digest: String,
    /// The highest tag in this range of semantic versions.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub semver: String,
    /// Regular expression for the tags that the range looks at.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub semver_filter: String,
    /// This tag.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub tag: String,
}

/// Which layer of an artifact to take, and what to do with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciLayerSelector {
    /// The first layer of this media type; the first of all when empty.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub media_type: String,
    /// What to do with the layer; `extract` when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub operation: Option<OciLayerOperation>,
}

/// What to do with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OciLayerOperation {
    /// Unpack it, filter the files and pack them again.
    Extract,
    /// Keep it byte for byte.
    Copy,
}

/// Verification of the signature of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciVerification {
    /// The tool that made the signature.
    #[schemars(extend("default" = "cosign"))]
    pub provider: OciVerificationProvider,
    /// Secret with the public keys, or the trust policy, of trusted signers; keyless when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Secret with the `trusted_root.json` of a private Sigstore.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub trusted_root_secret_ref: Option<LocalObjectReference>,
    /// Signers that are trusted without a key; one that matches is enough.
    #[serde(
        default,
        rename = "matchOIDCIdentity",
        skip_serializing_if = "is_unset"
    )]
    pub match_oidc_identity: Vec<OidcIdentityMatch>,
}

/// Tools that sign artifacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OciVerificationProvider {
    /// Cosign.
    #[default]
    Cosign,
    /// Notation.
    Notation,
}

/// A signer by the token with which it signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcIdentityMatch {
    /// Regular expression for the issuer of the token.
    pub issuer: String,
    /// Regular expression for the subject of the token.
    pub subject: String,
}

/// What was fetched last, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositoryStatus {
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
    /// `spec.ignore` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_ignore: Option<String>,
    /// `spec.layerSelector` of the artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_layer_selector: Option<OciLayerSelector>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(OciRepositoryStatus);

impl KindSpec for OciRepositorySpec {
    type Status = OciRepositoryStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "OCIRepository",
        plural: "ocirepositories",
        short_names: &["ocirepo"],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("URL", ".spec.url"),
            Column::READY,
            Column::STATUS,
            Column::AGE,
        ],
        status: StatusShape::Unobserved,
        description: "A layer of an OCI artifact, fetched and kept as an archive.",
    };
}
