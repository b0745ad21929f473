//! `GET /api/v1/objects/...`: one object in full, and its events.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_graph::Place;
use skein_object::{Object, ObjectKey};
use utoipa::ToSchema;

use super::HubState;
use crate::fleet::explain::{Explanation, explain};
use crate::fleet::kinds;
use crate::fleet::node::{EventView, Node, NodeId, or_empty};
use crate::live::unix_millis;
use crate::problem::Problem;

/// One condition of an object's status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// Type.
    #[serde(rename = "type")]
    pub condition_type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Reason; may be empty.
    pub reason: String,
    /// Message; may be empty.
    pub message: String,
    /// When the status last changed, RFC 3339; may be empty.
    pub last_transition_time: String,
}

/// One object in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDetail {
    /// Its row.
    pub node: Node,
    /// Conditions in the order of the status.
    pub conditions: Vec<ConditionView>,
    /// What it waits for, as declared.
    pub depends_on: Vec<NodeId>,
    /// Reconcilers that have applied it.
    pub applied_by: Vec<NodeId>,
    /// Why it is not ready.
    pub explanation: Explanation,
    /// Whether it can be reconciled, suspended and resumed.
    pub takes_actions: bool,
    /// The object as YAML, Secret values masked; empty when the hub has not seen it.
    pub yaml: String,
}

/// Cluster, group, kind, namespace, name; `-` for an empty group or namespace.
pub type ObjectPath = Path<(String, String, String, String, String)>;

/// The parts of an object's path.
pub fn read_path(Path((cluster, group, kind, namespace, name)): ObjectPath) -> (String, ObjectKey) {
    (
        cluster,
        ObjectKey::new(or_empty(&group), kind, or_empty(&namespace), name),
    )
}

/// One object.
#[utoipa::path(get, path = "/api/v1/objects/{cluster}/{group}/{kind}/{namespace}/{name}", tag = "objects",
    params(("cluster" = String, Path), ("group" = String, Path, description = "`-` for the core group"),
        ("kind" = String, Path), ("namespace" = String, Path, description = "`-` when cluster-scoped"),
        ("name" = String, Path)),
    responses((status = 200, body = ObjectDetail), (status = 404, body = Problem), (status = 401, body = Problem)))]
pub async fn get_object(
    State(state): State<HubState>,
    path: ObjectPath,
) -> Result<Json<ObjectDetail>, Problem> {
    let (cluster, key) = read_path(path);
    let (mut detail, object) = state
        .fleet
        .read(|fleet| {
            let tree = fleet.tree(&cluster)?;
            let node = tree.node(&key)?;
            let object = tree.observed(&key).map(|observed| observed.object.clone());
            let depends_on = tree.references(&key).map(|r| r.depends_on.as_slice());
            let id = |key: &ObjectKey| NodeId::new(&cluster, key);
            let applier = |place: &Place| NodeId::new(&place.cluster, &place.key);
            let detail = ObjectDetail {
                node: node.as_ref().clone(),
                conditions: object
                    .as_ref()
                    .map(|object| conditions(object))
                    .unwrap_or_default(),
                depends_on: depends_on.unwrap_or_default().iter().map(id).collect(),
                applied_by: tree.appliers(&key).map(applier).collect(),
                explanation: explain(fleet, &cluster, &key, unix_millis()),
                takes_actions: object.is_some() && kinds::takes_actions(&key.group_kind()),
                yaml: String::new(),
            };
            Some((detail, object))
        })
        .ok_or_else(|| Problem::not_found(format!("{key} in cluster {cluster}")))?;
    detail.yaml = object.map(|object| yaml(&object)).unwrap_or_default();
    Ok(Json(detail))
}

/// Events about an object, newest first.
#[utoipa::path(get, path = "/api/v1/objects/{cluster}/{group}/{kind}/{namespace}/{name}/events", tag = "objects",
    params(("cluster" = String, Path), ("group" = String, Path), ("kind" = String, Path),
        ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = Vec<EventView>), (status = 404, body = Problem), (status = 401, body = Problem)))]
pub async fn list_events(
    State(state): State<HubState>,
    path: ObjectPath,
) -> Result<Json<Vec<EventView>>, Problem> {
    let (cluster, key) = read_path(path);
    let events = state.fleet.read(|fleet| {
        fleet.tree(&cluster)?.node(&key)?;
        Some(fleet.events(&cluster, &key))
    });
    events
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("{key} in cluster {cluster}")))
}

fn conditions(object: &Object) -> Vec<ConditionView> {
    let list = object
        .at(&["status", "conditions"])
        .and_then(Value::as_array);
    let view = |condition: &Value| {
        let text = |field: &str| {
            condition
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        ConditionView {
            condition_type: text("type"),
            status: text("status"),
            reason: text("reason"),
            message: text("message"),
            last_transition_time: text("lastTransitionTime"),
        }
    };
    list.into_iter().flatten().map(view).collect()
}

fn yaml(object: &Object) -> String {
    skein_yaml::to_string(&object.to_value())
}
