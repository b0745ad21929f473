//! The end of a Kustomization: what happens to its objects, and letting go of the finalizer.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use skein_api::kustomization::DeletionPolicy;
use skein_api::{Kustomization, KustomizationReason};
use skein_cluster::{ApiError, ApiResource};
use skein_object::{GoDuration, GroupVersionKind};
use skein_plan::inventory::OwnedObject;
use skein_plan::prune::{Farewell, farewell};
use skein_runtime::{Next, Severity};

use crate::controller::KustomizeController;
use crate::prune::{self, Left};
use crate::reconcile::{Run, target_reference};
use crate::report::{Events, inventory_of, timeout};
use skein_runtime::targets::Target;

/// Pause between looks at objects that are being deleted and that no watch shows, as Flux has it.
const GONE_POLL: Duration = Duration::from_secs(2);
/// How long after its deadline a wait for termination is looked at: it must be over by then.
const PAST_DEADLINE: Duration = Duration::from_millis(100);

impl KustomizeController {
    pub(crate) async fn finalize(&self, run: &mut Run) -> Result<Next, ApiError> {
        self.waits.lock().remove(&run.name);
        let spec = &run.kustomization.spec;
        let policy = spec.deletion_policy.map(policy_word);
        let end = farewell(policy, spec.prune, spec.suspend);
        let objects = inventory_of(&run.status).objects().unwrap_or_default();
        if end != Farewell::Keep && !objects.is_empty() {
            let target = match self.targets.of(target_reference(&run.kustomization)).await {
                Ok(target) => target,
                Err(error) => {
                    tracing::warn!(name = %run.name, %error, "deletion waits for its cluster");
                    self.tell_finished(run);
                    run.report().settle();
                    self.write(run).await?;
                    return Ok(Next::Backoff);
                }
            };
            if !self.account_exists(&run.kustomization).await? {
                self.tell_unpruned(run, &objects);
            } else if let Some(next) = self.undo(run, &target, objects, end).await? {
                return Ok(next);
            }
        }
        self.tell_finished(run);
        self.leaving.lock().remove(&run.name);
        self.writer
            .remove_finalizer(&run.object, skein_api::names::FINALIZER)
            .await?;
        Ok(Next::Change)
    }

    /// Every run of one that is ready ends with this, as in Flux: the runs of its deletion, too.
    fn tell_finished(&self, run: &Run) {
        let ready = skein_api::conditions::is_true(&run.status.conditions, "Ready");
        if ready && !run.kustomization.spec.suspend {
            let events = self.events(run);
            let interval = run.kustomization.spec.interval;
            self.tell_success(&events, run.started.elapsed(), interval);
        }
    }

    fn events(&self, run: &Run) -> Events {
        let mut artifact = skein_api::Artifact {
            revision: run.status.last_applied_revision.clone(),
            ..skein_api::Artifact::default()
        };
        let origin = &run.status.last_applied_origin_revision;
        if !origin.is_empty() {
            let key = skein_api::names::OCI_REVISION_ANNOTATION.to_owned();
            artifact.metadata.insert(key, origin.clone());
        }
        let known = !artifact.revision.is_empty();
        Events::new(&run.kustomization, known.then_some(&artifact))
    }

    /// Deletes the objects; `Some` when the finalizer has to stay for now.
    async fn undo(
        &self,
        run: &mut Run,
        target: &Target,
        objects: Vec<OwnedObject>,
        end: Farewell,
    ) -> Result<Option<Next>, ApiError> {
        let pruned = prune::prune(target, &run.name, objects.clone(), &HashSet::new()).await;
        let first_time = pruned.changes.entries.iter().any(|entry| {
            entry.action == skein_plan::Action::Deleted
                || entry.action == skein_plan::Action::Skipped
        });
        if first_time && pruned.failures.is_empty() && !self.told_of_deletion(run) {
            let lines = pruned.changes.all_lines();
            self.tell(run, Severity::Info, lines);
        }
        if !pruned.failures.is_empty() {
            self.tell(run, Severity::Error, prune::failure_text(&pruned.failures));
            run.report().settle();
            self.write(run).await?;
            return Ok(Some(Next::Backoff));
        }
        if end != Farewell::DeleteAndWait {
            return Ok(None);
        }
        let deleted: Vec<&OwnedObject> = objects
            .iter()
            .filter(|object| {
                pruned.changes.entries.iter().any(|entry| {
                    entry.key == object.key && entry.action == skein_plan::Action::Deleted
                })
            })
            .collect();
        let left = prune::left(target, &deleted).await?;
        if left == Left::Nothing {
            return Ok(None);
        }
        let (limit, elapsed) = (timeout(&run.kustomization), deleting_for(run));
        if elapsed > limit {
            // As Flux does: the time is over, and what is left goes without anybody waiting for it.
            self.tell(
                run,
                Severity::Error,
                "failed to wait for resources termination",
            );
            return Ok(None);
        }
        let rest = limit.as_std().saturating_sub(elapsed.as_std()) + PAST_DEADLINE;
        Ok(Some(Next::Retry(match left {
            // Their end wakes us.
            Left::Watched => rest,
            Left::Nothing | Left::Unwatched => rest.min(GONE_POLL),
        })))
    }

    /// Whether an earlier run of the same deletion has told of it: it came back to wait for termination.
    fn told_of_deletion(&self, run: &Run) -> bool {
        let waits =
            run.kustomization.spec.deletion_policy == Some(DeletionPolicy::WaitForTermination);
        if !waits {
            return false;
        }
        let uid = run.object.uid().to_owned();
        let before = self.leaving.lock().insert(run.name.clone(), uid.clone());
        // A controller that was started anew knows it from the time.
        before == Some(uid) || deleting_for(run) > GoDuration::from_secs(2)
    }

    /// Whether the account that would delete the objects is there; a Kustomization without one always has itself.
    async fn account_exists(&self, kustomization: &Kustomization) -> Result<bool, ApiError> {
        let spec = &kustomization.spec;
        let default = &self.options.controller.default_service_account;
        let account = match spec.service_account_name.as_str() {
            "" => default.as_str(),
            account => account,
        };
        if account.is_empty() || spec.kube_config.is_some() {
            return Ok(true);
        }
        let gvk = GroupVersionKind::new("", "v1", "ServiceAccount");
        let accounts = ApiResource::new(&gvk, "serviceaccounts", true);
        let namespace = &kustomization.metadata.namespace;
        Ok(self
            .cluster
            .get(&accounts, namespace, account)
            .await?
            .is_some())
    }

    fn tell_unpruned(&self, run: &Run, objects: &[OwnedObject]) {
        let names: Vec<String> = objects
            .iter()
            .map(|object| object.key.to_string())
            .collect();
        let text = format!("unable to prune objects: \n{}", names.join("\n"));
        self.tell(run, Severity::Error, text);
    }

    /// Flux's events of a deletion carry the reason for which the object was ready, or not, before.
    fn tell(&self, run: &Run, severity: Severity, text: impl Into<String>) {
        let ready = skein_api::conditions::find(&run.status.conditions, "Ready");
        let mut event =
            self.events(run)
                .event(severity, KustomizationReason::ReconciliationSucceeded, text);
        if let Some(ready) = ready {
            event.reason.clone_from(&ready.reason);
        }
        self.recorder.record(event);
    }
}

fn deleting_for(run: &Run) -> GoDuration {
    let since = run
        .kustomization
        .metadata
        .deletion_timestamp
        .map(|time| time.timestamp());
    let elapsed = since
        .map(|since| Timestamp::now().duration_since(since))
        .unwrap_or_default();
    GoDuration::from_nanos(i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX))
}

fn policy_word(policy: DeletionPolicy) -> &'static str {
    match policy {
        DeletionPolicy::MirrorPrune => "MirrorPrune",
        DeletionPolicy::Delete => "Delete",
        DeletionPolicy::WaitForTermination => "WaitForTermination",
        DeletionPolicy::Orphan => "Orphan",
    }
}
