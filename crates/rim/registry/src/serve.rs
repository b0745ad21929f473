//! A registry for a folder on this machine: charts (packages `*.tgz` and directories with a Chart.yaml), and other directories as the
//! artifacts that `push artifact` makes of them. Read-only; nothing is kept in memory, so that a change of the folder is seen by the
//! next request.

mod folder;
mod plain;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::registry::digest;
use folder::Packed;

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const JSON_TYPE: &str = "application/json";
const BLOB_TYPE: &str = "application/octet-stream";

/// Folders by the first part of the repositories' names; shared by its clones, so that folders can be added while it serves.
#[derive(Clone, Debug, Default)]
pub struct ServedCharts {
    folders: Arc<RwLock<BTreeMap<String, PathBuf>>>,
}

impl ServedCharts {
    /// Serves the charts and directories of a folder as repositories `<name>/.../<chart or directory>`, and the folder as `<name>`.
    pub fn insert(&self, name: &str, folder: PathBuf) {
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.insert(name.to_owned(), folder);
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        let folders = self.folders.read().unwrap_or_else(PoisonError::into_inner);
        folders.get(name).cloned()
    }
}

/// The routes of the registry.
pub fn router(served: ServedCharts) -> Router {
    Router::new()
        .route("/v2/", get(|| async { "{}" }))
        .route("/v2/{*path}", get(answer))
        .with_state(served)
}

async fn answer(State(served): State<ServedCharts>, Path(path): Path<String>) -> Response {
    let sections = ["/manifests/", "/blobs/", "/tags/"];
    let found = sections
        .iter()
        .find_map(|section| path.rsplit_once(section).map(|parts| (*section, parts)));
    let Some((section, (repository, reference))) = found else {
        return refusal("UNSUPPORTED", "this registry can only be read");
    };
    let (mount, rest) = repository.split_once('/').unwrap_or((repository, ""));
    let Some(folder) = served.folder(mount) else {
        return unknown_name();
    };
    let chart = rest.rsplit('/').next().unwrap_or_default().to_owned();
    let packed = match tokio::task::spawn_blocking(move || all(&folder, &chart)).await {
        Ok(Ok(packed)) => packed,
        Ok(Err(reason)) => return failure(&reason),
        Err(error) => return failure(&error.to_string()),
    };
    if packed.is_empty() {
        return unknown_name();
    }
    match section {
        "/tags/" => {
            let tags: Vec<String> = packed.iter().map(Packed::tag).collect();
            let list = json!({"name": repository, "tags": tags});
            content(JSON_TYPE, list.to_string().into_bytes())
        }
        "/manifests/" => manifest(&packed, reference),
        _ => blob(packed, reference),
    }
}

/// The charts of that name, else the directory of that name; without a name, the folder itself.
fn all(folder: &std::path::Path, name: &str) -> Result<Vec<Packed>, String> {
    if name.is_empty() {
        return plain::artifact(folder).map(|artifact| vec![artifact]);
    }
    let charts = folder::charts(folder, name)?;
    let directory = folder.join(name);
    if charts.is_empty() && directory.is_dir() {
        return plain::artifact(&directory).map(|artifact| vec![artifact]);
    }
    Ok(charts)
}

fn manifest(packed: &[Packed], reference: &str) -> Response {
    for chart in packed {
        let bytes = manifest_of(chart).to_string().into_bytes();
        let sum = digest(&bytes);
        let is_asked = match reference.contains(':') {
            true => sum == reference,
            false => chart.has_every_tag || chart.tag() == reference,
        };
        if is_asked {
            let mut response = content(MANIFEST_TYPE, bytes);
            if let Ok(value) = header::HeaderValue::from_str(&sum) {
                response
                    .headers_mut()
                    .insert("docker-content-digest", value);
            }
            return response;
        }
    }
    refusal("MANIFEST_UNKNOWN", "manifest unknown")
}

fn manifest_of(chart: &Packed) -> Value {
    let descriptor = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": digest(bytes), "size": bytes.len()});
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(chart.config_type, &chart.config),
        "layers": [descriptor(chart.layer_type, &chart.package)],
    })
}

fn blob(packed: Vec<Packed>, reference: &str) -> Response {
    let blobs = packed
        .into_iter()
        .flat_map(|chart| [chart.config, chart.package]);
    match blobs.into_iter().find(|bytes| digest(bytes) == reference) {
        Some(bytes) => content(BLOB_TYPE, bytes),
        None => refusal("BLOB_UNKNOWN", "blob unknown to registry"),
    }
}

fn content(media_type: &'static str, bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, media_type)], bytes).into_response()
}

fn unknown_name() -> Response {
    refusal("NAME_UNKNOWN", "repository name not known to registry")
}

fn refusal(code: &str, message: &str) -> Response {
    error(StatusCode::NOT_FOUND, code, message)
}

fn failure(reason: &str) -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", reason)
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let errors = json!({"errors": [{"code": code, "message": message}]});
    let mut response = content(JSON_TYPE, errors.to_string().into_bytes());
    *response.status_mut() = status;
    response
}
