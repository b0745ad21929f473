//! The state of all clusters as the hub last saw it: pure, synchronous and bounded; whoever feeds it passes the time.

pub mod cluster;
pub mod events;
pub mod explain;
pub mod kinds;
pub mod log;
pub mod node;
mod remotes;
pub mod status;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use skein_graph::{ConnectionRef, Place};
use skein_object::{GroupKind, Object, ObjectKey};
use thiserror::Error;

use cluster::{ClusterTree, MAX_OBJECTS_PER_CLUSTER, ShownObject};
use events::Events;
use kinds::References;
use log::{ChangeLog, Subject};
use node::{ClusterView, EventView, LinkState, Node, NodeId, UnixMillis};
use remotes::{Remote, Remotes};

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
    /// Address of its API, without a slash at the end; empty when unknown.
    address: String,
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
    remotes: Remotes,
    log: ChangeLog,
}

impl Fleet {
    /// A fleet whose log keeps so many changes; `Fleet::default()` for the usual bound.
    pub fn with_log_capacity(capacity: usize) -> Self {
        Self {
            log: ChangeLog::with_capacity(capacity),
            ..Self::default()
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
            address: String::new(),
            tree: ClusterTree::new(name),
            events: Events::default(),
        };
        self.clusters.insert(name.to_owned(), state);
        self.log.push(Subject::Cluster(name.to_owned()));
        self.settle();
        Ok(())
    }

    /// Says under which address a cluster's API is reached, by which connections to it are recognised.
    pub fn set_address(&mut self, cluster: &str, address: &str) -> Result<(), FleetError> {
        self.state_mut(cluster)?.address = address.trim_end_matches('/').to_owned();
        Ok(())
    }

    /// The cluster with this address of its API.
    pub fn cluster_at(&self, address: &str) -> Option<&str> {
        let wanted = address.trim_end_matches('/');
        let mut found = self
            .clusters
            .iter()
            .filter(|(_, state)| !wanted.is_empty() && state.address == wanted);
        found.next().map(|(name, _)| name.as_str())
    }

    /// Connections to other clusters that the reconcilers of a cluster name.
    pub fn connections(&self, cluster: &str) -> BTreeSet<ConnectionRef> {
        self.remotes.connections(cluster)
    }

    /// Says which cluster a connection leads to; what is applied through it is shown there.
    pub fn set_target(&mut self, cluster: &str, connection: &ConnectionRef, target: Option<&str>) {
        if self.remotes.set_target(cluster, connection, target) {
            self.settle();
        }
    }

    /// Forgets a cluster and all its nodes.
    pub fn remove_cluster(&mut self, name: &str) {
        for place in self.remotes.of_cluster(name) {
            self.take_remote(&place, None);
        }
        let Some(state) = self.clusters.remove(name) else {
            return;
        };
        for node in state.tree.nodes() {
            let key = ObjectKey::new(&node.group, &node.kind, &node.namespace, &node.name);
            self.log.push(Subject::Node(name.to_owned(), key));
        }
        self.log.push(Subject::Cluster(name.to_owned()));
        self.remotes.forget_cluster(name);
    }

    /// Takes a new or changed object of a cluster.
    pub fn upsert(
        &mut self,
        cluster: &str,
        object: ShownObject,
        now: UnixMillis,
    ) -> Result<(), FleetError> {
        let place = Place::new(cluster, object.key());
        let state = self.state_mut(cluster)?;
        let changed = state.tree.upsert(object, now);
        let references = state.tree.shared_references(&place.key);
        self.note(cluster, changed)?;
        self.take_remote(&place, references);
        Ok(())
    }

    /// Forgets an object of a cluster.
    pub fn remove(&mut self, cluster: &str, key: &ObjectKey) -> Result<(), FleetError> {
        let changed = self.state_mut(cluster)?.tree.remove(key);
        self.take_remote(&Place::new(cluster, key.clone()), None);
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

    /// Follows what a reconciler has applied to another cluster.
    fn take_remote(&mut self, place: &Place, references: Option<Arc<References>>) {
        let references = references.filter(|references| references.connection.is_some());
        let old = self.remotes.get(place);
        let linked = old.and_then(|remote| remote.linked.clone());
        if references.is_none() && old.is_none() {
            return;
        }
        let unchanged = old.map(|remote| &remote.references) == references.as_ref();
        if let Some(target) = linked.as_ref().filter(|_| !unchanged)
            && let Some(old) = old.cloned()
        {
            self.show_under(target, place, &old.references, false);
        }
        let remote = references.map(|references| Remote {
            linked: linked.filter(|_| unchanged),
            references,
        });
        self.remotes.put(place, remote);
        if !unchanged {
            self.settle_one(place);
        }
    }

    /// Brings every reconciler's objects under the cluster that it applies to.
    fn settle(&mut self) {
        for place in self.remotes.misplaced() {
            self.settle_one(&place);
        }
    }

    fn settle_one(&mut self, place: &Place) {
        let Some(remote) = self.remotes.get(place).cloned() else {
            return;
        };
        let connection = remote.references.connection.as_ref();
        let wanted = connection
            .and_then(|connection| self.remotes.target(&place.cluster, connection))
            .filter(|target| self.clusters.contains_key(*target))
            .map(str::to_owned);
        if remote.linked == wanted {
            return;
        }
        if let Some(old) = &remote.linked {
            self.show_under(old, place, &remote.references, false);
        }
        if let Some(new) = &wanted {
            self.show_under(new, place, &remote.references, true);
        }
        let settled = Remote {
            linked: wanted,
            references: remote.references,
        };
        self.remotes.put(place, Some(settled));
    }

    fn show_under(&mut self, cluster: &str, by: &Place, references: &References, shown: bool) {
        let Some(state) = self.clusters.get_mut(cluster) else {
            return;
        };
        let changed = match shown {
            true => state.tree.link_applied(by, &references.inventory),
            false => state.tree.unlink_applied(by, &references.inventory),
        };
        for key in changed {
            self.log.push(Subject::Node(cluster.to_owned(), key));
        }
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
