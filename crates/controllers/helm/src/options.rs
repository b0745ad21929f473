//! Settings of the helm controller.

use skein_cluster::KubeconfigPolicy;
use skein_helm::release::StorageDriver;
use skein_plan::takeover::Predecessor;
use skein_runtime::{ControllerOptions, DriftDetection};

use crate::spec::Defaults;

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
    /// Where release records are kept. Flux knows Secrets only.
    pub storage_driver: StorageDriver,
}

impl HelmOptions {
    /// What counts where a HelmRelease says nothing.
    pub(crate) fn defaults(&self) -> Defaults {
        let gates = &self.controller.feature_gates;
        Defaults {
            retry_on_failure: gates.enabled("DefaultToRetryOnFailure"),
            helm_3: gates.enabled("UseHelm3Defaults"),
        }
    }

    /// The managers whose fields are taken over, with both ways in which they may have got them.
    pub(crate) fn overridden(&self) -> Vec<Predecessor> {
        let one = |name: &String, operation| Predecessor {
            prefix: name.clone(),
            operation,
            exact: false,
        };
        let managers = self.override_managers.iter();
        managers
            .flat_map(|name| [one(name, "Apply"), one(name, "Update")])
            .collect()
    }
}
