//! One run over one Kustomization: observe, decide, act, report.

mod bring;
mod ending;
mod health;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use skein_api::conditions::find;
use skein_api::kustomization::KustomizationStatus;
use skein_api::{Artifact, ConditionType, Kustomization, KustomizationReason};
use skein_cluster::ApiError;
use skein_health::HealthExpressions;
use skein_object::{GoDuration, NamespacedName, Object};
use skein_runtime::targets::TargetReference;
use skein_runtime::{HealthExpression, Next, Severity, unreadable_status};

use crate::controller::KustomizeController;
use crate::decide::{Decision, Dependency, Observation, Policy, decide};
use crate::expressions::CelExpressions;
use crate::index::held;
use crate::report::{Events, Report};
use crate::wait::{Awaiting, Subject};

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

impl KustomizeController {
    pub(crate) async fn reconcile_one(&self, name: &NamespacedName) -> Next {
        let Some(held) = self.kustomizations.get(name) else {
            self.waits.lock().remove(name);
            self.awaiting.lock().remove(name);
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
            Decision::Apply(artifact) => {
                self.awaiting.lock().remove(&run.name);
                self.bring(run, &artifact).await
            }
        }
    }

    /// What is wrong with the spec alone, before anything is built or applied.
    fn misconfigured(&self, run: &Run) -> Option<(KustomizationReason, String)> {
        let spec = &run.kustomization.spec;
        let compiled =
            HealthExpressions::compile(&spec.health_check_exprs, HealthExpression::compile);
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
        run.object = held(written.clone()).object;
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
        let artifact = seen.source.as_ref().and_then(Option::as_ref);
        let subject = run.subject(artifact.unwrap_or(&Artifact::default()));
        let known = self.awaiting.lock().get(&run.name).cloned();
        if let Some(known) = known.filter(|known| known.subject == subject) {
            let rest = pause.saturating_sub(known.told.elapsed());
            if !rest.is_zero() {
                return Ok(Next::Retry(rest));
            }
        }
        let reason = KustomizationReason::DependencyNotReady;
        run.report().waiting_for(reason, text);
        self.write(run).await?;
        let message = format!(
            "Dependencies do not meet ready condition, retrying in {}",
            GoDuration::from_std(pause)
        );
        let events = Events::new(&run.kustomization, artifact);
        self.recorder
            .record(events.event(Severity::Info, reason, message));
        let told = Instant::now();
        let awaiting = Awaiting { subject, told };
        self.awaiting.lock().insert(run.name.clone(), awaiting);
        Ok(Next::Retry(pause))
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
