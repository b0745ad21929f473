//! Release records: what Helm stores about each revision of a release, byte-compatible with Helm 4 and readable from Helm 3.
//!
//! [`Release`] is the record; [`encode`] and [`decode`] turn it into the text that a Secret or ConfigMap holds; [`stored`] makes and reads
//! those objects, and [`memory`] keeps records without a cluster; [`history`] says what is kept; [`observation`] computes the digests by which Flux recognises its own releases.

mod chart;
mod codec;
mod driver;
pub(crate) mod go_json;
pub mod history;
pub mod memory;
mod moment;
pub mod observation;
pub mod stored;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use chart::{RecordedChart, RecordedFile, RecordedLock};
pub use codec::{MAX_RECORD_BYTES, RecordError, decode, encode};
pub use driver::{StorageDriver, UnknownDriver};
pub use moment::Moment;

use crate::values::Values;

/// The `apply_method` of releases whose objects the server applies.
pub const SERVER_SIDE_APPLY: &str = "ssa";
/// The `apply_method` of releases whose objects the client patches; releases of Helm 3 have none, which means the same.
pub const CLIENT_SIDE_APPLY: &str = "csa";

/// One revision of a release. The fields are in the order in which Helm writes them; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Release {
    /// Name of the release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When and how.
    pub info: Info,
    /// The chart as it was rendered.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "chart::write_shared",
        deserialize_with = "chart::read_shared"
    )]
    pub chart: Option<Arc<RecordedChart>>,
    /// The user's values.
    #[serde(skip_serializing_if = "Map::is_empty", deserialize_with = "values")]
    pub config: Values,
    /// The objects, hooks left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// The hooks.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_default"
    )]
    pub hooks: Vec<RecordedHook>,
    /// Number of the revision, from 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub version: i64,
    /// Namespace of the release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Labels of the stored object; no part of the record itself.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
    /// `ssa`, `csa` or (Helm 3) empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub apply_method: String,
}

impl Release {
    /// Whether the objects were applied by the server.
    pub fn is_server_side(&self) -> bool {
        self.apply_method == SERVER_SIDE_APPLY
    }

    /// Sets status and description together.
    pub fn set_status(&mut self, status: ReleaseStatus, description: impl Into<String>) {
        self.info.status = status;
        self.info.description = description.into();
    }

    /// Name of the chart; empty when the record has none.
    pub fn chart_name(&self) -> &str {
        self.chart.as_ref().map_or("", |chart| &chart.metadata.name)
    }

    /// Version of the chart; empty when the record has none.
    pub fn chart_version(&self) -> &str {
        self.chart
            .as_ref()
            .map_or("", |chart| &chart.metadata.version)
    }
}

/// When and how a revision came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When the release was first installed.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub first_deployed: Moment,
    /// When this revision was made.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub last_deployed: Moment,
    /// When it was uninstalled.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub deleted: Moment,
    /// What happened, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How it is.
    #[serde(skip_serializing_if = "ReleaseStatus::is_unset")]
    pub status: ReleaseStatus,
    /// The revision that this one goes back to; zero when it is no rollback.
    #[serde(skip_serializing_if = "is_zero")]
    pub rollback_revision: i64,
    /// The rendered NOTES.txt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// How a revision is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseStatus {
    /// The field is absent.
    #[default]
    #[serde(rename = "", skip_serializing)]
    Unset,
    /// It cannot be told.
    Unknown,
    /// It is the one in the cluster.
    Deployed,
    /// It was uninstalled and its record kept.
    Uninstalled,
    /// A newer one took its place.
    Superseded,
    /// It did not work out.
    Failed,
    /// It is being uninstalled.
    Uninstalling,
    /// It is being installed.
    PendingInstall,
    /// It is being upgraded to.
    PendingUpgrade,
    /// It is being rolled back to.
    PendingRollback,
}

impl ReleaseStatus {
    /// Helm's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "",
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// Whether an action has begun and not ended: the release is locked.
    pub fn is_pending(self) -> bool {
        matches!(
            self,
            Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback
        )
    }

    fn is_unset(&self) -> bool {
        *self == Self::Unset
    }
}

impl std::fmt::Display for ReleaseStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hook with what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedHook {
    /// `metadata.name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `kind`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Path of the template.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The document.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// When it runs, in Helm's words.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_default"
    )]
    pub events: Vec<String>,
    /// The last time that it ran.
    pub last_run: HookExecution,
    /// Order among the hooks of an event.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight: i64,
    /// When its object is deleted.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_default"
    )]
    pub delete_policies: Vec<String>,
    /// When its logs are shown.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_default"
    )]
    pub output_log_policies: Vec<String>,
}

impl RecordedHook {
    /// Whether it runs at an event, named in Helm's words.
    pub fn runs_at(&self, event: &str) -> bool {
        self.events.iter().any(|known| known == event)
    }
}

/// One run of a hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookExecution {
    /// When it was made.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub started_at: Moment,
    /// When it was over.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub completed_at: Moment,
    /// `Unknown`, `Running`, `Succeeded`, `Failed`; empty when it never ran.
    pub phase: String,
}

impl From<crate::render::Hook> for RecordedHook {
    fn from(hook: crate::render::Hook) -> Self {
        Self {
            name: hook.name,
            kind: hook.kind,
            path: hook.path,
            manifest: hook.manifest,
            events: hook
                .events
                .iter()
                .map(|event| event_word(*event).to_owned())
                .collect(),
            last_run: HookExecution::default(),
            weight: hook.weight,
            delete_policies: hook.delete_policies,
            output_log_policies: hook.output_log_policies,
        }
    }
}

/// Helm's word for an event, as records hold it.
pub fn event_word(event: crate::render::HookEvent) -> &'static str {
    use crate::render::HookEvent;
    match event {
        HookEvent::PreInstall => "pre-install",
        HookEvent::PostInstall => "post-install",
        HookEvent::PreDelete => "pre-delete",
        HookEvent::PostDelete => "post-delete",
        HookEvent::PreUpgrade => "pre-upgrade",
        HookEvent::PostUpgrade => "post-upgrade",
        HookEvent::PreRollback => "pre-rollback",
        HookEvent::PostRollback => "post-rollback",
        HookEvent::Test => "test",
    }
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Go reads null as the zero value.
fn null_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Numbers of a JSON record are float64 in Go, whatever they were when they were written.
fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
    Ok(optional_values(deserializer)?.unwrap_or_default())
}

fn optional_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Values>, D::Error> {
    let map = Option::<Values>::deserialize(deserializer)?;
    Ok(map.map(|map| match floats(Value::Object(map)) {
        Value::Object(map) => map,
        _ => Map::new(),
    }))
}

/// A value as Go's JSON decoder gives it: every number a float64.
pub fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number
            .as_f64()
            .and_then(serde_json::Number::from_f64)
            .map_or(Value::Null, Value::Number),
        Value::Array(items) => items.into_iter().map(floats).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, field)| (key, floats(field)))
            .collect(),
        other => other,
    }
}
