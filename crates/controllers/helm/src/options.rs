//! Settings of the helm controller.

use skein_cluster::KubeconfigPolicy;
use skein_runtime::ControllerOptions;

/// How drift is found, where a HelmRelease asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftDetection {
    /// Objects of releases are watched; what others change is seen at once.
    #[default]
    Watch,
    /// Only at the interval, as Flux does.
    Interval,
}

/// Settings of the helm controller.
#[derive(Clone, Debug, Default)]
pub struct HelmOptions {
    /// Settings that all controllers share.
    pub controller: ControllerOptions,
    /// How drift is found.
    pub drift_detection: DriftDetection,
    /// What kubeconfig Secrets may hold.
    pub kubeconfig_policy: KubeconfigPolicy,
    /// Field managers whose fields are taken over when drift is looked for.
    pub override_managers: Vec<String>,
}
