//! The kustomize engine: a pure build over an in-memory file tree.
//!
//! [`build`] gives what `kustomize build` 5.8.1 gives for the same files. Nothing is global: builds run in parallel.

mod build;
mod configuration;
mod error;
mod field_specs;
mod generate;
mod go_json;
mod hash;
mod id;
mod kustomization;
mod load;
mod loader;
mod merge;
mod ops;
mod options;
mod origin;
mod plugins;
mod resmap;
mod resource;
mod schema;
mod selector;
mod target;
mod transform;
mod tree;
mod upstream;

pub use build::{Build, RECOGNIZED_FILE_NAMES, build};
pub use error::{BuildError, Place, Problem};
pub use options::{LoadRestrictions, Options, RemoteSource, Reorder};
pub use tree::{FileTree, MAX_FILES, MAX_TREE_BYTES, TreeError, clean_path};
