//! A set of controllers on one cluster, wired together: storage, artifact server, source and kustomize controller.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use skein_artifact::download::{DEFAULT_RETRIES, DEFAULT_TIMEOUT};
use skein_artifact::{DigestAlgorithm, Downloader, Storage, StorageOptions};
use skein_cluster::{Cluster, KubeconfigPolicy};
use skein_git::SshAlgorithms;
use skein_helm::release::StorageDriver;
use skein_helm_controller::HelmOptions;
use skein_kustomize_controller::KustomizeOptions;
use skein_object::{GroupKind, NamespacedName};
use skein_runtime::{ControllerOptions, EventRecorder, EventSink, Metrics};
use skein_source_controller::{ChartLimits, SourceController, SourceOptions, UrlRewrites, Waker};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::serve;

/// Controllers that can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Component {
    /// Sources: `GitRepository`
    Source,
    /// `Kustomization`
    Kustomize,
    /// `HelmRelease`
    Helm,
}

impl Component {
    /// Name of Flux's controller.
    pub fn controller(self) -> &'static str {
        match self {
            Self::Source => "source-controller",
            Self::Kustomize => "kustomize-controller",
            Self::Helm => "helm-controller",
        }
    }
}

/// How drift is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DriftDetection {
    /// Applied objects are watched; what others change is undone at once
    Watch,
    /// Only at the interval, as Flux does
    Interval,
}

impl From<DriftDetection> for skein_runtime::DriftDetection {
    fn from(typed: DriftDetection) -> Self {
        match typed {
            DriftDetection::Watch => Self::Watch,
            DriftDetection::Interval => Self::Interval,
        }
    }
}

/// Settings of a set.
#[derive(Clone, Debug)]
pub struct SetOptions {
    /// Controllers to run.
    pub components: Vec<Component>,
    /// Settings that all share.
    pub controller: ControllerOptions,
    /// Base URL of the notification controller; empty for none.
    pub events_addr: String,
    /// Folder of the artifacts.
    pub storage_path: PathBuf,
    /// Address of the artifact server.
    pub storage_addr: String,
    /// Host and port by which it is reached; empty for the host name or, on loopback, the address itself.
    pub storage_adv_addr: String,
    /// Age of replaced artifacts after which they go.
    pub artifact_retention_ttl: Duration,
    /// Artifacts kept of one source.
    pub artifact_retention_records: usize,
    /// How drift is found.
    pub drift_detection: DriftDetection,
    /// What kubeconfig Secrets may hold.
    pub kubeconfig_policy: KubeconfigPolicy,
    /// Source addresses that are served from this machine.
    pub rewrites: UrlRewrites,
    /// Where release records are kept.
    pub helm_storage_driver: StorageDriver,
    /// What flags of single controllers set.
    pub tuning: Tuning,
}

/// What flags of single controllers set, with Flux's defaults.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Field managers whose fields are taken over.
    pub override_managers: Vec<String>,
    /// Field managers whose fields are taken over before anything is tried.
    pub early_override_managers: Vec<String>,
    /// Objects applied at a time, per Kustomization.
    pub concurrent_ssa: usize,
    /// Kinds that are applied in a stage of their own.
    pub custom_apply_stage_kinds: BTreeSet<GroupKind>,
    /// Secret with age keys for Kustomizations that decrypt and name none.
    pub sops_age_secret: Option<NamespacedName>,
    /// How often a failed artifact download is repeated.
    pub download_retries: u32,
    /// How long one request of a download may take.
    pub download_timeout: Duration,
    /// Largest index of a chart repository, in bytes.
    pub helm_index_max_bytes: u64,
    /// How large charts may be.
    pub chart_limits: ChartLimits,
    /// Algorithms that Git servers behind ssh are offered.
    pub ssh_algorithms: SshAlgorithms,
    /// Algorithm of the digests of new artifacts.
    pub artifact_digest: DigestAlgorithm,
}

impl Default for Tuning {
    fn default() -> Self {
        let kustomize = KustomizeOptions::default();
        let source = SourceOptions::default();
        Self {
            override_managers: kustomize.override_managers,
            early_override_managers: kustomize.early_override_managers,
            concurrent_ssa: kustomize.concurrent_ssa,
            custom_apply_stage_kinds: kustomize.custom_apply_stage_kinds,
            sops_age_secret: kustomize.sops_age_secret,
            download_retries: DEFAULT_RETRIES,
            download_timeout: DEFAULT_TIMEOUT,
            helm_index_max_bytes: source.helm_index_max_bytes,
            chart_limits: source.chart_limits,
            ssh_algorithms: source.ssh_algorithms,
            artifact_digest: DigestAlgorithm::default(),
        }
    }
}

/// Running controllers.
pub struct ControllerSet {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    waker: Option<Waker>,
}

impl ControllerSet {
    /// Starts the controllers of a set.
    pub async fn start(cluster: Cluster, options: SetOptions, metrics: Metrics) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut set = Self {
            stop,
            tasks: JoinSet::new(),
            waker: None,
        };
        let tuning = &options.tuning;
        let mut downloader = Downloader::new(tuning.download_retries)
            .context("making a downloader")?
            .with_timeout(tuning.download_timeout);
        if options.components.contains(&Component::Source) {
            let storage = set.serve_artifacts(&options).await?;
            downloader = downloader.with_local(storage.clone());
            let recorder = recorder(&cluster, &options, Component::Source);
            let source = SourceOptions {
                controller: options.controller.clone(),
                rewrites: options.rewrites.clone(),
                helm_index_max_bytes: tuning.helm_index_max_bytes,
                chart_limits: tuning.chart_limits,
                ssh_algorithms: tuning.ssh_algorithms.clone(),
            };
            let controller = SourceController::start(
                cluster.clone(),
                source,
                storage,
                recorder,
                metrics.clone(),
            );
            set.waker = Some(controller.waker());
            let stopped = stopped.clone();
            set.tasks
                .spawn(async move { controller.run(stopped).await });
        }
        if options.components.contains(&Component::Helm) {
            set.start_helm(
                cluster.clone(),
                &options,
                downloader.clone(),
                metrics.clone(),
                stopped.clone(),
            )
            .await?;
        }
        if options.components.contains(&Component::Kustomize) {
            set.start_kustomize(cluster, &options, downloader, metrics, stopped)
                .await?;
        }
        Ok(set)
    }

    async fn start_helm(
        &mut self,
        cluster: Cluster,
        options: &SetOptions,
        downloader: Downloader,
        metrics: Metrics,
        stopped: watch::Receiver<bool>,
    ) -> Result<()> {
        let recorder = recorder(&cluster, options, Component::Helm);
        let helm = HelmOptions {
            controller: options.controller.clone(),
            drift_detection: options.drift_detection.into(),
            kubeconfig_policy: options.kubeconfig_policy,
            storage_driver: options.helm_storage_driver,
            override_managers: options.tuning.override_managers.clone(),
        };
        let surroundings = skein_helm_controller::Surroundings {
            cluster,
            downloader,
            recorder,
            metrics,
        };
        let (_, task) = skein_helm_controller::start(surroundings, helm, stopped).await?;
        self.attend("helm", task);
        Ok(())
    }

    async fn start_kustomize(
        &mut self,
        cluster: Cluster,
        options: &SetOptions,
        downloader: Downloader,
        metrics: Metrics,
        stopped: watch::Receiver<bool>,
    ) -> Result<()> {
        let recorder = recorder(&cluster, options, Component::Kustomize);
        let kustomize = KustomizeOptions {
            controller: options.controller.clone(),
            drift_detection: options.drift_detection.into(),
            kubeconfig_policy: options.kubeconfig_policy,
            concurrent_ssa: options.tuning.concurrent_ssa,
            override_managers: options.tuning.override_managers.clone(),
            early_override_managers: options.tuning.early_override_managers.clone(),
            custom_apply_stage_kinds: options.tuning.custom_apply_stage_kinds.clone(),
            sops_age_secret: options.tuning.sops_age_secret.clone(),
        };
        let surroundings = skein_kustomize_controller::Surroundings {
            cluster,
            downloader,
            recorder,
            metrics,
        };
        let (_, task) = skein_kustomize_controller::start(surroundings, kustomize, stopped).await?;
        self.attend("kustomize", task);
        Ok(())
    }

    /// Keeps a controller among the tasks, and tells when a panic ends it.
    fn attend(&mut self, component: &'static str, task: JoinHandle<()>) {
        self.tasks.spawn(async move {
            if let Err(error) = task.await {
                tracing::error!(component, %error, "a controller ended");
            }
        });
    }

    async fn serve_artifacts(&mut self, options: &SetOptions) -> Result<Arc<Storage>> {
        let listener = serve::listen(&options.storage_addr).await?;
        let host = if options.storage_adv_addr.is_empty() {
            advertised(&listener)?
        } else {
            options.storage_adv_addr.clone()
        };
        let storage = Storage::open(StorageOptions {
            root: options.storage_path.clone(),
            host,
            retention: options.artifact_retention_ttl,
            retention_records: options.artifact_retention_records,
            digest: options.tuning.artifact_digest,
        })?;
        let router = skein_artifact::server::router(storage.root().to_owned());
        let mut stopped = self.stop.subscribe();
        self.tasks.spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::error!(%error, "the artifact server ended");
            }
        });
        Ok(Arc::new(storage))
    }

    /// Wakes sources at once; `None` without a source controller.
    pub fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }

    /// Stops; keys in work may take so long to finish.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finished).await.is_err() {
            tracing::warn!("controllers did not finish in time");
        }
    }
}

/// Loopback addresses are reached as they are, all others by the host name.
fn advertised(listener: &tokio::net::TcpListener) -> Result<String> {
    let address = serve::port(listener)?;
    if address.ip().is_loopback() {
        return Ok(address.to_string());
    }
    Ok(format!("{}:{}", host_name(), address.port()))
}

/// Name of this machine or Pod.
pub fn host_name() -> String {
    let name = std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty());
    name.or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map_or_else(|| "localhost".into(), |name| name.trim().to_owned())
}

fn recorder(cluster: &Cluster, options: &SetOptions, component: Component) -> EventRecorder {
    let sink = EventSink {
        controller: component.controller().into(),
        instance: host_name(),
        events_addr: options.events_addr.clone(),
    };
    EventRecorder::start(cluster.clone(), sink)
}

/// Reads `URL=PATH`.
pub fn instead_of(text: &str) -> Result<(String, PathBuf)> {
    // URLs may hold a = in a query; paths after the last one seldom do.
    match text.rsplit_once('=') {
        Some((url, path)) if !url.is_empty() && !path.is_empty() => Ok((url.into(), path.into())),
        _ => bail!("--instead-of {text:?} is not of the form URL=PATH"),
    }
}
