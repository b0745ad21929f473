//! Release records in the cluster: read once in a run, kept in step with what is written, and remembered for the report.

use jiff::Timestamp;
use skein_cluster::{ApiError, ApiResource, Cluster, DeleteOptions, ListOptions};
use skein_helm::release::stored::{self, Driver, Write};
use skein_helm::release::{Release, history};
use skein_object::{GroupVersionKind, Object};
use thiserror::Error;

use crate::controller::FIELD_MANAGER;

/// Why records cannot be read or written. The texts are Helm's.
#[derive(Debug, Error)]
pub(crate) enum StorageError {
    /// The records of a release cannot be listed.
    #[error("query: failed to query with labels: {0}")]
    Query(ApiError),
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
    /// A record cannot be written as text.
    #[error("failed to encode release {name:?}: {source}")]
    Encode {
        /// Name of the release.
        name: String,
        /// Why.
        source: skein_helm::release::RecordError,
    },
}

/// The records of one release.
pub(crate) struct Storage {
    cluster: Cluster,
    namespace: String,
    resource: ApiResource,
    /// All revisions.
    pub(crate) records: Vec<Release>,
    /// Every state that was written since the last [`Storage::take_written`], in order.
    written: Vec<Release>,
    /// Object and resourceVersion of each revision, as last seen.
    pub(crate) versions: Vec<(String, String)>,
}

impl Storage {
    /// Reads all records of a release.
    pub(crate) async fn open(
        cluster: &Cluster,
        namespace: &str,
        release: &str,
    ) -> Result<Self, StorageError> {
        let driver = Driver::Secret;
        let gvk = GroupVersionKind::new("", "v1", driver.kind());
        let resource = ApiResource::new(&gvk, driver.plural(), true);
        let scope = ListOptions {
            namespace: namespace.to_owned(),
            label_selector: stored::selector(release),
            ..ListOptions::default()
        };
        let page = cluster.list(&resource, &scope).await;
        let page = page.map_err(StorageError::Query)?;
        let (mut records, mut versions) = (Vec::new(), Vec::new());
        for object in page.items {
            versions.push((
                object.name().to_owned(),
                object.resource_version().to_owned(),
            ));
            match stored::read(driver, &object.into_value()) {
                Ok(record) => records.push(record),
                // As Helm: what cannot be read is passed over.
                Err(error) => tracing::warn!(%error, "unreadable release record"),
            }
        }
        Ok(Self {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            resource,
            records,
            written: Vec::new(),
            versions,
        })
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
        let object = self.object(release, Write::Create)?;
        let created = self
            .cluster
            .create(&self.resource, &object, FIELD_MANAGER)
            .await;
        let created = created.map_err(|error| {
            if error.is_already_exists() {
                StorageError::Exists
            } else {
                StorageError::Create(error)
            }
        })?;
        self.note(release, &created);
        Ok(())
    }

    /// Stores a new state of a revision.
    pub(crate) async fn update(&mut self, release: &Release) -> Result<(), StorageError> {
        let object = self.object(release, Write::Update)?;
        let updated = self
            .cluster
            .replace(&self.resource, &object, FIELD_MANAGER)
            .await;
        self.note(release, &updated.map_err(StorageError::Update)?);
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
        self.cluster
            .delete(
                &self.resource,
                &self.namespace,
                &object,
                &DeleteOptions::default(),
            )
            .await
            .map_err(StorageError::Delete)?;
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

    fn object(&self, release: &Release, write: Write) -> Result<Object, StorageError> {
        let now = Timestamp::now().as_second();
        let value = stored::object(Driver::Secret, release, &self.namespace, write, now);
        let value = value.map_err(|source| StorageError::Encode {
            name: release.name.clone(),
            source,
        })?;
        Ok(Object::from_value(value).expect("a record's object has kind and name"))
    }

    fn note(&mut self, release: &Release, stored: &Object) {
        self.written.push(release.clone());
        let known = self
            .records
            .iter_mut()
            .find(|r| r.version == release.version);
        match known {
            Some(record) => record.clone_from(release),
            None => self.records.push(release.clone()),
        }
        let name = stored.name().to_owned();
        self.versions.retain(|(known, _)| *known != name);
        self.versions
            .push((name, stored.resource_version().to_owned()));
    }
}
