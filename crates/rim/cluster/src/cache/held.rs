//! What a watch cache holds: lists, watch events and the answers to own writes, merged by revision.
//!
//! Two tellers race: the watch, which is in order and late, and the answers to our own writes, which are early. Every step from
//! one held state to the next is told to the callback exactly once and in order, whoever brought it: the answer to a write
//! shows what others changed before it as well, and the watch events that tell of that are then older than what is held.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use skein_object::{NamespacedName, Object};

use super::Change;

pub(super) type Project<T> = Box<dyn Fn(Object) -> T + Send + Sync>;
pub(super) type OnChange<T> = Box<dyn Fn(Change<'_, T>) + Send + Sync>;

/// One object with its revision.
struct Held<T> {
    revision: Option<u64>,
    value: Arc<T>,
}

/// The revision as a number, as far as the server writes it so (all that keep Kubernetes' promise of comparable revisions do).
fn number(revision: &str) -> Option<u64> {
    revision.parse().ok()
}

/// How far the watch is.
#[derive(Default)]
struct Progress {
    /// Up to which revision the watch has told everything.
    reached: Option<u64>,
    /// At which revision own writes took objects out of the collection; until the watch has told so much.
    left: HashMap<NamespacedName, u64>,
}

impl Progress {
    /// Revisions only grow.
    fn advance(&mut self, revision: Option<u64>) {
        self.reached = self.reached.max(revision);
        let reached = self.reached;
        self.left.retain(|_, left| Some(*left) > reached);
    }

    /// Whether the object was taken out of the collection after this revision.
    fn has_left(&self, name: &NamespacedName, revision: Option<u64>) -> bool {
        matches!((self.left.get(name), revision), (Some(left), Some(told)) if *left > told)
    }
}

/// The objects of one watched collection.
pub(super) struct HeldObjects<T> {
    items: RwLock<HashMap<NamespacedName, Held<T>>>,
    /// Held while a change is made and told, so that changes are told in the order in which they are made.
    progress: Mutex<Progress>,
    project: Project<T>,
    on_change: OnChange<T>,
}

impl<T> HeldObjects<T> {
    pub(super) fn new(project: Project<T>, on_change: OnChange<T>) -> Self {
        Self {
            items: RwLock::new(HashMap::new()),
            progress: Mutex::default(),
            project,
            on_change,
        }
    }

    pub(super) fn get(&self, name: &NamespacedName) -> Option<Arc<T>> {
        self.items.read().get(name).map(|held| held.value.clone())
    }

    /// In name order.
    pub(super) fn list(&self) -> Vec<(NamespacedName, Arc<T>)> {
        let items = self.items.read();
        let all = items.iter();
        let mut list: Vec<_> = all
            .map(|(name, held)| (name.clone(), held.value.clone()))
            .collect();
        drop(items);
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    }

    pub(super) fn len(&self) -> usize {
        self.items.read().len()
    }

    /// A watch event: the object is there in this state.
    pub(super) fn put(&self, object: Object) {
        let mut progress = self.progress.lock();
        let revision = number(object.resource_version());
        if !progress.has_left(&object.namespaced_name(), revision) {
            self.hold(object);
        }
        progress.advance(revision);
    }

    /// A watch event: the object is gone; its revision is that of the deletion.
    pub(super) fn remove(&self, object: &Object) {
        let mut progress = self.progress.lock();
        let revision = number(object.resource_version());
        progress.advance(revision);
        self.drop_one(&object.namespaced_name(), revision);
    }

    /// A bookmark: the watch has told everything up to this revision.
    pub(super) fn reached(&self, revision: &str) {
        self.progress.lock().advance(number(revision));
    }

    /// The answer to a write of ours. What the watch has passed already is known better: it may have been deleted since.
    pub(super) fn put_own_write(&self, written: Object) {
        let progress = self.progress.lock();
        let revision = number(written.resource_version());
        if revision.is_none() || progress.reached.is_none() || revision <= progress.reached {
            return;
        }
        self.hold(written);
    }

    /// The answer to a write of ours after which the object is not of the collection. The watch tells nothing of an object that
    /// was made so, and of its predecessor only older states.
    pub(super) fn leave_by_own_write(&self, written: &Object) {
        let mut progress = self.progress.lock();
        let Some(revision) = number(written.resource_version()) else {
            return;
        };
        if progress.reached.is_none() || Some(revision) <= progress.reached {
            return;
        }
        let name = written.namespaced_name();
        self.drop_one(&name, Some(revision));
        progress.left.insert(name, revision);
    }

    /// A list is the truth, but for own writes after it.
    pub(super) fn replace_all(&self, objects: Vec<Object>, revision: &str) {
        let mut progress = self.progress.lock();
        let listed = number(revision);
        if listed.is_none() || listed < progress.reached {
            // The server was set back: revisions of before say nothing.
            for held in self.items.write().values_mut() {
                held.revision = None;
            }
            progress.left.clear();
        }
        progress.reached = listed;
        let mut gone: HashSet<NamespacedName> = self.items.read().keys().cloned().collect();
        for object in objects {
            let (name, revision) = (object.namespaced_name(), number(object.resource_version()));
            if !progress.has_left(&name, revision) {
                gone.remove(&name);
                self.hold(object);
            }
        }
        for name in gone {
            self.drop_one(&name, listed);
        }
    }

    fn is_older(&self, name: &NamespacedName, revision: Option<u64>) -> bool {
        let items = self.items.read();
        let held = items.get(name).and_then(|held| held.revision);
        matches!((held, revision), (Some(held), Some(told)) if held > told)
    }

    fn hold(&self, object: Object) {
        let (name, revision) = (object.namespaced_name(), number(object.resource_version()));
        // The watch tells of each own write once more: the same revision is the same object.
        if self.is_known(&name, revision) {
            return;
        }
        let after = Arc::new((self.project)(object));
        let held = Held {
            revision,
            value: after.clone(),
        };
        let before = self.items.write().insert(name.clone(), held);
        (self.on_change)(Change {
            name: &name,
            before: before.as_ref().map(|held| &held.value),
            after: Some(&after),
        });
    }

    fn is_known(&self, name: &NamespacedName, revision: Option<u64>) -> bool {
        let items = self.items.read();
        let held = items.get(name).and_then(|held| held.revision);
        matches!((held, revision), (Some(held), Some(told)) if held >= told)
    }

    /// Unless what is held is newer: the object was made again.
    fn drop_one(&self, name: &NamespacedName, revision: Option<u64>) {
        if self.is_older(name, revision) {
            return;
        }
        let before = self.items.write().remove(name);
        if let Some(before) = before {
            (self.on_change)(Change {
                name,
                before: Some(&before.value),
                after: None,
            });
        }
    }
}

#[cfg(test)]
mod tests;
