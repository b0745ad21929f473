//! The source controller: GitRepository, OCIRepository, HelmRepository and HelmChart to artifacts.
//!
//! A run has four phases, one file each: `observe` reads the object, its Secrets, included artifacts
//! and the storage; `decide` says (without IO) what is to be done; `act` fetches, verifies, builds
//! and stores; `report` turns the outcome (without IO) into status, events and the next wake-up.

mod controller;
mod event;
mod git_repository;
mod helm_chart;
mod helm_repository;
mod in_storage;
mod oci_repository;
mod options;
mod produced;
mod registry_access;
mod rewrite;
mod signature_keys;

pub use controller::{CONTROLLER_NAME, SourceController, Waker};
pub use helm_chart::ChartLimits;
pub use options::SourceOptions;
pub use rewrite::UrlRewrites;
