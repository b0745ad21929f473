//! Brings the cluster to the state of an artifact: build, apply, prune, with the inventory ahead of what is new.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use skein_api::conditions::is_true;
use skein_api::kustomization::KustomizationStatus;
use skein_api::{Artifact, ConditionType, Kustomization, KustomizationReason};
use skein_cluster::ApiError;
use skein_object::{GoDuration, Object, ObjectKey};
use skein_plan::apply::Rules;
use skein_plan::ignore::{IgnoreRule, IgnoreRules};
use skein_plan::{ChangeSet, Inventory, InventoryEntry, Stage, normalize, order};
use skein_render::Rendered;
use skein_runtime::targets::Target;
use skein_runtime::{Next, Severity};

use super::ending::Failure;
use super::{Run, target_reference};
use crate::apply::{Applier, Defined};
use crate::build::BuildFailure;
use crate::configs::SecretValues;
use crate::controller::{FIELD_MANAGER, KustomizeController};
use crate::prune;
use crate::report::{Events, Phase, inventory_of, set_inventory, timeout};
use crate::wait::{WaitList, Waiting};

/// Pause after a cluster did not answer.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(10);

/// A build, and the values that no message may hold.
type Built = (Rendered, SecretValues);

impl KustomizeController {
    /// Brings the cluster to the state of the artifact, or goes on with the wait for it.
    pub(super) async fn bring(&self, run: &mut Run, artifact: &Artifact) -> Result<Next, ApiError> {
        let subject = run.subject(artifact);
        let waiting = self.waits.lock().get(&run.name).cloned();
        if let Some(waiting) = waiting {
            if waiting.subject == subject && !run.is_news {
                run.started = waiting.run_started;
                return match self.targets.of(target_reference(&run.kustomization)).await {
                    Ok(target) => self.look_again(run, artifact, &target, waiting).await,
                    Err(error) => {
                        let failure = Failure {
                            reason: KustomizationReason::ReconciliationFailed,
                            event: Some(format!("failed to build kube client: {error}")),
                            message: error.to_string(),
                            phase: Phase::Building,
                            pause: None,
                        };
                        self.fail(run, artifact, failure, None).await
                    }
                };
            }
            self.waits.lock().remove(&run.name);
        }
        run.is_news |= is_news(run, artifact);
        match self.prepare(run, artifact).await {
            Ok((built, target)) => self.bring_objects(run, artifact, built, &target).await,
            Err(failure) => self.fail(run, artifact, failure, None).await,
        }
    }

    pub(super) async fn prepare(
        &self,
        run: &Run,
        artifact: &Artifact,
    ) -> Result<(Built, Target), Failure> {
        let fail = |reason, message: String, phase| Failure {
            reason,
            message,
            event: None,
            phase,
            pause: None,
        };
        let tree = self
            .builder
            .tree(artifact, run.is_requested)
            .await
            .map_err(|error| match error {
                BuildFailure::ArtifactNotFound => {
                    let pause = GoDuration::from_std(self.options.controller.requeue_dependency);
                    let text =
                        format!("Source is not ready, artifact not found, retrying in {pause}");
                    // Told by the condition alone: the source tells of its own trouble.
                    Failure {
                        event: Some(String::new()),
                        pause: Some(pause.as_std()),
                        ..fail(KustomizationReason::ArtifactFailed, text, Phase::Fetching)
                    }
                }
                error => fail(
                    KustomizationReason::ArtifactFailed,
                    error.to_string(),
                    Phase::Fetching,
                ),
            })?;
        let rendered = self
            .builder
            .render(&self.cluster, &run.kustomization, &run.object, tree)
            .await;
        let rendered = rendered.map_err(|error| match error {
            BuildFailure::Path(_) => fail(
                KustomizationReason::ArtifactFailed,
                error.to_string(),
                Phase::Fetching,
            ),
            error => fail(
                KustomizationReason::BuildFailed,
                error.to_string(),
                Phase::Building,
            ),
        })?;
        let target = self
            .targets
            .of(target_reference(&run.kustomization))
            .await
            .map_err(|error| Failure {
                event: Some(format!("failed to build kube client: {error}")),
                ..fail(
                    KustomizationReason::ReconciliationFailed,
                    error.to_string(),
                    Phase::Building,
                )
            })?;
        Ok((rendered, target))
    }

    pub(super) async fn bring_objects(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        (rendered, secrets): Built,
        target: &Target,
    ) -> Result<Next, ApiError> {
        let digest = rendered.digest.clone();
        let applied_failure = |message| Failure {
            reason: KustomizationReason::ReconciliationFailed,
            message,
            event: None,
            phase: Phase::Applying,
            pause: None,
        };
        let objects = match finished_objects(run, rendered) {
            Ok(objects) => objects,
            Err(text) => {
                return self
                    .fail(run, artifact, applied_failure(text), Some(&digest))
                    .await;
            }
        };
        let ignore = match ignore_rules(&run.kustomization) {
            Ok(rules) => rules,
            Err(text) => {
                return self
                    .fail(run, artifact, applied_failure(text), Some(&digest))
                    .await;
            }
        };
        let previous = inventory_of(&run.status);
        let stages = order::stages(objects.clone(), &self.options.custom_apply_stage_kinds);
        let planned = planned_entries(&stages);
        self.announce(run, artifact, &previous, planned).await?;

        let rules = Rules {
            manager: FIELD_MANAGER,
            predecessors: &self.predecessors,
            ignore: &ignore,
            force: run.kustomization.spec.force,
        };
        let applier = Applier {
            target,
            rules,
            early_predecessors: &self.early_predecessors,
            concurrency: self.options.concurrent_ssa,
            settled: &self.settled,
            defined: Defined::by(&objects),
        };
        let mut changes = ChangeSet::default();
        let outcome = applier.apply(stages, &mut changes).await;
        if let Err(error) = outcome {
            let mut known = previous.clone();
            known.merge(Inventory::of(&changes).entries);
            let was_there = run.kustomization.status.inventory.is_some();
            put_inventory(&mut run.status, &known, was_there);
            let message = format!("{}\n{}", error.message, changes.applied_lines());
            let message = secrets.mask(&message);
            let failure = Failure {
                // The objects are not to blame: look again soon.
                pause: error.unavailable.then_some(UNAVAILABLE_PAUSE),
                ..applied_failure(message)
            };
            return self.fail(run, artifact, failure, Some(&digest)).await;
        }
        let events = Events::new(&run.kustomization, Some(artifact));
        let lines = changes.applied_lines();
        if !lines.is_empty() {
            run.is_news = true;
            let reason = KustomizationReason::Progressing;
            self.recorder
                .record(events.event(Severity::Info, reason, lines.clone()));
        }
        if let Some(failure) = self
            .drop_stale(run, artifact, target, &previous, &changes)
            .await
        {
            return self.fail(run, artifact, failure, Some(&digest)).await;
        }
        let waiting = Waiting {
            list: WaitList::of(&run.kustomization, &objects, &changes),
            started: Instant::now(),
            run_started: run.started,
            limit: timeout(&run.kustomization).as_std(),
            subject: run.subject(artifact),
            digest,
            was_healthy: is_true(
                &run.kustomization.status.conditions,
                ConditionType::Healthy.as_str(),
            ),
            failures_from: Duration::ZERO,
            tell: run.status.last_applied_revision != artifact.revision && !lines.is_empty(),
        };
        self.look_again(run, artifact, target, waiting).await
    }

    /// Tells that work is under way and what it may make, so that nothing is orphaned if we die in the middle.
    pub(super) async fn announce(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        previous: &Inventory,
        planned: Vec<InventoryEntry>,
    ) -> Result<(), ApiError> {
        if previous.covers(&planned) {
            return Ok(());
        }
        let limit = timeout(&run.kustomization);
        run.report()
            .progressing(Phase::Applying, &artifact.revision, limit);
        run.status
            .last_attempted_revision
            .clone_from(&artifact.revision);
        let mut known = previous.clone();
        known.merge(planned);
        set_inventory(&mut run.status, &known);
        self.write(run).await
    }

    /// Prunes what left the build and notes the new inventory.
    pub(super) async fn drop_stale(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        target: &Target,
        previous: &Inventory,
        changes: &ChangeSet,
    ) -> Option<Failure> {
        let mut current = Inventory::of(changes);
        let stale = match previous.stale(&current) {
            Ok(stale) => stale,
            Err(error) => {
                return Some(Failure {
                    reason: KustomizationReason::PruneFailed,
                    message: error.to_string(),
                    event: None,
                    phase: Phase::Applying,
                    pause: None,
                });
            }
        };
        let mut failure = None;
        if run.kustomization.spec.prune && !stale.is_empty() {
            let kept: HashSet<ObjectKey> = changes
                .entries
                .iter()
                .map(|entry| entry.key.clone())
                .collect();
            let pruned = prune::prune(target, &run.name, stale.clone(), &kept).await;
            if !pruned.changes.entries.is_empty() {
                run.is_news = true;
                let events = Events::new(&run.kustomization, Some(artifact));
                let reason = KustomizationReason::Progressing;
                let lines = pruned.changes.all_lines();
                self.recorder
                    .record(events.event(Severity::Info, reason, lines));
            }
            if !pruned.failures.is_empty() {
                // In the order in which they would have gone, as Flux notes them.
                let stale = skein_plan::prune::ordered(stale);
                let left = skein_plan::prune::survivors(&stale, &pruned.changes.entries);
                current.merge(
                    left.into_iter().filter(|entry| {
                        entry.read().is_ok_and(|object| !kept.contains(&object.key))
                    }),
                );
                failure = Some(Failure {
                    reason: KustomizationReason::PruneFailed,
                    message: prune::failure_text(&pruned.failures),
                    event: None,
                    phase: Phase::Applying,
                    pause: None,
                });
            }
        }
        let was_there = run.kustomization.status.inventory.is_some() || !current.entries.is_empty();
        put_inventory(&mut run.status, &current, was_there);
        failure
    }
}

/// The inventory that will be if all goes well, in its order.
fn planned_entries(stages: &[(Stage, Vec<Object>)]) -> Vec<InventoryEntry> {
    let objects = stages.iter().flat_map(|(_, objects)| objects);
    objects
        .map(|object| InventoryEntry::new(&object.key(), &object.gvk().version))
        .collect()
}

/// Whether something was asked or published since the last success.
fn is_news(run: &Run, artifact: &Artifact) -> bool {
    let kustomization = &run.kustomization;
    let status = &kustomization.status;
    status.observed_generation != kustomization.metadata.generation
        || kustomization.has_unhandled_request()
        || status.last_applied_revision != artifact.revision
        || !is_true(&status.conditions, ConditionType::Ready.as_str())
}

/// Common metadata, owner labels and the normal form; encrypted Secrets are refused.
fn finished_objects(run: &Run, rendered: Rendered) -> Result<Vec<Object>, String> {
    let mut objects = rendered.objects;
    if let Some(encrypted) = objects
        .iter()
        .find(|object| skein_render::is_encrypted(object) && !is_kept_encrypted(object))
    {
        return Err(format!(
            "{} is SOPS encrypted, configuring decryption is required for this secret to be reconciled",
            encrypted.key()
        ));
    }
    skein_render::set_owner_labels(&mut objects, &run.name.namespace, &run.name.name);
    if let Some(common) = run.object.at(&["spec", "commonMetadata"]) {
        skein_render::set_common_metadata(&mut objects, common);
    }
    objects.iter_mut().for_each(normalize::normalize);
    Ok(objects)
}

/// Encrypted on purpose: something in the cluster decrypts it.
fn is_kept_encrypted(object: &Object) -> bool {
    object
        .annotation(skein_api::names::DECRYPT_SETTING)
        .is_some_and(|value| value.eq_ignore_ascii_case(skein_api::names::DISABLED))
}

fn ignore_rules(kustomization: &Kustomization) -> Result<IgnoreRules, String> {
    if kustomization.spec.ignore.is_empty() {
        return Ok(IgnoreRules::default());
    }
    let value = serde_json::to_value(&kustomization.spec.ignore).map_err(|e| e.to_string())?;
    let rules: Vec<IgnoreRule> = serde_json::from_value(value).map_err(|e| e.to_string())?;
    IgnoreRules::compile(&rules).map_err(|error| error.to_string())
}

/// An empty inventory that was never there stays away.
fn put_inventory(status: &mut KustomizationStatus, inventory: &Inventory, was_there: bool) {
    if inventory.entries.is_empty() && !was_there {
        status.inventory = None;
        return;
    }
    set_inventory(status, inventory);
}
