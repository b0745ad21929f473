//! The source kinds: what brings files into the cluster.

pub mod artifact_generator;
pub mod bucket;
pub mod external_artifact;
pub mod git_repository;
pub mod helm_chart;
pub mod helm_repository;
pub mod oci_repository;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The API group of the sources.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// Whose interface, login or identity to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CloudProvider {
    /// Nobody's in particular.
    #[default]
    Generic,
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}
