//! The kustomize engine: a pure build over an in-memory file tree.
//!
//! [`build`] gives what `kustomize build` 5.8.1 gives for the same files. Nothing is global: builds run in parallel.
//!
//! What is not as in kustomize:
//! - functions in containers and executables are refused; remote files and bases, and Helm charts, come from the caller, or are refused;
//! - absolute paths are refused, and no path leads out of the tree;
//! - a replacement into YAML that a text holds keeps comments where lines of old and new correspond, and loses them where not;
//! - file sizes, numbers of files, objects, kustomizations and levels are bounded;
//! - keys whose order go-yaml leaves to chance (`"10"`, `"9"` and `"1a"` in one map) have one fixed order here.
//!
//! A caller that wants to change the root kustomization (a namespace, patches, images of a Flux Kustomization) clones the tree, which shares
//! its contents, and inserts the changed `kustomization.yaml`.

mod address;
mod build;
mod charts;
mod configuration;
mod error;
mod field_specs;
mod generate;
mod go_json;
mod growth;
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
mod shared;
mod source;
mod target;
mod trace;
mod transform;
mod tree;
mod upstream;

pub use address::RemoteAddress;
pub use build::{Build, RECOGNIZED_FILE_NAMES, Warning, build};
pub use charts::{ChartPlace, ChartPull, ChartTemplate, Charts};
pub use error::{BuildError, Place, Problem};
pub use options::{LoadRestrictions, Options, RemoteSource, Reorder};
pub use schema::is_cluster_scoped;
pub use trace::{Change, FieldHistory, History, PathPart};
pub use tree::{FileTree, Files, MAX_FILES, MAX_TREE_BYTES, TreeError, clean_path};
