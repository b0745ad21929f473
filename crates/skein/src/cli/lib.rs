//! The command line of Flux on top of the library rooms: get, reconcile, suspend, export, tree, trace, build, diff and their kin.
//!
//! Every command is a function that takes its arguments and an [`Output`]; what it prints is decided by functions that return
//! rows or text, so that tests see the same as people do.

mod arguments;
mod artifact;
mod build;
mod check;
mod command;
mod complete;
mod completion;
mod create;
mod debug;
mod delete;
mod diff;
mod envsubst;
mod events;
mod export;
mod files;
mod get;
mod go_flags;
mod helm;
mod helm_release;
mod kinds;
mod kustomize;
mod late_runtime;
mod local;
mod logs;
mod migrate;
mod objects;
mod output;
mod reconcile;
mod rows;
mod stats;
mod suspend;
mod table;
mod trace;
mod tree;
mod trigger;
mod typed;
mod version;
#[cfg(test)]
mod whole_run;
mod why;

pub use arguments::{ClusterArguments, Session, hoist_global_flags};
pub use build::{BuildOptions, build_kustomization};
pub use command::{CliCommand, run};
pub use complete::complete;
pub use go_flags::{tell, with_any_values, without_switch_values};
pub use local::{chart_command, run_on_files};
pub use output::Output;
