//! What appliers lay over a build: patches, images and fields left to others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::is_unset;

/// Which objects of a build are meant; every part that is set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// API group, an anchored regular expression.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub group: String,
    /// API version, an anchored regular expression.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub version: String,
    /// Kind, an anchored regular expression.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub kind: String,
    /// Namespace, an anchored regular expression.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
    /// Name, an anchored regular expression.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub name: String,
    /// Selector of annotations, written like a label selector.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub annotation_selector: String,
    /// Selector of labels.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub label_selector: String,
}

/// A strategic-merge patch or a list of JSON patch operations, with the objects that it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// The patch as YAML text.
    pub patch: String,
    /// Objects to patch; without it a strategic-merge patch names its object itself.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub target: Option<Selector>,
}

/// New name, tag or digest of a container image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Image name to look for, without tag.
    pub name: String,
    /// Name to put in its place.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub new_name: String,
    /// Tag to put in place.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub new_tag: String,
    /// Digest to put in place; wins over the tag.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub digest: String,
}

/// Fields that are left to other managers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IgnoreRule {
    /// JSON pointers (RFC 6901) of the fields; the empty pointer is the whole object.
    pub paths: Vec<String>,
    /// Objects that the rule is for; all of them when left out.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub target: Option<Selector>,
}

/// Health of a custom kind by CEL expressions over the object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomHealthCheck {
    /// API version of the kind; only the group is compared.
    pub api_version: String,
    /// The kind; empty for all kinds of the group.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub kind: String,
    /// True when the object has reached its desired state.
    pub current: String,
    /// True while the object is on its way.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub in_progress: String,
    /// True when the object has failed.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub failed: String,
}
