//! `POST /api/v1/objects/.../actions` and `GET /api/v1/audit`: doing something, and who did what.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use skein_object::{GroupVersionKind, ObjectKey};
use utoipa::ToSchema;

use super::HubState;
use super::objects::{ObjectPath, read_path};
use crate::access::session::Actor;
use crate::actions::{Action, WriteError, WriteTarget};
use crate::audit::AuditEntry;
use crate::fleet::kinds;
use crate::fleet::node::NodeId;
use crate::live::unix_millis;
use crate::problem::Problem;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionRequest {
    /// The action.
    pub action: Action,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionResult {
    /// Its entry in the audit log.
    pub audit: AuditEntry,
}

/// Does something to an object.
#[utoipa::path(post, path = "/api/v1/objects/{cluster}/{group}/{kind}/{namespace}/{name}/actions", tag = "objects",
    params(("cluster" = String, Path), ("group" = String, Path), ("kind" = String, Path),
        ("namespace" = String, Path), ("name" = String, Path)),
    request_body = ActionRequest,
    responses((status = 200, body = ActionResult), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 502, body = Problem),
        (status = 503, body = Problem)))]
pub async fn act(
    State(state): State<HubState>,
    Extension(actor): Extension<Actor>,
    path: ObjectPath,
    body: Result<Json<ActionRequest>, JsonRejection>,
) -> Result<Json<ActionResult>, Problem> {
    let Json(ActionRequest { action }) =
        body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let (cluster, key) = read_path(path);
    let target = write_target(&state, &cluster, &key)?;
    let writer = state
        .writers
        .get(&cluster)
        .ok_or_else(|| Problem::not_found(format!("writable cluster {cluster}")))?;
    let now = unix_millis();
    let id = NodeId::new(&cluster, &key);
    let intent = state
        .audit
        .intend(&actor.name, action.as_str(), &id, now)
        .map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let outcome = writer
        .merge_patch(&target, action.patch(&format!("{now}-{}", intent.id)))
        .await;
    let result = outcome
        .as_ref()
        .copied()
        .map_err(|error| error.message.as_str());
    let recorded = state.audit.conclude(&intent, result, unix_millis());
    if let Err(error) = recorded {
        tracing::error!(%error, action = intent.id, "the outcome of an action is not recorded");
    }
    outcome.map_err(refused)?;
    Ok(Json(ActionResult { audit: intent }))
}

fn write_target(state: &HubState, cluster: &str, key: &ObjectKey) -> Result<WriteTarget, Problem> {
    let kind: Option<GroupVersionKind> = state.fleet.read(|fleet| {
        fleet
            .tree(cluster)?
            .observed(key)
            .map(|observed| observed.object.gvk())
    });
    let kind = kind.ok_or_else(|| Problem::not_found(format!("{key} in cluster {cluster}")))?;
    if !kinds::takes_actions(&key.group_kind()) {
        let detail = format!(
            "{} objects cannot be reconciled or suspended",
            key.group_kind()
        );
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    Ok(WriteTarget {
        kind,
        name: key.namespaced_name(),
    })
}

fn refused(error: WriteError) -> Problem {
    let status = match error.status {
        403 | 404 | 409 | 422 => {
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY)
        }
        _ => StatusCode::BAD_GATEWAY,
    };
    Problem::new(
        status,
        format!("the cluster did not take it: {}", error.message),
    )
}

/// The newest entries of the audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    responses((status = 200, body = Vec<AuditEntry>), (status = 401, body = Problem)))]
pub async fn list_audit(State(state): State<HubState>) -> Json<Vec<AuditEntry>> {
    Json(state.audit.recent())
}
