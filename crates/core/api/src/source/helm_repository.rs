//! HelmRepository: the index of a Helm chart repository, or an OCI registry of charts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::{CloudProvider, SOURCE_GROUP};
use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::{AccessFrom, LocalObjectReference};
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// A HelmRepository object.
pub type HelmRepository = Resource<HelmRepositorySpec>;

/// Where charts are, and how to reach them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositorySpec {
    /// Address of the repository; `/index.yaml` is added to it unless it is a registry.
    #[schemars(regex(pattern = r"^(http|https|oci)://.*$"))]
    pub url: String,
    /// What the address is; `default` when left out.
    #[serde(default, rename = "type", skip_serializing_if = "is_unset")]
    pub repository_type: Option<HelmRepositoryType>,
    /// How often to fetch the index.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub interval: Option<GoDuration>,
    /// Time that one fetch of the index may take; a minute when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration")]
    pub timeout: Option<GoDuration>,
    /// How to log in to a registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "generic"))]
    pub provider: CloudProvider,
    /// Secret with user name and password, or with the credentials of a registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Whether the credentials also go to other hosts that the index names.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub pass_credentials: bool,
    /// Secret with TLS certificates.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Whether a registry is reached by plain HTTP.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub insecure: bool,
    /// Namespaces that may refer to this object; declared, not enforced.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub access_from: Option<AccessFrom>,
    /// Stops fetching; the last artifact stays.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// What the address of a HelmRepository is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HelmRepositoryType {
    /// A server with an index of charts.
    Default,
    /// An OCI registry.
    Oci,
}

/// What was fetched last, and how it went; empty for registries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositoryStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Address that always leads to the newest index.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub url: String,
    /// The last index.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub artifact: Option<Artifact>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

crate::resource::status_conditions!(HelmRepositoryStatus);

impl KindSpec for HelmRepositorySpec {
    type Status = HelmRepositoryStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "HelmRepository",
        plural: "helmrepositories",
        short_names: &["helmrepo"],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("URL", ".spec.url"),
            Column::AGE,
            Column::READY,
            Column::STATUS,
        ],
        status: StatusShape::Unobserved,
        description: "A repository of Helm charts: an index that is fetched, or an OCI registry.",
    };
}
