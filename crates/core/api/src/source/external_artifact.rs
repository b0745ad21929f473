//! ExternalArtifact: an artifact that another controller publishes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SOURCE_GROUP;
use crate::artifact::Artifact;
use crate::conditions::Condition;
use crate::definition::{Category, Column, Definition, StatusShape, Version};
use crate::reference::NamespacedObjectKindReference;
use crate::resource::{KindSpec, Resource, StatusConditions};
use crate::shape::is_unset;

/// An ExternalArtifact object.
pub type ExternalArtifact = Resource<ExternalArtifactSpec>;

/// Who publishes the artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalArtifactSpec {
    /// The object that the artifact comes from.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub source_ref: Option<NamespacedObjectKindReference>,
}

/// The artifact, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalArtifactStatus {
    /// How it went.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub conditions: Vec<Condition>,
    /// The last artifact.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub artifact: Option<Artifact>,
}

impl StatusConditions for ExternalArtifactStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
    fn observed_generation(&self) -> Option<i64> {
        None
    }
    fn last_handled_reconcile_at(&self) -> &str {
        ""
    }
}

impl KindSpec for ExternalArtifactSpec {
    type Status = ExternalArtifactStatus;
    const DEFINITION: Definition = Definition {
        group: SOURCE_GROUP,
        kind: "ExternalArtifact",
        plural: "externalartifacts",
        short_names: &["ea"],
        category: Category::Source,
        versions: &Version::only("v1"),
        columns: &[
            Column::AGE,
            Column::READY,
            Column::STATUS,
            Column::text("Source", ".spec.sourceRef.name"),
        ],
        status: StatusShape::Empty,
        description: "An artifact that a controller outside of the sources publishes.",
    };
}
