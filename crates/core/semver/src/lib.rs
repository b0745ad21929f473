//! Versions and version constraints as Masterminds semver v3 reads them.
//!
//! Flux (`spec.ref.semver`), Helm (`semverCompare`, chart dependencies) and image policies all
//! share these rules, which differ from npm's and from Cargo's.

pub mod constraint;
pub mod version;

pub use constraint::{Constraint, ConstraintError};
pub use version::{Version, VersionError};
