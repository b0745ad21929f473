//! Untyped Kubernetes objects, identities as types, selectors, Go durations and structural diff.
//!
//! Everything here is plain data: no clock, no IO. Other rooms speak in these types.

pub mod diff;
pub mod duration;
pub mod identity;
pub mod inventory;
pub mod mask;
pub mod names;
pub mod object;
pub mod pointer;
pub mod quantity;
pub mod revision;
pub mod selector;

pub use duration::GoDuration;
pub use identity::{GroupKind, GroupVersionKind, NamespacedName, ObjectKey};
pub use inventory::InventoryId;
pub use object::{Object, ObjectError};
pub use revision::{Digest, Revision};
pub use selector::{FieldSelector, LabelSelector};
