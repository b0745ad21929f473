//! One cluster's objects and the tree over them, kept up to date object by object.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use skein_graph::Place;
use skein_object::mask::{SECRET_MASK, mask_secret};
use skein_object::{GroupKind, Object, ObjectKey};

use super::kinds::{self, References};
use super::node::{Node, NodeId, NodeRole, NodeStatus, UnixMillis};
use super::status;

/// Most objects that are kept of one cluster.
pub const MAX_OBJECTS_PER_CLUSTER: usize = 250_000;
/// How many owner references are followed from a Pod upwards.
const MAX_OWNER_DEPTH: usize = 8;

/// An object as it may be shown and kept: Secret values masked, without managedFields. Clones share it.
#[derive(Clone, Debug)]
pub struct ShownObject(Arc<Object>);

impl ShownObject {
    /// Masks and strips an object.
    pub fn new(mut object: Object) -> Self {
        mask_secret(&mut object, SECRET_MASK);
        object.remove(&["metadata", "managedFields"]);
        Self(Arc::new(object))
    }
}

impl std::ops::Deref for ShownObject {
    type Target = Object;
    fn deref(&self) -> &Object {
        &self.0
    }
}

/// An object as it was last seen.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The object.
    pub object: ShownObject,
    /// When the hub got it.
    pub at: UnixMillis,
    references: Arc<References>,
}

/// Objects, what refers to what, and the nodes that follow from both.
#[derive(Debug, Default)]
pub struct ClusterTree {
    name: Arc<str>,
    objects: HashMap<ObjectKey, Observed>,
    /// Kinds of which a complete list was seen: an object of them that is not here does not exist.
    complete_kinds: HashSet<GroupKind>,
    /// Object → reconcilers, of this or another cluster, whose inventory names it.
    appliers: HashMap<ObjectKey, BTreeSet<Place>>,
    /// Source → objects that use it.
    users: HashMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// Owner → objects that it controls.
    controlled: HashMap<ObjectKey, BTreeSet<ObjectKey>>,
    nodes: HashMap<ObjectKey, Arc<Node>>,
}

impl ClusterTree {
    /// An empty tree of a cluster.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Takes a new or changed object; returns the keys whose nodes changed. `None` when the cluster is full.
    pub fn upsert(&mut self, object: ShownObject, now: UnixMillis) -> Option<Vec<ObjectKey>> {
        let key = object.key();
        if self.objects.len() >= MAX_OBJECTS_PER_CLUSTER && !self.objects.contains_key(&key) {
            return None;
        }
        let references = Arc::new(References::of(&object));
        let observed = Observed {
            object,
            at: now,
            references: Arc::clone(&references),
        };
        let old = self
            .objects
            .insert(key.clone(), observed)
            .map(|old| old.references);
        let mut touched = self.relink(&key, &old.unwrap_or_default(), &references);
        touched.push(key);
        Some(self.refresh(touched))
    }

    /// Forgets an object; returns the keys whose nodes changed.
    pub fn remove(&mut self, key: &ObjectKey) -> Vec<ObjectKey> {
        let Some(old) = self.objects.remove(key) else {
            return Vec::new();
        };
        let mut touched = self.relink(key, &old.references, &References::default());
        touched.push(key.clone());
        self.refresh(touched)
    }

    /// Notes that all objects of a kind are known: one that is named and not here is missing from now on.
    pub fn mark_complete(&mut self, kind: &GroupKind) -> Vec<ObjectKey> {
        if !self.complete_kinds.insert(kind.clone()) {
            return Vec::new();
        }
        let placeholders = self
            .nodes
            .keys()
            .filter(|key| key.group_kind() == *kind && !self.objects.contains_key(key))
            .cloned()
            .collect();
        self.refresh(placeholders)
    }

    /// The node of a key, when it is shown.
    pub fn node(&self, key: &ObjectKey) -> Option<&Arc<Node>> {
        self.nodes.get(key)
    }

    /// All nodes, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// The object of a key as it was last seen.
    pub fn observed(&self, key: &ObjectKey) -> Option<&Observed> {
        self.objects.get(key)
    }

    /// What the object of a key refers to.
    pub fn references(&self, key: &ObjectKey) -> Option<&References> {
        self.objects
            .get(key)
            .map(|observed| observed.references.as_ref())
    }

    /// The same, shared.
    pub fn shared_references(&self, key: &ObjectKey) -> Option<Arc<References>> {
        let observed = self.objects.get(key)?;
        Some(Arc::clone(&observed.references))
    }

    /// All objects as they were last seen, in no order.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectKey, &Observed)> {
        self.objects.iter()
    }

    /// Whether all objects of a kind are known.
    pub fn is_complete(&self, kind: &GroupKind) -> bool {
        self.complete_kinds.contains(kind)
    }

    /// What an object controls, sorted.
    pub fn controlled(&self, key: &ObjectKey) -> impl Iterator<Item = &ObjectKey> {
        self.controlled.get(key).into_iter().flatten()
    }

    /// Notes that a reconciler, of whatever cluster, has applied objects to this one; returns the keys whose nodes changed.
    pub fn link_applied<'a>(
        &mut self,
        by: &Place,
        applied: impl IntoIterator<Item = &'a ObjectKey>,
    ) -> Vec<ObjectKey> {
        let keys: Vec<ObjectKey> = applied.into_iter().cloned().collect();
        for key in &keys {
            let appliers = self.appliers.entry(key.clone()).or_default();
            appliers.insert(by.clone());
        }
        self.refresh(keys)
    }

    /// Undoes [`Self::link_applied`].
    pub fn unlink_applied<'a>(
        &mut self,
        by: &Place,
        applied: impl IntoIterator<Item = &'a ObjectKey>,
    ) -> Vec<ObjectKey> {
        let keys: Vec<ObjectKey> = applied.into_iter().cloned().collect();
        for key in &keys {
            unlink(&mut self.appliers, key, by);
        }
        self.refresh(keys)
    }

    /// The reconcilers that have applied an object, sorted.
    pub fn appliers(&self, key: &ObjectKey) -> impl Iterator<Item = &Place> {
        self.appliers.get(key).into_iter().flatten()
    }

    /// Kinds that inventories name, sorted: what the hub has to watch.
    pub fn applied_kinds(&self) -> BTreeSet<GroupKind> {
        self.appliers.keys().map(ObjectKey::group_kind).collect()
    }

    /// Moves the reverse links of one object from its old references to its new ones.
    fn relink(&mut self, key: &ObjectKey, old: &References, new: &References) -> Vec<ObjectKey> {
        let mut touched = Vec::new();
        let own = Place::new(&self.name, key.clone());
        let (before, after) = (old.applied_here(), new.applied_here());
        for gone in before.iter().filter(|k| after.binary_search(k).is_err()) {
            unlink(&mut self.appliers, gone, &own);
            touched.push(gone.clone());
        }
        for added in after.iter().filter(|k| before.binary_search(k).is_err()) {
            let appliers = self.appliers.entry(added.clone()).or_default();
            appliers.insert(own.clone());
            touched.push(added.clone());
        }
        if old.source != new.source {
            if let Some(source) = &old.source {
                unlink(&mut self.users, source, key);
                touched.push(source.clone());
            }
            if let Some(source) = &new.source {
                self.users
                    .entry(source.clone())
                    .or_default()
                    .insert(key.clone());
                touched.push(source.clone());
            }
        }
        if old.owner != new.owner {
            if let Some(owner) = &old.owner {
                unlink(&mut self.controlled, owner, key);
            }
            if let Some(owner) = &new.owner {
                self.controlled
                    .entry(owner.clone())
                    .or_default()
                    .insert(key.clone());
            }
        }
        touched
    }

    /// Computes the nodes of the keys anew, and of what they control when they appear or disappear.
    fn refresh(&mut self, keys: Vec<ObjectKey>) -> Vec<ObjectKey> {
        let mut queue: VecDeque<ObjectKey> = keys.into();
        let mut changed = Vec::new();
        while let Some(key) = queue.pop_front() {
            let new = self.compute(&key);
            let old = self.nodes.get(&key);
            if old.map(AsRef::as_ref) == new.as_ref() {
                continue;
            }
            if old.is_some() != new.is_some() {
                queue.extend(self.controlled.get(&key).into_iter().flatten().cloned());
            }
            match new {
                Some(node) => self.nodes.insert(key.clone(), Arc::new(node)),
                None => self.nodes.remove(&key),
            };
            changed.push(key);
        }
        changed
    }

    fn compute(&self, key: &ObjectKey) -> Option<Node> {
        let observed = self.objects.get(key);
        if !self.is_shown(key) {
            return None;
        }
        let summary = match observed {
            Some(observed) => status::summarise(&observed.object, observed.at),
            None => self.placeholder(key),
        };
        let object: Option<&Object> = observed.map(|observed| &*observed.object);
        Some(Node {
            id: NodeId::new(&self.name, key),
            parent: self
                .parent(key)
                .map(|parent| NodeId::new(&parent.cluster, &parent.key)),
            role: kinds::role(key),
            cluster: self.name.to_string(),
            group: key.group.clone(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            status: summary.status,
            suspended: object
                .and_then(|o| o.bool_at(&["spec", "suspend"]))
                .unwrap_or(false),
            reason: summary.reason,
            message: summary.message,
            revision: object.map(status::revision).unwrap_or_default(),
            changed_at: summary.changed_at,
            observed_at: observed.map(|observed| observed.at).unwrap_or_default(),
        })
    }

    /// What is said of an object that others name and the hub has not seen.
    fn placeholder(&self, key: &ObjectKey) -> status::Summary {
        let (status, message) = if self.complete_kinds.contains(&key.group_kind()) {
            (
                NodeStatus::Missing,
                "named by others, but not in the cluster",
            )
        } else {
            (NodeStatus::Unknown, "not seen by the hub yet")
        };
        status::Summary {
            status,
            reason: String::new(),
            message: message.to_owned(),
            changed_at: String::new(),
        }
    }

    /// Flux's own objects, what a reconciler has applied, what others use as source, and what any of these control.
    fn is_shown(&self, key: &ObjectKey) -> bool {
        let mut key = key;
        for depth in 0..MAX_OWNER_DEPTH {
            let observed = self.objects.get(key);
            let anchored = self.appliers.contains_key(key)
                || (depth == 0 && self.users.contains_key(key))
                || (observed.is_some() && kinds::is_flux(&key.group));
            if anchored {
                return true;
            }
            match observed.and_then(|observed| observed.references.owner.as_ref()) {
                Some(owner) => key = owner,
                None => return false,
            }
        }
        false
    }

    /// The node that a node hangs under: source of a reconciler, owner, or who applied it.
    fn parent(&self, key: &ObjectKey) -> Option<Place> {
        let references = self.references(key);
        let here = |key: &ObjectKey| Place {
            cluster: Arc::clone(&self.name),
            key: key.clone(),
        };
        match kinds::role(key) {
            NodeRole::Source | NodeRole::Reconciler => references?.source.as_ref().map(here),
            NodeRole::Object => references
                .and_then(|references| references.source.as_ref().or(references.owner.as_ref()))
                .filter(|owner| self.is_shown(owner))
                .map(here)
                .or_else(|| self.appliers.get(key)?.first().cloned()),
        }
    }
}

fn unlink<T: Ord>(links: &mut HashMap<ObjectKey, BTreeSet<T>>, from: &ObjectKey, to: &T) {
    if let Some(set) = links.get_mut(from) {
        set.remove(to);
        if set.is_empty() {
            links.remove(from);
        }
    }
}

#[cfg(test)]
mod tests;
