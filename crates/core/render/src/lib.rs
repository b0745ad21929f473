//! From a source tree and a Flux Kustomization to the objects to apply: generate, inject, build, decrypt, substitute.
//!
//! [`render`] is the one pipeline for the controller, the CLI and the diff. It is pure: variables of ConfigMaps and Secrets, the
//! decryptor and remote bases are passed in.

mod decryption;
pub mod envsubst;
mod error;
mod generate;
mod metadata;
mod pipeline;
mod substitute;

pub use decryption::{Decryptor, is_encrypted, mask_encrypted};
pub use error::RenderError;
pub use generate::is_local_path;
pub use metadata::{set_common_metadata, set_owner_labels};
pub use pipeline::{Rendered, Request, render};
pub use substitute::{Variables, clean_variable};
