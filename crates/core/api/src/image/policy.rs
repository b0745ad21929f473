//! ImagePolicy: the one tag of a container image that is wanted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use super::IMAGE_GROUP;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::NamespacedObjectReference;
use crate::resource::{KindSpec, Resource};
use crate::shape::{self, is_unset};

/// An ImagePolicy object.
pub type ImagePolicy = Resource<ImagePolicySpec>;

/// How to choose a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.interval) || (has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'Always')",
        "message": "spec.interval is only accepted when spec.digestReflectionPolicy is set to 'Always'",
    },
    {
        "rule": "has(self.interval) || !has(self.digestReflectionPolicy) || self.digestReflectionPolicy != 'Always'",
        "message": "spec.interval must be set when spec.digestReflectionPolicy is set to 'Always'",
    },
]))]
pub struct ImagePolicySpec {
    /// The ImageRepository whose tags to choose from.
    pub image_repository_ref: NamespacedObjectReference,
    /// The order of the tags; exactly one of the three.
    pub policy: ImagePolicyChoice,
    /// Which tags to look at, and what part of them to order.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub filter_tags: Option<TagFilter>,
    /// Whether the digest of the tag is looked up.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "Never"))]
    pub digest_reflection_policy: DigestReflectionPolicy,
    /// How often the digest is looked up again.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(schema_with = "shape::duration")]
    pub interval: Option<GoDuration>,
    /// Stops choosing.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// The order of the tags; exactly one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicyChoice {
    /// By semantic version.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub semver: Option<SemVerPolicy>,
    /// By alphabet.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub alphabetical: Option<OrderPolicy>,
    /// By number.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub numerical: Option<OrderPolicy>,
}

/// The highest semantic version of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SemVerPolicy {
    /// The range.
    pub range: String,
}

/// The last tag in an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPolicy {
    /// Which end of the order is wanted.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "asc"))]
    pub order: SortOrder,
}

/// Directions of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortOrder {
    /// The last in ascending order.
    #[default]
    Asc,
    /// The last in descending order.
    Desc,
}

/// Which tags to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagFilter {
    /// Regular expression for the tags.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub pattern: String,
    /// What part of the tag is ordered, with groups of the pattern as `$name`.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub extract: String,
}

/// Whether the digest of a tag is looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DigestReflectionPolicy {
    /// Again at every interval.
    Always,
    /// Once for each tag.
    IfNotPresent,
    /// It is not.
    #[default]
    Never,
}

/// The chosen tag, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImagePolicyStatus {
    /// Generation that this status is about; -1 before the first run.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_generation: i64,
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// The chosen image.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub latest_ref: Option<ImageRef>,
    /// The image that was chosen before.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub observed_previous_ref: Option<ImageRef>,
    /// The request for a run that was handled last.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub last_handled_reconcile_at: String,
}

/// An image with tag and, when known, digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRef {
    /// Name of the image.
    pub name: String,
    /// Tag.
    pub tag: String,
    /// Digest.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub digest: String,
}

crate::resource::status_conditions!(ImagePolicyStatus);

impl KindSpec for ImagePolicySpec {
    type Status = ImagePolicyStatus;
    const DEFINITION: Definition = Definition {
        group: IMAGE_GROUP,
        kind: "ImagePolicy",
        plural: "imagepolicies",
        short_names: &["imgpol", "imagepol"],
        category: Category::Image,
        versions: &Version::only("v1"),
        columns: &[
            Column::text("Image", ".status.latestRef.name"),
            Column::text("Tag", ".status.latestRef.tag"),
            Column::READY,
            Column::STATUS,
            Column::AGE,
        ],
        status: StatusShape::Unobserved,
        description: "The tag of a container image that is wanted.",
    };
}
