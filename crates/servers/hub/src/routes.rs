//! Every route of the hub: the REST API, the event stream, login and the page.

pub mod actions;
pub mod assets;
pub mod clusters;
pub mod login;
pub mod objects;
pub mod stream;
pub mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Access;
use crate::actions::ClusterWriter;
use crate::audit::AuditLog;
use crate::live::LiveFleet;
use crate::problem::Problem;

/// What routes share.
#[derive(Clone)]
pub struct HubState {
    /// What is shown.
    pub fleet: LiveFleet,
    /// How clusters are changed, by name.
    pub writers: Arc<HashMap<String, Arc<dyn ClusterWriter>>>,
    /// Who did what.
    pub audit: Arc<AuditLog>,
    /// Who may ask.
    pub access: Arc<Access>,
    /// Limits of the event stream.
    pub streams: Arc<stream::Streams>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Skein hub",
        description = "State of a fleet of clusters, and actions on it."
    ),
    components(schemas(
        stream::SnapshotMessage,
        stream::DeltaMessage,
        stream::HeartbeatMessage
    ))
)]
struct ApiDocument;

fn api_router() -> OpenApiRouter<HubState> {
    OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(clusters::list_clusters))
        .routes(routes!(tree::list_nodes))
        .routes(routes!(objects::get_object))
        .routes(routes!(objects::list_events))
        .routes(routes!(actions::act))
        .routes(routes!(actions::list_audit))
        .routes(routes!(stream::open_stream))
        .routes(routes!(login::log_out))
}

/// The OpenAPI document of the REST API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut document) = api_router().split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.license = None;
    document.info.contact = None;
    add_answers_of_layers(&mut document);
    document
}

/// What every route may answer before it is reached: large bodies and wrong host names.
fn add_answers_of_layers(document: &mut utoipa::openapi::OpenApi) {
    let problem = || {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        ResponseBuilder::new()
            .content("application/json", content)
            .build()
    };
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post];
        for operation in operations.into_iter().flatten() {
            for status in [
                StatusCode::PAYLOAD_TOO_LARGE,
                StatusCode::MISDIRECTED_REQUEST,
            ] {
                let responses = &mut operation.responses.responses;
                responses.insert(status.as_str().to_owned(), RefOr::T(problem()));
            }
        }
    }
}

/// All routes; whoever serves them puts the access layer around them.
pub fn router(state: HubState) -> Router {
    let (api, _) = api_router().split_for_parts();
    api.route("/api/openapi.json", get(|| async { Json(openapi()) }))
        .route("/api/{*rest}", axum::routing::any(no_such_route))
        .route(crate::access::LOGIN_PATH, get(login::log_in))
        .fallback(assets::serve)
        .with_state(state)
}

async fn no_such_route(State(_): State<HubState>) -> impl IntoResponse {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is no such route; see /api/openapi.json",
    )
}
