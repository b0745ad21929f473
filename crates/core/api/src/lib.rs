//! The Flux kinds: Rust types, closed condition and reason sets, and the CRDs made from them.
//!
//! The Rust types are the one source of truth: serde says how they are read and written, the schema of the CRD is derived from
//! the same types (field docs become descriptions), and [`definition::Definition`] says the rest of a kind.

pub mod artifact;
pub mod conditions;
pub mod definition;
pub mod inventory;
pub mod kustomization;
pub mod names;
pub mod overlay;
pub mod reference;
pub mod resource;
pub mod shape;
pub mod source;
pub mod time;

pub use artifact::Artifact;
pub use conditions::{Condition, ConditionStatus};
pub use definition::Definition;
pub use kustomization::{Kustomization, KustomizationSpec, KustomizationStatus};
pub use resource::{DecodeError, KindSpec, Metadata, Resource, StatusConditions};
pub use source::git_repository::{GitRepository, GitRepositorySpec, GitRepositoryStatus};
pub use time::Time;
