//! Artifact storage, reproducible archives, ignore rules, download and the file server.
//!
//! An artifact is a gzipped tar of a source's files, named by its revision and identified by the
//! digest of the stored bytes. This room knows files and HTTP; it knows no Kubernetes objects
//! and decides nothing.

pub mod archive;
pub mod confine;
pub mod download;
pub mod gzip;
pub mod ignore_rules;
pub mod name_match;
pub mod server;
pub mod storage;
mod tar_header;
pub mod tree;
pub mod unpack;

pub use archive::{ArchiveError, ArchiveSummary, PackedEntry};
pub use download::{DownloadError, Downloader};
pub use ignore_rules::{IgnoreRules, PatternList};
pub use skein_api::Artifact;
pub use storage::{
    ArtifactLocation, Collected, DigestAlgorithm, Storage, StorageError, StorageOptions,
};
pub use tree::{Entry, Tree, TreeError};
pub use unpack::{UnpackError, unpack};
