//! Wires the reconciler to a cluster: watch, queue, workers.

use std::sync::{Arc, OnceLock, Weak};

use skein_api::KindSpec;
use skein_api::names::RECONCILE_REQUEST_ANNOTATION;
use skein_api::source::helm_chart::HelmChartSourceKind;
use skein_artifact::Storage;
use skein_cluster::{ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_runtime::{EventRecorder, Metrics, Queue, Reconciler, run};
use tokio::sync::watch;

use crate::git_repository::GitRepositories;
use crate::helm_chart::{HelmCharts, kind_name};
use crate::helm_repository::{HelmRepositories, IndexCache};
use crate::oci_repository::OciRepositories;
use crate::options::SourceOptions;
use crate::produced::{Producer, SourceKind, Surroundings};

/// Name of the controller: field manager, source of events.
pub const CONTROLLER_NAME: &str = "source-controller";

/// One kind of source: what wakes its objects, what is known of them, what works on them.
struct Running<R> {
    queue: Queue<NamespacedName>,
    cache: Arc<Cache<Object>>,
    reconciler: Arc<R>,
}

/// The running source controller. Watching begins with [`SourceController::start`], work with
/// [`SourceController::run`].
pub struct SourceController {
    git: Running<Producer<GitRepositories>>,
    oci: Running<Producer<OciRepositories>>,
    helm_repositories: Running<Producer<HelmRepositories>>,
    helm_charts: Running<Producer<HelmCharts>>,
    workers: usize,
    metrics: Metrics,
}

/// How a kind is served.
fn resource<S: KindSpec>() -> ApiResource {
    let definition = S::DEFINITION;
    let gvk = GroupVersionKind::new(
        definition.group,
        definition.storage_version(),
        definition.kind,
    );
    ApiResource::new(&gvk, definition.plural, true)
}

/// The charts, once they are watched; their sources wake them.
#[derive(Clone, Default)]
struct Charts {
    watched: Arc<OnceLock<WatchedCharts>>,
}

/// What is known of the charts, and what wakes them.
type WatchedCharts = (Weak<Cache<Object>>, Queue<NamespacedName>);

impl Charts {
    /// Wakes the charts of a source whose artifact has another revision than the one they were made of, as Flux does. A source that fails or
    /// goes wakes nobody: its charts stay as they are until they are looked at again. Registries have no artifact; a changed spec wakes
    /// those of their charts that fail.
    fn wake(&self, kind: HelmChartSourceKind, change: &Change<'_, Object>) {
        let (before, after) = (source_state(change.before), source_state(change.after));
        let (Some(before), Some(after)) = (before, after) else {
            return;
        };
        let has_news = match &after {
            SourceState::Artifact(revision) => !revision.is_empty() && before != after,
            SourceState::Registry(_) => before != after,
        };
        if !has_news {
            return;
        }
        let Some((cache, queue)) = self.watched.get() else {
            return;
        };
        for (name, chart) in cache.upgrade().iter().flat_map(|cache| cache.list()) {
            let is_of_source = name.namespace == change.name.namespace
                && chart.str_at(&["spec", "sourceRef", "name"]) == Some(&change.name.name)
                && chart.str_at(&["spec", "sourceRef", "kind"]) == Some(kind_name(kind));
            if is_of_source && after.is_news_to(&chart) {
                queue.add(name);
            }
        }
    }
}

/// What charts look at in their source.
#[derive(Debug, PartialEq, Eq)]
enum SourceState {
    /// The revision of its artifact; empty for none.
    Artifact(String),
    /// The generation of a registry, which has no status.
    Registry(i64),
}

impl SourceState {
    fn is_news_to(&self, chart: &Object) -> bool {
        match self {
            Self::Artifact(revision) => {
                let observed = chart.str_at(&["status", "observedSourceArtifactRevision"]);
                observed != Some(revision)
            }
            Self::Registry(_) => chart.condition_status("Ready") != Some("True"),
        }
    }
}

fn source_state(object: Option<&Arc<Object>>) -> Option<SourceState> {
    let object = object?;
    Some(match object.str_at(&["spec", "type"]) {
        Some("oci") => SourceState::Registry(object.generation()),
        _ => {
            let revision = object.str_at(&["status", "artifact", "revision"]);
            SourceState::Artifact(revision.unwrap_or_default().to_owned())
        }
    })
}

/// Begins to watch the objects of a kind; news wake them, and `dependents` is told of every change.
fn watch<S: KindSpec>(
    surroundings: &Surroundings,
    dependents: impl Fn(&Change<'_, Object>) + Send + Sync + 'static,
) -> (Queue<NamespacedName>, Arc<Cache<Object>>) {
    let options = &surroundings.options.controller;
    let queue = Queue::new(options.backoff());
    let spec = WatchSpec {
        resource: resource::<S>(),
        scope: ListOptions {
            namespace: options.watched_namespace().to_owned(),
            label_selector: options.watch_label_selector.clone(),
            ..ListOptions::default()
        },
    };
    let woken = queue.clone();
    let on_change = move |change: Change<'_, Object>| {
        if asks_for_work(&change) {
            woken.add(change.name.clone());
        }
        dependents(&change);
    };
    let cache = Cache::start(
        surroundings.cluster.clone(),
        spec,
        |object| object,
        on_change,
    );
    (queue, cache)
}

impl SourceController {
    /// Begins to watch all sources. Must be called in a runtime.
    pub fn start(
        cluster: Cluster,
        options: SourceOptions,
        storage: Arc<Storage>,
        events: EventRecorder,
        metrics: Metrics,
    ) -> Self {
        let surroundings = Arc::new(Surroundings {
            cluster,
            storage,
            events,
            metrics: metrics.clone(),
            options,
        });
        let charts = Charts::default();
        let wake = |kind: HelmChartSourceKind| {
            let charts = charts.clone();
            move |change: &Change<'_, Object>| charts.wake(kind, change)
        };
        let (queue, cache) = watch::<skein_api::GitRepositorySpec>(
            &surroundings,
            wake(HelmChartSourceKind::GitRepository),
        );
        let kind = GitRepositories {
            cache: cache.clone(),
            pinned: Arc::default(),
        };
        let git = produce(&surroundings, kind, queue, cache);
        let (queue, cache) = watch::<skein_api::source::oci_repository::OciRepositorySpec>(
            &surroundings,
            wake(HelmChartSourceKind::OciRepository),
        );
        let oci = produce(&surroundings, OciRepositories, queue, cache);
        let indexes = Arc::new(IndexCache::default());
        let (queue, cache) = watch::<skein_api::source::helm_repository::HelmRepositorySpec>(
            &surroundings,
            wake(HelmChartSourceKind::HelmRepository),
        );
        let kind = HelmRepositories {
            indexes: indexes.clone(),
        };
        let helm_repositories = produce(&surroundings, kind, queue, cache);
        let (queue, cache) =
            watch::<skein_api::source::helm_chart::HelmChartSpec>(&surroundings, |_| {});
        // An error means that it was set before, which cannot be: it is made here.
        let _ = charts.watched.set((Arc::downgrade(&cache), queue.clone()));
        let kind = HelmCharts {
            git_repositories: git.cache.clone(),
            oci_repositories: oci.cache.clone(),
            helm_repositories: helm_repositories.cache.clone(),
            indexes,
        };
        let helm_charts = produce(&surroundings, kind, queue, cache);
        Self {
            git,
            oci,
            helm_repositories,
            helm_charts,
            workers: surroundings.options.controller.concurrent,
            metrics,
        }
    }

    /// Works until `stop` becomes true.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.work(&self.git, stop.clone()),
            self.work(&self.oci, stop.clone()),
            self.work(&self.helm_repositories, stop.clone()),
            self.work(&self.helm_charts, stop),
        );
    }

    async fn work<R: Reconciler<NamespacedName>>(
        &self,
        kind: &Running<R>,
        stop: watch::Receiver<bool>,
    ) {
        let (reconciler, queue) = (kind.reconciler.clone(), kind.queue.clone());
        run(reconciler, queue, self.workers, self.metrics.clone(), stop).await;
    }

    /// A handle that wakes objects, independent of the lifetime of `run`.
    pub fn waker(&self) -> Waker {
        Waker {
            queue: self.git.queue.clone(),
            cache: Arc::downgrade(&self.git.cache),
        }
    }

    /// Whether the first lists of objects have arrived.
    pub fn is_synced(&self) -> bool {
        [
            &self.git.cache,
            &self.oci.cache,
            &self.helm_repositories.cache,
            &self.helm_charts.cache,
        ]
        .iter()
        .all(|cache| cache.is_synced())
    }
}

fn produce<K: SourceKind>(
    surroundings: &Arc<Surroundings>,
    kind: K,
    queue: Queue<NamespacedName>,
    cache: Arc<Cache<Object>>,
) -> Running<Producer<K>> {
    let resource = resource::<K::Spec>();
    let reconciler = Producer::new(kind, surroundings.clone(), resource, cache.clone());
    Running {
        queue,
        cache,
        reconciler: Arc::new(reconciler),
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
