//! Helm's chart engine: charts, values, dependencies and rendering as Helm 4.3 does them, over in-memory files.
//!
//! Plain data in, plain data out: files come in as [`FileTree`]s, time, randomness and lookups are passed in, and nothing here reads a disk
//! or talks to a cluster. Numbers in values are Go's: what a YAML file says is a float64, what `--set` says is an int64
//! ([`Values`] keeps them apart as JSON floats and integers).

pub mod chart;
pub mod release;
pub mod render;
pub mod values;

pub use chart::{Chart, CustomResource, Dependency, File, FileTree, Lock, Maintainer, Metadata};
pub use render::{Hook, HookEvent, RenderError, RenderOptions, Rendered, render};
pub use values::Values;
