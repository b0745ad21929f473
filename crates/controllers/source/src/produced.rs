//! The run that all kinds of sources share: observe, decide, act, report.
//!
//! A kind says what it looks at, what is to be done and does it; finalizers, the storage, progress, conditions and events are
//! here once.

mod kind;
mod outcome;
mod report;
mod secrets;

pub(crate) use kind::{Rules, SourceKind, SourceStatus};
pub(crate) use outcome::{End, Failure, Found, Outcome, Stored, Then, Told, Verified};
pub(crate) use secrets::{Secret, SecretData, SecretReader};

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use skein_api::names::FINALIZER;
use skein_api::{KindSpec as _, Resource, Time};
use skein_artifact::{Collected, Storage};
use skein_cluster::{ApiResource, Cache, Cluster};
use skein_object::{NamespacedName, Object};
use skein_runtime::{
    Event, EventRecorder, Metrics, Next, Reconciler, StatusWriter, unreadable_status,
};

use crate::controller::CONTROLLER_NAME;
use crate::in_storage::{self, InStorage};
use crate::options::SourceOptions;
use report::Report;

/// Everything that was read for a run.
pub(crate) struct Observed<K: SourceKind> {
    /// The object as it was read or last written.
    pub object: Arc<Object>,
    /// The same, typed; its status is that of the beginning of the run.
    pub source: Resource<K::Spec>,
    /// What is stored.
    pub stored: InStorage,
    /// Address of the artifact as the storage is reached now; the status may hold an older one.
    pub artifact_url: Option<String>,
    /// Old artifacts that were deleted.
    pub collected: Collected,
    /// What the kind looks at.
    pub inputs: K::Inputs,
}

impl<K: SourceKind> Observed<K> {
    /// The artifact of the status, when its file is good.
    pub fn artifact(&self) -> Option<&skein_api::Artifact> {
        let artifact = self.source.status.artifact();
        artifact.filter(|_| self.stored == InStorage::Good)
    }
}

/// What the runs of a kind work with.
pub(crate) struct Surroundings {
    pub cluster: Cluster,
    pub storage: Arc<Storage>,
    pub events: EventRecorder,
    pub metrics: Metrics,
    pub options: SourceOptions,
}

/// Reconciles the objects of a kind.
pub(crate) struct Producer<K: SourceKind> {
    kind: K,
    surroundings: Arc<Surroundings>,
    cache: Arc<Cache<Object>>,
    writer: StatusWriter,
}

impl<K: SourceKind> Reconciler<NamespacedName> for Producer<K> {
    fn controller(&self) -> &'static str {
        K::CONTROLLER
    }

    async fn reconcile(&self, key: NamespacedName) -> Next {
        let started = Instant::now();
        let next = self.reconcile_once(&key).await;
        let kind = K::Spec::DEFINITION.kind;
        let metrics = &self.surroundings.metrics;
        match next {
            Next::Gone => metrics.forget(kind, &key.namespace, &key.name),
            _ => metrics.observe_duration(kind, &key.namespace, &key.name, started.elapsed()),
        }
        next
    }
}

impl<K: SourceKind> Producer<K> {
    pub(crate) fn new(
        kind: K,
        surroundings: Arc<Surroundings>,
        resource: ApiResource,
        cache: Arc<Cache<Object>>,
    ) -> Self {
        let writer = StatusWriter::new(surroundings.cluster.clone(), resource, CONTROLLER_NAME);
        Self {
            kind,
            surroundings,
            cache,
            writer,
        }
    }

    async fn reconcile_once(&self, key: &NamespacedName) -> Next {
        let Some(object) = self.cache.get(key) else {
            return Next::Gone;
        };
        if object.is_deleting() {
            return self.delete(&object).await;
        }
        let source = match Resource::<K::Spec>::from_object(&object) {
            Ok(source) => source,
            // The API server refuses such objects; one that slipped in must not stop others.
            Err(error) => return self.unreadable(key, &object, &error.to_string()).await,
        };
        if K::is_static(&source.spec) && K::is_suspended(&source.spec) {
            // It keeps what it has until somebody resumes it.
            return Next::Change;
        }
        if K::is_static(&source.spec) {
            return self.let_be(key, &object).await;
        }
        let Some(object) = self.with_finalizer(key, object).await else {
            return Next::Backoff;
        };
        let observed = self.observe(object, source).await;
        self.run(key, observed).await
    }

    async fn unreadable(&self, key: &NamespacedName, object: &Arc<Object>, problem: &str) -> Next {
        let kind = K::Spec::DEFINITION.kind;
        tracing::warn!(%key, problem, "a {kind} cannot be read");
        let status = unreadable_status(object, problem, Timestamp::now());
        match self.write_status(key, object, &status).await {
            Ok(_) => Next::Change,
            Err(next) => next,
        }
    }

    async fn run(&self, key: &NamespacedName, mut observed: Observed<K>) -> Next {
        let now = || Time::new(Timestamp::now());
        if K::is_suspended(&observed.source.spec) {
            let report = report::suspended(&observed, now());
            return self.finish(key, &observed, report).await;
        }
        let decision = self.kind.decide(&observed);
        if let Some(status) = report::progress(&observed, now()) {
            match self.write_status(key, &observed.object, &status).await {
                Ok(written) => observed.object = written,
                Err(next) => return next,
            }
        }
        let outcome = match decision {
            Ok(plan) => self.kind.act(&self.surroundings, &observed, plan).await,
            Err(failure) => Outcome::failed(failure),
        };
        let report = report::report(&observed, outcome, now());
        self.finish(key, &observed, report).await
    }

    async fn observe(&self, object: Arc<Object>, source: Resource<K::Spec>) -> Observed<K> {
        let suspended = K::is_suspended(&source.spec);
        let (stored, collected) = if suspended {
            (InStorage::None, Collected::default())
        } else {
            in_storage::check(
                self.surroundings.storage.clone(),
                source.status.artifact().cloned(),
            )
            .await
        };
        let url = |artifact: &skein_api::Artifact| self.surroundings.storage.url(&artifact.path);
        let artifact_url = source.status.artifact().map(url);
        let inputs = self.kind.observe(&self.surroundings, &source).await;
        Observed {
            object,
            source,
            stored,
            artifact_url,
            collected,
            inputs,
        }
    }

    /// The object with our finalizer on it; `None` when it cannot be written.
    async fn with_finalizer(
        &self,
        key: &NamespacedName,
        object: Arc<Object>,
    ) -> Option<Arc<Object>> {
        if object.finalizers().contains(&FINALIZER) {
            return Some(object);
        }
        match self.writer.add_finalizer(&object, FINALIZER).await {
            Ok(written) => {
                self.cache.put_own_write(written.clone());
                Some(Arc::new(written))
            }
            Err(error) => {
                tracing::warn!(%key, %error, "cannot add the finalizer");
                None
            }
        }
    }

    /// Deletes what is stored, then lets the object go.
    async fn delete(&self, object: &Object) -> Next {
        if !object.finalizers().contains(&FINALIZER) {
            return Next::Gone;
        }
        if self.delete_stored(object).await.is_err() {
            return Next::Backoff;
        }
        match self.writer.remove_finalizer(object, FINALIZER).await {
            Ok(()) => Next::Gone,
            Err(error) => {
                tracing::warn!(name = object.name(), %error, "cannot remove the finalizer");
                Next::Backoff
            }
        }
    }

    /// Nothing is done for the object: what an earlier life of it left behind goes.
    async fn let_be(&self, key: &NamespacedName, object: &Arc<Object>) -> Next {
        if object.finalizers().contains(&FINALIZER) {
            if self.delete_stored(object).await.is_err() {
                return Next::Backoff;
            }
            if let Err(error) = self.writer.remove_finalizer(object, FINALIZER).await {
                tracing::warn!(%key, %error, "cannot remove the finalizer");
                return Next::Backoff;
            }
        }
        let nothing = serde_json::Value::Object(serde_json::Map::new());
        match self.writer.write(object, &nothing).await {
            Ok(written) => {
                self.cache.put_own_write(written);
                Next::Change
            }
            Err(error) if error.is_not_found() => Next::Gone,
            Err(error) => {
                tracing::warn!(%key, %error, "status not cleared");
                Next::Backoff
            }
        }
    }

    async fn delete_stored(&self, object: &Object) -> Result<(), ()> {
        let storage = self.surroundings.storage.clone();
        let kind = K::Spec::DEFINITION.kind;
        let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
        let removed =
            tokio::task::spawn_blocking(move || storage.remove_object(kind, &namespace, &name))
                .await;
        let event: Option<Event> = match removed {
            Ok(Ok(removed)) => removed.then(|| report::deletion_event(object)),
            Ok(Err(error)) => {
                let event = report::deletion_failed(object, &error.to_string());
                self.surroundings.events.record(event);
                return Err(());
            }
            Err(_) => return Err(()),
        };
        event
            .into_iter()
            .for_each(|event| self.surroundings.events.record(event));
        Ok(())
    }

    async fn finish(
        &self,
        key: &NamespacedName,
        observed: &Observed<K>,
        report: Report<K>,
    ) -> Next {
        let written = self
            .write_status(key, &observed.object, &report.status)
            .await;
        for event in report.events {
            self.surroundings.events.record(event);
        }
        match (written, report.next) {
            (Err(next), _) => next,
            (Ok(_), Next::After(interval)) => {
                let percentage = self
                    .surroundings
                    .options
                    .controller
                    .interval_jitter_percentage;
                Next::After(skein_runtime::driver::jittered(interval, percentage))
            }
            (Ok(_), next) => next,
        }
    }

    async fn write_status(
        &self,
        key: &NamespacedName,
        object: &Arc<Object>,
        status: &impl serde::Serialize,
    ) -> Result<Arc<Object>, Next> {
        let value = serde_json::to_value(status).map_err(|error| {
            tracing::error!(%key, %error, "status cannot be encoded");
            Next::Backoff
        })?;
        match self.writer.write(object, &value).await {
            Ok(written) => {
                self.cache.put_own_write(written.clone());
                Ok(self.cache.get(key).unwrap_or_else(|| Arc::new(written)))
            }
            Err(error) if error.is_not_found() => Err(Next::Gone),
            Err(error) => {
                tracing::warn!(%key, %error, "status not written");
                Err(Next::Backoff)
            }
        }
    }
}
