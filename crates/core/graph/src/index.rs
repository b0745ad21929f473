//! Snapshots of objects, found by key, by owner and by applier: of one cluster, and of a fleet.

use std::collections::{BTreeMap, BTreeSet};

use skein_object::{GroupKind, Object, ObjectKey};

use crate::links::{ConnectionRef, connection_of, inventory_of, owners_of};
use crate::place::Place;
use crate::view::{Contact, Sight, Target, View};

/// Objects of one cluster by key, with the children that name them as owner.
#[derive(Clone, Debug, Default)]
pub struct ObjectIndex {
    objects: BTreeMap<ObjectKey, Object>,
    children: BTreeMap<String, BTreeSet<ObjectKey>>,
    /// What was looked for and does not exist.
    absent: BTreeSet<ObjectKey>,
    complete: BTreeSet<GroupKind>,
}

impl ObjectIndex {
    /// Indexes objects; of two with the same key the last one counts. The kinds of the objects count as known completely.
    pub fn new(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut index = Self::default();
        for object in objects {
            index.mark_complete(object.gvk().group_kind());
            index.insert(object);
        }
        index
    }

    /// Adds or replaces an object.
    pub fn insert(&mut self, object: Object) {
        let key = object.key();
        self.remove(&key);
        self.absent.remove(&key);
        for owner in owners_of(&object) {
            let list = self.children.entry(owner.to_owned()).or_default();
            list.insert(key.clone());
        }
        self.objects.insert(key, object);
    }

    /// Notes that every object of a kind is known.
    pub fn mark_complete(&mut self, kind: GroupKind) {
        self.complete.insert(kind);
    }

    /// Notes that an object does not exist.
    pub fn mark_absent(&mut self, key: ObjectKey) {
        self.remove(&key);
        self.absent.insert(key);
    }

    /// Removes an object and returns it.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Object> {
        let object = self.objects.remove(key)?;
        for owner in owners_of(&object) {
            if let Some(list) = self.children.get_mut(owner) {
                list.remove(key);
                if list.is_empty() {
                    self.children.remove(owner);
                }
            }
        }
        Some(object)
    }

    /// The object of a key.
    pub fn get(&self, key: &ObjectKey) -> Option<&Object> {
        self.objects.get(key)
    }

    /// What is known of a key.
    pub fn find(&self, key: &ObjectKey) -> Sight<'_> {
        match self.objects.get(key) {
            Some(object) => Sight::Seen(object),
            None if self.absent.contains(key) || self.complete.contains(&key.group_kind()) => {
                Sight::Absent
            }
            None => Sight::Unseen,
        }
    }

    /// All objects, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// The objects that name this one as an owner, in the order of their keys.
    pub fn children_of(&self, object: &Object) -> impl Iterator<Item = &Object> {
        let uid = object.uid();
        // Objects from files have no uid; they own nothing.
        let keys = (!uid.is_empty()).then(|| self.children.get(uid)).flatten();
        keys.into_iter()
            .flatten()
            .filter_map(|key| self.objects.get(key))
    }
}

/// Objects of several clusters, with how each is reached and which connections lead to which.
#[derive(Clone, Debug, Default)]
pub struct FleetIndex {
    clusters: BTreeMap<String, ObjectIndex>,
    lost: BTreeMap<String, Contact>,
    targets: BTreeMap<(String, ConnectionRef), String>,
}

impl FleetIndex {
    /// A fleet of one cluster without a name.
    pub fn of_one(index: ObjectIndex) -> Self {
        let mut fleet = Self::default();
        fleet.put(String::new(), index);
        fleet
    }

    /// Adds or replaces a cluster.
    pub fn put(&mut self, cluster: impl Into<String>, index: ObjectIndex) {
        self.clusters.insert(cluster.into(), index);
    }

    /// The objects of a cluster.
    pub fn cluster_mut(&mut self, cluster: &str) -> &mut ObjectIndex {
        self.clusters.entry(cluster.to_owned()).or_default()
    }

    /// Says how a cluster is reached.
    pub fn set_contact(&mut self, cluster: &str, contact: Contact) {
        self.lost.insert(cluster.to_owned(), contact);
    }

    /// Says which cluster a connection of appliers of `cluster` leads to.
    pub fn set_target(&mut self, cluster: &str, connection: ConnectionRef, target: &str) {
        self.targets
            .insert((cluster.to_owned(), connection), target.to_owned());
    }
}

impl View for FleetIndex {
    fn find(&self, place: &Place) -> Sight<'_> {
        self.clusters
            .get(&*place.cluster)
            .map_or(Sight::Unseen, |index| index.find(&place.key))
    }

    fn owned(&self, place: &Place) -> Vec<Place> {
        let index = self.clusters.get(&*place.cluster);
        let children = index.into_iter().flat_map(|index| {
            let object = index.get(&place.key);
            object.into_iter().flat_map(|o| index.children_of(o))
        });
        children.map(|child| place.beside(child.key())).collect()
    }

    fn appliers(&self, place: &Place) -> Vec<Place> {
        let mut found = Vec::new();
        for (cluster, index) in &self.clusters {
            for object in index.iter() {
                let at = Place::new(cluster, object.key());
                let owns = inventory_of(object)
                    .iter()
                    .any(|(key, _)| *key == place.key);
                let reaches = match self.target(&at, object) {
                    Target::Own => **cluster == *place.cluster,
                    Target::Cluster(target) => *target == *place.cluster,
                    Target::Unknown => false,
                };
                if owns && reaches && at != *place {
                    found.push(at);
                }
            }
        }
        found
    }

    fn namesakes(&self, place: &Place) -> Vec<Place> {
        let index = self.clusters.get(&*place.cluster);
        let keys = index
            .into_iter()
            .flat_map(ObjectIndex::iter)
            .map(Object::key);
        keys.filter(|key| {
            key.group == place.key.group
                && key.kind == place.key.kind
                && key.name == place.key.name
                && key.namespace != place.key.namespace
        })
        .map(|key| place.beside(key))
        .collect()
    }

    fn contact(&self, cluster: &str) -> Contact {
        self.lost.get(cluster).cloned().unwrap_or(Contact::Live)
    }

    fn target(&self, place: &Place, applier: &Object) -> Target {
        let Some(connection) = connection_of(applier) else {
            return Target::Own;
        };
        let key = (place.cluster.to_string(), connection);
        self.targets
            .get(&key)
            .map_or(Target::Unknown, |name| Target::Cluster(name.clone()))
    }
}
