//! The end of a run that waits for health: looks, tells of the wait once it lasts, and gives the verdict.

use skein_api::{Artifact, KustomizationReason};
use skein_cluster::ApiError;
use skein_health::{HealthExpressions, WaitVerdict};
use skein_object::Object;
use skein_plan::Inventory;
use skein_runtime::targets::Target;
use skein_runtime::{HealthExpression, Next, Severity};

use super::Run;
use super::ending::Failure;
use crate::controller::KustomizeController;
use crate::report::{Events, Phase, inventory_of, timeout};
use crate::wait::{self, FAILURE_LOOKS, UNTOLD, UNWATCHED_POLL, Waiting};

impl KustomizeController {
    /// Looks at what is waited for, and ends the run when the verdict is there.
    pub(super) async fn look_again(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        target: &Target,
        mut waiting: Waiting,
    ) -> Result<Next, ApiError> {
        let spec = &run.kustomization.spec;
        if waiting.list.objects.is_empty() && !spec.wait && spec.health_checks.is_empty() {
            run.report().without_health();
            return self.succeed(run, artifact, &waiting.digest).await;
        }
        let compiled =
            HealthExpressions::compile(&spec.health_check_exprs, HealthExpression::compile);
        let expressions = match compiled {
            Ok(expressions) => expressions,
            Err(error) => {
                let text =
                    format!("Reconciliation failed terminally due to configuration error: {error}");
                return self
                    .stall(run, KustomizationReason::InvalidCELExpression, text, None)
                    .await;
            }
        };
        let counts_failures = waiting.counts_failures(waiting.started.elapsed());
        // Noted before the look: a change in between must wake us.
        let resumed = self
            .waits
            .lock()
            .insert(run.name.clone(), waiting.clone())
            .is_some();
        let fail_fast = !self
            .options
            .controller
            .feature_gates
            .enabled("DisableFailFastBehavior");
        let look = wait::look(&waiting, target, &expressions, fail_fast, counts_failures).await;
        match look.verdict {
            WaitVerdict::Healthy => self.became_healthy(run, artifact, &waiting, resumed).await,
            WaitVerdict::Waiting => self.wait_on(run, artifact, &waiting, look.unwatched).await,
            WaitVerdict::Failed(text) => {
                self.waits.lock().remove(&run.name);
                run.report().unhealthy(&text);
                let took = crate::report::rounded(waiting.started.elapsed());
                let failure = Failure {
                    reason: KustomizationReason::HealthCheckFailed,
                    message: format!("health check failed after {took}: {text}"),
                    event: None,
                    phase: Phase::Waiting,
                    pause: None,
                };
                let digest = waiting.digest.clone();
                self.fail(run, artifact, failure, Some(&digest)).await
            }
        }
    }

    /// Tells of the wait once it lasts, and says when to look again.
    pub(super) async fn wait_on(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        waiting: &Waiting,
        unwatched: bool,
    ) -> Result<Next, ApiError> {
        let waited = waiting.started.elapsed();
        let poll = match unwatched {
            true => UNWATCHED_POLL,
            false => FAILURE_LOOKS,
        };
        let next = poll
            .min(waiting.limit.saturating_sub(waited))
            .min(waiting.failures_from.saturating_sub(waited));
        let untold = UNTOLD.saturating_sub(waited);
        if !untold.is_zero() && inventory_of(&run.status) == written_inventory(&run.object) {
            return Ok(Next::Retry(next.min(untold)));
        }
        let limit = timeout(&run.kustomization);
        run.report()
            .progressing(Phase::Waiting, &artifact.revision, limit);
        run.status
            .last_attempted_revision
            .clone_from(&artifact.revision);
        self.write(run).await?;
        Ok(Next::Retry(next))
    }

    pub(super) async fn became_healthy(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        waiting: &Waiting,
        resumed: bool,
    ) -> Result<Next, ApiError> {
        self.waits.lock().remove(&run.name);
        let took = crate::report::rounded(waiting.started.elapsed());
        if run.is_news || resumed || !waiting.was_healthy {
            run.is_news = true;
            run.report().healthy(took);
        }
        if waiting.tell || !waiting.was_healthy {
            let events = Events::new(&run.kustomization, Some(artifact));
            let message = format!("Health check passed in {took}");
            let reason = KustomizationReason::Progressing;
            self.recorder
                .record(events.event(Severity::Info, reason, message));
        }
        self.succeed(run, artifact, &waiting.digest).await
    }
}

/// The inventory as it was written last.
fn written_inventory(object: &Object) -> Inventory {
    let written = object.at(&["status", "inventory"]).cloned();
    written
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default()
}
