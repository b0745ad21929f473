//! OCIRepository: one layer of an OCI artifact as an archive.

mod decide;
mod layer;
mod pull;

use std::time::Duration;

use skein_api::source::oci_repository::OciRepositorySpec;
use skein_api::{ConditionType, Resource, SummaryRules};

use crate::produced::{
    Failure, Observed, Outcome, Rules, Secret, SecretReader, SourceKind, Surroundings,
};
use decide::Plan;

/// The kind.
pub(crate) struct OciRepositories;

/// What a run looks at.
#[derive(Default)]
pub(crate) struct Inputs {
    /// The Secret of `spec.secretRef`.
    credentials: Option<Secret>,
    /// The pull Secrets of `spec.serviceAccountName`.
    account: Option<Result<Vec<Secret>, String>>,
    /// The Secret of `spec.certSecretRef`.
    certificates: Option<Secret>,
    /// The Secret of `spec.proxySecretRef`.
    proxy: Option<Secret>,
    /// The Secret of `spec.verify`.
    keys: Option<Secret>,
    /// The registry on this machine that stands for the one in the address, if one does.
    local: Option<String>,
}

impl SourceKind for OciRepositories {
    type Spec = OciRepositorySpec;
    type Inputs = Inputs;
    type Plan = Plan;

    const CONTROLLER: &'static str = "ocirepository";
    const RULES: Rules = Rules {
        summary: SummaryRules {
            summarized: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::SourceVerified,
                ConditionType::ArtifactInStorage,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
            negative: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
        },
        failures: &[
            ConditionType::FetchFailed,
            ConditionType::StorageOperationFailed,
        ],
    };

    fn is_suspended(spec: &Self::Spec) -> bool {
        spec.suspend
    }

    fn interval(spec: &Self::Spec) -> Duration {
        spec.interval.as_std()
    }

    async fn observe(
        &self,
        surroundings: &Surroundings,
        source: &Resource<Self::Spec>,
    ) -> Self::Inputs {
        let spec = &source.spec;
        let mut inputs = Inputs {
            local: surroundings.options.rewrites.local_registry(&spec.url),
            ..Inputs::default()
        };
        // What is served from this machine needs no credentials.
        if spec.suspend || inputs.local.is_some() {
            return inputs;
        }
        let reader = SecretReader::new(&surroundings.cluster, &source.metadata.namespace);
        inputs.certificates = reader.read_optional(spec.cert_secret_ref.as_ref()).await;
        inputs.proxy = reader.read_optional(spec.proxy_secret_ref.as_ref()).await;
        inputs.credentials = reader.read_optional(spec.secret_ref.as_ref()).await;
        if spec.secret_ref.is_none() && !spec.service_account_name.is_empty() {
            inputs.account = Some(reader.pull_secrets(&spec.service_account_name).await);
        }
        if let Some(verify) = &spec.verify {
            inputs.keys = reader.read_optional(verify.secret_ref.as_ref()).await;
        }
        inputs
    }

    fn decide(&self, observed: &Observed<Self>) -> Result<Plan, Failure> {
        decide::decide(observed)
    }

    async fn act(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        plan: Plan,
    ) -> Outcome<Self> {
        pull::pull(surroundings, observed, plan).await
    }
}
