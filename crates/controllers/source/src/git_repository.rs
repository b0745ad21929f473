//! The GitRepository reconciler: runs the phases and writes status, at the start and at the end.

pub(crate) mod access;
mod act;
mod build;
mod decide;
mod failure;
#[cfg(test)]
mod fixture;
mod observe;
mod report;
mod signature;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use skein_api::names::FINALIZER;
use skein_api::{GitRepositoryStatus, Time};
use skein_artifact::Storage;
use skein_cluster::{ApiResource, Cache, Cluster};
use skein_object::{NamespacedName, Object};
use skein_runtime::{EventRecorder, Metrics, Next, Reconciler, StatusWriter, unreadable_status};

use crate::controller::{CONTROLLER_NAME, decode};
use crate::options::SourceOptions;
use decide::Decision;
use observe::Observed;
use report::Report;

/// Reconciles GitRepositories.
pub(crate) struct GitRepositoryReconciler {
    cluster: Cluster,
    cache: Arc<Cache<Object>>,
    storage: Arc<Storage>,
    events: EventRecorder,
    metrics: Metrics,
    writer: StatusWriter,
    options: SourceOptions,
}

impl Reconciler<NamespacedName> for GitRepositoryReconciler {
    fn controller(&self) -> &'static str {
        "gitrepository"
    }

    async fn reconcile(&self, key: NamespacedName) -> Next {
        let started = Instant::now();
        let next = self.reconcile_once(&key).await;
        let kind = "GitRepository";
        match next {
            Next::Gone => self.metrics.forget(kind, &key.namespace, &key.name),
            _ => self
                .metrics
                .observe_duration(kind, &key.namespace, &key.name, started.elapsed()),
        }
        next
    }
}

impl GitRepositoryReconciler {
    pub(crate) fn new(
        cluster: Cluster,
        resource: ApiResource,
        cache: Arc<Cache<Object>>,
        storage: Arc<Storage>,
        events: EventRecorder,
        metrics: Metrics,
        options: SourceOptions,
    ) -> Self {
        let writer = StatusWriter::new(cluster.clone(), resource, CONTROLLER_NAME);
        Self {
            cluster,
            cache,
            storage,
            events,
            metrics,
            writer,
            options,
        }
    }

    async fn reconcile_once(&self, key: &NamespacedName) -> Next {
        let Some(object) = self.cache.get(key) else {
            return Next::Gone;
        };
        if object.is_deleting() {
            return self.delete(&object).await;
        }
        let source = match decode(&object) {
            Ok(source) => source,
            Err(error) => {
                return self.unreadable(&object, &error.to_string()).await;
            }
        };
        let Some(object) = self.with_finalizer(key, object).await else {
            return Next::Backoff;
        };
        let observed = self.observe(object, source).await;
        let decision = decide::decide(&observed);
        let observed = match self.write_progress(key, observed, &decision).await {
            Ok(observed) => observed,
            Err(next) => return next,
        };
        let outcome = self.act(&observed, decision).await;
        let report = report::report(&observed, outcome, Time::new(Timestamp::now()));
        self.finish(key, &observed, report).await
    }

    async fn unreadable(&self, object: &Object, problem: &str) -> Next {
        tracing::warn!(problem, "a GitRepository cannot be read");
        let status = unreadable_status(object, problem, Timestamp::now());
        match self.writer.write(object, &status).await {
            Ok(written) => {
                self.cache.put_own_write(written);
                Next::Change
            }
            Err(error) => {
                tracing::warn!(%error, "cannot write the status");
                Next::Backoff
            }
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
        let storage = self.storage.clone();
        let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
        let removed = tokio::task::spawn_blocking(move || {
            storage.remove_object("GitRepository", &namespace, &name)
        })
        .await;
        let event = match removed {
            Ok(Ok(removed)) => report::deletion_event(object, removed),
            Ok(Err(error)) => {
                self.events
                    .record(report::deletion_failed(object, &error.to_string()));
                return Next::Backoff;
            }
            Err(_) => return Next::Backoff,
        };
        if let Some(event) = event {
            self.events.record(event);
        }
        match self.writer.remove_finalizer(object, FINALIZER).await {
            Ok(()) => Next::Gone,
            Err(error) => {
                tracing::warn!(name = object.name(), %error, "cannot remove the finalizer");
                Next::Backoff
            }
        }
    }

    /// Writes that work begins, when there is news to tell.
    async fn write_progress(
        &self,
        key: &NamespacedName,
        mut observed: Observed,
        decision: &Decision,
    ) -> Result<Observed, Next> {
        let now = Time::new(Timestamp::now());
        let Some(status) = report::progress(&observed, decision, now) else {
            return Ok(observed);
        };
        observed.object = self.write_status(key, &observed.object, &status).await?;
        Ok(observed)
    }

    async fn finish(&self, key: &NamespacedName, observed: &Observed, report: Report) -> Next {
        let written = self
            .write_status(key, &observed.object, &report.status)
            .await;
        for event in report.events {
            self.events.record(event);
        }
        match (written, report.next) {
            (Err(next), _) => next,
            (Ok(_), Next::After(interval)) => {
                let percentage = self.options.controller.interval_jitter_percentage;
                Next::After(skein_runtime::driver::jittered(interval, percentage))
            }
            (Ok(_), next) => next,
        }
    }

    async fn write_status(
        &self,
        key: &NamespacedName,
        object: &Arc<Object>,
        status: &GitRepositoryStatus,
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
