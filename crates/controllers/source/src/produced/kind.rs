//! What a kind of source says and does.

use std::future::Future;
use std::time::Duration;

use skein_api::source::helm_chart::HelmChartStatus;
use skein_api::source::helm_repository::HelmRepositoryStatus;
use skein_api::source::oci_repository::OciRepositoryStatus;
use skein_api::{
    Artifact, Condition, ConditionType, GitRepositoryStatus, KindSpec, Resource, SummaryRules,
};

use super::{Failure, Observed, Outcome, Surroundings};

/// Which conditions count for what.
pub(crate) struct Rules {
    /// Conditions that count for Ready, and of equally bad ones the order.
    pub summary: SummaryRules<'static>,
    /// Conditions whose end is a recovery.
    pub failures: &'static [ConditionType],
}

/// The fields of a status that every source has.
pub(crate) struct StatusParts<'a> {
    pub observed_generation: &'a mut i64,
    pub conditions: &'a mut Vec<Condition>,
    pub artifact: &'a mut Option<Artifact>,
    /// Where the kind has an address that always leads to the newest artifact.
    pub url: Option<&'a mut String>,
    pub last_handled_reconcile_at: &'a mut String,
}

/// A status of a source.
pub(crate) trait SourceStatus: Clone + Send + Sync + 'static {
    fn parts(&mut self) -> StatusParts<'_>;
    fn artifact(&self) -> Option<&Artifact>;
}

macro_rules! source_status {
    ($status:ty) => {
        impl SourceStatus for $status {
            fn parts(&mut self) -> StatusParts<'_> {
                StatusParts {
                    observed_generation: &mut self.observed_generation,
                    conditions: &mut self.conditions,
                    artifact: &mut self.artifact,
                    url: Some(&mut self.url),
                    last_handled_reconcile_at: &mut self.last_handled_reconcile_at,
                }
            }

            fn artifact(&self) -> Option<&Artifact> {
                self.artifact.as_ref()
            }
        }
    };
}

impl SourceStatus for GitRepositoryStatus {
    fn parts(&mut self) -> StatusParts<'_> {
        StatusParts {
            observed_generation: &mut self.observed_generation,
            conditions: &mut self.conditions,
            artifact: &mut self.artifact,
            url: None,
            last_handled_reconcile_at: &mut self.last_handled_reconcile_at,
        }
    }

    fn artifact(&self) -> Option<&Artifact> {
        self.artifact.as_ref()
    }
}

source_status!(OciRepositoryStatus);
source_status!(HelmRepositoryStatus);
source_status!(HelmChartStatus);

/// A kind of source.
pub(crate) trait SourceKind: Send + Sync + Sized + 'static {
    /// Its spec.
    type Spec: KindSpec<Status: SourceStatus> + Clone + Send + Sync + 'static;
    /// What it looks at beside the object and the storage.
    type Inputs: Send + Sync;
    /// What is to be done.
    type Plan: Send;

    /// Name in logs and metrics.
    const CONTROLLER: &'static str;
    /// Which conditions count for what.
    const RULES: Rules;

    /// Whether nothing is ever done for the object.
    fn is_static(_spec: &Self::Spec) -> bool {
        false
    }

    /// Whether the object is suspended.
    fn is_suspended(spec: &Self::Spec) -> bool;

    /// How often the origin is looked at; zero for never by itself.
    fn interval(spec: &Self::Spec) -> Duration;

    /// Reads what the decision looks at.
    fn observe(
        &self,
        surroundings: &Surroundings,
        source: &Resource<Self::Spec>,
    ) -> impl Future<Output = Self::Inputs> + Send;

    /// What is to be done. Pure.
    fn decide(&self, observed: &Observed<Self>) -> Result<Self::Plan, Failure>;

    /// Does it.
    fn act(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        plan: Self::Plan,
    ) -> impl Future<Output = Outcome<Self>> + Send;
}
