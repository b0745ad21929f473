//! One run over one Kustomization: observe, decide, act, report.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use skein_api::conditions::{ConditionStatus, find, is_true};
use skein_api::kustomization::KustomizationStatus;
use skein_api::{Artifact, ConditionType, Kustomization, KustomizationReason};
use skein_cluster::ApiError;
use skein_health::{HealthExpressions, WaitVerdict};
use skein_object::{GoDuration, NamespacedName, Object, ObjectKey};
use skein_plan::apply::Rules;
use skein_plan::ignore::{IgnoreRule, IgnoreRules};
use skein_plan::{ChangeSet, Inventory, InventoryEntry, Stage, normalize, order};
use skein_render::Rendered;
use skein_runtime::{Next, Severity, driver, unreadable_status};

use crate::apply::{Applier, Defined};
use crate::build::BuildFailure;
use crate::controller::{FIELD_MANAGER, KustomizeController};
use crate::decide::{Decision, Dependency, Observation, Policy, decide};
use crate::expressions::{self, CelExpressions};
use crate::index::Held;
use crate::prune;
use crate::report::{Events, Outcome, Phase, Report, inventory_of, set_inventory, timeout};
use crate::wait::{self, Subject, UNTOLD, UNWATCHED_POLL, WATCHED_POLL, WaitList, Waiting};
use skein_runtime::targets::{Target, TargetReference};

/// How long an object must have been waited for before its failure ends the wait.
const FAIL_FAST_AFTER: Duration = Duration::from_secs(2);

/// The same after an earlier failure, which controllers may take a while to leave behind; Flux looks as seldom.
const FAIL_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Pause after a cluster did not answer.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(10);

/// One run at work: the object as last written, and its status as it will be.
pub(crate) struct Run {
    pub(crate) name: NamespacedName,
    pub(crate) kustomization: Kustomization,
    pub(crate) object: Object,
    pub(crate) status: KustomizationStatus,
    pub(crate) started: Instant,
    /// Whether somebody asked for this run: everything is done anew then, the download included.
    pub(crate) is_requested: bool,
    /// Whether the run is told of even when it changes nothing: something new was asked or published.
    pub(crate) is_news: bool,
}

impl Run {
    pub(crate) fn report(&mut self) -> Report<'_> {
        Report {
            status: &mut self.status,
            generation: self.kustomization.metadata.generation,
            now: Timestamp::now(),
        }
    }

    pub(crate) fn retry_interval(&self) -> Duration {
        let spec = &self.kustomization.spec;
        spec.retry_interval.unwrap_or(spec.interval).as_std()
    }

    fn subject(&self, artifact: &Artifact) -> Subject {
        Subject {
            generation: self.kustomization.metadata.generation,
            request: self.kustomization.reconcile_request().to_owned(),
            revision: artifact.revision.clone(),
            digest: artifact.digest.clone(),
        }
    }
}

/// A failure with its condition reason and where in the run it happened.
struct Failure {
    reason: KustomizationReason,
    message: String,
    /// Message of the event, when it is not that of the condition.
    event: Option<String>,
    phase: Phase,
    /// How long to wait, when it is not the retry interval.
    pause: Option<Duration>,
}

impl KustomizeController {
    pub(crate) async fn reconcile_one(&self, name: &NamespacedName) -> Next {
        let Some(held) = self.kustomizations.get(name) else {
            self.waits.lock().remove(name);
            return Next::Gone;
        };
        let kustomization = match Kustomization::from_object(&held.object) {
            Ok(kustomization) => kustomization,
            Err(error) => {
                return self.unreadable(&held.object, &error.to_string()).await;
            }
        };
        let mut run = Run {
            name: name.clone(),
            status: kustomization.status.clone(),
            object: held.object.clone(),
            is_requested: kustomization.has_unhandled_request(),
            kustomization,
            started: Instant::now(),
            is_news: self.config_changes.lock().remove(name),
        };
        match self.run(&mut run).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%name, %error, "writing a Kustomization");
                Next::Backoff
            }
        }
    }

    async fn unreadable(&self, object: &Object, problem: &str) -> Next {
        tracing::error!(problem, "a Kustomization cannot be read");
        let status = unreadable_status(object, problem, Timestamp::now());
        match self.writer.write(object, &status).await {
            Ok(written) => {
                self.kustomizations.put_own_write(written);
                Next::Change
            }
            Err(error) => {
                tracing::warn!(%error, "writing a Kustomization");
                Next::Backoff
            }
        }
    }

    async fn run(&self, run: &mut Run) -> Result<Next, ApiError> {
        let seen = self.observe(run);
        let decision = decide(&seen, self.policy(), &CelExpressions);
        if decision == Decision::Finalize {
            return self.finalize(run).await;
        }
        if !run
            .object
            .finalizers()
            .contains(&skein_api::names::FINALIZER)
        {
            let added = self
                .writer
                .add_finalizer(&run.object, skein_api::names::FINALIZER)
                .await?;
            self.keep(run, added);
        }
        let request = run.kustomization.reconcile_request().to_owned();
        if !request.is_empty() {
            run.status.last_handled_reconcile_at = request;
        }
        if decision != Decision::Suspended
            && let Some((reason, text)) = self.misconfigured(run)
        {
            return self.stall(run, reason, text, None).await;
        }
        match decision {
            Decision::Finalize => Ok(Next::Change),
            Decision::Suspended => self.suspended(run).await,
            Decision::AccessDenied(text) => {
                self.stall(run, KustomizationReason::AccessDenied, text, None)
                    .await
            }
            Decision::InvalidExpression(text) => {
                let text = format!(
                    "Reconciliation failed terminally due to configuration error: terminal error: {text}"
                );
                let artifact = self.artifact_of(run);
                let reason = KustomizationReason::InvalidCELExpression;
                self.stall(run, reason, text, artifact.as_ref()).await
            }
            Decision::SourceMissing(text) => {
                run.report()
                    .waiting_for(KustomizationReason::ArtifactFailed, &text);
                self.write(run).await?;
                Ok(Next::Retry(run.retry_interval()))
            }
            Decision::ArtifactMissing => {
                let pause = GoDuration::from_std(self.options.controller.requeue_dependency);
                let text = format!("Source artifact not found, retrying in {pause}");
                run.report()
                    .waiting_for(KustomizationReason::ArtifactFailed, &text);
                self.write(run).await?;
                Ok(Next::Retry(pause.as_std()))
            }
            Decision::DependencyNotReady(text) => self.await_dependency(run, &seen, &text).await,
            Decision::Apply(artifact) => self.bring(run, &artifact).await,
        }
    }

    /// What is wrong with the spec alone, before anything is built or applied.
    fn misconfigured(&self, run: &Run) -> Option<(KustomizationReason, String)> {
        let spec = &run.kustomization.spec;
        let compiled = HealthExpressions::compile(&spec.health_check_exprs, expressions::health);
        if let Err(error) = compiled {
            let text =
                format!("Reconciliation failed terminally due to configuration error: {error}");
            return Some((KustomizationReason::InvalidCELExpression, text));
        }
        const GATE: &str = "ObjectLevelWorkloadIdentity";
        let wants_identity = spec
            .decryption
            .as_ref()
            .is_some_and(|d| !d.service_account_name.is_empty());
        if wants_identity && !self.options.controller.feature_gates.enabled(GATE) {
            let text = format!(
                "to use spec.decryption.serviceAccountName for decryption authentication please enable the {GATE} feature gate in the controller"
            );
            return Some((KustomizationReason::FeatureGateDisabled, text));
        }
        None
    }

    fn policy(&self) -> Policy {
        let options = &self.options.controller;
        Policy {
            no_cross_namespace_refs: options.no_cross_namespace_refs,
            external_artifact: options.feature_gates.enabled("ExternalArtifact"),
            additive_dependency_check: options.feature_gates.enabled("AdditiveCELDependencyCheck"),
        }
    }

    /// Everything that the decision looks at, from watch caches: no request.
    fn observe(&self, run: &Run) -> Observation {
        let spec = &run.kustomization.spec;
        let namespace = &run.kustomization.metadata.namespace;
        let source = self.sources.get(&spec.source_ref, namespace);
        let dependencies = spec
            .depends_on
            .iter()
            .map(|dependency| {
                let at = if dependency.namespace.is_empty() {
                    namespace
                } else {
                    &dependency.namespace
                };
                let name = NamespacedName::new(at, &dependency.name);
                Dependency {
                    object: self
                        .kustomizations
                        .get(&name)
                        .map(|held| held.object.clone()),
                    expression: dependency.ready_expr.clone(),
                    name,
                }
            })
            .collect();
        Observation {
            kustomization: run.kustomization.clone(),
            object: run.object.clone(),
            source: source.map(|source| source.artifact.clone()),
            dependencies,
        }
    }

    /// Writes the status when it changed; the cache sees it at once.
    pub(crate) async fn write(&self, run: &mut Run) -> Result<(), ApiError> {
        let Ok(status) = serde_json::to_value(&run.status) else {
            return Ok(());
        };
        if run.object.at(&["status"]) == Some(&status) {
            return Ok(());
        }
        let written = self.writer.write(&run.object, &status).await?;
        self.keep(run, written);
        Ok(())
    }

    fn keep(&self, run: &mut Run, written: Object) {
        run.object = Held::of(written.clone()).object;
        self.kustomizations.put_own_write(written);
    }

    async fn suspended(&self, run: &mut Run) -> Result<Next, ApiError> {
        self.waits.lock().remove(&run.name);
        run.report().settle();
        self.write(run).await?;
        Ok(Next::Change)
    }

    async fn stall(
        &self,
        run: &mut Run,
        reason: KustomizationReason,
        text: String,
        // Known where the source was looked at before.
        artifact: Option<&Artifact>,
    ) -> Result<Next, ApiError> {
        let known = find(&run.status.conditions, ConditionType::Stalled.as_str());
        let is_new = known.is_none_or(|condition| condition.message != text);
        run.report().stalled(reason, &text);
        self.write(run).await?;
        if is_new {
            let events = Events::new(&run.kustomization, artifact);
            self.recorder
                .record(events.event(Severity::Error, reason, text));
        }
        Ok(Next::Change)
    }

    fn artifact_of(&self, run: &Run) -> Option<Artifact> {
        let spec = &run.kustomization.spec;
        let source = self
            .sources
            .get(&spec.source_ref, &run.kustomization.metadata.namespace)?;
        source.artifact.clone()
    }

    async fn await_dependency(
        &self,
        run: &mut Run,
        seen: &Observation,
        text: &str,
    ) -> Result<Next, ApiError> {
        let pause = self.options.controller.requeue_dependency;
        let reason = KustomizationReason::DependencyNotReady;
        let known = find(&run.status.conditions, ConditionType::Ready.as_str());
        let is_new = known.is_none_or(|condition| condition.message != text);
        run.report().waiting_for(reason, text);
        self.write(run).await?;
        if is_new {
            let artifact = seen.source.as_ref().and_then(Option::as_ref);
            let events = Events::new(&run.kustomization, artifact);
            let message = format!(
                "Dependencies do not meet ready condition, retrying in {}",
                GoDuration::from_std(pause)
            );
            self.recorder
                .record(events.event(Severity::Info, reason, message));
        }
        Ok(Next::Retry(pause))
    }

    /// Brings the cluster to the state of the artifact, or goes on with the wait for it.
    async fn bring(&self, run: &mut Run, artifact: &Artifact) -> Result<Next, ApiError> {
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
            Ok((rendered, target)) => self.bring_objects(run, artifact, rendered, &target).await,
            Err(failure) => self.fail(run, artifact, failure, None).await,
        }
    }

    async fn prepare(&self, run: &Run, artifact: &Artifact) -> Result<(Rendered, Target), Failure> {
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

    async fn bring_objects(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        rendered: Rendered,
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
            concurrency: self.options.concurrent_ssa,
            settled: &self.settled,
            rights: &self.rights,
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
            was_unhealthy: find(
                &run.kustomization.status.conditions,
                ConditionType::Healthy.as_str(),
            )
            .is_some_and(|healthy| healthy.status == ConditionStatus::False),
            tell: run.status.last_applied_revision != artifact.revision && !lines.is_empty(),
        };
        self.look_again(run, artifact, target, waiting).await
    }

    /// Tells that work is under way and what it may make, so that nothing is orphaned if we die in the middle.
    async fn announce(
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
    async fn drop_stale(
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

    /// Looks at what is waited for, and ends the run when the verdict is there.
    async fn look_again(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        target: &Target,
        waiting: Waiting,
    ) -> Result<Next, ApiError> {
        let spec = &run.kustomization.spec;
        if waiting.list.objects.is_empty() && !spec.wait && spec.health_checks.is_empty() {
            run.report().without_health();
            return self.succeed(run, artifact, &waiting.digest).await;
        }
        let compiled = HealthExpressions::compile(&spec.health_check_exprs, expressions::health);
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
        // A state from before the apply, or one that its controller is about to leave, is no failure yet.
        let waited = waiting.started.elapsed();
        let grace = if waiting.was_unhealthy {
            FAIL_AGAIN_AFTER
        } else {
            FAIL_FAST_AFTER
        };
        let fail_fast = fail_fast && waited >= grace;
        let look = wait::look(&waiting, target, &expressions, fail_fast).await;
        match look.verdict {
            WaitVerdict::Healthy => self.became_healthy(run, artifact, &waiting, resumed).await,
            WaitVerdict::Waiting => {
                let next = self
                    .wait_on(run, artifact, &waiting, look.unwatched)
                    .await?;
                let settled = grace.saturating_sub(waited);
                Ok(match next {
                    Next::Retry(pause) if !settled.is_zero() => Next::Retry(pause.min(settled)),
                    next => next,
                })
            }
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
    async fn wait_on(
        &self,
        run: &mut Run,
        artifact: &Artifact,
        waiting: &Waiting,
        unwatched: bool,
    ) -> Result<Next, ApiError> {
        let waited = waiting.started.elapsed();
        let poll = match unwatched {
            true => UNWATCHED_POLL,
            false => WATCHED_POLL,
        };
        let next = poll.min(waiting.limit.saturating_sub(waited));
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

    async fn became_healthy(
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

    async fn succeed(
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
        self.recorder.record(events.finished(took, next));
        Ok(Next::After(interval))
    }

    async fn fail(
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

/// What a Kustomization says about where it is applied.
pub(crate) fn target_reference(kustomization: &Kustomization) -> TargetReference<'_> {
    TargetReference {
        namespace: &kustomization.metadata.namespace,
        kube_config: kustomization.spec.kube_config.as_ref(),
        service_account: &kustomization.spec.service_account_name,
    }
}

/// The inventory that will be if all goes well, in its order.
fn planned_entries(stages: &[(Stage, Vec<Object>)]) -> Vec<InventoryEntry> {
    let objects = stages.iter().flat_map(|(_, objects)| objects);
    objects
        .map(|object| InventoryEntry::new(&object.key(), &object.gvk().version))
        .collect()
}

/// The inventory as it was written last.
fn written_inventory(object: &Object) -> Inventory {
    let written = object.at(&["status", "inventory"]).cloned();
    written
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default()
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
