//! Alert: which events are told to which provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ALERT_VERSIONS, CrossNamespaceObjectReference, NOTIFICATION_GROUP};
use crate::definition::{Category, Column, Definition, StatusShape};
use crate::reference::LocalObjectReference;
use crate::resource::{KindSpec, NoStatus, Resource};
use crate::shape::is_unset;

/// An Alert object.
pub type Alert = Resource<AlertSpec>;

/// Which events are told, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertSpec {
    /// The Provider in the same namespace.
    pub provider_ref: LocalObjectReference,
    /// The least severity of the events.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(extend("default" = "info"))]
    pub event_severity: EventSeverity,
    /// The objects whose events are told.
    pub event_sources: Vec<CrossNamespaceObjectReference>,
    /// Regular expressions; only messages that match one are told.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub inclusion_list: Vec<String>,
    /// Regular expressions; messages that match one are not told.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub exclusion_list: Vec<String>,
    /// Metadata to add to the events.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub event_metadata: BTreeMap<String, String>,
    /// Text to add to the events; replaced by `eventMetadata`.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(length(max = 255))]
    pub summary: String,
    /// Stops telling; events are dropped.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub suspend: bool,
}

/// Severity of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventSeverity {
    /// All events.
    #[default]
    Info,
    /// Errors only.
    Error,
}

impl KindSpec for AlertSpec {
    type Status = NoStatus;
    const DEFINITION: Definition = Definition {
        group: NOTIFICATION_GROUP,
        kind: "Alert",
        plural: "alerts",
        short_names: &[],
        category: Category::Notification,
        versions: &ALERT_VERSIONS,
        columns: &[Column::AGE],
        status: StatusShape::Absent,
        description: "Tells a provider about the events of objects.",
    };
}
