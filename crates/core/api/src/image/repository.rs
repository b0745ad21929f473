//! ImageRepository: the tags of a container image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::IMAGE_GROUP;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::{AccessFrom, LocalObjectReference};
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};
use crate::source::CloudProvider;
use crate::time::Time;

/// An ImageRepository object.
pub type ImageRepository = Resource<ImageRepositorySpec>;

/// Which image to scan, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositorySpec {
    /// Name of the image, without scheme and tag.
    pub image: String,
    /// How often to scan.
    #[schemars(schema_with = "shape::duration")]
    pub interval: GoDuration,
    /// Time that one scan may take; the interval when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::short_duration")]
    pub timeout: Option<GoDuration>,
    /// How to log in to the registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "generic"))]
    pub provider: CloudProvider,
    /// Secret with the credentials of the registry, of type `kubernetes.io/dockerconfigjson`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<LocalObjectReference>,
    /// ServiceAccount whose image pull secrets, or with a cloud provider whose identity, are used.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 253))]
    pub service_account_name: String,
    /// Secret with TLS certificates for the registry.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Secret with address and credentials of a proxy.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// Whether the registry is reached by plain HTTP.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub insecure: bool,
    /// Regular expressions for tags that are left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 25), extend("default" = ["^.*\\.sig$"]))]
    pub exclusion_list: Option<Vec<String>>,
    /// Namespaces whose policies may refer to this object.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub access_from: Option<AccessFrom>,
    /// Stops scanning.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// What the last scan found, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRepositoryStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// Full name of the image.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub canonical_image_name: String,
    /// What the last scan found.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_scan_result: Option<ScanResult>,
    /// `spec.exclusionList` of the last scan.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_exclusion_list: Vec<String>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScanResult {
    /// Checksum of the list of tags.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub revision: String,
    /// Number of tags, without those that are left out.
    #[schemars(schema_with = "shape::integer")]
    pub tag_count: i64,
    /// When the scan was made.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub scan_time: Option<Time>,
    /// The first tags of the list, in descending order.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub latest_tags: Vec<String>,
}

crate::resource::status_conditions!(ImageRepositoryStatus);

impl KindSpec for ImageRepositorySpec {
    type Status = ImageRepositoryStatus;
    const DEFINITION: Definition = Definition {
        group: IMAGE_GROUP,
        kind: "ImageRepository",
        plural: "imagerepositories",
        short_names: &["imgrepo", "imagerepo"],
        category: Category::Image,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("Image", ".spec.image"),
            Column::text("Tags", ".status.lastScanResult.tagCount"),
            Column::READY,
            Column::STATUS,
            Column::wide("Last scan", ".status.lastScanResult.scanTime"),
            Column::AGE,
        ],
        status: StatusShape::Unobserved,
        description: "A container image whose tags are scanned.",
    };
}
