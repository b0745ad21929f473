//! OCI registries and Helm chart repositories, as their clients see them.
//!
//! The client is our own, since what decides here is what common clients leave out: client certificates, limits on every answer,
//! credentials that stay with the host that they are for, and errors in the words that users of Flux know. Everything is
//! bounded by a size; the time is bounded by the caller, who drops the future.

pub mod access;
mod challenge;
pub mod chart_repository;
pub mod error;
pub mod index;
pub mod keychain;
pub mod manifest;
pub mod name;
pub mod push;
pub mod registry;
pub mod serve;

pub use access::{Access, Credentials, USER_AGENT};
pub use error::{Diagnostic, RegistryError};
pub use index::{ChartIndex, ChartVersion, IndexError};
pub use keychain::Keychain;
pub use manifest::{Descriptor, Manifest};
pub use name::{NameError, Repository};
pub use push::{OCI_MANIFEST_TYPE, PushedDescriptor, PushedManifest};
pub use registry::Registry;
