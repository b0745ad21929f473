//! The state of all clusters as the hub last saw it: pure, synchronous and bounded; whoever feeds it passes the time.

pub mod cluster;
pub mod events;
pub mod explain;
pub mod kinds;
pub mod log;
pub mod node;
pub mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use skein_object::{GroupKind, Object, ObjectKey};
use thiserror::Error;

use cluster::{ClusterTree, MAX_OBJECTS_PER_CLUSTER, ShownObject};
use events::Events;
use log::{ChangeLog, Subject};
use node::{ClusterView, EventView, LinkState, Node, NodeId, UnixMillis};

/// Most clusters of one hub.
pub const MAX_CLUSTERS: usize = 1_000;

/// Why the fleet does not take something.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FleetError {
    /// The cluster was never added, or was removed.
    #[error("the hub knows no cluster {0:?}")]
    UnknownCluster(String),
    /// A cluster name is used twice.
    #[error("the hub already has a cluster {0:?}")]
    DuplicateCluster(String),
    /// The name cannot be part of a node id.
    #[error("cluster name {0:?} must be 1 to 253 characters without slash or white space")]
    BadClusterName(String),
    /// [`MAX_CLUSTERS`].
    #[error("the hub holds no more than {MAX_CLUSTERS} clusters")]
    TooManyClusters,
    /// [`MAX_OBJECTS_PER_CLUSTER`].
    #[error(
        "cluster {0:?} has more than {MAX_OBJECTS_PER_CLUSTER} watched objects; what is beyond is not shown"
    )]
    TooManyObjects(String),
}

#[derive(Debug)]
struct ClusterState {
    view: ClusterView,
    tree: ClusterTree,
    events: Events,
}

/// Everything that is shown, at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Revision of the newest change in it.
    pub revision: u64,
    /// Clusters by name.
    pub clusters: Vec<ClusterView>,
    /// Nodes in no order.
    pub nodes: Vec<Arc<Node>>,
}

/// What changed after a revision.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    /// Revision of the newest change in it.
    pub revision: u64,
    /// Clusters that changed, as they are now.
    pub clusters: Vec<ClusterView>,
    /// Clusters that are gone.
    pub removed_clusters: Vec<String>,
    /// Nodes that changed, as they are now.
    pub nodes: Vec<Arc<Node>>,
    /// Nodes that are gone.
    pub removed: Vec<NodeId>,
}

/// Clusters, their objects and the log of changes.
#[derive(Debug, Default)]
pub struct Fleet {
    clusters: BTreeMap<String, ClusterState>,
    log: ChangeLog,
}

impl Fleet {
    /// A fleet whose log keeps so many changes; `Fleet::default()` for the usual bound.
    pub fn with_log_capacity(capacity: usize) -> Self {
        Self {
            clusters: BTreeMap::new(),
            log: ChangeLog::with_capacity(capacity),
        }
    }

    /// Adds a cluster, not yet connected.
    pub fn add_cluster(
        &mut self,
        name: &str,
        simulated: bool,
        now: UnixMillis,
    ) -> Result<(), FleetError> {
        const MAX_NAME_CHARS: usize = 253;
        if name.is_empty()
            || name.len() > MAX_NAME_CHARS
            || name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control())
        {
            return Err(FleetError::BadClusterName(name.to_owned()));
        }
        if self.clusters.contains_key(name) {
            return Err(FleetError::DuplicateCluster(name.to_owned()));
        }
        if self.clusters.len() >= MAX_CLUSTERS {
            return Err(FleetError::TooManyClusters);
        }
        let view = ClusterView {
            name: name.to_owned(),
            simulated,
            link: LinkState::Connecting,
            link_message: String::new(),
            link_since: now,
            contact_at: None,
        };
        let state = ClusterState {
            view,
            tree: ClusterTree::new(name),
            events: Events::default(),
        };
        self.clusters.insert(name.to_owned(), state);
        self.log.push(Subject::Cluster(name.to_owned()));
        Ok(())
    }

    /// Forgets a cluster and all its nodes.
    pub fn remove_cluster(&mut self, name: &str) {
        let Some(state) = self.clusters.remove(name) else {
            return;
        };
        for node in state.tree.nodes() {
            let key = ObjectKey::new(&node.group, &node.kind, &node.namespace, &node.name);
            self.log.push(Subject::Node(name.to_owned(), key));
        }
        self.log.push(Subject::Cluster(name.to_owned()));
    }

    /// Takes a new or changed object of a cluster.
    pub fn upsert(
        &mut self,
        cluster: &str,
        object: ShownObject,
        now: UnixMillis,
    ) -> Result<(), FleetError> {
        let state = self.state_mut(cluster)?;
        let changed = state.tree.upsert(object, now);
        self.note(cluster, changed)
    }

    /// Forgets an object of a cluster.
    pub fn remove(&mut self, cluster: &str, key: &ObjectKey) -> Result<(), FleetError> {
        let changed = self.state_mut(cluster)?.tree.remove(key);
        self.note(cluster, Some(changed))
    }

    /// Notes that all objects of a kind are known, as after the first list of a watch.
    pub fn mark_complete(&mut self, cluster: &str, kind: &GroupKind) -> Result<(), FleetError> {
        let changed = self.state_mut(cluster)?.tree.mark_complete(kind);
        self.note(cluster, Some(changed))
    }

    /// Takes an event object.
    pub fn record_event(&mut self, cluster: &str, event: &Object) -> Result<(), FleetError> {
        self.state_mut(cluster)?.events.record(event);
        Ok(())
    }

    /// Says how the connection to a cluster is.
    pub fn set_link(
        &mut self,
        cluster: &str,
        link: LinkState,
        message: &str,
        now: UnixMillis,
    ) -> Result<(), FleetError> {
        let view = &mut self.state_mut(cluster)?.view;
        if link == LinkState::Live {
            view.contact_at = Some(now);
        }
        if view.link == link && view.link_message == message {
            return Ok(());
        }
        if view.link != link {
            view.link_since = now;
        }
        view.link = link;
        view.link_message = message.to_owned();
        self.log.push(Subject::Cluster(cluster.to_owned()));
        Ok(())
    }

    /// Notes that a cluster was heard of, without any change of state.
    pub fn contact(&mut self, cluster: &str, now: UnixMillis) -> Result<(), FleetError> {
        self.state_mut(cluster)?.view.contact_at = Some(now);
        Ok(())
    }

    /// Revision of the newest change.
    pub fn revision(&self) -> u64 {
        self.log.head()
    }

    /// All clusters, by name.
    pub fn clusters(&self) -> impl Iterator<Item = &ClusterView> {
        self.clusters.values().map(|state| &state.view)
    }

    /// One cluster's tree.
    pub fn tree(&self, cluster: &str) -> Option<&ClusterTree> {
        self.clusters.get(cluster).map(|state| &state.tree)
    }

    /// Events about an object, newest first.
    pub fn events(&self, cluster: &str, key: &ObjectKey) -> Vec<EventView> {
        self.clusters
            .get(cluster)
            .map(|state| state.events.of(key))
            .unwrap_or_default()
    }

    /// All nodes of all clusters, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.clusters.values().flat_map(|state| state.tree.nodes())
    }

    /// Kinds that some inventory of the cluster names.
    pub fn applied_kinds(&self, cluster: &str) -> BTreeSet<GroupKind> {
        self.tree(cluster)
            .map(ClusterTree::applied_kinds)
            .unwrap_or_default()
    }

    /// Everything that is shown.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            revision: self.revision(),
            clusters: self.clusters().cloned().collect(),
            nodes: self.nodes().cloned().collect(),
        }
    }

    /// What changed after a revision; `None` when that is too long ago or of another run.
    pub fn delta(&self, since: u64) -> Option<Delta> {
        let mut delta = Delta {
            revision: self.revision(),
            ..Delta::default()
        };
        for subject in self.log.since(since)? {
            match subject {
                Subject::Cluster(name) => match self.clusters.get(&name) {
                    Some(state) => delta.clusters.push(state.view.clone()),
                    None => delta.removed_clusters.push(name),
                },
                Subject::Node(cluster, key) => {
                    match self.tree(&cluster).and_then(|tree| tree.node(&key)) {
                        Some(node) => delta.nodes.push(Arc::clone(node)),
                        None => delta.removed.push(NodeId::new(&cluster, &key)),
                    }
                }
            }
        }
        Some(delta)
    }

    fn state_mut(&mut self, cluster: &str) -> Result<&mut ClusterState, FleetError> {
        self.clusters
            .get_mut(cluster)
            .ok_or_else(|| FleetError::UnknownCluster(cluster.to_owned()))
    }

    fn note(&mut self, cluster: &str, changed: Option<Vec<ObjectKey>>) -> Result<(), FleetError> {
        let changed = changed.ok_or_else(|| FleetError::TooManyObjects(cluster.to_owned()))?;
        for key in changed {
            self.log.push(Subject::Node(cluster.to_owned(), key));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
