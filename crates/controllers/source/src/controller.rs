//! Wires the reconciler to a cluster: watch, queue, workers.

use std::sync::Arc;

use skein_api::names::RECONCILE_REQUEST_ANNOTATION;
use skein_api::{GitRepository, KindSpec};
use skein_artifact::Storage;
use skein_cluster::{ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_runtime::{EventRecorder, Metrics, Queue, run};
use tokio::sync::watch;

use crate::git_repository::GitRepositoryReconciler;
use crate::options::SourceOptions;

/// Name of the controller: field manager, source of events.
pub const CONTROLLER_NAME: &str = "source-controller";

/// The running source controller. Watching begins with [`SourceController::start`], work with
/// [`SourceController::run`].
pub struct SourceController {
    queue: Queue<NamespacedName>,
    cache: Arc<Cache<Object>>,
    reconciler: Arc<GitRepositoryReconciler>,
    workers: usize,
    metrics: Metrics,
}

/// How GitRepository is served.
fn resource() -> ApiResource {
    let definition = <skein_api::GitRepositorySpec as KindSpec>::DEFINITION;
    let gvk = GroupVersionKind::new(
        definition.group,
        definition.storage_version(),
        definition.kind,
    );
    ApiResource::new(&gvk, definition.plural, true)
}

impl SourceController {
    /// Begins to watch GitRepositories. Must be called in a runtime.
    pub fn start(
        cluster: Cluster,
        options: SourceOptions,
        storage: Arc<Storage>,
        events: EventRecorder,
        metrics: Metrics,
    ) -> Self {
        let queue = Queue::new(options.controller.backoff());
        let spec = WatchSpec {
            resource: resource(),
            scope: ListOptions {
                namespace: options.controller.watched_namespace().to_owned(),
                label_selector: options.controller.watch_label_selector.clone(),
                ..ListOptions::default()
            },
        };
        let woken = queue.clone();
        let on_change = move |change: Change<'_, Object>| {
            if asks_for_work(&change) {
                woken.add(change.name.clone());
            }
        };
        let cache = Cache::start(cluster.clone(), spec, |object| object, on_change);
        let workers = options.controller.concurrent;
        let reconciler = GitRepositoryReconciler::new(
            cluster,
            resource(),
            cache.clone(),
            storage,
            events,
            metrics.clone(),
            options,
        );
        Self {
            queue,
            cache,
            reconciler: Arc::new(reconciler),
            workers,
            metrics,
        }
    }

    /// Works until `stop` becomes true.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        let (reconciler, queue) = (self.reconciler.clone(), self.queue.clone());
        run(reconciler, queue, self.workers, self.metrics.clone(), stop).await;
    }

    /// A handle that wakes objects, independent of the lifetime of `run`.
    pub fn waker(&self) -> Waker {
        Waker {
            queue: self.queue.clone(),
            cache: Arc::downgrade(&self.cache),
        }
    }

    /// Whether the first list of objects has arrived.
    pub fn is_synced(&self) -> bool {
        self.cache.is_synced()
    }
}

/// Wakes GitRepositories at once, for example when a local repository has a new commit.
#[derive(Clone)]
pub struct Waker {
    queue: Queue<NamespacedName>,
    cache: std::sync::Weak<Cache<Object>>,
}

impl Waker {
    /// Wakes one object.
    pub fn wake(&self, name: &NamespacedName) {
        self.queue.add(name.clone());
    }

    /// Wakes the objects whose address the predicate wants; answers how many.
    pub fn wake_by_url(&self, wanted: impl Fn(&str) -> bool) -> usize {
        let Some(cache) = self.cache.upgrade() else {
            return 0;
        };
        let names: Vec<NamespacedName> = cache
            .list()
            .into_iter()
            .filter(|(_, object)| object.str_at(&["spec", "url"]).is_some_and(&wanted))
            .map(|(name, _)| name)
            .collect();
        names.iter().for_each(|name| self.queue.add(name.clone()));
        names.len()
    }
}

/// A new object, a new generation, a new request or a deletion; not a change of status.
fn asks_for_work(change: &Change<'_, Object>) -> bool {
    let Some(after) = change.after else {
        return true;
    };
    let Some(before) = change.before else {
        return true;
    };
    let request = |object: &Object| {
        object
            .annotation(RECONCILE_REQUEST_ANNOTATION)
            .map(str::to_owned)
    };
    before.uid() != after.uid()
        || before.generation() != after.generation()
        || before.is_deleting() != after.is_deleting()
        || request(before) != request(after)
}

/// Reads the typed object.
pub(crate) fn decode(object: &Object) -> Result<GitRepository, skein_api::DecodeError> {
    GitRepository::from_object(object)
}
