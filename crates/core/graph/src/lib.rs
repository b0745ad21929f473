//! Dependency and ownership trees over objects and inventories, and the first broken link in them.
//!
//! Pure: a snapshot of objects goes in ([`ObjectIndex`]); trees, links, cycles and explanations come out. The command line,
//! `skein up` and the hub draw what this crate computes.

mod depends;
mod explain;
mod index;
mod links;
mod tree;

pub use depends::{Cycle, DependencyGraph};
pub use explain::{BrokenLink, LinkKind, first_broken_link, flux_health};
pub use index::ObjectIndex;
pub use links::{dependencies_of, inventory_of, source_of};
pub use tree::{MAX_DEPTH_LEVELS, MAX_TREE_NODES, TreeNode, ownership_tree};
