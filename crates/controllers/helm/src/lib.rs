//! The helm controller: HelmRelease to installed, tested and healthy release.
//!
//! A run is observe (chart, values, release records) → decide ([`decide`], pure: which one step comes next) → act ([`action`]: install, upgrade,
//! test, roll back, uninstall, unlock, correct drift) → decide again, until nothing is left to do, and report ([`report`], pure).
//! Waiting holds no worker: a run that begins to wait gives its worker back and goes on when watches or the deadline wake it.

mod action;
mod chart;
mod chart_template;
mod controller;
pub mod decide;
mod drift;
mod finalize;
mod helm_log;
mod hooks;
mod index;
mod options;
mod prerequisites;
pub mod preview;
mod reconcile;
mod render;
pub mod report;
mod resources;
mod running;
pub mod snapshot;
pub mod spec;
mod step;
mod storage;
mod update;
mod values;
mod wait;

pub use controller::{StartError, Surroundings, start};
pub use options::HelmOptions;
pub use values::{ValuesError, compose as composed_values};
