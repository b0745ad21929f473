//! Git over http and ssh: list, fetch, check out, verify hosts; and a smart HTTP server for local
//! repositories.
//!
//! The client speaks the upload-pack protocol (version 0, which every host serves) over two
//! transports of its own, reqwest and russh, so that one deadline cancels everything, no program
//! is started and no temporary key file is written. Packs are indexed and read by gix-pack.
//! Nothing is checked out to disk: a checkout is a list of entries whose content is read on
//! demand. The server half (`serve`) runs the `git` of the machine, without a shell.

pub mod access;
pub mod checkout;
pub mod error;
pub mod fetch;
mod hazard;
mod packet;
mod pinned;
pub mod reference;
pub mod remote_url;
pub mod serve;
mod ssh_algorithms;
mod store;
mod submodules;
mod transport;
mod upload_pack;
pub mod verify;

pub use access::{Access, Credentials, SshIdentity};
pub use checkout::{Checkout, CommitInfo, FileEntry, TagInfo};
pub use error::{FetchError, TransportError};
pub use fetch::{FetchRequest, Fetched, fetch};
pub use pinned::PinnedCommits;
pub use reference::Reference;
pub use remote_url::RemoteUrl;
pub use skein_http::{Proxy, TlsMaterial};
pub use ssh_algorithms::{NoAlgorithm, SshAlgorithms};
