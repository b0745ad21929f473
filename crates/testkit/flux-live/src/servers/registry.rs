//! An OCI registry: manifests and blobs by repository, tags, errors in the words of the distribution registry.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use anyhow::Result;
use http::{Method, Request, StatusCode, header};
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Answer, Listening, Requests, body, lets_in, line, listen, refusal, status};

/// Media type of manifests.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A running registry; dropped, it stops.
#[derive(Debug)]
pub struct Registry {
    state: Arc<State>,
    listening: Listening,
}

/// A layer of a manifest.
#[derive(Debug, Clone)]
pub struct Layer {
    pub media_type: String,
    pub content: Vec<u8>,
}

#[derive(Debug)]
struct State {
    requests: Arc<Requests>,
    repositories: Mutex<HashMap<String, Repository>>,
    /// `user:password` by repository.
    credentials: Mutex<HashMap<String, String>>,
    broken: Mutex<HashSet<String>>,
}

#[derive(Debug, Default)]
struct Repository {
    /// Digest by tag.
    tags: BTreeMap<String, String>,
    /// Manifests by digest.
    manifests: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
}

impl Registry {
    /// Listens at the port, or at a free one.
    pub async fn start(port: u16, requests: Arc<Requests>) -> Result<Self> {
        let state = Arc::new(State {
            requests,
            repositories: Mutex::default(),
            credentials: Mutex::default(),
            broken: Mutex::default(),
        });
        let listening = listen(port, Arc::clone(&state), answer).await?;
        Ok(Self { state, listening })
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.listening.address.to_string()
    }

    /// Stores an artifact under a tag; gives the digest of the manifest.
    pub fn push(
        &self,
        repository: &str,
        tag: &str,
        config: &Layer,
        layers: &[Layer],
        annotations: &Value,
    ) -> String {
        let mut repositories = self.state.repositories.lock();
        let repository = repositories.entry(repository.to_owned()).or_default();
        let mut descriptor = |layer: &Layer| {
            let digest = digest(&layer.content);
            let size = layer.content.len();
            repository
                .blobs
                .insert(digest.clone(), layer.content.clone());
            json!({"mediaType": layer.media_type, "digest": digest, "size": size})
        };
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(config),
            "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
        });
        if !annotations.is_null() {
            manifest["annotations"] = annotations.clone();
        }
        // Keys are sorted: a map of serde_json is.
        let bytes = manifest.to_string().into_bytes();
        let digest = digest(&bytes);
        repository.manifests.insert(digest.clone(), bytes);
        repository.tags.insert(tag.to_owned(), digest.clone());
        digest
    }

    /// Removes a tag.
    pub fn untag(&self, repository: &str, tag: &str) {
        if let Some(repository) = self.state.repositories.lock().get_mut(repository) {
            repository.tags.remove(tag);
        }
    }

    /// Demands `user:password` for a repository from now on.
    pub fn set_credentials(&self, repository: &str, credentials: &str) {
        let mut all = self.state.credentials.lock();
        all.insert(repository.to_owned(), credentials.to_owned());
    }

    /// Answers 503 for the repository, or works again.
    pub fn set_broken(&self, repository: &str, broken: bool) {
        let mut names = self.state.broken.lock();
        if broken {
            names.insert(repository.to_owned());
        } else {
            names.remove(repository);
        }
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let route = Route::of(&path);
    let answer = state.respond(route, &request);
    let namespace = route.repository.split('/').next().unwrap_or_default();
    let line = line("oci", &request, answer.status());
    state.requests.add(namespace, line);
    answer
}

/// `/v2/<repository>/<section>/<rest>`.
#[derive(Clone, Copy)]
struct Route<'a> {
    repository: &'a str,
    section: &'a str,
    rest: &'a str,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Self {
        let path = path.strip_prefix("/v2/").unwrap_or_default();
        let sections = ["/manifests/", "/blobs/", "/tags/"];
        let found = sections
            .iter()
            .find_map(|section| path.rsplit_once(section).map(|parts| (*section, parts)));
        match found {
            Some((section, (repository, rest))) => Self {
                repository,
                section: section.trim_matches('/'),
                rest,
            },
            None => Self {
                repository: "",
                section: "",
                rest: "",
            },
        }
    }
}

impl State {
    fn respond(&self, route: Route<'_>, request: &Request<Incoming>) -> Answer {
        if self.broken.lock().contains(route.repository) {
            return status(StatusCode::SERVICE_UNAVAILABLE);
        }
        let credentials = self.credentials.lock().get(route.repository).cloned();
        if !lets_in(request, credentials.as_deref()) {
            return refusal("Basic realm=\"registry\"");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return status(StatusCode::METHOD_NOT_ALLOWED);
        }
        let repositories = self.repositories.lock();
        let repository = repositories.get(route.repository);
        match route.section {
            "" => body(b"{}".to_vec(), "application/json"),
            "tags" => match repository {
                Some(found) => {
                    let tags: Vec<&String> = found.tags.keys().collect();
                    let list = json!({"name": route.repository, "tags": tags});
                    body(list.to_string().into_bytes(), "application/json")
                }
                // The recorder's registry tells no more here.
                None => error(
                    "NAME_UNKNOWN",
                    "repository name not known to registry",
                    Value::Null,
                ),
            },
            "manifests" => manifest(repository, route.rest),
            _ => match repository.and_then(|found| found.blobs.get(route.rest)) {
                Some(blob) => body(blob.clone(), "application/octet-stream"),
                None => error(
                    "BLOB_UNKNOWN",
                    "blob unknown to registry",
                    json!(route.rest),
                ),
            },
        }
    }
}

fn manifest(repository: Option<&Repository>, reference: &str) -> Answer {
    let found = repository.and_then(|repository| {
        let tagged = repository.tags.get(reference).map(String::as_str);
        let digest = tagged.unwrap_or(reference);
        Some((digest, repository.manifests.get(digest)?))
    });
    let Some((digest, manifest)) = found else {
        let detail = if reference.contains(':') {
            format!("unknown manifest name=repository revision={reference}")
        } else {
            format!("unknown tag={reference}")
        };
        return error("MANIFEST_UNKNOWN", "manifest unknown", json!(detail));
    };
    let mut answer = body(manifest.clone(), MANIFEST);
    if let Ok(value) = http::HeaderValue::from_str(digest) {
        answer.headers_mut().insert("Docker-Content-Digest", value);
    }
    answer
        .headers_mut()
        .insert(header::CONTENT_LENGTH, manifest.len().into());
    answer
}

fn error(code: &str, message: &str, detail: Value) -> Answer {
    let errors = json!({"errors": [{"code": code, "message": message, "detail": detail}]});
    let mut answer = body(errors.to_string().into_bytes(), "application/json");
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
