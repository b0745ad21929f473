//! The folder of stored artifacts: layout, atomic writes, locks, verification, garbage collection.
//!
//! Layout: `<root>/<kind>/<namespace>/<name>/<file>`, folders 0700, files 0600, and beside each
//! file an empty `<file>.lock` (0644). All functions block: call them off the async workers.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256, Sha384, Sha512};
use skein_api::{Artifact, Time};
use thiserror::Error;

use crate::archive::{ArchiveError, ArchiveSummary, write_archive};
use crate::confine::{self, ConfineError};
use crate::ignore_rules::IgnoreRules;
use crate::tree::Tree;

/// Most artifacts that a garbage collection looks at in one folder.
pub const MAX_COLLECTED_FILES: usize = 1000;
/// How long a garbage collection may take; what is left then goes the next time.
pub const COLLECTION_BUDGET: Duration = Duration::from_secs(5);
/// Default age from which replaced artifacts are deleted.
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(60);
/// Default number of artifacts kept per object.
pub const DEFAULT_RETENTION_RECORDS: usize = 2;
const LOCK_SUFFIX: &str = ".lock";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const LOCK_MODE: u32 = 0o644;

/// Why a storage operation failed.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The path leaves the storage.
    #[error(transparent)]
    Path(#[from] ConfineError),
    /// A folder could not be made.
    #[error("cannot create the artifact folder {path}: {source}")]
    Folder {
        /// Path relative to the storage.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The lock could not be taken.
    #[error("cannot lock the artifact {path}: {source}")]
    Lock {
        /// Path relative to the storage.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write the artifact {path}: {source}")]
    Write {
        /// Path relative to the storage.
        path: String,
        /// What went wrong.
        source: ArchiveError,
    },
    /// The file could not be read.
    #[error("cannot read the artifact {path}: {source}")]
    Read {
        /// Path relative to the storage.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be deleted.
    #[error("cannot delete {path}: {source}")]
    Delete {
        /// Path relative to the storage.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The stored bytes do not have the digest.
    #[error("computed digest doesn't match '{expected}'")]
    Digest {
        /// The digest that was expected.
        expected: String,
    },
}

/// Which artifact of which object: the parts of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactLocation {
    /// Lower-case kind.
    pub kind: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// File name.
    pub file: String,
}

impl ArtifactLocation {
    /// Path relative to the storage.
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder(), self.file)
    }

    /// The object's folder, relative to the storage.
    pub fn folder(&self) -> String {
        format!(
            "{}/{}/{}",
            self.kind.to_lowercase(),
            self.namespace,
            self.name
        )
    }
}

/// Algorithms of digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// The name before the colon of a digest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm of a digest, or of a name.
    pub fn of(digest: &str) -> Option<Self> {
        let name = digest.split_once(':').map_or(digest, |(name, _)| name);
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// How a storage is set up.
#[derive(Clone, Debug)]
pub struct StorageOptions {
    /// Root folder; made when missing.
    pub root: PathBuf,
    /// Host, with port unless 80, under which consumers reach the file server.
    pub host: String,
    /// Age from which replaced artifacts are deleted.
    pub retention: Duration,
    /// Number of artifacts kept per object.
    pub retention_records: usize,
    /// Algorithm of the digests of new artifacts.
    pub digest: DigestAlgorithm,
}

/// What a garbage collection deleted, relative to the storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Deleted artifacts, without their lock files.
    pub files: Vec<String>,
}

/// The folder of stored artifacts.
#[derive(Clone, Debug)]
pub struct Storage {
    options: StorageOptions,
}

impl Storage {
    /// Opens the storage; the root folder is made when missing.
    pub fn open(options: StorageOptions) -> Result<Self, StorageError> {
        make_folder(&options.root).map_err(|source| StorageError::Folder {
            path: options.root.display().to_string(),
            source,
        })?;
        Ok(Self { options })
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        &self.options.root
    }

    /// The address of a stored path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.options.host)
    }

    /// The stored path of one of this storage's addresses.
    pub fn path_of_url<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix("http://")?
            .strip_prefix(self.options.host.as_str())?
            .strip_prefix('/')
    }

    /// Packs a tree and stores it.
    pub fn store_tree(
        &self,
        location: &ArtifactLocation,
        revision: &str,
        tree: &Tree,
        rules: &IgnoreRules,
        now: Time,
    ) -> Result<Artifact, StorageError> {
        self.store(location, revision, now, |file| {
            write_archive(tree, rules, file)
        })
    }

    /// Stores bytes as they are.
    pub fn store_bytes(
        &self,
        location: &ArtifactLocation,
        revision: &str,
        bytes: &[u8],
        now: Time,
    ) -> Result<Artifact, StorageError> {
        self.store(location, revision, now, |mut file| {
            file.write_all(bytes)?;
            let sha256 = hex::encode(Sha256::digest(bytes));
            Ok(ArchiveSummary {
                sha256,
                size: bytes.len() as u64,
            })
        })
    }

    fn store(
        &self,
        location: &ArtifactLocation,
        revision: &str,
        now: Time,
        write: impl FnOnce(std::io::BufWriter<&File>) -> Result<ArchiveSummary, ArchiveError>,
    ) -> Result<Artifact, StorageError> {
        let path = location.path();
        let folder = confine::join_existing(&self.options.root, &location.folder())?;
        let full = confine::join_existing(&self.options.root, &path)?;
        make_folder(&folder).map_err(|source| StorageError::Folder {
            path: location.folder(),
            source,
        })?;
        let _lock = lock(&full).map_err(|source| StorageError::Lock {
            path: path.clone(),
            source,
        })?;
        let failed = |source| StorageError::Write {
            path: path.clone(),
            source,
        };
        let temporary = tempfile::Builder::new()
            .prefix(&format!("{}.tmp", location.file))
            .permissions(fs::Permissions::from_mode(FILE_MODE))
            .tempfile_in(&folder)
            .map_err(|error| failed(error.into()))?;
        let summary = write(std::io::BufWriter::new(temporary.as_file())).map_err(failed)?;
        let digest = match self.options.digest {
            DigestAlgorithm::Sha256 => format!("sha256:{}", summary.sha256),
            other => File::open(temporary.path())
                .and_then(|mut file| sum(other, &mut file))
                .map_err(|error| failed(error.into()))?,
        };
        temporary
            .persist(&full)
            .map_err(|error| failed(error.error.into()))?;
        Ok(Artifact {
            digest,
            last_update_time: now,
            url: self.url(&path),
            path,
            revision: revision.to_owned(),
            size: i64::try_from(summary.size).ok(),
            metadata: BTreeMap::new(),
        })
    }

    /// Makes `name`, beside the artifact, a link to it; gives the address of the link.
    pub fn link(&self, artifact: &Artifact, name: &str) -> Result<String, StorageError> {
        let target = confine::join_existing(&self.options.root, &artifact.path)?;
        let folder = artifact
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        let path = format!("{folder}/{name}");
        let link = confine::join_existing(&self.options.root, folder)?.join(name);
        let failed = |source: std::io::Error| StorageError::Write {
            path: path.clone(),
            source: source.into(),
        };
        // A link cannot be replaced in place: the new one is made beside it and moved over it.
        let temporary = link.with_file_name(format!("{name}.tmp"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
        std::os::unix::fs::symlink(&target, &temporary).map_err(failed)?;
        fs::rename(&temporary, &link).map_err(failed)?;
        Ok(self.url(&path))
    }

    /// Whether the stored file is there.
    pub fn contains(&self, artifact: &Artifact) -> bool {
        confine::join_existing(&self.options.root, &artifact.path).is_ok_and(|path| path.is_file())
    }

    /// Reads a stored file, at most `limit` bytes.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, StorageError> {
        let full = confine::join_existing(&self.options.root, path)?;
        let failed = |source| StorageError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(full).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > limit {
            return Err(failed(std::io::Error::other(format!(
                "more than {limit} bytes"
            ))));
        }
        Ok(bytes)
    }

    /// Checks that the stored bytes have the artifact's digest.
    pub fn verify(&self, artifact: &Artifact) -> Result<(), StorageError> {
        let full = confine::join_existing(&self.options.root, &artifact.path)?;
        let failed = |source| StorageError::Read {
            path: artifact.path.clone(),
            source,
        };
        let mut file = File::open(full).map_err(failed)?;
        let sum = digest_of(&artifact.digest, &mut file).map_err(failed)?;
        if sum.as_deref() == Some(artifact.digest.as_str()) {
            Ok(())
        } else {
            Err(StorageError::Digest {
                expected: artifact.digest.clone(),
            })
        }
    }

    /// Deletes one stored file and its lock.
    pub fn remove(&self, artifact: &Artifact) -> Result<(), StorageError> {
        let full = confine::join_existing(&self.options.root, &artifact.path)?;
        fs::remove_file(&full).map_err(|source| StorageError::Delete {
            path: artifact.path.clone(),
            source,
        })
    }

    /// Deletes everything stored for an object; answers whether there was something.
    pub fn remove_object(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<bool, StorageError> {
        let path = format!("{}/{namespace}/{name}", kind.to_lowercase());
        let full = confine::join_existing(&self.options.root, &path)?;
        match fs::remove_dir_all(full) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StorageError::Delete { path, source }),
        }
    }

    /// Deletes replaced artifacts of an object: those older than the retention, then the oldest
    /// until the number of records is held. The current one always stays. Stops when the budget is spent.
    pub fn collect_garbage(
        &self,
        current: &Artifact,
        now: SystemTime,
        budget: Duration,
    ) -> Result<Collected, StorageError> {
        let started = Instant::now();
        let full = confine::join_existing(&self.options.root, &current.path)?;
        let Some((folder, current_name)) = current.path.rsplit_once('/') else {
            return Ok(Collected::default());
        };
        let Some(folder_path) = full.parent() else {
            return Ok(Collected::default());
        };
        let candidates = match replaced_files(folder_path, current_name) {
            Ok(candidates) => candidates,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => {
                return Err(StorageError::Read {
                    path: folder.to_owned(),
                    source,
                });
            }
        };
        let expired = |time: &SystemTime| {
            now.duration_since(*time)
                .is_ok_and(|age| age > self.options.retention)
        };
        // The current artifact is one of the records.
        let spare = self.options.retention_records.saturating_sub(1);
        let over = candidates.len().saturating_sub(spare);
        let mut collected = Collected::default();
        for (index, (time, name)) in candidates.iter().enumerate() {
            if started.elapsed() >= budget {
                break;
            }
            if index < over || expired(time) {
                let path = format!("{folder}/{name}");
                delete_with_lock(&folder_path.join(name)).map_err(|source| {
                    StorageError::Delete {
                        path: path.clone(),
                        source,
                    }
                })?;
                collected.files.push(path);
            }
        }
        Ok(collected)
    }
}

/// The digest of what the reader gives, by the algorithm of another digest.
pub(crate) fn digest_of(
    like: &str,
    reader: &mut impl Read,
) -> Result<Option<String>, std::io::Error> {
    match DigestAlgorithm::of(like) {
        Some(algorithm) => sum(algorithm, reader).map(Some),
        None => Ok(None),
    }
}

fn sum(algorithm: DigestAlgorithm, reader: &mut impl Read) -> Result<String, std::io::Error> {
    let hex = match algorithm {
        DigestAlgorithm::Sha256 => hash::<Sha256>(reader)?,
        DigestAlgorithm::Sha384 => hash::<Sha384>(reader)?,
        DigestAlgorithm::Sha512 => hash::<Sha512>(reader)?,
    };
    Ok(format!("{}:{hex}", algorithm.name()))
}

fn hash<D: Digest>(reader: &mut impl Read) -> Result<String, std::io::Error> {
    let mut hash = D::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

fn make_folder(path: &Path) -> Result<(), std::io::Error> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
}

/// Holds `<file>.lock` until dropped.
fn lock(file: &Path) -> Result<File, std::io::Error> {
    let mut name = file.as_os_str().to_owned();
    name.push(LOCK_SUFFIX);
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(LOCK_MODE)
        .open(PathBuf::from(name))?;
    lock.lock()?;
    Ok(lock)
}

/// Regular files of a folder but the current one and locks, oldest first; of very many only some.
fn replaced_files(
    folder: &Path,
    current: &str,
) -> Result<Vec<(SystemTime, String)>, std::io::Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == current || name.ends_with(LOCK_SUFFIX) || !entry.file_type()?.is_file() {
            continue;
        }
        files.push((entry.metadata()?.modified()?, name));
        // The current one counts too.
        if files.len() + 1 >= MAX_COLLECTED_FILES {
            break;
        }
    }
    files.sort();
    Ok(files)
}

fn delete_with_lock(file: &Path) -> Result<(), std::io::Error> {
    fs::remove_file(file)?;
    let mut name = file.as_os_str().to_owned();
    name.push(LOCK_SUFFIX);
    match fs::remove_file(PathBuf::from(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
