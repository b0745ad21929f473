//! Helm's `memory` driver: records that live as long as whoever holds them.

use std::collections::BTreeMap;

use thiserror::Error;

use super::stored::object_name;
use super::{RecordError, Release, encode};

/// Most bytes of encoded records that are held.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Why a record is not taken. The first two texts are Helm's.
#[derive(Debug, Error)]
pub enum MemoryError {
    /// The revision is there already.
    #[error("release: already exists")]
    Exists,
    /// There is no such revision.
    #[error("release: not found")]
    NotFound,
    /// There is no room.
    #[error(
        "the memory driver holds {MAX_BYTES} bytes of records already; use the driver secret or configmap"
    )]
    Full,
    /// The record cannot be written as text.
    #[error("encoding the release: {0}")]
    Encode(RecordError),
}

/// One revision as it is held.
#[derive(Clone, Debug)]
struct Held {
    /// The count of writes when it was written.
    stamp: u64,
    /// The record as text: a record of a large chart takes a tenth of its size so.
    text: String,
    labels: BTreeMap<String, String>,
}

/// A revision that was found.
#[derive(Debug)]
pub struct Found {
    /// The name that an object with it would have.
    pub name: String,
    /// Changes with every write.
    pub stamp: String,
    /// The record; an error cannot come of a record that was written here.
    pub release: Result<Release, RecordError>,
}

type Revisions = BTreeMap<i64, Held>;

/// The records of many releases, by storage namespace and name.
#[derive(Debug, Default)]
pub struct Memory {
    releases: BTreeMap<(String, String), Revisions>,
    writes: u64,
    bytes: usize,
}

impl Memory {
    /// Takes a new revision and returns its stamp.
    pub fn create(&mut self, namespace: &str, release: &Release) -> Result<String, MemoryError> {
        if self
            .held(namespace, &release.name, release.version)
            .is_some()
        {
            return Err(MemoryError::Exists);
        }
        self.put(namespace, release)
    }

    /// Takes a new state of a revision and returns its stamp.
    pub fn update(&mut self, namespace: &str, release: &Release) -> Result<String, MemoryError> {
        if self
            .held(namespace, &release.name, release.version)
            .is_none()
        {
            return Err(MemoryError::NotFound);
        }
        self.put(namespace, release)
    }

    /// Deletes a revision. Whether it was there.
    pub fn delete(&mut self, namespace: &str, name: &str, version: i64) -> bool {
        let key = (namespace.to_owned(), name.to_owned());
        let Some(revisions) = self.releases.get_mut(&key) else {
            return false;
        };
        let gone = revisions.remove(&version);
        if revisions.is_empty() {
            self.releases.remove(&key);
        }
        self.bytes -= gone.as_ref().map_or(0, |gone| gone.text.len());
        gone.is_some()
    }

    /// All revisions of a release, oldest first.
    pub fn query(&self, namespace: &str, name: &str) -> Vec<Found> {
        let key = (namespace.to_owned(), name.to_owned());
        let revisions = self.releases.get(&key).into_iter().flatten();
        revisions
            .map(|(version, held)| Found {
                name: object_name(name, *version),
                stamp: held.stamp.to_string(),
                release: super::decode(&held.text).map(|mut release| {
                    release.labels.clone_from(&held.labels);
                    release
                }),
            })
            .collect()
    }

    /// The stamp of the revision that an object of this name would hold.
    pub fn stamp(&self, namespace: &str, object: &str) -> Option<String> {
        let rest = object.strip_prefix("sh.helm.release.v1.")?;
        let (name, version) = rest.rsplit_once(".v")?;
        let held = self.held(namespace, name, version.parse().ok()?)?;
        Some(held.stamp.to_string())
    }

    fn held(&self, namespace: &str, name: &str, version: i64) -> Option<&Held> {
        let key = (namespace.to_owned(), name.to_owned());
        self.releases.get(&key)?.get(&version)
    }

    fn put(&mut self, namespace: &str, release: &Release) -> Result<String, MemoryError> {
        let text = encode(release).map_err(MemoryError::Encode)?;
        let before = self.held(namespace, &release.name, release.version);
        let rest = self.bytes - before.map_or(0, |held| held.text.len());
        if rest.saturating_add(text.len()) > MAX_BYTES {
            return Err(MemoryError::Full);
        }
        self.bytes = rest + text.len();
        self.writes += 1;
        let held = Held {
            stamp: self.writes,
            text,
            labels: super::stored::custom_labels(&release.labels),
        };
        let key = (namespace.to_owned(), release.name.clone());
        self.releases
            .entry(key)
            .or_default()
            .insert(release.version, held);
        Ok(self.writes.to_string())
    }
}
