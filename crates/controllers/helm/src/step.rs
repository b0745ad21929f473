//! One step of a run: the action, and what the status and the events say of it.

use std::sync::Arc;
use std::time::Instant;

use skein_api::helm_release::DriftDetectionMode;
use skein_api::helm_release::status::{ReleaseAction, ReleaseSnapshot};
use skein_api::inventory::{ResourceInventory, ResourceRef};
use skein_api::{ConditionStatus, ConditionType};
use skein_helm::release::{Release, ReleaseStatus, observation};
use skein_object::{GoDuration, Object};
use skein_plan::InventoryEntry;
use skein_runtime::Severity;

use crate::action::{Action, Wanted};
use crate::chart::Loaded;
use crate::controller::HelmController;
use crate::decide::Step;
use crate::helm_log::HelmLog;
use crate::reconcile::{self, Run, Scene};
use crate::report::{self, About, success_text};
use crate::{drift, resources, snapshot, spec};

/// How a step ended.
pub(crate) enum StepEnd {
    /// What came of it is in the status.
    Done,
    /// Nothing was stored: try again later. The text says why.
    Failed(String),
}

impl HelmController {
    /// Takes a step.
    pub(crate) async fn take(&self, run: &mut Run, scene: &mut Scene<'_>, step: &Step) -> StepEnd {
        match step {
            Step::Install => self.release(run, scene, ReleaseAction::Install).await,
            Step::Upgrade => self.release(run, scene, ReleaseAction::Upgrade).await,
            Step::Test => self.test(run, scene).await,
            Step::Rollback(version) => self.rollback(run, scene, *version).await,
            Step::Uninstall => self.uninstall_remediation(run, scene).await,
            Step::Unlock => self.unlock(run, scene).await,
            _ => StepEnd::Done,
        }
    }

    fn action<'a>(
        &'a self,
        run: &'a Run,
        scene: &'a mut Scene<'_>,
        log: Arc<HelmLog>,
        waits: bool,
    ) -> Action<'a> {
        Action {
            release: &run.release,
            options: &run.options,
            target: scene.target,
            storage: scene.storage,
            log,
            expressions: scene.expressions,
            control: &run.control,
            renderer: &self.renderer,
            name: spec::release_name(&run.release),
            namespace: spec::release_namespace(&run.release).to_owned(),
            waits,
        }
    }

    async fn release(
        &self,
        run: &mut Run,
        scene: &mut Scene<'_>,
        action: ReleaseAction,
    ) -> StepEnd {
        let started = Instant::now();
        let (name, waits) = match action {
            ReleaseAction::Install => ("install", !run.options.install.disable_wait),
            ReleaseAction::Upgrade => ("upgrade", !run.options.upgrade.disable_wait),
        };
        run.status.last_attempted_release_action = Some(action);
        if action == ReleaseAction::Install {
            run.status.history.clear();
        }
        let mut report = run.report();
        let mut conditions = report.conditions();
        conditions.remove(ConditionType::TestSuccess);
        conditions.remove(ConditionType::Remediated);
        let log = Arc::new(HelmLog::default());
        let (mut wanted, loaded) = (scene.wanted.clone(), scene.loaded.clone());
        let outcome = {
            let mut act = self.action(run, scene, Arc::clone(&log), waits);
            match action {
                ReleaseAction::Install => act.install(&wanted).await,
                ReleaseAction::Upgrade => act.upgrade(&mut wanted).await,
            }
        };
        // Values that were kept are wanted for the rest of this run; the next one finds others, and upgrades again, as Flux does.
        scene.wanted.values.clone_from(&wanted.values);
        run.status.last_attempted_release_action_duration =
            Some(GoDuration::from_std(started.elapsed()));
        let written = scene.storage.take_written();
        self.note_inventory(run, scene, &written).await;
        snapshot::note_release(&mut run.status.history, &written, &loaded.oci_digest, name);
        let end = match outcome {
            Ok(()) => {
                self.released(run, name, action);
                StepEnd::Done
            }
            Err(problem) => {
                self.release_failed(run, &loaded, &wanted, (name, &problem, &log));
                if written.is_empty() {
                    StepEnd::Failed(problem)
                } else {
                    let remediation = match action {
                        ReleaseAction::Install => run.options.install_remediation(),
                        ReleaseAction::Upgrade => run.options.upgrade_remediation(),
                    };
                    remediation.count_failure(&mut run.status);
                    StepEnd::Done
                }
            }
        };
        run.summarize();
        end
    }

    fn released(&self, run: &mut Run, name: &str, action: ReleaseAction) {
        let Some(latest) = snapshot::latest(&run.status.history).cloned() else {
            return;
        };
        let text = success_text(name, &latest);
        let reason = reason_of(name, true);
        let awaits_tests = run.options.test.enable && !snapshot::is_tested(&latest);
        let clears = run.options.retry_of(action).is_some();
        let mut report = run.report();
        report
            .conditions()
            .mark_true(ConditionType::Released, reason, text.clone());
        if awaits_tests {
            let pending = format!(
                "Helm release {} with chart {} is awaiting tests",
                snapshot::full_name(&latest),
                snapshot::chart_of(&latest)
            );
            report
                .conditions()
                .mark_unknown(ConditionType::TestSuccess, "AwaitingTests", pending);
        }
        if clears {
            report.clear_failures();
        }
        self.tell(run, Severity::Info, reason, text, &About::snapshot(&latest));
    }

    fn release_failed(
        &self,
        run: &mut Run,
        loaded: &Loaded,
        wanted: &Wanted,
        (name, problem, log): (&str, &str, &HelmLog),
    ) {
        let metadata = &loaded.chart.metadata;
        let text = format!(
            "Helm {name} failed for release {}/{} with chart {}@{}: {}",
            spec::release_namespace(&run.release),
            spec::full_release_name(&run.release),
            metadata.name,
            metadata.version,
            problem.trim()
        );
        let reason = reason_of(name, false);
        run.status.failures += 1;
        run.report()
            .conditions()
            .mark_false(ConditionType::Released, reason, text.clone());
        let about = About {
            revision: metadata.version.clone(),
            token: observation::config_digest(&wanted.values),
            app_version: metadata.app_version.clone(),
            oci_digest: loaded.oci_digest.clone(),
        };
        self.tell(run, Severity::Error, reason, log.appended_to(&text), &about);
    }

    async fn test(&self, run: &mut Run, scene: &mut Scene<'_>) -> StepEnd {
        let outcome = {
            let log = Arc::new(HelmLog::default());
            self.action(run, scene, log, true).test().await
        };
        let written = scene.storage.take_written();
        snapshot::note_tests(&mut run.status.history, &written);
        let Some(latest) = snapshot::latest(&run.status.history).cloned() else {
            return StepEnd::Failed("no latest release: required for test".into());
        };
        let (name, chart) = (snapshot::full_name(&latest), snapshot::chart_of(&latest));
        let about = About::snapshot(&latest);
        let end = match outcome {
            Ok(()) => {
                let hooks = latest.test_hooks.as_ref().map_or(0, |hooks| hooks.len());
                let what = match hooks {
                    0 => "no test hooks".to_owned(),
                    1 => "1 test hook completed successfully".to_owned(),
                    more => format!("{more} test hooks completed successfully"),
                };
                let text =
                    format!("Helm test succeeded for release {name} with chart {chart}: {what}");
                run.report().conditions().mark_true(
                    ConditionType::TestSuccess,
                    "TestSucceeded",
                    text.clone(),
                );
                self.tell(run, Severity::Info, "TestSucceeded", text, &about);
                StepEnd::Done
            }
            Err(problem) => {
                let text = format!(
                    "Helm test failed for release {name} with chart {chart}: {}",
                    problem.trim()
                );
                run.status.failures += 1;
                run.report().conditions().mark_false(
                    ConditionType::TestSuccess,
                    "TestFailed",
                    text.clone(),
                );
                self.tell(run, Severity::Error, "TestFailed", text, &about);
                if snapshot::is_tested(&latest) {
                    let remediation = run.options.active_remediation(&run.status);
                    if let Some(remediation) = remediation
                        && !remediation.ignore_test_failures
                    {
                        remediation.count_failure(&mut run.status);
                    }
                    StepEnd::Done
                } else {
                    StepEnd::Failed(problem)
                }
            }
        };
        run.summarize();
        end
    }

    async fn rollback(&self, run: &mut Run, scene: &mut Scene<'_>, version: i64) -> StepEnd {
        let mut history = run.status.history.iter();
        let Some(previous) = history.find(|s| s.version == version).cloned() else {
            return StepEnd::Failed(
                "missing target release for rollback: required to rollback".into(),
            );
        };
        let log = Arc::new(HelmLog::default());
        let waits = !run.options.rollback.disable_wait;
        let outcome = self
            .action(run, scene, Arc::clone(&log), waits)
            .rollback(version)
            .await;
        let written = scene.storage.take_written();
        self.note_inventory(run, scene, &written).await;
        snapshot::note_rollback(&mut run.status.history, &written);
        let about = About {
            token: observation::config_digest(&scene.wanted.values),
            ..About::snapshot(&previous)
        };
        let what = format!(
            "Helm rollback to previous release {} with chart {}",
            snapshot::full_name(&previous),
            snapshot::chart_of(&previous)
        );
        let end = self.remediated(
            run,
            ("rollback", what),
            outcome,
            (&log, &about, written.is_empty()),
        );
        run.summarize();
        end
    }

    async fn uninstall_remediation(&self, run: &mut Run, scene: &mut Scene<'_>) -> StepEnd {
        let Some(latest) = snapshot::latest(&run.status.history).cloned() else {
            return StepEnd::Failed("no latest release: required to uninstall".into());
        };
        let log = Arc::new(HelmLog::default());
        let waits = !run.options.uninstall.disable_wait;
        let outcome = self
            .action(run, scene, Arc::clone(&log), waits)
            .uninstall()
            .await
            .map(drop);
        let written = scene.storage.take_written();
        snapshot::note_known(
            &mut run.status.history,
            &written,
            Some("uninstall-remediation"),
        );
        let what = format!(
            "Helm uninstall remediation for release {} with chart {}",
            snapshot::full_name(&latest),
            snapshot::chart_of(&latest)
        );
        let about = About::snapshot(&latest);
        self.remediated(
            run,
            ("uninstall", what),
            outcome,
            (&log, &about, written.is_empty()),
        )
    }

    /// What is said of a remediation.
    fn remediated(
        &self,
        run: &mut Run,
        (name, what): (&str, String),
        outcome: Result<(), String>,
        (log, about, is_unchanged): (&HelmLog, &About, bool),
    ) -> StepEnd {
        match outcome {
            Ok(()) => {
                let text = format!("{what} succeeded");
                let reason = reason_of(name, true);
                run.report().conditions().mark_true(
                    ConditionType::Remediated,
                    reason,
                    text.clone(),
                );
                self.tell(run, Severity::Info, reason, text, about);
                StepEnd::Done
            }
            Err(problem) => {
                let text = format!("{what} failed: {}", problem.trim());
                let reason = reason_of(name, false);
                run.status.failures += 1;
                run.report().conditions().mark_false(
                    ConditionType::Remediated,
                    reason,
                    text.clone(),
                );
                self.tell(run, Severity::Error, reason, log.appended_to(&text), about);
                if is_unchanged {
                    StepEnd::Failed(problem)
                } else {
                    StepEnd::Done
                }
            }
        }
    }

    async fn unlock(&self, run: &mut Run, scene: &mut Scene<'_>) -> StepEnd {
        let Some(mut last) = scene.storage.last().cloned() else {
            return StepEnd::Done;
        };
        let was = last.info.status;
        if !was.is_pending() {
            return StepEnd::Done;
        }
        let mut history = run.status.history.iter();
        let oci_digest = history
            .find(|s| snapshot::targets(s, &last))
            .map(|s| s.oci_digest.clone());
        let about_latest = snapshot::of(&last, &oci_digest.unwrap_or_default(), "");
        let about = About::snapshot(&about_latest);
        let subject = format!(
            "Helm release {} with chart {} in {was} state",
            snapshot::full_name(&about_latest),
            snapshot::chart_of(&about_latest)
        );
        last.set_status(
            ReleaseStatus::Failed,
            format!("Release unlocked from stale '{was}' state"),
        );
        let stored = scene.storage.update(&last).await;
        let written = scene.storage.take_written();
        snapshot::note_known(&mut run.status.history, &written, None);
        let (text, severity, end) = match stored {
            Ok(()) => (format!("Unlocked {subject}"), Severity::Info, StepEnd::Done),
            Err(error) => {
                run.status.failures += 1;
                let text = format!("Unlock of {subject} failed: {error}");
                (text, Severity::Error, StepEnd::Failed(error.to_string()))
            }
        };
        run.report().conditions().mark_false(
            ConditionType::Released,
            "PendingRelease",
            text.clone(),
        );
        self.tell(run, severity, "PendingRelease", text, &about);
        run.summarize();
        end
    }

    /// Looks for drift and corrects it where that is asked for. True when objects differed.
    pub(crate) async fn check_drift(
        &self,
        run: &mut Run,
        scene: &mut Scene<'_>,
    ) -> Result<bool, String> {
        let Some(record) = scene.storage.last().map(drift::Recorded::of) else {
            return Ok(false);
        };
        let rules = drift::rules(&run.release).map_err(|problem| {
            format!("unable to determine cluster state: failed to create ignore rule selector: {problem}")
        })?;
        let log = Arc::new(HelmLog::default());
        let found = {
            let act = self.action(run, scene, Arc::clone(&log), true);
            drift::find(&act.writer(), &record, &rules, &self.overridden).await?
        };
        if found.objects.is_empty() {
            if found.problems.is_empty() {
                return Ok(false);
            }
            let problems = resources::aggregated(&found.problems);
            return Err(format!("unable to determine cluster state: {problems}"));
        }
        let latest = snapshot::latest(&run.status.history)
            .cloned()
            .unwrap_or_default();
        let name = snapshot::full_name(&latest);
        let text = format!(
            "Cluster state of release {name} has drifted from the desired state:\n{}",
            found.summary()
        );
        self.recorder.record(report::event(
            &run.release,
            Severity::Error,
            "DriftDetected",
            text.clone(),
            None,
        ));
        run.report()
            .conditions()
            .mark_true(ConditionType::Drifted, "DriftDetected", text);
        if spec::drift_mode(&run.release) != DriftDetectionMode::Enabled {
            return Ok(true);
        }
        let text = reconcile::running(&run.options, &Step::CheckDrift);
        let mut report = run.report();
        report.reconciling("Progressing", &text);
        report.conditions().mark_unknown(
            ConditionType::Ready,
            "Progressing",
            "correcting cluster drift",
        );
        let corrected = {
            let act = self.action(run, scene, log, true);
            drift::correct(&act.writer(), found).await
        };
        self.tell_correction(run, &latest, &corrected);
        Ok(true)
    }

    fn tell_correction(&self, run: &Run, latest: &ReleaseSnapshot, corrected: &drift::Corrected) {
        let name = snapshot::full_name(latest);
        let about = About::snapshot(latest);
        let lines: Vec<String> = corrected.entries.iter().map(ToString::to_string).collect();
        let lines = lines.join("\n");
        if corrected.problems.is_empty() {
            let text = format!("Cluster state of release {name} has been corrected:\n{lines}");
            self.tell(run, Severity::Info, "DriftCorrected", text, &about);
            return;
        }
        let partially = if lines.is_empty() { "" } else { "partially " };
        let mut text = format!(
            "Failed to {partially}correct cluster state of release {name}:\n{}",
            corrected.problems.join("\n")
        );
        if !lines.is_empty() {
            text.push_str(&format!("\n\nSuccessful corrections:\n{lines}"));
        }
        self.tell(run, Severity::Error, "DriftCorrectionFailed", text, &about);
    }

    /// Notes the objects of the newest record and of the chart's crds/ folders.
    async fn note_inventory(&self, run: &mut Run, scene: &Scene<'_>, written: &[Release]) {
        let Some(record) = written.last() else { return };
        let newest = written
            .iter()
            .max_by_key(|release| release.version)
            .unwrap_or(record);
        let cluster = &scene.target.cluster;
        let mut entries = Vec::new();
        match resources::build_as_written(cluster, &newest.manifest, &newest.namespace).await {
            Ok(found) => entries.extend(found.iter().map(inventory_entry)),
            Err(problem) => {
                tracing::warn!(release = %newest.name, %problem, "the inventory is incomplete");
                return;
            }
        }
        // Those of charts below that are switched off are none of the release's.
        let files = self.renderer.custom_resources(&scene.wanted);
        for (_, text) in files.unwrap_or_default() {
            for value in resources::parse(&text).unwrap_or_default() {
                if let Ok(object) = Object::from_value(value) {
                    entries.push(inventory_entry(&object));
                }
            }
        }
        run.status.inventory = Some(ResourceInventory {
            entries: entries
                .into_iter()
                .map(|entry| ResourceRef {
                    id: entry.id,
                    version: entry.v,
                })
                .collect(),
        });
    }

    pub(crate) fn tell(
        &self,
        run: &Run,
        severity: Severity,
        reason: &str,
        text: impl Into<String>,
        about: &About,
    ) {
        let event = report::event(&run.release, severity, reason, text, Some(about));
        self.recorder.record(event);
    }

    /// The release is as wanted: conditions that say otherwise go.
    pub(crate) fn in_sync(&self, run: &mut Run) {
        let latest = snapshot::latest(&run.status.history)
            .cloned()
            .unwrap_or_default();
        let drift = spec::drift_mode(&run.release);
        let mut report = run.report();
        if report.is_true(ConditionType::Remediated) {
            let text = success_text("upgrade", &latest);
            report.remediated_is_released("UpgradeSucceeded", &text);
        }
        let released = skein_api::conditions::find(
            &report.status.conditions,
            ConditionType::Released.as_str(),
        );
        let is_settled = report.is_true(ConditionType::Ready)
            && released.is_some_and(|c| c.status == ConditionStatus::True);
        let repaired = released.and_then(|c| match c.reason.as_str() {
            "InstallFailed" => Some(("InstallSucceeded", "install")),
            "UpgradeFailed" => Some(("UpgradeSucceeded", "upgrade")),
            _ => None,
        });
        if !is_settled && let Some((reason, name)) = repaired {
            let text = success_text(name, &latest);
            report
                .conditions()
                .mark_true(ConditionType::Released, reason, text);
        }
        if drift != DriftDetectionMode::Disabled {
            report.conditions().mark_false(
                ConditionType::Drifted,
                "NoDriftDetected",
                "No drift detected against the cluster state",
            );
        }
    }
}

fn inventory_entry(object: &Object) -> InventoryEntry {
    InventoryEntry::new(&object.key(), &object.gvk().version)
}

fn reason_of(action: &str, succeeded: bool) -> &'static str {
    match (action, succeeded) {
        ("install", true) => "InstallSucceeded",
        ("install", false) => "InstallFailed",
        ("upgrade", true) => "UpgradeSucceeded",
        ("upgrade", false) => "UpgradeFailed",
        ("rollback", true) => "RollbackSucceeded",
        ("rollback", false) => "RollbackFailed",
        (_, true) => "UninstallSucceeded",
        (_, false) => "UninstallFailed",
    }
}
