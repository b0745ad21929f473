//! The source controller: GitRepository to artifact.
//!
//! A run has four phases, one file each: `observe` reads the object, its Secrets, included artifacts
//! and the storage; `decide` says (without IO) what is to be done; `act` fetches, verifies, builds
//! and stores; `report` turns the outcome (without IO) into status, events and the next wake-up.

mod controller;
mod git_repository;
mod options;
mod rewrite;

pub use controller::{CONTROLLER_NAME, SourceController, Waker};
pub use options::SourceOptions;
pub use rewrite::UrlRewrites;
