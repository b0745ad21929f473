//! The in-memory state of one cluster: current objects, history, and lists at a revision.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use tokio::sync::watch;

use crate::history::{HISTORY_EVENTS, History};
use crate::key::{Key, ResourceId};
use crate::stored::{Event, EventKind, Stored};

/// A consistent list of objects.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The cluster's revision that the list shows.
    pub revision: u64,
    /// The objects in order of namespace and name.
    pub items: Vec<Arc<Stored>>,
}

pub(crate) struct ResourceState {
    pub(crate) objects: BTreeMap<String, Arc<Stored>>,
    pub(crate) history: History,
    pub(crate) changed: watch::Sender<u64>,
}

impl ResourceState {
    fn new(floor: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            history: History::new(floor, HISTORY_EVENTS),
            changed: watch::Sender::new(floor),
        }
    }
}

pub(crate) struct State {
    pub(crate) revision: u64,
    /// The revision when the cluster was opened: nothing older can be known.
    base: u64,
    pub(crate) resources: HashMap<ResourceId, ResourceState>,
    pub(crate) history: History,
    pub(crate) changed: watch::Sender<u64>,
}

impl State {
    pub(crate) fn new(revision: u64) -> Self {
        Self {
            revision,
            base: revision,
            resources: HashMap::new(),
            history: History::new(revision, HISTORY_EVENTS),
            changed: watch::Sender::new(revision),
        }
    }

    pub(crate) fn resource(&mut self, id: &ResourceId) -> &mut ResourceState {
        let base = self.base;
        self.resources
            .entry(id.clone())
            .or_insert_with(|| ResourceState::new(base))
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Stored>> {
        self.resources.get(&key.resource)?.objects.get(&key.path())
    }

    /// Puts a loaded object in place without an event.
    pub(crate) fn load(&mut self, stored: Stored) {
        let path = stored.key.path();
        self.resource(&stored.key.resource.clone())
            .objects
            .insert(path, Arc::new(stored));
    }

    /// Records a change whose revision is the next one, and wakes the watchers.
    pub(crate) fn apply(&mut self, kind: EventKind, object: Arc<Stored>) {
        let revision = object.revision;
        self.revision = revision;
        let path = object.key.path();
        let resource = self.resource(&object.key.resource);
        let previous = match kind {
            EventKind::Deleted => resource.objects.remove(&path),
            EventKind::Added | EventKind::Modified => {
                resource.objects.insert(path, Arc::clone(&object))
            }
        };
        let event = Arc::new(Event {
            kind,
            revision,
            object,
            previous,
        });
        resource.history.push(Arc::clone(&event));
        resource.changed.send_replace(revision);
        self.history.push(event);
        self.changed.send_replace(revision);
    }

    /// The objects of a resource now, in one namespace or all (`None`), after a path and at most `limit`.
    pub(crate) fn list(
        &self,
        resource: &ResourceId,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> Vec<Arc<Stored>> {
        let Some(resource) = self.resources.get(resource) else {
            return Vec::new();
        };
        let prefix = namespace.map(|name| format!("{name}/"));
        let start = match (after, &prefix) {
            (Some(after), _) => Bound::Excluded(after.to_owned()),
            (None, Some(prefix)) => Bound::Included(prefix.clone()),
            (None, None) => Bound::Unbounded,
        };
        resource
            .objects
            .range((start, Bound::Unbounded))
            .take_while(|(path, _)| prefix.as_ref().is_none_or(|p| path.starts_with(p)))
            .map(|(_, stored)| Arc::clone(stored))
            .collect()
    }

    /// The objects of a resource as they were at an older revision; `None` when that is forgotten.
    pub(crate) fn list_at(
        &self,
        resource: &ResourceId,
        namespace: Option<&str>,
        after: Option<&str>,
        revision: u64,
    ) -> Option<Vec<Arc<Stored>>> {
        let current = self.list(resource, namespace, after);
        let Some(state) = self.resources.get(resource) else {
            return (revision >= self.base).then_some(current);
        };
        let mut objects: BTreeMap<String, Arc<Stored>> = current
            .into_iter()
            .map(|stored| (stored.key.path(), stored))
            .collect();
        for event in state.history.since(revision)?.rev() {
            let key = &event.object.key;
            let path = key.path();
            let wanted = namespace.is_none_or(|name| key.namespace == name)
                && after.is_none_or(|after| path.as_str() > after);
            if !wanted {
                continue;
            }
            match &event.previous {
                Some(previous) => objects.insert(path, Arc::clone(previous)),
                None => objects.remove(&path),
            };
        }
        Some(objects.into_values().collect())
    }
}
