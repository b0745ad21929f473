//! `skein controllers`: any subset of the controllers in one process, against any cluster.

mod helm_flags;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use skein_cluster::{Cluster, ConnectOptions, KubeconfigPolicy};
use skein_object::GoDuration;
use skein_runtime::{ControllerOptions, FeatureGates, Metrics};
use skein_source_controller::UrlRewrites;
use tokio::sync::watch;

use super::flux_flags::FluxArguments;
use super::git::{self, LocalGit};
use super::leadership::{Leadership, LeaseTiming};
use super::logging::{self, LogArguments};
use super::serve;
use super::set::{self, ControllerSet, SetOptions, Tuning};

/// Flags, with Flux's names and defaults where Flux has the flag.
#[derive(Args, Clone, Debug)]
pub struct ControllersArguments {
    /// Controllers to run
    #[arg(long, value_delimiter = ',', default_value = "source,kustomize,helm")]
    pub components: Vec<set::Component>,
    /// Kubeconfig; without it `KUBECONFIG`, `~/.kube/config` or the Pod's own account
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long)]
    pub context: Option<String>,
    /// Namespace of the controllers themselves
    #[arg(long, env = "RUNTIME_NAMESPACE", default_value = "flux-system")]
    pub runtime_namespace: String,
    /// Watch every namespace, or only the controllers' own
    #[arg(long, num_args = 0..=1, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub watch_all_namespaces: bool,
    /// Only objects with these labels: sharding
    #[arg(long, default_value = "")]
    pub watch_label_selector: String,
    /// ConfigMaps and Secrets with these labels wake the objects that refer to them
    #[arg(long, default_value = "reconcile.fluxcd.io/watch=Enabled")]
    pub watch_configs_label_selector: String,
    /// Objects worked on at a time, per controller
    #[arg(long, default_value_t = 4)]
    pub concurrent: usize,
    /// Base URL of the notification controller
    #[arg(long, env = "EVENTS_ADDR", default_value = "")]
    pub events_addr: String,
    /// Address of /metrics; empty for none
    #[arg(long, env = "METRICS_ADDR", default_value = ":8080")]
    pub metrics_addr: String,
    /// Address of /healthz and /readyz; empty for none
    #[arg(long, default_value = ":9440")]
    pub health_addr: String,
    /// First pause after a failure
    #[arg(long, default_value = "750ms")]
    pub min_retry_delay: GoDuration,
    /// Longest pause after failures
    #[arg(long, default_value = "15m")]
    pub max_retry_delay: GoDuration,
    /// Random part of intervals, in percent
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=99))]
    pub interval_jitter_percentage: u8,
    /// Pause while a dependency is not ready
    #[arg(long, default_value = "30s")]
    pub requeue_dependency: GoDuration,
    /// Refuse references to other namespaces
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub no_cross_namespace_refs: bool,
    /// Refuse kustomizations that name remote bases
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub no_remote_bases: bool,
    /// `ServiceAccount` impersonated for objects that name none
    #[arg(long, default_value = "")]
    pub default_service_account: String,
    /// `ServiceAccount` whose tokens reach clusters of `spec.kubeConfig.configMapRef` that name none
    #[arg(long, default_value = "")]
    pub default_kubeconfig_service_account: String,
    /// Feature gates: Name=true,Name=false
    #[arg(long, default_value = "")]
    pub feature_gates: String,
    /// Run only while holding a Lease
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub enable_leader_election: bool,
    /// Folder of the artifacts
    #[arg(long, env = "STORAGE_PATH", default_value = "/data")]
    pub storage_path: PathBuf,
    /// Address of the artifact server
    #[arg(long, env = "STORAGE_ADDRESS", default_value = ":9090")]
    pub storage_addr: String,
    /// Host and port by which consumers reach the artifact server; default: the host name
    #[arg(long, env = "STORAGE_ADV_ADDR", default_value = "")]
    pub storage_adv_addr: String,
    /// Age of replaced artifacts after which they go
    #[arg(long, default_value = "1m")]
    pub artifact_retention_ttl: GoDuration,
    /// Artifacts kept of one source
    #[arg(long, default_value_t = 2)]
    pub artifact_retention_records: usize,
    /// How drift is found: by watching the applied objects, or at the interval only
    #[arg(long, default_value = "watch", value_enum)]
    pub drift_detection: set::DriftDetection,
    /// Keep exec plugins of kubeconfig Secrets (dangerous)
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub insecure_kubeconfig_exec: bool,
    /// Keep insecure-skip-tls-verify of kubeconfig Secrets (dangerous)
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub insecure_kubeconfig_tls: bool,
    /// Fetch sources whose address starts with URL from the local repository PATH: URL=PATH
    #[arg(long, value_name = "URL=PATH")]
    pub instead_of: Vec<String>,
    /// What concerns the helm controller alone
    #[command(flatten)]
    pub helm: helm_flags::HelmArguments,
    /// Flags of single controllers
    #[command(flatten)]
    pub flux: FluxArguments,
    /// Logging
    #[command(flatten)]
    pub log: LogArguments,
}

impl ControllersArguments {
    fn options(&self) -> Result<ControllerOptions> {
        if self.min_retry_delay > self.max_retry_delay {
            bail!(
                "--min-retry-delay {} is longer than --max-retry-delay {}",
                self.min_retry_delay,
                self.max_retry_delay
            );
        }
        Ok(ControllerOptions {
            concurrent: self.concurrent,
            runtime_namespace: self.runtime_namespace.clone(),
            watch_all_namespaces: self.watch_all_namespaces,
            watch_label_selector: self.watch_label_selector.clone(),
            watch_configs_label_selector: self.watch_configs_label_selector.clone(),
            min_retry_delay: self.min_retry_delay.as_std(),
            max_retry_delay: self.max_retry_delay.as_std(),
            interval_jitter_percentage: self.interval_jitter_percentage,
            requeue_dependency: self.requeue_dependency.as_std(),
            no_cross_namespace_refs: self.no_cross_namespace_refs,
            no_remote_bases: self.no_remote_bases,
            default_service_account: self.default_service_account.clone(),
            default_kubeconfig_service_account: self.default_kubeconfig_service_account.clone(),
            feature_gates: FeatureGates::parse(&self.feature_gates).context("--feature-gates")?,
        })
    }

    fn set_options(&self) -> Result<SetOptions> {
        Ok(SetOptions {
            components: self.components.clone(),
            controller: self.options()?,
            events_addr: self.events_addr.clone(),
            storage_path: self.storage_path.clone(),
            storage_addr: self.storage_addr.clone(),
            storage_adv_addr: self.storage_adv_addr.clone(),
            artifact_retention_ttl: self.artifact_retention_ttl.as_std(),
            artifact_retention_records: self.artifact_retention_records,
            drift_detection: self.drift_detection,
            kubeconfig_policy: KubeconfigPolicy {
                allow_exec: self.insecure_kubeconfig_exec,
                allow_insecure_tls: self.insecure_kubeconfig_tls,
            },
            rewrites: UrlRewrites::default(),
            helm_storage_driver: self.helm.helm_storage_driver,
            tuning: Tuning {
                override_managers: self.flux.override_manager.clone(),
                early_override_managers: self.flux.override_manager_before_dry_run.clone(),
                concurrent_ssa: usize::from(self.flux.concurrent_ssa),
                custom_apply_stage_kinds: self.flux.stage_kinds()?,
                sops_age_secret: self.flux.sops_age_secret(&self.runtime_namespace),
                download_retries: self.flux.http_retry,
                download_timeout: self.flux.http_timeout.as_std(),
                chart_limits: self.flux.chart_limits(),
                ssh_algorithms: self.flux.ssh_algorithms()?,
                artifact_digest: self.flux.artifact_digest_algo,
                helm_index_max_bytes: self.flux.helm_index_max_size,
            },
        })
    }

    fn lease_timing(&self) -> LeaseTiming {
        LeaseTiming {
            duration: self.flux.leader_election_lease_duration.as_std(),
            renew_deadline: self.flux.leader_election_renew_deadline.as_std(),
            retry_period: self.flux.leader_election_retry_period.as_std(),
        }
    }
}

/// Runs until a signal; keys in work are finished first.
pub async fn run(arguments: ControllersArguments) -> Result<ExitCode> {
    logging::start(&arguments.log);
    for (flag, why) in arguments.flux.ignored.given() {
        tracing::warn!(flag, why, "the flag has no effect");
    }
    let connect = ConnectOptions {
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        user_agent: concat!("skein/", env!("CARGO_PKG_VERSION")).into(),
        ..ConnectOptions::default()
    };
    let cluster = Cluster::connect(&connect).await?;
    let options = arguments.set_options()?;
    let gates = &options.controller.feature_gates;
    let memory_watch = arguments.helm.memory_watch(gates)?;
    if gates.enabled("AdoptLegacyReleases") {
        tracing::warn!("the gate AdoptLegacyReleases has no effect, as in Flux since 2.8");
    }
    let pairs: Vec<_> = arguments
        .instead_of
        .iter()
        .map(|text| set::instead_of(text))
        .collect::<Result<_>>()?;
    let git = LocalGit::start().await?;
    git::serve_instead_of(&git, &pairs, &options.rewrites).await?;
    let (metrics, ready) = (Metrics::default(), watch::Sender::new(false));
    metrics.show_answers(cluster.answers().clone());
    let endpoints = serve::start(
        &arguments.metrics_addr,
        &arguments.health_addr,
        &metrics,
        ready.subscribe(),
    )
    .await?;
    let mut leadership = if arguments.enable_leader_election {
        let timing = arguments.lease_timing();
        let namespace = &arguments.runtime_namespace;
        Some(Leadership::win(&cluster, namespace, &options, timing, &metrics).await)
    } else {
        None
    };
    let running = ControllerSet::start(cluster, options, metrics).await?;
    ready.send_replace(true);
    let lost = async {
        match &mut leadership {
            Some(leadership) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    let near_limit = async {
        match memory_watch {
            Some(watch) => watch.reached().await,
            None => std::future::pending().await,
        }
    };
    let code = tokio::select! {
        () = stop_signal() => ExitCode::SUCCESS,
        () = near_limit => ExitCode::SUCCESS,
        () = lost => {
            eprintln!("✗ leadership was lost");
            ExitCode::FAILURE
        }
    };
    let grace = arguments.flux.graceful_shutdown_timeout;
    running.stop(grace.as_std()).await;
    // Only now: nobody else may work before we have stopped.
    if let Some(leadership) = leadership
        && arguments.flux.leader_election_release_on_cancel
    {
        leadership.release().await;
    }
    endpoints.stop();
    Ok(code)
}

/// SIGINT or SIGTERM.
pub async fn stop_signal() {
    let mut terminate =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::warn!(%error, "SIGTERM is not handled");
                let _ = tokio::signal::ctrl_c().await;
                return;
            }
        };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
