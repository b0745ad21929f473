//! Settings of the Kustomization controller.

use std::collections::BTreeSet;

use skein_cluster::KubeconfigPolicy;
use skein_object::{GroupKind, NamespacedName};
use skein_runtime::{ControllerOptions, DriftDetection};

/// Settings of the Kustomization controller.
#[derive(Clone, Debug)]
pub struct KustomizeOptions {
    /// Settings that all controllers share.
    pub controller: ControllerOptions,
    /// How drift is found.
    pub drift_detection: DriftDetection,
    /// Objects applied at a time, per Kustomization.
    pub concurrent_ssa: usize,
    /// What kubeconfig Secrets may hold.
    pub kubeconfig_policy: KubeconfigPolicy,
    /// Field managers whose fields are taken over, besides the usual ones.
    pub override_managers: Vec<String>,
    /// Field managers whose fields are taken over before anything is tried.
    pub early_override_managers: Vec<String>,
    /// Kinds that are applied in a stage of their own.
    pub custom_apply_stage_kinds: BTreeSet<GroupKind>,
    /// Secret with age keys for Kustomizations that decrypt and name no Secret.
    pub sops_age_secret: Option<NamespacedName>,
}

impl Default for KustomizeOptions {
    fn default() -> Self {
        Self {
            controller: ControllerOptions::default(),
            drift_detection: DriftDetection::Watch,
            concurrent_ssa: 4,
            kubeconfig_policy: KubeconfigPolicy::default(),
            override_managers: Vec::new(),
            early_override_managers: Vec::new(),
            custom_apply_stage_kinds: BTreeSet::new(),
            sops_age_secret: None,
        }
    }
}
