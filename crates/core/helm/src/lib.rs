//! Helm's chart engine: charts, values, dependencies and rendering as Helm 4.3 does them, over in-memory files.
//!
//! Plain data in, plain data out: files come in as [`FileTree`]s, time, randomness and lookups are passed in, and nothing here reads a disk
//! or talks to a cluster. Numbers in values are Go's: what a YAML file says is a float64, what `--set` says is an int64
//! ([`Values`] keeps them apart as JSON floats and integers).

pub mod archive;
pub mod chart;
mod decode;
pub mod dependencies;
pub mod folder;
pub mod ignore;
pub mod lint;
pub mod load;
pub mod lock;
pub mod manifest;
pub mod pack;
pub mod preflight;
pub mod print;
pub mod release;
pub mod render;
mod schema;
pub mod values;
pub mod warning;
mod wildcard;

pub use chart::{Chart, CustomResource, Dependency, File, FileTree, Lock, Maintainer, Metadata};
pub use load::{LoadError, load, load_archive, load_as_v2};
pub use manifest::{Hook, HookEvent, Manifest};
pub use render::{
    KubeVersion, RenderError, RenderOptions, Rendered, render, render_files, render_logged,
    render_through,
};
pub use schema::check as check_schema;
pub use values::Values;
pub use warning::Warning;
