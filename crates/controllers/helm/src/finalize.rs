//! The end of a HelmRelease: its release is uninstalled, its HelmChart deleted, its finalizer let go.

use std::sync::Arc;
use std::time::Duration;

use skein_api::ConditionType;
use skein_api::conditions::find;
use skein_api::helm_release::status::ReleaseSnapshot;
use skein_cluster::{ApiError, ApiResource};
use skein_health::HealthExpressions;
use skein_helm::release::Release;
use skein_object::GroupVersionKind;
use skein_runtime::targets::{Target, TargetError};
use skein_runtime::{HealthExpression, Next, Severity};

use crate::action::Action;
use crate::chart_template::TemplateError;
use crate::controller::HelmController;
use crate::helm_log::HelmLog;
use crate::reconcile::{PAUSE_AFTER_ACTION, Run, target_problem, target_reference};
use crate::report::About;
use crate::storage::Storage;
use crate::{action::Uninstalled, snapshot};

/// First pause of those that grow with each failure.
const FAILURE_PAUSE: Duration = Duration::from_millis(750);
/// The longest of them.
const FAILURE_PAUSE_MAX: Duration = Duration::from_secs(900);

/// Pause after an uninstall that failed half-way: what Flux's controller waits for its cache first, and what grows with the failures.
fn pause_after_failure(failures: i64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or_default();
    let growing = FAILURE_PAUSE.saturating_mul(2_u32.saturating_pow(doublings));
    PAUSE_AFTER_ACTION + growing.min(FAILURE_PAUSE_MAX)
}

/// An error where what was uninstalled is not the release that we know: somebody else made a newer one.
fn of_ours(uninstalled: &Release, known: &ReleaseSnapshot) -> Result<(), String> {
    if snapshot::targets(known, uninstalled) {
        return Ok(());
    }
    Err(format!(
        "release mismatch: uninstalled release {}/{}.v{} != current release {}",
        uninstalled.namespace,
        uninstalled.name,
        uninstalled.version,
        snapshot::full_name(known)
    ))
}

impl HelmController {
    pub(crate) async fn finalize(&self, run: &mut Run) -> Result<Next, ApiError> {
        self.memos.lock().remove(&run.name);
        self.awaiting.lock().remove(&run.name);
        if !run.release.spec.suspend {
            if let Err(problem) = self.uninstall_at_end(run).await? {
                tracing::warn!(name = %run.name, %problem, "a HelmRelease cannot be uninstalled");
                let is_new = run.status.history != run.release.status.history;
                self.write(run).await?;
                return Ok(match is_new {
                    true => Next::Retry(pause_after_failure(run.status.failures)),
                    false => Next::Backoff,
                });
            }
            match self.delete_chart(run).await {
                Ok(()) => {}
                Err(TemplateError::Api(error)) => {
                    tracing::warn!(name = %run.name, %error, "deleting a HelmChart");
                    return Ok(Next::Backoff);
                }
                Err(TemplateError::Denied(text)) => {
                    tracing::warn!(name = %run.name, %text, "a HelmChart stays");
                    return Ok(Next::Backoff);
                }
            }
        }
        self.writer
            .remove_finalizer(&run.object, skein_api::names::FINALIZER)
            .await?;
        Ok(Next::Change)
    }

    /// Uninstalls, unless there is nothing to uninstall or nobody to do it.
    async fn uninstall_at_end(&self, run: &mut Run) -> Result<Result<(), String>, ApiError> {
        if run.status.storage_namespace.is_empty() {
            return Ok(Ok(()));
        }
        let target = match self.targets.of(target_reference(&run.release)).await {
            Ok(target) => target,
            Err(TargetError::NoSecret { .. }) => return Ok(Ok(())),
            Err(error) => {
                let text = format!(
                    "failed to build REST client getter to uninstall release: {}",
                    target_problem(&error)
                );
                run.report().not_ready("UninstallFailed", &text);
                return Ok(Err(text));
            }
        };
        if !self.account_exists(run).await? {
            tracing::warn!(name = %run.name, "the account of a HelmRelease is gone; its release stays");
            return Ok(Ok(()));
        }
        let checks = &run.release.spec.health_check_exprs;
        let expressions =
            HealthExpressions::compile(checks, HealthExpression::compile).unwrap_or_default();
        let outcome = self.uninstall_known(run, &target, &expressions).await;
        if outcome.is_ok() {
            run.status.history.clear();
            run.status.storage_namespace.clear();
        }
        Ok(outcome)
    }

    /// Whether the account that would uninstall is there; without one it is ourselves.
    async fn account_exists(&self, run: &Run) -> Result<bool, ApiError> {
        let account = self.targets.account(target_reference(&run.release));
        if account.is_empty() || run.release.spec.kube_config.is_some() {
            return Ok(true);
        }
        let gvk = GroupVersionKind::new("", "v1", "ServiceAccount");
        let accounts = ApiResource::new(&gvk, "serviceaccounts", true);
        let namespace = &run.release.metadata.namespace;
        let found = self.cluster.get(&accounts, namespace, account).await?;
        Ok(found.is_some())
    }

    /// Uninstalls the release that the status speaks of.
    pub(crate) async fn uninstall_known(
        &self,
        run: &mut Run,
        target: &Target,
        expressions: &HealthExpressions<HealthExpression>,
    ) -> Result<(), String> {
        let Some(latest) = snapshot::latest(&run.status.history).cloned() else {
            return Ok(());
        };
        let mut storage = Storage::open(
            &self.keeper,
            &target.cluster,
            &run.status.storage_namespace,
            &latest.name,
        )
        .await
        .map_err(|error| error.to_string())?;
        let log = Arc::new(HelmLog::default());
        let newest = storage.last().cloned();
        let outcome = Action {
            release: &run.release,
            options: &run.options,
            target,
            storage: &mut storage,
            log: Arc::clone(&log),
            expressions,
            control: &run.control,
            renderer: &self.renderer,
            name: latest.name.clone(),
            namespace: latest.namespace.clone(),
            waits: !run.options.uninstall.disable_wait,
        }
        .uninstall()
        .await;
        let written = storage.take_written();
        snapshot::note_known(&mut run.status.history, &written, Some("uninstall"));
        let outcome = outcome.and_then(|end| match (end, newest) {
            (Uninstalled::Done, Some(newest)) => of_ours(&newest, &latest).map(|()| end),
            _ => Ok(end),
        });
        let (name, chart) = (snapshot::full_name(&latest), snapshot::chart_of(&latest));
        let about = About::snapshot(&latest);
        let succeeded = "UninstallSucceeded";
        let outcome = match outcome {
            Ok(end) => {
                let text = match end {
                    Uninstalled::Done => {
                        format!("Helm uninstall succeeded for release {name} with chart {chart}")
                    }
                    Uninstalled::NotFound => {
                        format!("Release {name} was not found, assuming it is uninstalled")
                    }
                    Uninstalled::Already => format!("Release {name} was already uninstalled"),
                };
                run.report().conditions().mark_false(
                    ConditionType::Released,
                    succeeded,
                    text.clone(),
                );
                if end == Uninstalled::Done {
                    run.status.inventory = None;
                    self.tell(run, Severity::Info, succeeded, text, &about);
                }
                Ok(())
            }
            // Something newer goes on from here; that is no failure.
            Err(problem) if run.control.is_cancelled() => Err(problem),
            Err(problem) => {
                let text = format!(
                    "Helm uninstall failed for release {name} with chart {chart}: {}",
                    problem.trim()
                );
                run.status.failures += 1;
                let reason = "UninstallFailed";
                let is_new = find(&run.status.conditions, ConditionType::Released.as_str())
                    .is_none_or(|released| released.message != text);
                run.report()
                    .conditions()
                    .mark_false(ConditionType::Released, reason, text.clone());
                if is_new {
                    self.tell(run, Severity::Error, reason, log.appended_to(&text), &about);
                }
                Err(problem)
            }
        };
        run.summarize();
        outcome
    }
}
