//! The store and its clusters: opening, reading, and writing with optimistic concurrency.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use skein_object::Object;
use thiserror::Error;

use crate::key::{Key, ResourceId};
use crate::sqlite::{Change, Sqlite, SqliteError};
use crate::state::{Snapshot, State};
use crate::stored::{Event, EventKind, Stored};
use crate::watch::{Scope, Watcher};

/// The largest encoded object that is stored, in bytes (etcd's limit for a request).
pub const MAX_OBJECT_BYTES: usize = 1_536 * 1_024;

/// Why a store could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The database could not be opened or read.
    #[error("cannot open the store {path}: {source}")]
    Database {
        /// The database file.
        path: String,
        /// What failed.
        source: SqliteError,
    },
}

/// Why a read cannot be served.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    /// The revision is older than the kept history.
    #[error("too old resource version: {requested} ({oldest})")]
    Expired {
        /// The revision asked for.
        requested: u64,
        /// The oldest revision that could be served.
        oldest: u64,
    },
    /// The revision has not been reached.
    #[error("too large resource version: {requested}, current: {current}")]
    Future {
        /// The revision asked for.
        requested: u64,
        /// The cluster's revision.
        current: u64,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a write was refused.
#[derive(Debug, Error)]
pub enum WriteError {
    /// An object of that key exists.
    #[error("{0} already exists")]
    Exists(Key),
    /// No object of that key exists.
    #[error("{0} not found")]
    NotFound(Key),
    /// The object has another revision than expected: read it again and retry.
    #[error("{0} has been changed by somebody else")]
    Conflict(Key),
    /// The object is larger than [`MAX_OBJECT_BYTES`].
    #[error("{key} has {size} bytes, more than the {MAX_OBJECT_BYTES} that can be stored")]
    TooLarge {
        /// The object.
        key: Key,
        /// Its encoded size in bytes.
        size: usize,
    },
    /// The object cannot be written as JSON.
    #[error("{key} cannot be encoded: {source}")]
    Encode {
        /// The object.
        key: Key,
        /// What failed.
        source: serde_json::Error,
    },
    /// The database refused; the change is visible in memory and lost at a restart.
    #[error("cannot make the change durable: {0}")]
    Database(String),
}

/// Objects of many clusters. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreInner>,
}

struct StoreInner {
    sqlite: Option<Sqlite>,
    clusters: Mutex<HashMap<String, Cluster>>,
}

impl Store {
    /// A store in memory; nothing survives it.
    pub fn memory() -> Self {
        let inner = StoreInner {
            sqlite: None,
            clusters: Mutex::new(HashMap::new()),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// A store in a SQLite file, which is made when absent; all objects are loaded.
    pub async fn sqlite(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Database {
            path: path.display().to_string(),
            source,
        };
        let (sqlite, loaded) = Sqlite::open(path).await.map_err(failed)?;
        let mut clusters = HashMap::new();
        for (name, state) in loaded {
            let cluster = Cluster::new(name.clone(), state, Some(sqlite.clone()));
            clusters.insert(name, cluster);
        }
        let inner = StoreInner {
            sqlite: Some(sqlite),
            clusters: Mutex::new(clusters),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The cluster of that name; an empty one is made when there is none.
    pub fn cluster(&self, name: &str) -> Cluster {
        let mut clusters = self.inner.clusters.lock();
        let sqlite = &self.inner.sqlite;
        clusters
            .entry(name.to_owned())
            .or_insert_with(|| Cluster::new(name.to_owned(), State::new(1), sqlite.clone()))
            .clone()
    }

    /// The names of the clusters, sorted.
    pub fn clusters(&self) -> Vec<String> {
        let mut names: Vec<String> = self.inner.clusters.lock().keys().cloned().collect();
        names.sort();
        names
    }

    /// Waits until everything written is durable, and closes the database.
    pub async fn close(&self) {
        if let Some(sqlite) = &self.inner.sqlite {
            sqlite.close().await;
        }
    }
}

/// The objects of one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<ClusterInner>,
}

struct ClusterInner {
    name: String,
    state: RwLock<State>,
    sqlite: Option<Sqlite>,
}

impl Cluster {
    fn new(name: String, state: State, sqlite: Option<Sqlite>) -> Self {
        Self {
            inner: Arc::new(ClusterInner {
                name,
                state: RwLock::new(state),
                sqlite,
            }),
        }
    }

    /// The cluster's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.inner.state.read().revision
    }

    /// The object of that key.
    pub fn get(&self, key: &Key) -> Option<Arc<Stored>> {
        self.inner.state.read().get(key).cloned()
    }

    /// The resources that have or had objects.
    pub fn resources(&self) -> Vec<ResourceId> {
        self.inner.state.read().resources.keys().cloned().collect()
    }

    /// How many objects a resource has.
    pub fn count(&self, resource: &ResourceId) -> usize {
        self.inner
            .state
            .read()
            .resources
            .get(resource)
            .map_or(0, |state| state.objects.len())
    }

    /// All objects of a resource now, in one namespace or all (`None`).
    pub fn list(&self, resource: &ResourceId, namespace: Option<&str>) -> Snapshot {
        let state = self.inner.state.read();
        Snapshot {
            revision: state.revision,
            items: state.list(resource, namespace, None),
        }
    }

    /// The objects as they were at a revision, after a path (see [`Key::path`]) when given.
    pub fn list_at(
        &self,
        resource: &ResourceId,
        namespace: Option<&str>,
        after: Option<&str>,
        revision: u64,
    ) -> Result<Snapshot, ReadError> {
        let state = self.inner.state.read();
        if revision > state.revision {
            return Err(ReadError::Future {
                requested: revision,
                current: state.revision,
            });
        }
        let items = if revision == state.revision {
            Some(state.list(resource, namespace, after))
        } else {
            state.list_at(resource, namespace, after, revision)
        };
        let oldest = state
            .resources
            .get(resource)
            .map_or(0, |r| r.history.floor());
        let items = items.ok_or(ReadError::Expired {
            requested: revision,
            oldest,
        })?;
        Ok(Snapshot { revision, items })
    }

    /// A list and a watcher that continues exactly where the list ends.
    pub fn list_and_watch(
        &self,
        resource: &ResourceId,
        namespace: Option<&str>,
    ) -> (Snapshot, Watcher) {
        let mut state = self.inner.state.write();
        let revision = state.revision;
        let changed = state.resource(resource).changed.subscribe();
        let items = state.list(resource, namespace, None);
        let scope = Scope::Resource(resource.clone(), namespace.map(str::to_owned));
        (
            Snapshot { revision, items },
            Watcher::new(self.clone(), scope, revision, changed),
        )
    }

    /// A watcher of the changes after a revision, which may lie in the future.
    pub fn watch(&self, scope: Scope, after: u64) -> Result<Watcher, ReadError> {
        let mut state = self.inner.state.write();
        let (changed, oldest) = match &scope {
            Scope::Cluster => (state.changed.subscribe(), state.history.floor()),
            Scope::Resource(id, _) => {
                let resource = state.resource(id);
                (resource.changed.subscribe(), resource.history.floor())
            }
        };
        if after < oldest {
            return Err(ReadError::Expired {
                requested: after,
                oldest,
            });
        }
        drop(state);
        Ok(Watcher::new(self.clone(), scope, after, changed))
    }

    pub(crate) fn events_since(
        &self,
        scope: &Scope,
        after: u64,
    ) -> Result<(Vec<Arc<Event>>, u64), ReadError> {
        let state = self.inner.state.read();
        let history = match scope {
            Scope::Cluster => Some(&state.history),
            Scope::Resource(id, _) => state.resources.get(id).map(|resource| &resource.history),
        };
        let Some(history) = history else {
            return Ok((Vec::new(), state.revision.max(after)));
        };
        let Some(events) = history.since(after) else {
            return Err(ReadError::Expired {
                requested: after,
                oldest: history.floor(),
            });
        };
        let namespace = match scope {
            Scope::Resource(_, Some(namespace)) => Some(namespace.as_str()),
            _ => None,
        };
        let wanted =
            |event: &&Arc<Event>| namespace.is_none_or(|name| event.object.key.namespace == name);
        let position = state.revision.max(after);
        Ok((events.filter(wanted).cloned().collect(), position))
    }

    /// Stores a new object; its `metadata.resourceVersion` is set to the new revision.
    pub async fn create(&self, key: Key, object: Object) -> Result<Arc<Stored>, WriteError> {
        self.write(key, object, EventKind::Added, None).await
    }

    /// Replaces an object that has the expected revision.
    pub async fn replace(
        &self,
        key: Key,
        expected: u64,
        object: Object,
    ) -> Result<Arc<Stored>, WriteError> {
        self.write(key, object, EventKind::Modified, Some(expected))
            .await
    }

    /// Removes an object that has the expected revision; returns its last state, with the revision
    /// of the removal.
    pub async fn remove(&self, key: Key, expected: u64) -> Result<Arc<Stored>, WriteError> {
        let Some(current) = self.get(&key) else {
            return Err(WriteError::NotFound(key));
        };
        self.write(
            key,
            current.object.clone(),
            EventKind::Deleted,
            Some(expected),
        )
        .await
    }

    async fn write(
        &self,
        key: Key,
        mut object: Object,
        kind: EventKind,
        expected: Option<u64>,
    ) -> Result<Arc<Stored>, WriteError> {
        let permit = match &self.inner.sqlite {
            Some(sqlite) => Some(sqlite.reserve().await.map_err(database)?),
            None => None,
        };
        let (stored, durable) = {
            let mut state = self.inner.state.write();
            check(&state, &key, expected)?;
            let revision = state.revision + 1;
            object.set(
                &["metadata", "resourceVersion"],
                revision.to_string().into(),
            );
            let stored = Arc::new(encode(key, revision, object)?);
            state.apply(kind, Arc::clone(&stored));
            let durable = permit.map(|permit| {
                permit.send(Change {
                    cluster: self.inner.name.clone(),
                    stored: Arc::clone(&stored),
                    removed: kind == EventKind::Deleted,
                })
            });
            (stored, durable)
        };
        if let Some(durable) = durable {
            durable.wait().await.map_err(database)?;
        }
        Ok(stored)
    }
}

fn database(error: SqliteError) -> WriteError {
    WriteError::Database(error.to_string())
}

fn check(state: &State, key: &Key, expected: Option<u64>) -> Result<(), WriteError> {
    match (state.get(key), expected) {
        (Some(_), None) => Err(WriteError::Exists(key.clone())),
        (None, Some(_)) => Err(WriteError::NotFound(key.clone())),
        (Some(current), Some(expected)) if current.revision != expected => {
            Err(WriteError::Conflict(key.clone()))
        }
        _ => Ok(()),
    }
}

fn encode(key: Key, revision: u64, object: Object) -> Result<Stored, WriteError> {
    match serde_json::to_vec(object.as_map()) {
        Err(source) => Err(WriteError::Encode { key, source }),
        Ok(json) if json.len() > MAX_OBJECT_BYTES => Err(WriteError::TooLarge {
            key,
            size: json.len(),
        }),
        Ok(json) => Ok(Stored {
            key,
            revision,
            object,
            json: Bytes::from(json),
        }),
    }
}
