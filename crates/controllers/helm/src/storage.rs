//! Release records: read once in a run, kept in step with what is written, and remembered for the report.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use skein_cluster::{ApiError, ApiResource, Cluster, DeleteOptions, ListOptions};
use skein_helm::release::memory::{Memory, MemoryError};
use skein_helm::release::stored::{self, Driver, Write};
use skein_helm::release::{Release, StorageDriver, history};
use skein_object::{GroupVersionKind, Object};
use thiserror::Error;

use crate::controller::FIELD_MANAGER;

/// Why records cannot be read or written. The texts are Helm's.
#[derive(Debug, Error)]
pub(crate) enum StorageError {
    /// The records of a release cannot be listed.
    #[error("query: failed to query with labels: {problem}", problem = query_problem(.release, .namespace, .source))]
    Query {
        /// Name of the release.
        release: String,
        /// Namespace of the records.
        namespace: String,
        /// Why.
        source: ApiError,
    },
    /// A new record cannot be stored.
    #[error("create: failed to create: {0}")]
    Create(ApiError),
    /// The revision is there already.
    #[error("release: already exists")]
    Exists,
    /// A record cannot be changed.
    #[error("update: failed to update: {0}")]
    Update(ApiError),
    /// A record cannot be deleted.
    #[error("{0}")]
    Delete(ApiError),
    /// Records in memory.
    #[error("{0}")]
    Memory(MemoryError),
    /// A record cannot be written as text.
    #[error("failed to encode release {name:?}: {source}")]
    Encode {
        /// Name of the release.
        name: String,
        /// Why.
        source: skein_helm::release::RecordError,
    },
}

/// A request without an answer is told with its address, as Kubernetes' own client does.
fn query_problem(release: &str, namespace: &str, error: &ApiError) -> String {
    match error {
        ApiError::Transport { server, problem } if problem.starts_with("dial tcp ") => format!(
            "Get \"{server}/api/v1/namespaces/{namespace}/secrets?labelSelector=name%3D{release}%2Cowner%3Dhelm\": {problem}"
        ),
        error => error.to_string(),
    }
}

/// Which driver holds the records of all releases.
#[derive(Clone, Debug)]
pub(crate) enum Keeper {
    /// Objects of the cluster that a release is in.
    Objects(Driver),
    /// This process.
    Memory(Arc<Mutex<Memory>>),
}

impl Keeper {
    /// The keeper of a driver; in memory there is nothing yet.
    pub(crate) fn new(driver: StorageDriver) -> Self {
        match driver.objects() {
            Some(objects) => Self::Objects(objects),
            None => Self::Memory(Arc::default()),
        }
    }

    /// What serves the objects, where records are objects.
    pub(crate) fn resource(&self) -> Option<ApiResource> {
        match self {
            Self::Objects(driver) => Some(resource_of(*driver)),
            Self::Memory(_) => None,
        }
    }
}

fn resource_of(driver: Driver) -> ApiResource {
    let gvk = GroupVersionKind::new("", "v1", driver.kind());
    ApiResource::new(&gvk, driver.plural(), true)
}

/// Where the records of one release are.
enum Place {
    Objects {
        cluster: Cluster,
        driver: Driver,
        resource: ApiResource,
    },
    Memory(Arc<Mutex<Memory>>),
}

/// The records of one release.
pub(crate) struct Storage {
    place: Place,
    namespace: String,
    /// All revisions.
    pub(crate) records: Vec<Release>,
    /// Every state that was written since the last [`Storage::take_written`], in order.
    written: Vec<Release>,
    /// Object and version of each revision, as last seen.
    pub(crate) versions: Vec<(String, String)>,
}

impl Storage {
    /// Reads all records of a release.
    pub(crate) async fn open(
        keeper: &Keeper,
        cluster: &Cluster,
        namespace: &str,
        release: &str,
    ) -> Result<Self, StorageError> {
        let place = match keeper {
            Keeper::Objects(driver) => Place::Objects {
                cluster: cluster.clone(),
                driver: *driver,
                resource: resource_of(*driver),
            },
            Keeper::Memory(memory) => Place::Memory(Arc::clone(memory)),
        };
        let mut storage = Self {
            place,
            namespace: namespace.to_owned(),
            records: Vec::new(),
            written: Vec::new(),
            versions: Vec::new(),
        };
        storage.read(release).await?;
        Ok(storage)
    }

    async fn read(&mut self, release: &str) -> Result<(), StorageError> {
        let found: Vec<_> = match &self.place {
            Place::Memory(memory) => {
                let found = memory.lock().query(&self.namespace, release);
                let found = found.into_iter();
                found
                    .map(|f| (f.name, f.stamp, f.release.map_err(|e| e.to_string())))
                    .collect()
            }
            Place::Objects {
                cluster,
                driver,
                resource,
            } => {
                let scope = ListOptions {
                    namespace: self.namespace.clone(),
                    label_selector: stored::selector(release),
                    ..ListOptions::default()
                };
                let page = cluster.list(resource, &scope).await;
                let page = page.map_err(|source| StorageError::Query {
                    release: release.to_owned(),
                    namespace: self.namespace.clone(),
                    source,
                })?;
                let objects = page.items.into_iter();
                objects
                    .map(|object| {
                        let name = object.name().to_owned();
                        let version = object.resource_version().to_owned();
                        let record = stored::read(*driver, &object.into_value());
                        (name, version, record.map_err(|error| error.to_string()))
                    })
                    .collect()
            }
        };
        for (name, version, record) in found {
            self.versions.push((name, version));
            match record {
                Ok(record) => self.records.push(record),
                // As Helm: what cannot be read is passed over.
                Err(error) => tracing::warn!(%error, "unreadable release record"),
            }
        }
        Ok(())
    }

    /// The newest revision.
    pub(crate) fn last(&self) -> Option<&Release> {
        history::last(&self.records)
    }

    /// Stores a new revision, after making room for it.
    pub(crate) async fn create(
        &mut self,
        release: &Release,
        max_history: i64,
    ) -> Result<(), StorageError> {
        for version in history::surplus(&self.records, max_history) {
            self.delete(&release.name, version).await?;
        }
        let version = match &self.place {
            Place::Memory(memory) => {
                let created = memory.lock().create(&self.namespace, release);
                created.map_err(StorageError::Memory)?
            }
            Place::Objects {
                cluster,
                driver,
                resource,
            } => {
                let object = self.object(*driver, release, Write::Create)?;
                let created = cluster.create(resource, &object, FIELD_MANAGER).await;
                let created = created.map_err(|error| {
                    if error.is_already_exists() {
                        StorageError::Exists
                    } else {
                        StorageError::Create(error)
                    }
                })?;
                created.resource_version().to_owned()
            }
        };
        self.note(release, version);
        Ok(())
    }

    /// Stores a new state of a revision.
    pub(crate) async fn update(&mut self, release: &Release) -> Result<(), StorageError> {
        let version = match &self.place {
            Place::Memory(memory) => {
                let updated = memory.lock().update(&self.namespace, release);
                updated.map_err(StorageError::Memory)?
            }
            Place::Objects {
                cluster,
                driver,
                resource,
            } => {
                let object = self.object(*driver, release, Write::Update)?;
                let updated = cluster.replace(resource, &object, FIELD_MANAGER).await;
                let updated = updated.map_err(StorageError::Update)?;
                updated.resource_version().to_owned()
            }
        };
        self.note(release, version);
        Ok(())
    }

    /// Stores a new state where a failure to do so must not hide what happened before.
    pub(crate) async fn try_update(&mut self, release: &Release) {
        if let Err(error) = self.update(release).await {
            tracing::warn!(release = %release.name, revision = release.version, %error, "failed to update release");
        }
    }

    /// Deletes a revision.
    pub(crate) async fn delete(&mut self, name: &str, version: i64) -> Result<(), StorageError> {
        let object = stored::object_name(name, version);
        match &self.place {
            Place::Memory(memory) => {
                memory.lock().delete(&self.namespace, name, version);
            }
            Place::Objects {
                cluster, resource, ..
            } => {
                let options = DeleteOptions::default();
                cluster
                    .delete(resource, &self.namespace, &object, &options)
                    .await
                    .map_err(StorageError::Delete)?;
            }
        }
        self.versions.retain(|(known, _)| *known != object);
        if let Some(at) = self.records.iter().position(|r| r.version == version) {
            let gone = self.records.remove(at);
            self.written.push(gone);
        }
        Ok(())
    }

    /// What was written since the last call.
    pub(crate) fn take_written(&mut self) -> Vec<Release> {
        std::mem::take(&mut self.written)
    }

    fn object(
        &self,
        driver: Driver,
        release: &Release,
        write: Write,
    ) -> Result<Object, StorageError> {
        let now = Timestamp::now().as_second();
        let value = stored::object(driver, release, &self.namespace, write, now);
        let value = value.map_err(|source| StorageError::Encode {
            name: release.name.clone(),
            source,
        })?;
        Ok(Object::from_value(value).expect("a record's object has kind and name"))
    }

    fn note(&mut self, release: &Release, version: String) {
        self.written.push(release.clone());
        let known = self
            .records
            .iter_mut()
            .find(|r| r.version == release.version);
        match known {
            Some(record) => record.clone_from(release),
            None => self.records.push(release.clone()),
        }
        let name = stored::object_name(&release.name, release.version);
        self.versions.retain(|(known, _)| *known != name);
        self.versions.push((name, version));
    }
}
