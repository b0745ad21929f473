//! Settings that (almost) all controllers share, with Flux's flag names and defaults.

use std::time::Duration;

use crate::gates::FeatureGates;
use crate::queue::Backoff;
use crate::targets::identity::IdentityOptions;

/// How drift of applied objects is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftDetection {
    /// Applied objects are watched; what others change is seen at once.
    #[default]
    Watch,
    /// Only at the interval, as Flux does.
    Interval,
}

/// Settings of a controller; field names are the flag names.
#[derive(Clone, Debug)]
pub struct ControllerOptions {
    /// Objects worked on at a time.
    pub concurrent: usize,
    /// Namespace of the controller itself.
    pub runtime_namespace: String,
    /// Watch every namespace, or only `runtime_namespace`.
    pub watch_all_namespaces: bool,
    /// Label selector of the objects of this shard; empty for all.
    pub watch_label_selector: String,
    /// Label selector of watched ConfigMaps and Secrets.
    pub watch_configs_label_selector: String,
    /// Backoff after failures.
    pub min_retry_delay: Duration,
    /// Longest backoff.
    pub max_retry_delay: Duration,
    /// Random part of intervals, in percent.
    pub interval_jitter_percentage: u8,
    /// Pause while a dependency is not ready.
    pub requeue_dependency: Duration,
    /// Refuse references to other namespaces.
    pub no_cross_namespace_refs: bool,
    /// Refuse kustomizations that name remote bases.
    pub no_remote_bases: bool,
    /// ServiceAccount impersonated for objects that name none; empty for none.
    pub default_service_account: String,
    /// ServiceAccount whose tokens reach the clusters of ConfigMaps that name none; empty for the controller's own.
    pub default_kubeconfig_service_account: String,
    /// Feature gates.
    pub feature_gates: FeatureGates,
}

impl Default for ControllerOptions {
    fn default() -> Self {
        Self {
            concurrent: 4,
            runtime_namespace: "flux-system".into(),
            watch_all_namespaces: true,
            watch_label_selector: String::new(),
            watch_configs_label_selector: "reconcile.fluxcd.io/watch=Enabled".into(),
            min_retry_delay: Duration::from_millis(750),
            max_retry_delay: Duration::from_secs(15 * 60),
            interval_jitter_percentage: 5,
            requeue_dependency: Duration::from_secs(30),
            no_cross_namespace_refs: false,
            no_remote_bases: false,
            default_service_account: String::new(),
            default_kubeconfig_service_account: String::new(),
            feature_gates: FeatureGates::default(),
        }
    }
}

impl ControllerOptions {
    /// The backoff of the queue.
    pub fn backoff(&self) -> Backoff {
        Backoff {
            min: self.min_retry_delay,
            max: self.max_retry_delay,
        }
    }

    /// What tokens may be asked for to reach clusters that ConfigMaps name.
    pub fn identity(&self) -> IdentityOptions {
        IdentityOptions {
            of_objects: self.feature_gates.enabled("ObjectLevelWorkloadIdentity"),
            default_account: self.default_kubeconfig_service_account.clone(),
        }
    }

    /// The namespace to watch; empty for all.
    pub fn watched_namespace(&self) -> &str {
        if self.watch_all_namespaces {
            ""
        } else {
            &self.runtime_namespace
        }
    }
}
