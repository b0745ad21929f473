//! A snapshot of the objects of one cluster, found by key, by uid and by owner.

use std::collections::BTreeMap;

use serde_json::Value;
use skein_object::{Object, ObjectKey};

/// Objects of one cluster by key, with the children that name them as owner.
#[derive(Clone, Debug, Default)]
pub struct ObjectIndex {
    objects: BTreeMap<ObjectKey, Object>,
    children: BTreeMap<String, Vec<ObjectKey>>,
}

impl ObjectIndex {
    /// Indexes objects; of two with the same key the last one counts.
    pub fn new(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut index = Self::default();
        for object in objects {
            index.insert(object);
        }
        index
    }

    /// Adds or replaces an object.
    pub fn insert(&mut self, object: Object) {
        let key = object.key();
        self.remove(&key);
        for owner in owners(&object) {
            let list = self.children.entry(owner.to_owned()).or_default();
            if let Err(place) = list.binary_search(&key) {
                list.insert(place, key.clone());
            }
        }
        self.objects.insert(key, object);
    }

    /// Removes an object and returns it.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Object> {
        let object = self.objects.remove(key)?;
        for owner in owners(&object) {
            if let Some(list) = self.children.get_mut(owner) {
                list.retain(|child| child != key);
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

/// Uids of the owners of an object.
fn owners(object: &Object) -> impl Iterator<Item = &str> {
    let list = object
        .at(&["metadata", "ownerReferences"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|owner| owner.get("uid").and_then(Value::as_str))
        .filter(|uid| !uid.is_empty())
}
