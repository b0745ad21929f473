//! The tree of what an applier owns: its inventory, and below each object what names it as owner.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use skein_health::{Health, health};
use skein_object::{Object, ObjectKey};

use crate::explain::flux_health;
use crate::index::ObjectIndex;
use crate::links::inventory_of;

/// Deepest level of a tree; deeper objects are left out.
pub const MAX_DEPTH_LEVELS: usize = 32;

/// Most nodes of one tree; further ones are left out.
pub const MAX_TREE_NODES: usize = 100_000;

/// An object in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreeNode {
    /// The object.
    pub key: ObjectKey,
    /// How it is doing; `NotFound` when the inventory names it and the snapshot does not hold it.
    pub health: Health,
    /// What it owns, inventory first, in the order of the inventory and then of the keys.
    pub children: Vec<TreeNode>,
}

impl TreeNode {
    /// Number of nodes, this one included.
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Self::count).sum::<usize>()
    }
}

/// The tree below an object. An object that was met before on the way is not entered again (Kustomizations that apply
/// themselves are common), and an object appears once in the whole tree.
pub fn ownership_tree(index: &ObjectIndex, root: &ObjectKey, now: Timestamp) -> TreeNode {
    let mut walk = Walk {
        index,
        now,
        seen: BTreeSet::from([root.clone()]),
    };
    walk.node(root, 0)
}

struct Walk<'a> {
    index: &'a ObjectIndex,
    now: Timestamp,
    seen: BTreeSet<ObjectKey>,
}

impl Walk<'_> {
    fn node(&mut self, key: &ObjectKey, depth: usize) -> TreeNode {
        let Some(object) = self.index.get(key) else {
            return TreeNode {
                key: key.clone(),
                health: Health::not_found(),
                children: vec![],
            };
        };
        let mut children = Vec::new();
        if depth < MAX_DEPTH_LEVELS {
            for child in self.child_keys(object) {
                children.push(self.node(&child, depth + 1));
            }
        }
        let health = flux_health(object).unwrap_or_else(|| health(object, self.now));
        TreeNode {
            key: key.clone(),
            health,
            children,
        }
    }

    /// Keys of the children that were not seen before; they are seen from now on.
    fn child_keys(&mut self, object: &Object) -> Vec<ObjectKey> {
        let owned = inventory_of(object).into_iter().map(|(key, _)| key);
        let dependents = self.index.children_of(object).map(Object::key);
        let mut keys: Vec<ObjectKey> = owned.chain(dependents).collect();
        keys.retain(|key| self.seen.len() < MAX_TREE_NODES && self.seen.insert(key.clone()));
        keys
    }
}

#[cfg(test)]
mod tests;
