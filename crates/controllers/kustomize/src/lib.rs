//! The Kustomization controller: artifact to applied, healthy, pruned objects.
//!
//! A run is observe ([`sources`], [`configs`], watches) → decide ([`decide`], pure) → act ([`build`], [`apply`], [`prune`], [`wait`])
//! → report ([`report`], pure). Waiting holds no worker: a wait lives in memory and its key is woken by watches or the deadline.
//! A run that finds nothing to do and has nothing to tell sends nothing.

pub mod apply;
pub mod build;
pub mod configs;
pub mod controller;
pub mod decide;
mod decrypt;
mod expressions;
mod finalize;
pub mod index;
pub mod options;
pub mod prune;
mod reconcile;
pub mod report;
pub mod sources;
pub mod wait;

pub use controller::{KustomizeController, StartError, Surroundings, start};
pub use options::KustomizeOptions;
