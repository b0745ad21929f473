//! The files of a state folder: tokens, ports and keys of each cluster, readable by their owner only.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::signing::SigningKey;

/// Why the state folder cannot be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// A file or folder cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// The file of the clusters cannot be understood.
    #[error("cannot read {path}: {reason}; remove it to make new tokens")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What is kept of a cluster besides its objects.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClusterState {
    /// The administrator's token.
    pub(crate) token: String,
    /// The key that ServiceAccount tokens are signed with; folders of older versions have none yet.
    #[serde(default = "SigningKey::make")]
    pub(crate) signing_key: String,
    /// The port of the last run.
    pub(crate) port: u16,
}

impl ClusterState {
    pub(crate) fn make() -> Self {
        Self {
            token: random_hex(),
            signing_key: SigningKey::make(),
            port: 0,
        }
    }
}

/// 32 random bytes in hexadecimal digits.
fn random_hex() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) type Clusters = BTreeMap<String, ClusterState>;

fn file(folder: &Path) -> PathBuf {
    folder.join("clusters.json")
}

/// Reads what is known of the clusters; nothing when the folder is new.
pub(crate) fn load(folder: &Path) -> Result<Clusters, StateError> {
    let path = file(folder);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Clusters::new()),
        Err(error) => {
            return Err(StateError::Read {
                path,
                reason: error.to_string(),
            });
        }
    };
    serde_json::from_slice(&text).map_err(|error| StateError::Read {
        path,
        reason: error.to_string(),
    })
}

/// Writes what is known of the clusters.
pub(crate) fn save(folder: &Path, clusters: &Clusters) -> Result<(), StateError> {
    let path = file(folder);
    let text = serde_json::to_vec_pretty(clusters).map_err(|error| StateError::Read {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    write_private(&path, &text)
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), StateError> {
    let failed = |source| StateError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(failed)?;
    }
    let temporary = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
