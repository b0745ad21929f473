//! Remote bases and files of kustomizations, fetched when a build asks for them: Git over http and ssh, and files over http.
//!
//! What comes is bounded in time and bytes, stays in memory, and is fetched once for each address of a build. Nothing is run, and nothing
//! is read from the machine: credentials are the caller's.

mod error;
mod kept;
mod remote;
mod tree;

pub use error::BaseError;
pub use kept::KeptBases;
pub use remote::{RemoteBases, SshAccess};
pub use tree::{MAX_BASE_BYTES, MAX_BASE_FILE_BYTES};
