//! The artifact that a source publishes in its status.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::is_unset;
use crate::time::Time;

/// The stored output of a source: an archive or an index, with its checksum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path of the file below the root of the storage.
    pub path: String,
    /// Address from which consumers fetch the file.
    pub url: String,
    /// What the source was at, readable by people, for example `main@sha1:0a1b2c`.
    pub revision: String,
    /// Checksum of the file, `<algorithm>:<value>`.
    #[schemars(regex(pattern = r"^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"))]
    pub digest: String,
    /// When the artifact was last replaced.
    pub last_update_time: Time,
    /// Size of the file in bytes.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub size: Option<i64>,
    /// What the origin said about the artifact, for example annotations of an OCI manifest.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub metadata: BTreeMap<String, String>,
}

impl Artifact {
    /// The revision of the artifact at its origin, when the producer recorded it.
    pub fn origin_revision(&self) -> Option<&str> {
        self.metadata
            .get(crate::names::OCI_REVISION_ANNOTATION)
            .map(String::as_str)
    }
}
