//! The controller: what it holds, what wakes it, and how it starts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use skein_api::kustomization::ValuesKind;
use skein_api::{KindSpec as _, Kustomization, KustomizationSpec};
use skein_artifact::Downloader;
use skein_cluster::{ApiError, ApiResource, Cache, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName};
use skein_plan::takeover::{Predecessor, early_predecessors, predecessors};
use skein_runtime::{
    DriftDetection, EventRecorder, Metrics, Next, Queue, Reconciler, StatusWriter,
};
use thiserror::Error;
use tokio::sync::watch;

use crate::apply::Settled;
use crate::build::{BuildPolicy, Builder};
use crate::index::{Held, Index, Reference, held};
use crate::options::KustomizeOptions;
use crate::sources::Sources;
use crate::wait::{Awaiting, Waiting};
use skein_runtime::observed::{OwnerLabels, Wake, WakeReason};
use skein_runtime::referrers::{wants_reconcile, watch_configs};
use skein_runtime::targets::{TargetOptions, Targets};

/// Field manager of applied objects.
pub const FIELD_MANAGER: &str = "kustomize-controller";
/// Field manager of our own objects' status and finalizers.
pub const STATUS_MANAGER: &str = "gotk-kustomize-controller";
/// User agent of connections to remote clusters.
const USER_AGENT: &str = concat!("kustomize-controller/", env!("CARGO_PKG_VERSION"));
/// Labels of applied objects.
const OWNER_LABELS: OwnerLabels = OwnerLabels {
    name: skein_plan::settings::OWNER_NAME,
    namespace: skein_plan::settings::OWNER_NAMESPACE,
};
/// How long the first list of Kustomizations may take.
const SYNC_LIMIT: Duration = Duration::from_secs(60);

/// What the controller is given.
pub struct Surroundings {
    /// The cluster that holds the Kustomizations.
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
    /// The API does not serve Kustomizations.
    #[error(
        "the API server does not serve Kustomizations; install the CRDs with `skein crds | kubectl apply -f -`: {0}"
    )]
    NotServed(ApiError),
}

/// The running parts of the controller.
pub struct KustomizeController {
    pub(crate) options: KustomizeOptions,
    pub(crate) cluster: Cluster,
    pub(crate) writer: StatusWriter,
    pub(crate) recorder: EventRecorder,
    pub(crate) metrics: Metrics,
    pub(crate) sources: Sources,
    pub(crate) kustomizations: Arc<Cache<Held>>,
    pub(crate) targets: Targets,
    pub(crate) builder: Builder,
    pub(crate) settled: Settled,
    pub(crate) predecessors: Vec<Predecessor>,
    pub(crate) early_predecessors: Vec<Predecessor>,
    pub(crate) waits: Arc<Mutex<HashMap<NamespacedName, Waiting>>>,
    /// Kustomizations on their way out that wait until their objects are gone, with their uids.
    pub(crate) leaving: Arc<Mutex<HashMap<NamespacedName, String>>>,
    /// Kustomizations that wait for their dependencies: what they wanted, and when that was told.
    pub(crate) awaiting: Mutex<HashMap<NamespacedName, Awaiting>>,
    pub(crate) config_changes: Arc<Mutex<HashSet<NamespacedName>>>,
    /// Held so that the watches go on.
    _configs: HashMap<ValuesKind, Arc<Cache<String>>>,
}

/// Starts the controller; it runs until `stop` becomes true. The returned queue can be used to wake Kustomizations.
pub async fn start(
    surroundings: Surroundings,
    options: KustomizeOptions,
    stop: watch::Receiver<bool>,
) -> Result<(Queue<NamespacedName>, tokio::task::JoinHandle<()>), StartError> {
    let queue = Queue::new(options.controller.backoff());
    let workers = options.controller.concurrent;
    let metrics = surroundings.metrics.clone();
    let controller = KustomizeController::build(surroundings, options, &queue).await?;
    let running = skein_runtime::run(Arc::new(controller), queue.clone(), workers, metrics, stop);
    Ok((queue, tokio::spawn(running)))
}

impl KustomizeController {
    async fn build(
        surroundings: Surroundings,
        options: KustomizeOptions,
        queue: &Queue<NamespacedName>,
    ) -> Result<Self, StartError> {
        let Surroundings {
            cluster,
            downloader,
            recorder,
            metrics,
        } = surroundings;
        let definition = KustomizationSpec::DEFINITION;
        let gvk = GroupVersionKind::new(definition.group, "v1", definition.kind);
        let resource = cluster
            .resource(&gvk)
            .await
            .map_err(StartError::NotServed)?;
        let namespace = options.controller.watched_namespace().to_owned();
        let index = Arc::new(Mutex::new(Index::default()));
        let known: Arc<OnceLock<Arc<Cache<Held>>>> = Arc::default();
        let waits: Arc<Mutex<HashMap<NamespacedName, Waiting>>> = Arc::default();
        let leaving: Arc<Mutex<HashMap<NamespacedName, String>>> = Arc::default();
        let config_changes: Arc<Mutex<HashSet<NamespacedName>>> = Arc::default();

        let sources = {
            let (index, queue) = (index.clone(), queue.clone());
            let changed = move |kind, name: &NamespacedName| {
                let reference = Reference::Source(kind, name.clone());
                index
                    .lock()
                    .referrers(&reference)
                    .into_iter()
                    .for_each(|name| queue.add(name));
            };
            // A source may be of any namespace, unless this instance is confined to one.
            Sources::start(&cluster, &namespace, Arc::new(changed)).await
        };
        let kustomizations =
            watch_kustomizations(&cluster, &resource, &options, queue, &index, &known);
        // An error means that it was set before, which cannot be: it is made here.
        let _ = known.set(kustomizations.clone());
        kustomizations.wait_synced(SYNC_LIMIT).await;
        let configs = {
            let (index, queue) = (index.clone(), queue.clone());
            let changes = config_changes.clone();
            let changed = move |kind, name: &NamespacedName| {
                let reference = Reference::config(kind, name.clone());
                for name in index.lock().referrers(&reference) {
                    changes.lock().insert(name.clone());
                    queue.add(name);
                }
            };
            watch_configs(&cluster, &options.controller, changed).await
        };
        let strict = options
            .controller
            .feature_gates
            .enabled("StrictPostBuildSubstitutions");
        Ok(Self {
            writer: StatusWriter::new(cluster.clone(), (*resource).clone(), STATUS_MANAGER),
            recorder,
            metrics,
            sources,
            kustomizations,
            targets: Targets::new(
                cluster.clone(),
                TargetOptions {
                    namespace,
                    labels: OWNER_LABELS,
                    wake: wake_owner(queue, &waits, &leaving, options.drift_detection),
                    policy: options.kubeconfig_policy,
                    default_account: options.controller.default_service_account.clone(),
                    identity: options.controller.identity(),
                    user_agent: USER_AGENT,
                },
            ),
            builder: Builder::new(
                downloader,
                BuildPolicy {
                    strict,
                    no_remote_bases: options.controller.no_remote_bases,
                    sops_age_secret: options.sops_age_secret.clone(),
                },
            ),
            settled: Settled::default(),
            predecessors: predecessors(FIELD_MANAGER, &options.override_managers),
            early_predecessors: early_predecessors(&options.early_override_managers),
            waits,
            leaving,
            awaiting: Mutex::default(),
            config_changes,
            _configs: configs,
            cluster,
            options,
        })
    }
}

/// Wakes an owner when its cluster is lost, for drift when drift is watched, and for health when it waits.
fn wake_owner(
    queue: &Queue<NamespacedName>,
    waits: &Arc<Mutex<HashMap<NamespacedName, Waiting>>>,
    leaving: &Arc<Mutex<HashMap<NamespacedName, String>>>,
    drift: DriftDetection,
) -> Wake {
    let (queue, waits, leaving) = (queue.clone(), waits.clone(), leaving.clone());
    Arc::new(move |owner: &NamespacedName, reason| {
        let is_waiting = || waits.lock().contains_key(owner) || leaving.lock().contains_key(owner);
        match reason {
            WakeReason::Lost => queue.add(owner.clone()),
            WakeReason::Drift if drift == DriftDetection::Watch => queue.add(owner.clone()),
            WakeReason::Drift | WakeReason::Health if is_waiting() => queue.add(owner.clone()),
            WakeReason::Drift | WakeReason::Health => {}
        }
    })
}

fn watch_kustomizations(
    cluster: &Cluster,
    resource: &ApiResource,
    options: &KustomizeOptions,
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
        // Only one that becomes ready makes others ready: of all else its dependents learn when they look again.
        if is_ready(change.after) && readiness(change.before) != readiness(change.after) {
            let reference = Reference::Kustomization(change.name.clone());
            for name in index.lock().referrers(&reference) {
                let waits = known.get().and_then(|cache| cache.get(&name));
                if waits.is_some_and(|held| held.object.condition_status("Ready") != Some("True")) {
                    queue.add(name);
                }
            }
        }
    })
}

fn is_ready(held: Option<&Arc<Held>>) -> bool {
    held.is_some_and(|held| held.object.condition_status("Ready") == Some("True"))
}

/// What dependents look at.
fn readiness(held: Option<&Arc<Held>>) -> Option<(String, String, i64)> {
    let object = &held?.object;
    Some((
        object
            .condition_status("Ready")
            .unwrap_or_default()
            .to_owned(),
        object
            .str_at(&["status", "lastAppliedRevision"])
            .unwrap_or_default()
            .to_owned(),
        object
            .i64_at(&["status", "observedGeneration"])
            .unwrap_or_default(),
    ))
}

impl Reconciler<NamespacedName> for KustomizeController {
    fn controller(&self) -> &'static str {
        "kustomization"
    }

    async fn reconcile(&self, name: NamespacedName) -> Next {
        let started = std::time::Instant::now();
        let next = self.reconcile_one(&name).await;
        let kind = Kustomization::DEFINITION.kind;
        if next == Next::Gone {
            self.metrics.forget(kind, &name.namespace, &name.name);
        } else {
            self.metrics
                .observe_duration(kind, &name.namespace, &name.name, started.elapsed());
        }
        next
    }
}
