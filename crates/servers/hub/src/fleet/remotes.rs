//! Reconcilers that apply to another cluster than their own, and which cluster that is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use skein_graph::{ConnectionRef, Place};

use super::kinds::References;

/// One reconciler that applies elsewhere.
#[derive(Clone, Debug)]
pub struct Remote {
    /// What it has applied, and how its cluster is reached.
    pub references: Arc<References>,
    /// The cluster under which its objects are shown now.
    pub linked: Option<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Remotes {
    by_place: BTreeMap<Place, Remote>,
    /// Cluster of a reconciler and its connection → cluster that this leads to.
    targets: HashMap<(String, ConnectionRef), String>,
}

impl Remotes {
    /// The cluster that a reconciler of a cluster applies to; `None` when nobody knows.
    pub fn target(&self, cluster: &str, connection: &ConnectionRef) -> Option<&str> {
        let key = (cluster.to_owned(), connection.clone());
        self.targets.get(&key).map(String::as_str)
    }

    /// Says where a connection leads; returns whether that is news.
    pub fn set_target(
        &mut self,
        cluster: &str,
        connection: &ConnectionRef,
        target: Option<&str>,
    ) -> bool {
        let key = (cluster.to_owned(), connection.clone());
        let old = match target {
            Some(target) => self.targets.insert(key, target.to_owned()),
            None => self.targets.remove(&key),
        };
        old.as_deref() != target
    }

    /// Connections that reconcilers of a cluster name.
    pub fn connections(&self, cluster: &str) -> BTreeSet<ConnectionRef> {
        self.by_place
            .iter()
            .filter(|(place, _)| *place.cluster == *cluster)
            .filter_map(|(_, remote)| remote.references.connection.clone())
            .collect()
    }

    /// Keeps, replaces or forgets a reconciler; returns what was kept of it.
    pub fn put(&mut self, place: &Place, remote: Option<Remote>) -> Option<Remote> {
        match remote {
            Some(remote) => self.by_place.insert(place.clone(), remote),
            None => self.by_place.remove(place),
        }
    }

    /// What is kept of a reconciler.
    pub fn get(&self, place: &Place) -> Option<&Remote> {
        self.by_place.get(place)
    }

    /// Those whose objects are shown under another cluster than they should be.
    pub fn misplaced(&self) -> Vec<Place> {
        let is_misplaced = |(place, remote): &(&Place, &Remote)| {
            let connection = remote.references.connection.as_ref();
            let wanted = connection.and_then(|c| self.target(&place.cluster, c));
            remote.linked.as_deref() != wanted
        };
        let found = self.by_place.iter().filter(is_misplaced);
        found.map(|(place, _)| place.clone()).collect()
    }

    /// Reconcilers of a cluster.
    pub fn of_cluster(&self, cluster: &str) -> Vec<Place> {
        let own = self.by_place.keys().filter(|p| *p.cluster == *cluster);
        own.cloned().collect()
    }

    /// Notes that a cluster is gone: nothing is shown under it.
    pub fn forget_cluster(&mut self, cluster: &str) {
        self.by_place.retain(|place, _| *place.cluster != *cluster);
        for remote in self.by_place.values_mut() {
            if remote.linked.as_deref() == Some(cluster) {
                remote.linked = None;
            }
        }
        self.targets.retain(|(at, _), _| at != cluster);
    }
}
