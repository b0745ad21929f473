//! The real components of the tests: which there are, where their binaries lie, how they are built.
//!
//! The Go modules stand in `e2e/upstream`; a binary lies in `$SKEIN_CACHE/upstream/<name>-<version>/<name>`, so one cache serves
//! every clone, and another version is another file. Building is `cargo xtask upstream`; tests only look.

mod build;
mod cache;
mod component;

pub use build::{Progress, ensure};
pub use cache::{cache_folder, repository_root};
pub use component::{COMPONENTS, CONTROL_PLANE, Completion, Component, binary, find};
