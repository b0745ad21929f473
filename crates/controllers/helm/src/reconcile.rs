//! One run over one HelmRelease: observe, decide, act, decide again, report.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skein_api::conditions::{find, is_true};
use skein_api::helm_release::DriftDetectionMode;
use skein_api::helm_release::status::HelmReleaseStatus;
use skein_api::names::{
    FINALIZER, FORCE_REQUEST_ANNOTATION, RECONCILE_REQUEST_ANNOTATION, RESET_REQUEST_ANNOTATION,
};
use skein_api::{Artifact, ConditionType, HelmRelease};
use skein_cluster::ApiError;
use skein_health::HealthExpressions;
use skein_helm::release::observation;
use skein_object::{NamespacedName, Object};
use skein_runtime::targets::{Target, TargetError, TargetReference};
use skein_runtime::{HealthExpression, Next, Severity, driver};

use crate::action::Wanted;
use crate::chart::Loaded;
use crate::chart_template::TemplateError;
use crate::controller::{HelmController, Memo};
use crate::decide::{self, Seen, State, Step, StepSort};
use crate::drift::Recorded;
use crate::index::held;
use crate::prerequisites::Prepared;
use crate::report::{self, Report};
use crate::running::Control;
use crate::snapshot;
use crate::spec::{self, Options};
use crate::step::StepEnd;
use crate::storage::Storage;

/// Steps of one run; a bound on what could go round in circles.
const STEPS_MAX: usize = 16;
/// How long Flux's controller waits after a remediation for its cache to show a history with the same times, which it never does.
pub(crate) const PAUSE_AFTER_ACTION: Duration = Duration::from_secs(10);
/// Pause between a remediation and the next try: that, and the first one of those that grow with each failure.
const PAUSE_AFTER_REMEDIATION: Duration = Duration::from_millis(10_750);
/// How failures that only a change of the spec helps are told.
pub(crate) const TERMINAL: &str = "Reconciliation failed terminally due to configuration error";

/// One run at work: the object as last written, and its status as it will be.
pub(crate) struct Run {
    pub(crate) name: NamespacedName,
    pub(crate) release: HelmRelease,
    pub(crate) object: Object,
    pub(crate) status: HelmReleaseStatus,
    pub(crate) options: Options,
    pub(crate) control: Arc<Control>,
}

impl Run {
    pub(crate) fn report(&mut self) -> Report<'_> {
        Report {
            status: &mut self.status,
            generation: self.release.metadata.generation,
            now: Timestamp::now(),
        }
    }

    pub(crate) fn summarize(&mut self) {
        let (release, options) = (self.release.clone(), self.options.clone());
        self.report().summarize(&release, &options);
    }

    fn annotation(&self, key: &str) -> &str {
        self.object.annotation(key).unwrap_or_default()
    }

    /// Whether a request by annotation is to be carried out: it goes with the request for a run, and is new.
    fn is_requested(&self, annotation: &str, last_handled: &str) -> bool {
        let (wanted, asked) = (
            self.annotation(annotation),
            self.annotation(RECONCILE_REQUEST_ANNOTATION),
        );
        !wanted.is_empty()
            && wanted == asked
            && self.status.last_handled_reconcile_at != asked
            && last_handled != wanted
    }

    pub(crate) fn ready_message(&self) -> String {
        find(&self.status.conditions, ConditionType::Ready.as_str())
            .map(|ready| ready.message.clone())
            .unwrap_or_default()
    }
}

/// What the steps of a run work with.
pub(crate) struct Scene<'a> {
    pub(crate) target: &'a Target,
    pub(crate) storage: &'a mut Storage,
    pub(crate) expressions: &'a HealthExpressions<HealthExpression>,
    pub(crate) wanted: Wanted,
    pub(crate) loaded: Loaded,
}

/// What is said while a step is taken.
pub(crate) fn running(options: &Options, step: &Step) -> String {
    let own = match step {
        Step::Install => options.install.timeout,
        Step::Upgrade => options.upgrade.timeout,
        Step::Test => options.test.timeout,
        Step::Rollback(_) => options.rollback.timeout,
        Step::Uninstall => options.uninstall.timeout,
        _ => None,
    };
    let timeout = options.timeout_of(own);
    format!("Running '{}' action with timeout of {timeout}", step.name())
}

/// How a run ends.
pub(crate) enum End {
    /// Done: look again at the interval.
    Done,
    /// Look again after a pause; this generation was seen.
    RetryAfter(Duration),
    /// Go on at once, or soon.
    Requeue,
    /// Something else has to come first.
    Await(Duration),
    /// Only a change helps.
    Terminal,
    /// Wait for a change, without having seen this generation.
    Change,
}

impl HelmController {
    pub(crate) async fn reconcile_one(&self, name: &NamespacedName, control: Arc<Control>) -> Next {
        let Some(held) = self.releases.get(name) else {
            self.memos.lock().remove(name);
            self.awaiting.lock().remove(name);
            return Next::Gone;
        };
        let release = match HelmRelease::from_object(&held.object) {
            Ok(release) => release,
            Err(error) => {
                tracing::error!(%name, %error, "a HelmRelease cannot be read; correct its spec");
                return Next::Change;
            }
        };
        let mut run = Run {
            name: name.clone(),
            status: release.status.clone(),
            object: held.object.clone(),
            options: Options::of(&release, self.options.defaults()),
            release,
            control,
        };
        match self.run(&mut run).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%name, %error, "writing a HelmRelease");
                Next::Backoff
            }
        }
    }

    async fn run(&self, run: &mut Run) -> Result<Next, ApiError> {
        if run.release.metadata.deletion_timestamp.is_some() {
            return self.finalize(run).await;
        }
        if !run.object.finalizers().contains(&FINALIZER) {
            let added = self.writer.add_finalizer(&run.object, FINALIZER).await?;
            self.keep(run, added);
        }
        if run.release.spec.suspend {
            return self.finish(run, End::Terminal).await;
        }
        let checks = &run.release.spec.health_check_exprs;
        let expressions = match HealthExpressions::compile(checks, HealthExpression::compile) {
            Ok(expressions) => expressions,
            Err(error) => {
                let text = error.to_string();
                return self.misconfigured(run, &text).await;
            }
        };
        match self.reconcile_chart(run).await {
            Ok(()) => {}
            Err(TemplateError::Denied(text)) => return self.denied(run, &text).await,
            Err(TemplateError::Api(error)) => {
                tracing::warn!(name = %run.name, %error, "making a HelmChart");
                return Ok(Next::Backoff);
            }
        }
        let end = self.pursue(run, &expressions).await?;
        self.finish(run, end).await
    }

    /// Writes what there is to say, and when to look again.
    async fn finish(&self, run: &mut Run, end: End) -> Result<Next, ApiError> {
        let request = run.annotation(RECONCILE_REQUEST_ANNOTATION).to_owned();
        if !request.is_empty() {
            run.status.last_handled_reconcile_at = request;
        }
        let is_seen = matches!(end, End::Done | End::RetryAfter(_) | End::Terminal);
        if is_seen {
            run.status.observed_generation = run.release.metadata.generation;
        }
        self.write(run).await?;
        let controller = &self.options.controller;
        let jittered = |interval| driver::jittered(interval, controller.interval_jitter_percentage);
        Ok(match end {
            End::Done => Next::After(jittered(spec::interval(&run.release))),
            End::RetryAfter(pause) => Next::After(jittered(pause)),
            End::Requeue => Next::Backoff,
            End::Await(pause) => Next::Retry(pause),
            End::Terminal | End::Change => Next::Change,
        })
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

    pub(crate) fn keep(&self, run: &mut Run, written: Object) {
        run.object = held(written.clone()).object;
        self.releases.put_own_write(written);
    }

    async fn misconfigured(&self, run: &mut Run, text: &str) -> Result<Next, ApiError> {
        let message = format!("{TERMINAL}: {text}");
        let reason = "InvalidCELExpression";
        let is_new = run.ready_message() != message;
        let mut report = run.report();
        report.not_ready(reason, &message);
        report.stalled(reason, &message);
        if is_new {
            let event = report::event(&run.release, Severity::Error, reason, text, None);
            self.recorder.record(event);
        }
        self.finish(run, End::Terminal).await
    }

    async fn denied(&self, run: &mut Run, text: &str) -> Result<Next, ApiError> {
        let reason = "AccessDenied";
        let is_new = run.ready_message() != text;
        let mut report = run.report();
        report.stalled(reason, text);
        report.not_ready(reason, text);
        if is_new {
            let event = report::event(&run.release, Severity::Error, reason, text, None);
            self.recorder.record(event);
        }
        self.finish(run, End::Terminal).await
    }

    /// From dependencies to the release.
    async fn pursue(
        &self,
        run: &mut Run,
        expressions: &HealthExpressions<HealthExpression>,
    ) -> Result<End, ApiError> {
        let Prepared {
            kind,
            artifact,
            values,
            config_digest,
        } = match self.prepare(run).await {
            Ok(prepared) => prepared,
            Err(end) => return Ok(end),
        };
        if self.is_unchanged(run, &artifact, &config_digest).await {
            run.status = run.release.status.clone();
            return Ok(End::Done);
        }
        let loaded = match self.chart(run, kind, &artifact).await {
            Ok(loaded) => loaded,
            Err(end) => return Ok(end),
        };
        let target = match self.targets.of(target_reference(&run.release)).await {
            Ok(target) => target,
            Err(error) => {
                let text = target_problem(&error);
                run.report().not_ready("RESTClientError", &text);
                return Ok(End::Requeue);
            }
        };
        run.report().forget_ready_reasons(&["RESTClientError"]);
        let wanted = Wanted {
            digest: Some(artifact.digest.clone()).filter(|digest| !digest.is_empty()),
            chart: Arc::clone(&loaded.chart),
            values,
        };
        snapshot::sort(&mut run.status.history);
        if self.is_other_release(run, &loaded) {
            return Ok(self.move_release(run, &target, expressions).await);
        }
        self.note_attempt(run, &loaded, &config_digest);
        let storage = Storage::open(
            &self.keeper,
            &target.cluster,
            &run.status.storage_namespace,
            &spec::release_name(&run.release),
        )
        .await;
        let mut storage = match storage {
            Ok(storage) => storage,
            Err(error) => {
                let text = format!(
                    "Could not determine release state: failed to retrieve last release from storage: {error}"
                );
                run.report().not_ready("StateError", &text);
                return Ok(End::Requeue);
            }
        };
        let mut scene = Scene {
            target: &target,
            storage: &mut storage,
            expressions,
            wanted,
            loaded,
        };
        let end = self.bring_about(run, &mut scene, &config_digest).await?;
        if matches!(end, End::Done) {
            self.memorize(run, &artifact, &config_digest, scene.storage);
        }
        Ok(end)
    }

    /// Whether the release that the status speaks of has to go before the one that is wanted can be made.
    fn is_other_release(&self, run: &Run, loaded: &Loaded) -> bool {
        use skein_api::helm_release::actions::ChartNameChangeStrategy;
        if decide::is_other_release(
            &run.status,
            spec::storage_namespace(&run.release),
            spec::release_namespace(&run.release),
            &spec::release_name(&run.release),
        ) {
            return true;
        }
        let in_place = run.options.upgrade.chart_name_change_strategy
            == Some(ChartNameChangeStrategy::InPlaceUpdate);
        let latest = snapshot::latest(&run.status.history);
        !in_place
            && !run.status.storage_namespace.is_empty()
            && latest.is_some_and(|latest| latest.chart_name != loaded.chart.metadata.name)
    }

    async fn move_release(
        &self,
        run: &mut Run,
        target: &Target,
        expressions: &HealthExpressions<HealthExpression>,
    ) -> End {
        if let Err(problem) = self.uninstall_known(run, target, expressions).await {
            tracing::warn!(name = %run.name, %problem, "uninstalling the former release");
            return End::Requeue;
        }
        run.status.history.clear();
        run.report().clear_failures();
        run.status.storage_namespace.clear();
        End::Await(Duration::ZERO)
    }

    fn note_attempt(&self, run: &mut Run, loaded: &Loaded, config_digest: &str) {
        run.status.storage_namespace = spec::storage_namespace(&run.release).to_owned();
        let reset = run.annotation(RESET_REQUEST_ANNOTATION).to_owned();
        let is_reset =
            run.is_requested(RESET_REQUEST_ANNOTATION, &run.status.last_handled_reset_at);
        if !reset.is_empty() {
            run.status.last_handled_reset_at = reset;
        }
        let generation = run.release.metadata.generation;
        let metadata = &loaded.chart.metadata;
        let status = &mut run.status;
        let is_new = status.last_attempted_generation != generation
            || status.last_attempted_revision != metadata.version
            || (!status.last_attempted_config_digest.is_empty()
                && status.last_attempted_config_digest != config_digest);
        if is_new || is_reset {
            run.report().clear_failures();
        }
        let status = &mut run.status;
        status.last_attempted_generation = generation;
        status.last_attempted_revision.clone_from(&metadata.version);
        status
            .last_attempted_revision_digest
            .clone_from(&loaded.oci_digest);
        status.last_attempted_config_digest = config_digest.to_owned();
        status.last_attempted_values_checksum.clear();
        status.last_release_revision = 0;
    }

    /// Step after step, until nothing is left to do or it has to go on later.
    async fn bring_about(
        &self,
        run: &mut Run,
        scene: &mut Scene<'_>,
        config_digest: &str,
    ) -> Result<End, ApiError> {
        let mut previous: Vec<StepSort> = Vec::new();
        let mut is_forced =
            run.is_requested(FORCE_REQUEST_ANNOTATION, &run.status.last_handled_force_at);
        let force = run.annotation(FORCE_REQUEST_ANNOTATION).to_owned();
        if !force.is_empty() {
            run.status.last_handled_force_at = force;
        }
        for _ in 0..STEPS_MAX {
            let (state, mut step) = decide_step(run, scene, config_digest, is_forced);
            is_forced = false;
            if step == Step::CheckDrift {
                step = match self.drift_step(run, scene, &previous).await {
                    Ok(step) => step,
                    Err(end) => return Ok(end),
                };
            }
            if let Some(end) = self.ending(run, &state, &step) {
                return Ok(end);
            }
            let Some(sort) = step.sort() else {
                return Ok(End::Requeue);
            };
            if previous.contains(&sort) {
                return Ok(go_on_later(run));
            }
            if step == Step::Test {
                self.untested(run);
            }
            self.announce(run, &step).await?;
            match self.take(run, scene, &step).await {
                StepEnd::Done => {}
                StepEnd::Failed(problem) => return Ok(self.step_failed(run, &problem)),
            }
            if run.control.is_cancelled() {
                return Ok(self.cancelled(run));
            }
            if sort == StepSort::Remediate {
                return Ok(after_remediation(run));
            }
            previous.push(sort);
        }
        Ok(End::Requeue)
    }

    /// Looks for drift; objects that differed were told (and corrected), and then nothing is left to do.
    async fn drift_step(
        &self,
        run: &mut Run,
        scene: &mut Scene<'_>,
        previous: &[StepSort],
    ) -> Result<Step, End> {
        match self.check_drift(run, scene).await {
            Ok(false) => Ok(Step::Nothing),
            Ok(true) => {
                let corrects = spec::drift_mode(&run.release) == DriftDetectionMode::Enabled;
                if corrects && !previous.contains(&StepSort::Drift) {
                    // What was corrected is looked at once more.
                    return match self.check_drift(run, scene).await {
                        Ok(false) => Ok(Step::Nothing),
                        Ok(true) => Err(go_on_later(run)),
                        Err(problem) => Err(self.state_error(run, &problem)),
                    };
                }
                run.report().conditions().remove(ConditionType::Reconciling);
                run.summarize();
                Err(End::Done)
            }
            Err(problem) => Err(self.state_error(run, &problem)),
        }
    }

    fn state_error(&self, run: &mut Run, problem: &str) -> End {
        let text = format!("Could not determine release state: {problem}");
        run.report().not_ready("StateError", &text);
        End::Requeue
    }

    /// The end of a run that has nothing more to do.
    fn ending(&self, run: &mut Run, state: &State, step: &Step) -> Option<End> {
        match step {
            Step::Nothing => {
                if *state == State::InSync || *state == State::CheckDrift {
                    self.in_sync(run);
                }
                run.report().conditions().remove(ConditionType::Reconciling);
                run.summarize();
                Some(End::Done)
            }
            Step::Exhausted => {
                stall_exhausted(run);
                Some(End::Terminal)
            }
            Step::NoRollbackTarget => {
                run.report().stalled(
                    "MissingRollbackTarget",
                    "Failed to perform remediation: missing target release for rollback: cannot remediate failed release",
                );
                Some(End::Terminal)
            }
            Step::Stuck(text) => Some(self.state_error(run, text)),
            _ => None,
        }
    }

    /// An untested release is in sync otherwise.
    fn untested(&self, run: &mut Run) {
        let latest = snapshot::latest(&run.status.history)
            .cloned()
            .unwrap_or_default();
        let mut report = run.report();
        if report.is_true(ConditionType::Remediated) {
            let text = report::success_text("upgrade", &latest);
            report.remediated_is_released("UpgradeSucceeded", &text);
        }
    }

    /// Tells what is about to be done.
    async fn announce(&self, run: &mut Run, step: &Step) -> Result<(), ApiError> {
        let text = running(&run.options, step);
        let mut report = run.report();
        report.reconciling("Progressing", &text);
        if step.sort() == Some(StepSort::Release) {
            report
                .conditions()
                .mark_unknown(ConditionType::Ready, "Progressing", text);
        }
        self.write(run).await
    }

    fn step_failed(&self, run: &mut Run, problem: &str) -> End {
        if run.control.is_cancelled() {
            return self.cancelled(run);
        }
        if let Some(pause) = run.options.active_retry(&run.status) {
            run.report()
                .reconciling("ProgressingWithRetry", &format!("retrying after {pause}"));
            return End::RetryAfter(pause.as_std());
        }
        if is_true(&run.status.conditions, ConditionType::Ready.as_str()) {
            run.report().not_ready("ReconcileError", problem);
        }
        End::Requeue
    }

    /// A wait that something newer ended.
    fn cancelled(&self, run: &mut Run) -> End {
        let what = format!("HelmRelease/{}", run.name);
        let reason = "HealthCheckCanceled";
        run.report()
            .not_ready(reason, &format!("New reconciliation triggered by {what}"));
        let text = format!("Health checks canceled due to new reconciliation triggered by {what}");
        let event = report::event(&run.release, Severity::Info, reason, text, None);
        self.recorder.record(event);
        End::Await(Duration::ZERO)
    }

    /// The digest of the values at a run that found all as wanted, if spec and chart are the same since and nobody asks for a run.
    pub(crate) fn remembered_values(&self, run: &Run, artifact: &Artifact) -> Option<String> {
        let memos = self.memos.lock();
        let memo = memos.get(&run.name)?;
        let is_same = memo.generation == run.release.metadata.generation
            && memo.artifact == (artifact.digest.clone(), artifact.revision.clone())
            && !run.release.has_unhandled_request();
        is_same.then(|| memo.config_digest.clone())
    }

    /// Whether nothing changed since a run that found all as wanted: then there is nothing to do and nothing to say.
    async fn is_unchanged(&self, run: &Run, artifact: &Artifact, config_digest: &str) -> bool {
        let Some(memo) = self.memos.lock().get(&run.name).cloned() else {
            return false;
        };
        let status = &run.release.status;
        let is_same = memo.generation == run.release.metadata.generation
            && memo.artifact == (artifact.digest.clone(), artifact.revision.clone())
            && memo.config_digest == config_digest
            && status.observed_generation == memo.generation
            && is_true(&status.conditions, ConditionType::Ready.as_str())
            && !run.release.has_unhandled_request();
        is_same && self.is_as_remembered(run, &memo).await
    }

    fn memorize(&self, run: &Run, artifact: &Artifact, config_digest: &str, storage: &Storage) {
        if run.release.spec.kube_config.is_some() {
            return;
        }
        let memo = Memo {
            generation: run.release.metadata.generation,
            artifact: (artifact.digest.clone(), artifact.revision.clone()),
            config_digest: config_digest.to_owned(),
            versions: storage.versions.clone(),
            recorded: (spec::drift_mode(&run.release) != DriftDetectionMode::Disabled)
                .then(|| storage.last().map(Recorded::of))
                .flatten(),
        };
        self.memos.lock().insert(run.name.clone(), Arc::new(memo));
    }
}

fn decide_step(
    run: &mut Run,
    scene: &Scene<'_>,
    config_digest: &str,
    is_forced: bool,
) -> (State, Step) {
    let metadata = &scene.loaded.chart.metadata;
    let kept = with_kept_values(run, scene);
    let config_digest = kept.as_deref().unwrap_or(config_digest);
    let (post_renderers, common) = (
        report::post_renderers_digest(&run.release),
        report::common_metadata_digest(&run.release),
    );
    let seen = Seen {
        records: &scene.storage.records,
        status: &run.status,
        generation: run.release.metadata.generation,
        chart_name: &metadata.name,
        chart_version: &metadata.version,
        config_digest,
        post_renderers_digest: &post_renderers,
        common_metadata_digest: &common,
        drift: spec::drift_mode(&run.release),
        options: &run.options,
    };
    let state = decide::state(&seen);
    let mut history = run.status.history.clone();
    let step = decide::next_step(&state, &seen, is_forced, &mut history);
    tracing::debug!(release = %run.name, ?state, ?step, "decided");
    run.status.history = history;
    (state, step)
}

/// The digest of the values that an upgrade would make where it keeps values of the last release: only other ones call for an upgrade. Flux
/// compares without them and upgrades at each look.
fn with_kept_values(run: &Run, scene: &Scene<'_>) -> Option<String> {
    if !run.options.upgrade.preserve_values {
        return None;
    }
    let mut old = scene.storage.last()?.config.clone();
    let mut values = scene.wanted.values.clone();
    skein_helm::values::reuse(&mut values, &mut old, None).ok()?;
    Some(observation::config_digest(&values))
}

fn stall_exhausted(run: &mut Run) {
    let action = match run.status.last_attempted_release_action {
        Some(skein_api::helm_release::status::ReleaseAction::Install) => "install",
        Some(skein_api::helm_release::status::ReleaseAction::Upgrade) => "upgrade",
        None => "",
    };
    let failures = run
        .options
        .active_remediation(&run.status)
        .map_or(0, |remediation| remediation.failures(&run.status));
    let text = format!("Failed to {action} after {failures} attempt(s)");
    run.report().stalled("RetriesExceeded", &text);
}

/// The same sort of step comes once in a run.
fn go_on_later(run: &mut Run) -> End {
    if let Some(pause) = run.options.active_retry(&run.status) {
        run.report()
            .reconciling("ProgressingWithRetry", &format!("retrying after {pause}"));
        return End::RetryAfter(pause.as_std());
    }
    let remediation = run.options.active_remediation(&run.status);
    if remediation.is_none_or(|remediation| !remediation.is_exhausted(&run.status)) {
        let text = run.ready_message();
        run.report().reconciling("ProgressingWithRetry", &text);
        return End::Requeue;
    }
    run.report().conditions().remove(ConditionType::Reconciling);
    End::Done
}

fn after_remediation(run: &mut Run) -> End {
    if let Some(pause) = run.options.active_retry(&run.status) {
        run.report()
            .reconciling("ProgressingWithRetry", &format!("retrying after {pause}"));
        return End::RetryAfter(pause.as_std());
    }
    let goes_on = run
        .options
        .active_remediation(&run.status)
        .is_none_or(|remediation| {
            !remediation.is_exhausted(&run.status) || remediation.is_uninstall_after_upgrade()
        });
    if goes_on {
        let text = run.ready_message();
        run.report().reconciling("ProgressingWithRetry", &text);
        return End::Await(PAUSE_AFTER_REMEDIATION);
    }
    stall_exhausted(run);
    End::Terminal
}

/// What a HelmRelease says about where it is installed.
pub(crate) fn target_reference(release: &HelmRelease) -> TargetReference<'_> {
    TargetReference {
        namespace: &release.metadata.namespace,
        kube_config: release.spec.kube_config.as_ref(),
        service_account: &release.spec.service_account_name,
    }
}

/// Why there is no target, in the words of Flux's helm-controller.
pub(crate) fn target_problem(error: &TargetError) -> String {
    match error {
        TargetError::Secret { secret, source } => {
            format!("could not get KubeConfig secret '{secret}': {source}")
        }
        TargetError::NoKey { secret, keys } => {
            let keys = match keys.as_str() {
                "'value'" => "'value' or 'value.yaml'",
                keys => keys,
            };
            format!("KubeConfig secret '{secret}' does not contain a {keys} key with data")
        }
        TargetError::Kubeconfig { secret, source } => {
            format!("failed to load KubeConfig from secret '{secret}': {source}")
        }
        TargetError::NoSecret { secret } => format!(
            "could not get KubeConfig secret '{secret}': secrets {:?} not found",
            secret.name
        ),
        other => other.to_string(),
    }
}
