//! Which resource serves a kind: aggregated discovery, asked once and again when a kind is unknown.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use serde_json::Value;
use skein_object::GroupVersionKind;
use tokio::sync::Mutex;

use crate::client::Cluster;
use crate::error::ApiError;
use crate::resource::ApiResource;

/// Shortest time between two discoveries that were caused by unknown kinds.
const REDISCOVERY_PAUSE: Duration = Duration::from_millis(500);

const ACCEPT: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

#[derive(Default)]
pub(crate) struct Discovery {
    state: Mutex<State>,
    /// What is known may be old: the list of everything is asked for anew.
    is_stale: AtomicBool,
}

#[derive(Default)]
struct State {
    resources: Option<Arc<HashMap<GroupVersionKind, Arc<ApiResource>>>>,
    asked: Option<Instant>,
}

impl Discovery {
    pub(crate) fn forget(&self) {
        // A discovery in flight will store fresh data anyway.
        if let Ok(mut state) = self.state.try_lock() {
            *state = State::default();
        }
    }

    /// The list of everything is asked for anew when it is wanted next; kinds that are known stay so.
    pub(crate) fn mark_stale(&self) {
        self.is_stale.store(true, Ordering::Relaxed);
    }

    /// The same, if the last answer is older than this.
    pub(crate) async fn mark_stale_after(&self, age: Duration) {
        let asked = self.state.lock().await.asked;
        if asked.is_some_and(|asked| asked.elapsed() >= age) {
            self.mark_stale();
        }
    }

    pub(crate) async fn resource(
        &self,
        cluster: &Cluster,
        gvk: &GroupVersionKind,
    ) -> Result<Arc<ApiResource>, ApiError> {
        let mut state = self.state.lock().await;
        if let Some(found) = state.resources.as_ref().and_then(|r| r.get(gvk)) {
            return Ok(found.clone());
        }
        let rested = state
            .asked
            .is_none_or(|asked| asked.elapsed() >= REDISCOVERY_PAUSE);
        if state.resources.is_none() || rested {
            state.resources = Some(Arc::new(discover(cluster).await?));
            state.asked = Some(Instant::now());
        }
        state
            .resources
            .as_ref()
            .and_then(|r| r.get(gvk))
            .cloned()
            .ok_or_else(|| ApiError::NoMatch {
                kind: gvk.kind.clone(),
                api_version: gvk.api_version(),
            })
    }

    pub(crate) async fn resources(
        &self,
        cluster: &Cluster,
    ) -> Result<Vec<Arc<ApiResource>>, ApiError> {
        let mut state = self.state.lock().await;
        let is_stale = self.is_stale.swap(false, Ordering::Relaxed);
        let resources = match &state.resources {
            Some(resources) if !is_stale => resources.clone(),
            _ => {
                let found = discover(cluster).await.inspect_err(|_| self.mark_stale())?;
                let found = Arc::new(found);
                state.resources = Some(found.clone());
                state.asked = Some(Instant::now());
                found
            }
        };
        let mut list: Vec<_> = resources.values().cloned().collect();
        list.sort();
        Ok(list)
    }
}

/// Discovery that gets no answer, as Kubernetes' own client tells it (its time-out is that of Flux).
fn in_discovery(root: &str, error: ApiError) -> ApiError {
    match error {
        ApiError::Transport { server, problem } if problem.starts_with("dial tcp ") => {
            let problem = format!(
                "failed to get server groups: Get \"{server}{root}?timeout=30s\": {problem}"
            );
            ApiError::NoDiscovery { server, problem }
        }
        error => error,
    }
}

async fn discover(
    cluster: &Cluster,
) -> Result<HashMap<GroupVersionKind, Arc<ApiResource>>, ApiError> {
    let mut resources = HashMap::new();
    for root in ["/api", "/apis"] {
        let request = Request::get(root).header("accept", ACCEPT);
        let answer = cluster.send("discovery", root, request, Vec::new()).await;
        let answer = answer.map_err(|error| in_discovery(root, error))?;
        let is_aggregated =
            answer.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList");
        if is_aggregated {
            read_aggregated(&answer, &mut resources);
        } else {
            return Err(ApiError::Malformed {
                action: format!("discovery at {}{root}", cluster.server()),
                problem:
                    "the server has no aggregated discovery; Kubernetes 1.30 or newer is needed"
                        .into(),
            });
        }
    }
    Ok(resources)
}

fn text(value: &Value, field: &str) -> String {
    value
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn strings(value: &Value, field: &str) -> Vec<String> {
    list(value, field)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn read_aggregated(answer: &Value, resources: &mut HashMap<GroupVersionKind, Arc<ApiResource>>) {
    for group in list(answer, "items") {
        let group_name = group
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        for version in list(group, "versions") {
            let version_name = text(version, "version");
            for entry in list(version, "resources") {
                let kind = entry
                    .pointer("/responseKind/kind")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let resource = ApiResource {
                    group: group_name.to_owned(),
                    version: version_name.clone(),
                    kind: kind.to_owned(),
                    plural: text(entry, "resource"),
                    namespaced: text(entry, "scope") == "Namespaced",
                    verbs: strings(entry, "verbs"),
                    short_names: strings(entry, "shortNames"),
                    singular: text(entry, "singularResource"),
                };
                // Virtual resources (reviews) share kinds with none; the first of a kind wins.
                resources
                    .entry(resource.gvk())
                    .or_insert_with(|| Arc::new(resource));
            }
        }
    }
}
