//! How a run ends: what succeeded or failed is written, recorded and told.

use std::time::Duration;

use skein_api::{Artifact, KustomizationReason};
use skein_cluster::ApiError;
use skein_object::GoDuration;
use skein_runtime::{Next, Severity, driver};

use super::Run;
use crate::controller::KustomizeController;
use crate::report::{Events, Outcome, Phase, timeout};

/// A failure with its condition reason and where in the run it happened.
pub(super) struct Failure {
    pub(super) reason: KustomizationReason,
    pub(super) message: String,
    /// Message of the event, when it is not that of the condition.
    pub(super) event: Option<String>,
    pub(super) phase: Phase,
    /// How long to wait, when it is not the retry interval.
    pub(super) pause: Option<Duration>,
}

impl KustomizeController {
    pub(super) async fn succeed(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        digest: &str,
    ) -> Result<Next, ApiError> {
        let interval = driver::jittered(
            run.kustomization.spec.interval.as_std(),
            self.options.controller.interval_jitter_percentage,
        );
        if !run.is_news {
            return Ok(Next::After(interval));
        }
        let took = run.started.elapsed();
        let mut report = run.report();
        report.succeeded(artifact);
        report.record(Outcome {
            digest,
            reason: KustomizationReason::ReconciliationSucceeded,
            artifact,
            took,
        });
        self.write(run).await?;
        let events = Events::new(&run.kustomization, Some(artifact));
        // The interval as the user wrote it, as Flux tells it: the random part is no news.
        let next = run.kustomization.spec.interval;
        self.tell_success(&events, took, next);
        Ok(Next::After(interval))
    }

    /// The event at the end of a success, by which the commit gets its status; none where the operator wants none.
    pub(crate) fn tell_success(&self, events: &Events, took: Duration, next: GoDuration) {
        const GATE: &str = "DisableCommitStatusEvent";
        if !self.options.controller.feature_gates.enabled(GATE) {
            self.recorder.record(events.finished(took, next));
        }
    }

    pub(super) async fn fail(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        failure: Failure,
        digest: Option<&str>,
    ) -> Result<Next, ApiError> {
        let took = run.started.elapsed();
        let progress = failure
            .phase
            .message(&artifact.revision, timeout(&run.kustomization));
        // A revision counts as tried once its files are there.
        if failure.phase != Phase::Fetching {
            run.status
                .last_attempted_revision
                .clone_from(&artifact.revision);
        }
        let mut report = run.report();
        report.failed(failure.reason, &failure.message, &progress);
        if let Some(digest) = digest {
            report.record(Outcome {
                digest,
                reason: failure.reason,
                artifact,
                took,
            });
        }
        self.write(run).await?;
        let text = failure.event.unwrap_or(failure.message);
        if !text.is_empty() {
            let events = Events::new(&run.kustomization, Some(artifact));
            self.recorder
                .record(events.event(Severity::Error, failure.reason, text));
        }
        Ok(Next::Retry(failure.pause.unwrap_or(run.retry_interval())))
    }
}
