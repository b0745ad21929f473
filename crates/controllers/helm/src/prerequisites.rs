//! What a run needs before it looks at the release: dependencies that are ready, a source, values, a chart.

use std::time::Instant;

use serde_json::Value;
use skein_api::{Artifact, HelmRelease};
use skein_cel::Program;
use skein_helm::Values;
use skein_helm::release::observation;
use skein_object::{GoDuration, Object};
use skein_runtime::Severity;

use crate::chart::{ChartError, Loaded, SourceKind, source_of};
use crate::controller::{Awaiting, HelmController};
use crate::index::dependency_name;
use crate::reconcile::{End, Run, TERMINAL};
use crate::report;
use crate::values::ValuesError;

/// All that is needed to tell whether anything changed.
pub(crate) struct Prepared {
    pub(crate) kind: SourceKind,
    pub(crate) artifact: Artifact,
    pub(crate) values: Values,
    pub(crate) config_digest: String,
}

impl HelmController {
    /// From dependencies to values; without them the run ends here.
    pub(crate) async fn prepare(&self, run: &mut Run) -> Result<Prepared, End> {
        run.report()
            .reconciling("Progressing", "Fulfilling prerequisites");
        if let Some(end) = self.await_dependencies(run) {
            return Err(end);
        }
        run.report().forget_ready_reasons(&["DependencyNotReady"]);
        let (kind, artifact) = self.source(run)?;
        run.report()
            .forget_ready_reasons(&["AccessDenied", "ArtifactFailed", "SourceNotReady"]);
        let (values, config_digest) = match self.values(run, &artifact).await {
            Ok(composed) => composed,
            Err(error) => {
                let text = error.to_string();
                run.report().not_ready("ValuesError", &text);
                self.complain(run, "ValuesError", text);
                return Err(End::Requeue);
            }
        };
        run.report().forget_ready_reasons(&["ValuesError"]);
        Ok(Prepared {
            kind,
            artifact,
            values,
            config_digest,
        })
    }

    /// The values with their digest. What a watch tells of their sources is enough only as long as nothing else is new: a watch may be behind.
    async fn values(
        &self,
        run: &Run,
        artifact: &Artifact,
    ) -> Result<(Values, String), ValuesError> {
        let sources = &self.value_sources;
        if let Some(digest) = self.remembered_values(run, artifact) {
            let values = sources.compose(&self.cluster, &run.release, true).await?;
            if observation::config_digest(&values) == digest {
                return Ok((values, digest));
            }
        }
        let values = sources.compose(&self.cluster, &run.release, false).await?;
        let digest = observation::config_digest(&values);
        Ok((values, digest))
    }

    /// The chart of an artifact.
    pub(crate) async fn chart(
        &self,
        run: &mut Run,
        kind: SourceKind,
        artifact: &Artifact,
    ) -> Result<Loaded, End> {
        match self.charts.load(kind, artifact).await {
            Ok(loaded) => Ok(loaded),
            Err(ChartError::NotFound) => {
                let requeue = self.options.controller.requeue_dependency;
                let pause = GoDuration::from_std(requeue);
                let text = format!("Source not ready: artifact not found. Retrying in {pause}");
                run.report().not_ready("ArtifactFailed", &text);
                Err(End::Await(requeue))
            }
            Err(ChartError::Load(text)) => {
                let message = format!("Could not load chart: {text}");
                run.report().not_ready("ArtifactFailed", &message);
                self.complain(run, "ArtifactFailed", text);
                Err(End::Requeue)
            }
            Err(ChartError::Version(text)) => {
                run.report().not_ready("ChartMutateError", &text);
                Err(End::Requeue)
            }
        }
    }

    fn complain(&self, run: &Run, reason: &'static str, text: String) {
        let event = report::event(&run.release, Severity::Error, reason, text, None);
        self.recorder.record(event);
    }

    /// The first dependency that is not ready ends the run for now.
    fn await_dependencies(&self, run: &mut Run) -> Option<End> {
        let pause = self.options.controller.requeue_dependency;
        let problem = self.unready_dependency(run);
        match problem {
            Ok(None) => {
                self.awaiting.lock().remove(&run.name);
                None
            }
            Ok(Some(text)) => {
                let now = Awaiting {
                    generation: run.release.metadata.generation,
                    request: run.release.reconcile_request().to_owned(),
                    told: Instant::now(),
                };
                let known = self.awaiting.lock().get(&run.name).cloned();
                let is_known = |known: &Awaiting| {
                    known.generation == now.generation && known.request == now.request
                };
                if let Some(known) = known.filter(is_known) {
                    // Told of at the pace at which Flux looks, however often a dependency wakes us.
                    let rest = pause.saturating_sub(known.told.elapsed());
                    if !rest.is_zero() {
                        return Some(End::Await(rest));
                    }
                }
                self.awaiting.lock().insert(run.name.clone(), now);
                run.report().not_ready("DependencyNotReady", &text);
                let reason = "DependencyNotReady";
                let event = report::event(&run.release, Severity::Info, reason, text, None);
                self.recorder.record(event);
                Some(End::Await(pause))
            }
            Err(text) => {
                let message = format!("{TERMINAL}: terminal error: {text}");
                let reason = "InvalidCELExpression";
                let mut report = run.report();
                report.not_ready(reason, &message);
                report.stalled(reason, &message);
                let event = report::event(
                    &run.release,
                    Severity::Error,
                    reason,
                    format!("terminal error: {text}"),
                    None,
                );
                self.recorder.record(event);
                Some(End::Terminal)
            }
        }
    }

    /// The first dependency that is not ready, in words; an `Err` is a wrong expression.
    fn unready_dependency(&self, run: &Run) -> Result<Option<String>, String> {
        let gates = &self.options.controller.feature_gates;
        let additive = gates.enabled("AdditiveCELDependencyCheck");
        for dependency in &run.release.spec.depends_on {
            let own = &run.release.metadata.namespace;
            let name = dependency_name(own, &dependency.namespace, &dependency.name);
            let Some(held) = self.releases.get(&name) else {
                return Ok(Some(format!(
                    "unable to get '{name}' dependency: helmreleases.helm.toolkit.fluxcd.io {:?} not found",
                    name.name
                )));
            };
            if !dependency.ready_expr.is_empty() {
                let told =
                    |text: String| format!("failed to evaluate dependency {}: {text}", name.name);
                let program = Program::compile_bool(&dependency.ready_expr, &["self", "dep"])
                    .map_err(|error| told(error.to_string()))?;
                let (this, dep) = (as_typed(&run.object), as_typed(&held.object));
                match program.eval_bool(&[("self", &this), ("dep", &dep)]) {
                    Ok(true) => {}
                    Ok(false) => {
                        return Ok(Some(format!(
                            "dependency '{name}' is not ready according to readyExpr eval"
                        )));
                    }
                    Err(error) => return Ok(Some(error.to_string())),
                }
                if !additive {
                    continue;
                }
            }
            let observed = held.object.i64_at(&["status", "observedGeneration"]);
            let is_ready = held.object.condition_status("Ready") == Some("True");
            if observed != Some(held.object.generation()) || !is_ready {
                return Ok(Some(format!("dependency '{name}' is not ready")));
            }
        }
        Ok(None)
    }

    /// The source with its artifact, or how the run ends without one.
    fn source(&self, run: &mut Run) -> Result<(SourceKind, Artifact), End> {
        let Some((kind, name)) = source_of(&run.release) else {
            return Err(End::Change);
        };
        let gate = "ExternalArtifact";
        let denied = match self.check_access(&run.release, kind.as_str(), &name) {
            Err(text) => Some(text),
            Ok(()) => {
                let is_off = kind == SourceKind::ExternalArtifact
                    && !self.options.controller.feature_gates.enabled(gate);
                is_off.then(|| {
                    format!("can't access '{gate}/{name}', {gate} feature gate is disabled")
                })
            }
        };
        if let Some(text) = denied {
            let reason = "AccessDenied";
            let mut report = run.report();
            report.stalled(reason, &text);
            report.not_ready(reason, &text);
            let event = report::event(&run.release, Severity::Error, reason, text, None);
            self.recorder.record(event);
            return Err(End::Terminal);
        }
        let Some(source) = self.sources.get(kind, &name) else {
            let text = format!(
                "could not get Source object: {}.source.toolkit.fluxcd.io {:?} not found",
                match kind {
                    SourceKind::HelmChart => "HelmChart",
                    SourceKind::OciRepository => "OCIRepository",
                    SourceKind::ExternalArtifact => "ExternalArtifact",
                },
                name.name
            );
            run.report().not_ready("ArtifactFailed", &text);
            return Err(End::Requeue);
        };
        match (source.problem(kind), &source.artifact) {
            (None, Some(artifact)) => Ok((kind, artifact.clone())),
            (problem, _) => {
                let text = problem.unwrap_or_default();
                run.report().not_ready("SourceNotReady", &text);
                let requeue = self.options.controller.requeue_dependency;
                Err(End::Await(requeue))
            }
        }
    }
}

/// A HelmRelease as expressions see it: Flux reads it into its types first, which write durations in one form (`1h` is `1h0m0s`).
fn as_typed(object: &Object) -> Value {
    let mut value = object.to_value();
    if let Ok(release) = HelmRelease::from_object(object)
        && let Ok(spec) = serde_json::to_value(&release.spec)
    {
        value["spec"] = spec;
    }
    value
}
