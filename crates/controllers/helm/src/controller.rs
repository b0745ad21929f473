//! The controller: what it holds, what wakes it, and how it starts.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use skein_api::helm_release::DriftDetectionMode;
use skein_api::names::{HELM_RELEASE_NAME_LABEL, HELM_RELEASE_NAMESPACE_LABEL};
use skein_api::{HelmRelease, HelmReleaseSpec, KindSpec as _};
use skein_artifact::Downloader;
use skein_cluster::{ApiError, ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_plan::takeover::Predecessor;
use skein_runtime::observed::{OwnerLabels, Wake, WakeReason};
use skein_runtime::referrers::{wants_reconcile, watch_configs};
use skein_runtime::targets::{TargetOptions, Targets};
use skein_runtime::{
    DriftDetection, EventRecorder, Metrics, Next, Queue, Reconciler, StatusWriter,
};
use thiserror::Error;
use tokio::sync::{Semaphore, watch};

use crate::chart::{Charts, Source, Sources};
use crate::drift::{self, Recorded};
use crate::helm_log::HelmLog;
use crate::index::{Held, Index, Reference, held};
use crate::options::HelmOptions;
use crate::reconcile::{Run, target_reference};
use crate::render::Renderer;
use crate::running::{Control, Running};
use crate::spec;
use crate::storage::Keeper;
use crate::update::{self, Writer};
use crate::values::ValueSources;

/// Field manager of everything that is written, as Flux's.
pub(crate) const FIELD_MANAGER: &str = "helm-controller";
/// User agent of connections to remote clusters.
const USER_AGENT: &str = concat!("helm-controller/", env!("CARGO_PKG_VERSION"));
/// Labels of the objects of releases.
const OWNER_LABELS: OwnerLabels = OwnerLabels {
    name: HELM_RELEASE_NAME_LABEL,
    namespace: HELM_RELEASE_NAMESPACE_LABEL,
};
/// Label selector of release records.
const RECORDS: &str = "owner=helm";
/// How long first lists may take.
const SYNC_LIMIT: Duration = Duration::from_secs(60);

/// What the controller is given.
pub struct Surroundings {
    /// The cluster that holds the HelmReleases.
    pub cluster: Cluster,
    /// Fetches artifacts.
    pub downloader: Downloader,
    /// Takes events.
    pub recorder: EventRecorder,
    /// Counts.
    pub metrics: Metrics,
}

/// Why the controller cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The API does not serve HelmReleases.
    #[error(
        "the API server does not serve HelmReleases; install the CRDs with `skein crds | kubectl apply -f -`: {0}"
    )]
    NotServed(ApiError),
}

/// What was found at the last run that found all as wanted.
pub(crate) struct Memo {
    /// `metadata.generation`.
    pub(crate) generation: i64,
    /// Digest and revision of the chart's artifact.
    pub(crate) artifact: (String, String),
    /// Digest of the values.
    pub(crate) config_digest: String,
    /// Name and version of the records.
    pub(crate) versions: Vec<(String, String)>,
    /// Of the newest record what drift is looked for in; nothing where it is not.
    pub(crate) recorded: Option<Recorded>,
}

/// The running parts of the controller.
pub(crate) struct HelmController {
    pub(crate) options: HelmOptions,
    pub(crate) cluster: Cluster,
    pub(crate) writer: StatusWriter,
    pub(crate) recorder: EventRecorder,
    metrics: Metrics,
    pub(crate) sources: Sources,
    pub(crate) charts: Charts,
    pub(crate) renderer: Renderer,
    pub(crate) releases: Arc<Cache<Held>>,
    pub(crate) targets: Targets,
    pub(crate) memos: Mutex<HashMap<NamespacedName, Arc<Memo>>>,
    /// HelmReleases that wait for their dependencies.
    pub(crate) awaiting: Mutex<HashMap<NamespacedName, Awaiting>>,
    pub(crate) keeper: Keeper,
    /// resourceVersions of the records in the own cluster, where records are objects.
    records: Option<Arc<Cache<String>>>,
    running: Arc<Running>,
    places: Arc<Semaphore>,
    queue: Queue<NamespacedName>,
    pub(crate) value_sources: ValueSources,
    /// Managers whose fields become ours when drift is looked for.
    pub(crate) overridden: Vec<Predecessor>,
    /// Held so that the watch goes on.
    _definitions: Option<Arc<Cache<()>>>,
}

/// What a HelmRelease that waits for its dependencies wanted, and when that was told.
#[derive(Clone)]
pub(crate) struct Awaiting {
    pub(crate) generation: i64,
    /// The value of the annotation that asks for a run.
    pub(crate) request: String,
    pub(crate) told: Instant,
}

/// Starts the controller; it runs until `stop` becomes true. The returned queue can be used to wake HelmReleases.
pub async fn start(
    surroundings: Surroundings,
    options: HelmOptions,
    stop: watch::Receiver<bool>,
) -> Result<(Queue<NamespacedName>, tokio::task::JoinHandle<()>), StartError> {
    let queue = Queue::new(options.controller.backoff());
    let workers = options.controller.concurrent;
    let metrics = surroundings.metrics.clone();
    let controller = HelmController::build(surroundings, options, &queue).await?;
    let reconciler = Arc::new(HelmReconciler(Arc::new(controller)));
    let running = skein_runtime::run(reconciler, queue.clone(), workers, metrics, stop);
    Ok((queue, tokio::spawn(running)))
}

impl HelmController {
    async fn build(
        surroundings: Surroundings,
        options: HelmOptions,
        queue: &Queue<NamespacedName>,
    ) -> Result<Self, StartError> {
        let Surroundings {
            cluster,
            downloader,
            recorder,
            metrics,
        } = surroundings;
        let definition = HelmReleaseSpec::DEFINITION;
        let gvk = GroupVersionKind::new(definition.group, "v2", definition.kind);
        let resource = cluster
            .resource(&gvk)
            .await
            .map_err(StartError::NotServed)?;
        let namespace = options.controller.watched_namespace().to_owned();
        let index = Arc::new(Mutex::new(Index::default()));
        let known: Arc<OnceLock<Arc<Cache<Held>>>> = Arc::default();
        let running: Arc<Running> = Arc::default();
        let sources = {
            let (index, queue, known) = (index.clone(), queue.clone(), known.clone());
            let changed = move |kind, name: &NamespacedName, source: &Source| {
                let reference = Reference::Source(kind, name.clone());
                let referrers = index.lock().referrers(&reference);
                for name in referrers {
                    let held = known.get().and_then(|cache| cache.get(&name));
                    if held.is_none_or(|held| !source.is_what_made(&held.object, kind)) {
                        queue.add(name);
                    }
                }
            };
            Sources::start(&cluster, &namespace, Arc::new(changed)).await
        };
        let releases = watch_releases(&cluster, &resource, &options, queue, &index, &known);
        // An error means that it was set before, which cannot be: it is made here.
        let _ = known.set(releases.clone());
        releases.wait_synced(SYNC_LIMIT).await;
        let configs = {
            let (index, queue) = (index.clone(), queue.clone());
            let changed = move |kind, name: &NamespacedName| {
                let referrers = index
                    .lock()
                    .referrers(&Reference::config(kind, name.clone()));
                referrers.into_iter().for_each(|name| queue.add(name));
            };
            watch_configs(&cluster, &options.controller, changed).await
        };
        let definitions = watch_definitions(&cluster, &namespace);
        let keeper = Keeper::new(options.storage_driver);
        let records = watch_records(&cluster, &namespace, &keeper).await;
        let gates = &options.controller.feature_gates;
        let track_digests = !gates.enabled("DisableChartDigestTracking");
        let wake = wake_owner(queue, &running, &releases, options.drift_detection);
        let targets = TargetOptions {
            namespace,
            labels: OWNER_LABELS,
            wake,
            policy: options.kubeconfig_policy,
            default_account: options.controller.default_service_account.clone(),
            identity: options.controller.identity(),
            user_agent: USER_AGENT,
        };
        Ok(Self {
            writer: StatusWriter::new(cluster.clone(), (*resource).clone(), FIELD_MANAGER),
            recorder,
            metrics,
            sources,
            charts: Charts::new(downloader, track_digests),
            renderer: Renderer::new(
                gates.enabled("AllowDNSLookups"),
                definitions.as_ref().map(|_| cluster.server().to_owned()),
            ),
            releases,
            targets: Targets::new(cluster.clone(), targets),
            memos: Mutex::default(),
            awaiting: Mutex::default(),
            keeper,
            records,
            running,
            places: Arc::new(Semaphore::new(options.controller.concurrent.max(1))),
            queue: queue.clone(),
            value_sources: ValueSources::new(configs),
            overridden: options.overridden(),
            _definitions: definitions,
            cluster,
            options,
        })
    }

    /// Whether records and objects are as they were; costs no request as long as watches can tell.
    pub(crate) async fn is_as_remembered(&self, run: &Run, memo: &Memo) -> bool {
        let namespace = spec::storage_namespace(&run.release);
        let same = memo.versions.iter().all(|(name, version)| {
            let held = self.record_version(namespace, name);
            held.is_some_and(|held| held == *version)
        });
        if !same {
            return false;
        }
        if spec::drift_mode(&run.release) == DriftDetectionMode::Disabled {
            return true;
        }
        let Some(recorded) = &memo.recorded else {
            return false;
        };
        let Ok(target) = self.targets.of(target_reference(&run.release)).await else {
            return false;
        };
        let Ok(rules) = drift::rules(&run.release) else {
            return false;
        };
        let log = HelmLog::default();
        let writer = Writer {
            target: &target,
            log: &log,
        };
        let found = drift::find(&writer, recorded, &rules, &self.overridden).await;
        found.is_ok_and(|found| found.objects.is_empty() && found.problems.is_empty())
    }

    /// The version of a record, from a watch or from memory.
    fn record_version(&self, namespace: &str, object: &str) -> Option<String> {
        match (&self.keeper, &self.records) {
            (Keeper::Memory(memory), _) => memory.lock().stamp(namespace, object),
            (Keeper::Objects(_), records) => {
                let name = NamespacedName::new(namespace, object);
                let held = records.as_ref()?.get(&name)?;
                Some(held.as_ref().clone())
            }
        }
    }

    /// What an object in work is told when it is to be looked at again.
    fn disturb(&self, name: &NamespacedName, control: &Control, started: &Object) {
        control.again();
        let Some(held) = self.releases.get(name) else {
            control.cancel();
            return;
        };
        // A request alone waits for its turn: an action that is cut off fails.
        let now = &held.object;
        if now.generation() != started.generation() || now.is_deleting() != started.is_deleting() {
            control.cancel();
        }
    }
}

/// The controller as the driver sees it: a run that waits gives its worker back and goes on by itself.
struct HelmReconciler(Arc<HelmController>);

impl Reconciler<NamespacedName> for HelmReconciler {
    fn controller(&self) -> &'static str {
        "helmrelease"
    }

    async fn reconcile(&self, name: NamespacedName) -> Next {
        let controller = &self.0;
        if let Some((control, started)) = controller.running.get(&name) {
            controller.disturb(&name, &control, &started);
            return Next::Elsewhere;
        }
        let (control, parted) = Control::new(controller.places.clone());
        let object = controller
            .releases
            .get(&name)
            .map(|held| held.object.clone());
        let started = object.unwrap_or_else(|| {
            Object::new(&GroupVersionKind::default(), &name.namespace, &name.name)
        });
        controller
            .running
            .insert(name.clone(), control.clone(), started);
        let mut task = tokio::spawn(run_one(controller.clone(), name, control));
        // A run that ends drops its end of the channel too: only a word sent through it means that the run goes on by itself.
        tokio::select! {
            biased;
            Ok(()) = parted => Next::Elsewhere,
            ended = &mut task => ended.unwrap_or(Next::Backoff),
        }
    }
}

/// Takes the run off the list whatever happens to it.
struct OffTheList {
    controller: Arc<HelmController>,
    name: NamespacedName,
    control: Arc<Control>,
}

impl Drop for OffTheList {
    fn drop(&mut self) {
        self.controller.running.remove(&self.name);
        if std::thread::panicking() && self.control.has_parted() {
            self.controller.queue.add_failed(self.name.clone());
        }
    }
}

async fn run_one(
    controller: Arc<HelmController>,
    name: NamespacedName,
    control: Arc<Control>,
) -> Next {
    let started = Instant::now();
    let listed = OffTheList {
        controller: controller.clone(),
        name: name.clone(),
        control: control.clone(),
    };
    let next = controller.reconcile_one(&name, control.clone()).await;
    drop(listed);
    let kind = HelmRelease::DEFINITION.kind;
    let metrics = &controller.metrics;
    if next == Next::Gone {
        metrics.forget(kind, &name.namespace, &name.name);
    } else {
        metrics.observe_duration(kind, &name.namespace, &name.name, started.elapsed());
    }
    if control.has_parted() {
        schedule(&controller.queue, &name, next, control.wants_again());
    } else if control.wants_again() {
        controller.queue.add(name);
    }
    next
}

/// What the driver does with a run's outcome, for a run that has parted from its worker.
fn schedule(queue: &Queue<NamespacedName>, name: &NamespacedName, next: Next, again: bool) {
    match next {
        Next::Gone => queue.forget(name),
        Next::Change => queue.succeeded(name),
        Next::After(pause) => {
            queue.succeeded(name);
            queue.add_after(name.clone(), pause);
        }
        Next::Retry(pause) => queue.add_after(name.clone(), pause),
        Next::Backoff => {
            queue.add_failed(name.clone());
        }
        Next::Elsewhere => {}
    }
    if again && next != Next::Gone {
        queue.add(name.clone());
    }
}

/// Wakes a run that waits; for drift, a HelmRelease that wants to know of it at once.
fn wake_owner(
    queue: &Queue<NamespacedName>,
    running: &Arc<Running>,
    releases: &Arc<Cache<Held>>,
    drift: DriftDetection,
) -> Wake {
    let (queue, running, releases) = (queue.clone(), running.clone(), releases.clone());
    Arc::new(move |owner: &NamespacedName, reason| {
        let is_drift = reason == WakeReason::Drift
            && drift == DriftDetection::Watch
            && releases.get(owner).is_some_and(|held| wants_drift(&held));
        if let Some((control, _)) = running.get(owner) {
            control.wake();
            // The run may have looked at the object already.
            if is_drift {
                control.again();
            }
            return;
        }
        if is_drift || reason == WakeReason::Lost {
            queue.add(owner.clone());
        }
    })
}

fn wants_drift(held: &Held) -> bool {
    let mode = held.object.str_at(&["spec", "driftDetection", "mode"]);
    matches!(mode, Some("enabled" | "warn"))
}

fn watch_releases(
    cluster: &Cluster,
    resource: &ApiResource,
    options: &HelmOptions,
    queue: &Queue<NamespacedName>,
    index: &Arc<Mutex<Index>>,
    known: &Arc<OnceLock<Arc<Cache<Held>>>>,
) -> Arc<Cache<Held>> {
    let scope = ListOptions {
        namespace: options.controller.watched_namespace().to_owned(),
        label_selector: options.controller.watch_label_selector.clone(),
        ..ListOptions::default()
    };
    let spec = WatchSpec {
        resource: resource.clone(),
        scope,
    };
    let (queue, index, known) = (queue.clone(), index.clone(), known.clone());
    Cache::start(cluster.clone(), spec, held, move |change| {
        index.lock().take(&change);
        if wants_reconcile(&change) {
            queue.add(change.name.clone());
        }
        if is_ready(change.after) && !is_ready(change.before) {
            let reference = Reference::Release(change.name.clone());
            let referrers = index.lock().referrers(&reference);
            for name in referrers {
                let waits = known.get().and_then(|cache| cache.get(&name));
                if waits.is_some_and(|held| held.object.condition_status("Ready") != Some("True")) {
                    queue.add(name);
                }
            }
        }
    })
}

/// What dependents wait for.
fn is_ready(held: Option<&Arc<Held>>) -> bool {
    held.is_some_and(|held| {
        let object = &held.object;
        object.condition_status("Ready") == Some("True")
            && object.i64_at(&["status", "observedGeneration"]) == Some(object.generation())
    })
}

/// A watch of definitions, which tells discovery that there may be other kinds. An instance for one namespace does not ask for cluster-wide rights.
fn watch_definitions(cluster: &Cluster, namespace: &str) -> Option<Arc<Cache<()>>> {
    if !namespace.is_empty() {
        return None;
    }
    let spec = WatchSpec {
        resource: (*update::definitions()).clone(),
        scope: ListOptions {
            metadata_only: true,
            ..ListOptions::default()
        },
    };
    let told = cluster.clone();
    let changed = move |_: Change<'_, ()>| told.renew_discovery();
    Some(Cache::start(cluster.clone(), spec, |_| (), changed))
}

/// The resourceVersions of all release records that are objects.
async fn watch_records(
    cluster: &Cluster,
    namespace: &str,
    keeper: &Keeper,
) -> Option<Arc<Cache<String>>> {
    let scope = ListOptions {
        namespace: namespace.to_owned(),
        label_selector: RECORDS.to_owned(),
        metadata_only: true,
        ..ListOptions::default()
    };
    let spec = WatchSpec {
        resource: keeper.resource()?,
        scope,
    };
    let version = |object: Object| object.resource_version().to_owned();
    let cache = Cache::start(cluster.clone(), spec, version, |_| {});
    cache.wait_synced(SYNC_LIMIT).await;
    Some(cache)
}
