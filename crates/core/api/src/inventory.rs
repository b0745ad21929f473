//! What an applier owns and what it did: inventory and history.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skein_object::GoDuration;

use crate::shape::{self, is_unset};
use crate::time::Time;

/// Outcomes that `status.history` of a Kustomization keeps.
pub const HISTORY_LIMIT_ENTRIES: usize = 5;

/// The objects that an applier owns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceInventory {
    /// One entry per object, in the order of apply.
    pub entries: Vec<ResourceRef>,
}

/// One owned object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRef {
    /// Identity, `<namespace>_<name>_<group>_<kind>`; see `skein_object::InventoryId`.
    pub id: String,
    /// API version (without group) at which the object was applied.
    #[serde(rename = "v")]
    pub version: String,
}

/// One outcome of a Kustomization: what was applied, how often, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Checksum of the built manifests.
    pub digest: String,
    /// When this outcome was seen first.
    pub first_reconciled: Time,
    /// When this outcome was seen last.
    pub last_reconciled: Time,
    /// How long the last run took.
    #[schemars(schema_with = "shape::text")]
    pub last_reconciled_duration: GoDuration,
    /// Reason of Ready after the last run.
    pub last_reconciled_status: String,
    /// How often this outcome was seen in a row.
    pub total_reconciliations: i64,
    /// Revision and, when known, revision at the origin.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub metadata: BTreeMap<String, String>,
}
