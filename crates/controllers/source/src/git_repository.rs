//! GitRepository: the files of a commit as an archive, with those of other repositories included.

pub(crate) mod access;
mod act;
mod build;
mod decide;
mod failure;
#[cfg(test)]
pub(crate) mod fixture;
mod observe;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use skein_api::{ConditionType, GitRepository, GitRepositorySpec, SummaryRules};
use skein_cluster::Cache;
use skein_git::PinnedCommits;
use skein_object::Object;

use crate::produced::{Failure, Observed, Outcome, Rules, SourceKind, Surroundings};
pub(crate) use observe::Inputs;

/// The kind of GitRepositories.
pub(crate) struct GitRepositories {
    /// All of them, for those that include others.
    pub cache: Arc<Cache<Object>>,
    /// Pinned commits that were found in the history of their branches.
    pub pinned: Arc<PinnedCommits>,
}

impl SourceKind for GitRepositories {
    type Spec = GitRepositorySpec;
    type Inputs = Inputs;
    type Plan = Box<decide::Plan>;

    const CONTROLLER: &'static str = "gitrepository";
    const RULES: Rules = Rules {
        summary: SummaryRules {
            summarized: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::IncludeUnavailable,
                ConditionType::ArtifactOutdated,
                ConditionType::SourceVerified,
                ConditionType::ArtifactInStorage,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
            negative: &[
                ConditionType::StorageOperationFailed,
                ConditionType::FetchFailed,
                ConditionType::IncludeUnavailable,
                ConditionType::ArtifactOutdated,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
        },
        failures: &[
            ConditionType::StorageOperationFailed,
            ConditionType::FetchFailed,
            ConditionType::IncludeUnavailable,
        ],
    };

    fn is_suspended(spec: &GitRepositorySpec) -> bool {
        spec.suspend
    }

    fn interval(spec: &GitRepositorySpec) -> Duration {
        spec.interval.as_std()
    }

    async fn observe(&self, surroundings: &Surroundings, source: &GitRepository) -> Inputs {
        Inputs {
            pinned: self.pinned.clone(),
            ..observe::observe(surroundings, &self.cache, source).await
        }
    }

    fn decide(&self, observed: &Observed<Self>) -> Result<Self::Plan, Failure> {
        decide::plan(observed).map(Box::new)
    }

    async fn act(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        mut plan: Self::Plan,
    ) -> Outcome<Self> {
        let algorithms = surroundings.options.ssh_algorithms.clone();
        plan.request.access.ssh_algorithms = algorithms;
        act::fetch_and_store(surroundings, observed, *plan).await
    }
}
