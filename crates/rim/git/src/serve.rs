//! Serves local repositories over smart HTTP, and tells when they change.
//!
//! The protocol is left to the `git` of the machine (`git upload-pack --stateless-rpc`, arguments
//! passed without a shell, configuration of the user not read). Only fetching is possible. Whoever
//! binds the router to a socket must choose the loopback address: there is no authentication.

mod command;
mod folder;
mod handler;
mod local;
mod mirror;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub use command::CommandError;
pub use folder::FolderMirror;
pub use handler::router;
pub use local::{
    LocalRepository, ObjectFormat, branches, export_head, open_local, remotes, uncommitted_changes,
};
pub use mirror::{CheckoutMirror, Content, FollowedBranches};
pub use watch::{POLL_INTERVAL, RefWatcher};

/// The served repositories: folders by the path under which they are asked for, without leading
/// slash and with its `.git`: `platform.git`, `org/platform.git`. Cheap to clone; shared.
#[derive(Clone, Debug, Default)]
pub struct ServedRepositories {
    folders: Arc<RwLock<BTreeMap<String, PathBuf>>>,
}

impl ServedRepositories {
    /// No repositories yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves a folder (a work tree or a bare repository) under a path; replaces an older one.
    pub fn insert(&self, path: &str, folder: PathBuf) {
        let path = path.trim_matches('/').to_owned();
        self.folders
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path, folder);
    }

    /// The folder of a path.
    pub fn folder(&self, path: &str) -> Option<PathBuf> {
        let folders = self.folders.read().unwrap_or_else(PoisonError::into_inner);
        folders.get(path.trim_matches('/')).cloned()
    }
}
