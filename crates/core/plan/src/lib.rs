//! What an apply will do, decided without a cluster: order and stages, normal form, drift, takeover, inventory, pruning.
//!
//! A run of the Kustomization controller goes through these rooms in order: [`normalize`] the built objects, [`order`] them into
//! stages, look at each with [`apply`] (skip, nothing to send, send), write the [`inventory`], delete what [`prune`] names.

pub mod apply;
pub mod change;
pub mod ignore;
pub mod inventory;
pub mod normalize;
pub mod order;
pub mod owned;
pub mod prune;
pub mod settings;
pub mod takeover;

pub use apply::{Decision, Live};
pub use change::{Action, ChangeEntry, ChangeSet};
pub use inventory::{Inventory, InventoryEntry};
pub use order::Stage;
