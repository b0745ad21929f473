//! The list of objects that a Kustomization owns, as it stands in its status.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use skein_object::inventory::InventoryIdError;
use skein_object::{GroupVersionKind, InventoryId, ObjectKey};

use crate::change::{ChangeEntry, ChangeSet};
use crate::order;

/// `status.inventory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The objects in the order in which they were applied.
    #[serde(default)]
    pub entries: Vec<InventoryEntry>,
}

/// One object of an inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryEntry {
    /// `<namespace>_<name>_<group>_<kind>`.
    pub id: String,
    /// API version without group.
    pub v: String,
}

/// An inventory entry, read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedObject {
    /// The object.
    pub key: ObjectKey,
    /// API version without group.
    pub version: String,
}

impl OwnedObject {
    /// Group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.key.group, &self.version, &self.key.kind)
    }
}

impl InventoryEntry {
    /// The entry of an object.
    pub fn new(key: &ObjectKey, version: &str) -> Self {
        Self {
            id: InventoryId(key.clone()).to_string(),
            v: version.to_owned(),
        }
    }

    /// Reads the entry.
    pub fn read(&self) -> Result<OwnedObject, InventoryIdError> {
        let InventoryId(key) = self.id.parse()?;
        Ok(OwnedObject {
            key,
            version: self.v.clone(),
        })
    }
}

impl Inventory {
    /// The inventory of everything that a run applied or skipped.
    pub fn of(changes: &ChangeSet) -> Self {
        let entry = |change: &ChangeEntry| InventoryEntry::new(&change.key, &change.version);
        Self {
            entries: changes.entries.iter().map(entry).collect(),
        }
    }

    /// All entries, in the order in which they would be applied.
    pub fn objects(&self) -> Result<Vec<OwnedObject>, InventoryIdError> {
        let mut objects = self
            .entries
            .iter()
            .map(InventoryEntry::read)
            .collect::<Result<Vec<_>, _>>()?;
        objects.sort_by(|a, b| order::compare(&a.key, &b.key));
        Ok(objects)
    }

    /// What is in this inventory and not in the newer one: versions do not count. In the order of applying.
    pub fn stale(&self, newer: &Self) -> Result<Vec<OwnedObject>, InventoryIdError> {
        let kept: HashSet<&str> = newer.entries.iter().map(|e| e.id.as_str()).collect();
        let gone = self
            .entries
            .iter()
            .filter(|e| !kept.contains(e.id.as_str()))
            .cloned()
            .collect();
        Self { entries: gone }.objects()
    }

    /// Adds what is not there yet, at the end: objects whose deletion failed, so that the next run tries again, or objects that
    /// are about to be applied, so that nothing is orphaned when the process dies in the middle.
    pub fn merge(&mut self, more: impl IntoIterator<Item = InventoryEntry>) {
        let mut seen: HashSet<String> = self.entries.iter().map(|e| e.id.clone()).collect();
        for entry in more {
            if seen.insert(entry.id.clone()) {
                self.entries.push(entry);
            }
        }
    }

    /// Whether every entry of the other one is here.
    pub fn covers(&self, entries: &[InventoryEntry]) -> bool {
        let seen: HashSet<&str> = self.entries.iter().map(|e| e.id.as_str()).collect();
        entries.iter().all(|entry| seen.contains(entry.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Action;

    fn key(kind: &str, name: &str) -> ObjectKey {
        ObjectKey::new("", kind, "a", name)
    }

    #[test]
    fn differences_ignore_versions_and_are_sorted() {
        let old = Inventory {
            entries: vec![
                InventoryEntry::new(&key("Service", "s"), "v1"),
                InventoryEntry::new(&key("ConfigMap", "c"), "v1"),
                InventoryEntry::new(&key("Secret", "kept"), "v1beta1"),
            ],
        };
        let new = Inventory {
            entries: vec![InventoryEntry::new(&key("Secret", "kept"), "v1")],
        };
        let stale: Vec<_> = old
            .stale(&new)
            .unwrap()
            .into_iter()
            .map(|o| o.key.kind)
            .collect();
        assert_eq!(stale, ["ConfigMap", "Service"]);
    }

    #[test]
    fn merge_keeps_order_and_adds_once() {
        let entry = |kind: &str| ChangeEntry {
            key: key(kind, "x"),
            version: "v1".into(),
            action: Action::Created,
        };
        let mut inventory = Inventory::of(&ChangeSet {
            entries: vec![entry("Service"), entry("ConfigMap")],
        });
        let more = [
            InventoryEntry::new(&key("ConfigMap", "x"), "v1"),
            InventoryEntry::new(&key("Secret", "x"), "v1"),
        ];
        assert!(!inventory.covers(&more));
        inventory.merge(more.clone());
        assert!(inventory.covers(&more));
        let ids: Vec<_> = inventory.entries.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["a_x__Service", "a_x__ConfigMap", "a_x__Secret"]);
    }

    #[test]
    fn a_broken_entry_is_named() {
        let broken = Inventory {
            entries: vec![InventoryEntry {
                id: "x".into(),
                v: "v1".into(),
            }],
        };
        assert!(broken.objects().unwrap_err().to_string().contains("\"x\""));
    }
}
