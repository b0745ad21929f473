//! Feeds the fleet from a cluster's watches: Flux's kinds, events, workloads, and whatever inventories name.

mod connections;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use skein_cluster::cache::Contact;
use skein_cluster::{ApiError, ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupKind, Object};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::actions::{ClusterWriter, WriteError, WriteTarget};
use crate::fleet::FleetError;
use crate::fleet::cluster::ShownObject;
use crate::fleet::kinds;
use crate::fleet::node::LinkState;
use crate::live::LiveFleet;
use connections::Connections;

/// How often the links are looked at and new kinds are watched.
const TICK: Duration = Duration::from_millis(500);
/// How often the cluster is asked for a sign of life: watches are silent when nothing changes.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// How often discovery is asked again while a kind that is named is not known.
const DISCOVERY_INTERVAL: Duration = Duration::from_secs(5);
/// Most kinds that are watched in one cluster.
pub const MAX_WATCHED_KINDS: usize = 500;
/// The field manager of the hub's writes.
const FIELD_MANAGER: &str = "skein-hub";

/// What applied workloads control; shown below them.
const WORKLOAD_KINDS: [(&str, &str); 3] = [("apps", "ReplicaSet"), ("batch", "Job"), ("", "Pod")];

/// Feeds one cluster of a fleet; stops when dropped.
pub struct Feed {
    task: JoinHandle<()>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feed {
    /// Adds the cluster to the fleet and watches it in the background. `simulated`: its workloads are simulated.
    pub fn start(
        fleet: LiveFleet,
        name: &str,
        simulated: bool,
        cluster: Cluster,
    ) -> Result<Self, FleetError> {
        fleet.update(|fleet, now| {
            fleet.add_cluster(name, simulated, now)?;
            fleet.set_address(name, cluster.server())
        })?;
        let feeder = Feeder {
            fleet,
            name: name.to_owned(),
            cluster,
            caches: HashMap::new(),
            events: None,
            unknown: BTreeSet::new(),
            discovered_at: None,
            probed_at: None,
            problem: None,
            connections: Connections::default(),
        };
        Ok(Self {
            task: tokio::spawn(feeder.run()),
        })
    }
}

struct Feeder {
    fleet: LiveFleet,
    name: String,
    cluster: Cluster,
    caches: HashMap<GroupKind, Watched>,
    events: Option<Arc<Cache<()>>>,
    /// Kinds that are wanted and not served.
    unknown: BTreeSet<GroupKind>,
    discovered_at: Option<Instant>,
    probed_at: Option<Instant>,
    /// Why the last request of the feeder itself failed.
    problem: Option<String>,
    connections: Connections,
}

struct Watched {
    cache: Arc<Cache<ShownObject>>,
    complete: bool,
}

impl Feeder {
    async fn run(mut self) {
        loop {
            self.discover().await;
            self.probe().await;
            self.connections
                .follow(&self.fleet, &self.name, &self.cluster)
                .await;
            self.note_complete();
            self.note_link();
            sleep(TICK).await;
        }
    }

    /// Starts a watch of every wanted kind that is served and not yet watched.
    async fn discover(&mut self) {
        let applied = self.fleet.read(|fleet| fleet.applied_kinds(&self.name));
        let rested = self
            .discovered_at
            .is_none_or(|at| at.elapsed() >= DISCOVERY_INTERVAL);
        let news = applied
            .iter()
            .any(|kind| !self.caches.contains_key(kind) && !self.unknown.contains(kind));
        let lacking = self.caches.is_empty() || !self.unknown.is_empty();
        if !(self.discovered_at.is_none() || news || (lacking && rested)) {
            return;
        }
        if lacking && rested {
            self.cluster.forget_discovery();
        }
        self.discovered_at = Some(Instant::now());
        let resources = match self.cluster.resources().await {
            Ok(resources) => resources,
            Err(error) => {
                self.problem = Some(error.to_string());
                return;
            }
        };
        self.problem = None;
        self.unknown = applied;
        for resource in resources.iter().filter(|resource| resource.offers("watch")) {
            let kind = resource.group_kind();
            let wanted = self.unknown.remove(&kind)
                || kinds::is_flux(&kind.group)
                || WORKLOAD_KINDS.contains(&(kind.group.as_str(), kind.kind.as_str()));
            if wanted {
                self.watch(kind, resource);
            }
            if (resource.group.as_str(), resource.kind.as_str()) == ("", "Event")
                && self.events.is_none()
            {
                self.events = Some(self.watch_events(resource));
            }
        }
    }

    fn watch(&mut self, kind: GroupKind, resource: &ApiResource) {
        if self.caches.contains_key(&kind) || self.caches.len() >= MAX_WATCHED_KINDS {
            return;
        }
        let (fleet, name) = (self.fleet.clone(), self.name.clone());
        let changed = move |change: Change<'_, ShownObject>| {
            let outcome = fleet.update(|fleet, now| match (change.after, change.before) {
                (Some(object), _) => fleet.upsert(&name, object.as_ref().clone(), now),
                (None, Some(object)) => fleet.remove(&name, &object.key()),
                (None, None) => Ok(()),
            });
            if let Err(error) = outcome {
                tracing::warn!(%error, "an object is not shown");
            }
        };
        let spec = WatchSpec {
            resource: resource.clone(),
            scope: ListOptions::default(),
        };
        let cache = Cache::start(self.cluster.clone(), spec, ShownObject::new, changed);
        self.caches.insert(
            kind,
            Watched {
                cache,
                complete: false,
            },
        );
    }

    fn watch_events(&self, resource: &ApiResource) -> Arc<Cache<()>> {
        let (fleet, name) = (self.fleet.clone(), self.name.clone());
        let record = move |event: Object| {
            // Fails only when the cluster is being removed.
            let _ = fleet.update(|fleet, _| fleet.record_event(&name, &event));
        };
        let spec = WatchSpec {
            resource: resource.clone(),
            scope: ListOptions::default(),
        };
        Cache::start(self.cluster.clone(), spec, record, |_| {})
    }

    async fn probe(&mut self) {
        if self
            .probed_at
            .is_some_and(|at| at.elapsed() < PROBE_INTERVAL)
        {
            return;
        }
        self.probed_at = Some(Instant::now());
        match self.cluster.version().await {
            Ok(_) => {
                self.problem = None;
                // Fails only when the cluster is being removed.
                let _ = self
                    .fleet
                    .update(|fleet, now| fleet.contact(&self.name, now));
            }
            Err(error) => self.problem = Some(error.to_string()),
        }
    }

    fn note_complete(&mut self) {
        for (kind, watched) in &mut self.caches {
            if !watched.complete && watched.cache.is_synced() {
                watched.complete = true;
                // Fails only when the cluster is being removed.
                let _ = self
                    .fleet
                    .update(|fleet, _| fleet.mark_complete(&self.name, kind));
            }
        }
    }

    /// The link is live when every watch is; the first problem found is named otherwise.
    fn note_link(&self) {
        let broken = self.problem.clone().or_else(|| {
            self.caches.iter().find_map(|(kind, watched)| {
                let Contact { problem, .. } = watched.cache.contact();
                problem.map(|problem| format!("{kind}: {problem}"))
            })
        });
        let complete = !self.caches.is_empty() && self.caches.values().all(|w| w.complete);
        let (link, message) = match broken {
            Some(problem) => (LinkState::Broken, problem),
            None if complete => (LinkState::Live, String::new()),
            None => (LinkState::Connecting, String::new()),
        };
        // Fails only when the cluster is being removed.
        let _ = self.fleet.update(|fleet, now| {
            let view = fleet.clusters().find(|view| view.name == self.name);
            if view.is_some_and(|view| view.link == link && view.link_message == message) {
                return Ok(());
            }
            fleet.set_link(&self.name, link, &message, now)
        });
    }
}

/// Writes through the cluster's API.
impl ClusterWriter for Cluster {
    fn merge_patch<'a>(
        &'a self,
        target: &'a WriteTarget,
        patch: Value,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(async move {
            let resource = self
                .resource(&target.kind)
                .await
                .map_err(|error| refused(&error))?;
            let name = (target.name.namespace.as_str(), target.name.name.as_str());
            let patched =
                Cluster::merge_patch(self, &resource, name, None, &patch, FIELD_MANAGER).await;
            patched.map(|_| ()).map_err(|error| refused(&error))
        })
    }
}

fn refused(error: &ApiError) -> WriteError {
    const BAD_GATEWAY: u16 = 502;
    let status = if error.code() == 0 {
        BAD_GATEWAY
    } else {
        error.code()
    };
    WriteError {
        status,
        message: error.to_string(),
    }
}
