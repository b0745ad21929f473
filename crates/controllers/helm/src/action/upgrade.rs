//! `helm upgrade`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_api::helm_release::actions::CrdsPolicy;
use skein_cluster::Propagation;
use skein_helm::release::stored::custom_labels;
use skein_helm::release::{
    CLIENT_SIDE_APPLY, Info, Moment, Release, ReleaseStatus, SERVER_SIDE_APPLY, history,
};

use super::{Action, Wanted, is_server_side};
use crate::hooks::HookRun;
use crate::render::Purpose;
use crate::resources::Resource;
use crate::spec;
use crate::update::{Made, Method};

/// Where an upgrade comes from and goes to.
struct Change {
    current: Release,
    next: Release,
    targets: Vec<Resource>,
    server_side: bool,
}

impl Action<'_> {
    /// Upgrades to a chart with values. Where values of the last release are kept, `wanted` has them afterwards.
    pub(crate) async fn upgrade(&mut self, wanted: &mut Wanted) -> Result<(), String> {
        let spec = self.options.upgrade.clone();
        let Some(last) = self.storage.last().cloned() else {
            return Err(format!("{:?} has no deployed releases", self.name));
        };
        let server_side = is_server_side(spec.server_side_apply, last.is_server_side());
        // Flux's documentation says Skip; its controller creates, which under server-side apply updates (recorded).
        let policy = spec.crds.unwrap_or(CrdsPolicy::Create);
        self.apply_definitions(wanted, policy, server_side)
            .await
            .map_err(|e| format!("failed to apply CustomResourceDefinitions: {e}"))?;
        let name = json!({"name": self.name});
        self.log.add("preparing upgrade", name.clone());
        let change = self.prepare_upgrade(wanted, last, server_side).await?;
        self.log.add("performing update", name);
        self.perform_upgrade(change).await
    }

    async fn prepare_upgrade(
        &mut self,
        wanted: &mut Wanted,
        last: Release,
        server_side: bool,
    ) -> Result<Change, String> {
        if last.info.status.is_pending() {
            return Err("another operation (install/upgrade/rollback) is in progress".into());
        }
        let mut current = match history::deployed(&self.storage.records) {
            _ if last.info.status == ReleaseStatus::Deployed => last.clone(),
            Some(deployed) => deployed.clone(),
            None if matches!(
                last.info.status,
                ReleaseStatus::Failed | ReleaseStatus::Superseded
            ) =>
            {
                last.clone()
            }
            None => return Err(format!("{:?} has no deployed releases", self.name)),
        };
        let wanted = self.reused_values(wanted, &mut current)?;
        let spec = &self.options.upgrade;
        let purpose = Purpose::upgrade(last.version + 1, spec.disable_schema_validation);
        let rendered = self
            .renderer
            .render(
                self.release,
                self.target,
                &wanted,
                self.options.post_render_strategy(),
                purpose,
            )
            .await?;
        self.log.add(
            "determined release apply method",
            json!({"server_side_apply": server_side, "previous_release_apply_method": last.apply_method}),
        );
        let next = Release {
            name: self.name.clone(),
            namespace: current.namespace.clone(),
            chart: Some(rendered.chart),
            config: wanted.values.clone(),
            info: Info {
                first_deployed: current.info.first_deployed.clone(),
                last_deployed: Moment::new(Timestamp::now()),
                status: ReleaseStatus::PendingUpgrade,
                description: "Preparing upgrade".into(),
                notes: rendered.notes,
                ..Info::default()
            },
            version: last.version + 1,
            manifest: rendered.manifest,
            hooks: rendered.hooks,
            labels: custom_labels(&last.labels),
            apply_method: super::install::method_word(server_side).to_owned(),
        };
        let targets = self.build(&next.manifest).await?;
        Ok(Change {
            current,
            next,
            targets,
            server_side,
        })
    }

    /// The values, over those of the last release where they are to be kept. The chart then has the defaults of the last one, too.
    fn reused_values(&self, wanted: &mut Wanted, current: &mut Release) -> Result<Wanted, String> {
        if !self.options.upgrade.preserve_values {
            self.log.add(
                "resetting values to the chart's original version",
                Value::Null,
            );
            return Ok(wanted.clone());
        }
        self.log
            .add("reusing the old release's values", Value::Null);
        let defaults = current.chart.as_ref().and_then(|old| old.values.clone());
        let rendered =
            skein_helm::values::reuse(&mut wanted.values, &mut current.config, defaults.as_ref())
                .map_err(|problem| format!("failed to rebuild old values: {problem}"))?;
        let mut chart = (*wanted.chart).clone();
        chart.values = Some(rendered);
        Ok(Wanted {
            digest: None,
            chart: Arc::new(chart),
            values: wanted.values.clone(),
        })
    }

    async fn perform_upgrade(&mut self, change: Change) -> Result<(), String> {
        let Change {
            current,
            mut next,
            mut targets,
            server_side,
        } = change;
        let mut originals = self.build(&current.manifest).await.map_err(|e| {
            format!("unable to build kubernetes objects from current release manifest: {e}")
        })?;
        self.mark(&mut targets);
        let new: Vec<Resource> = targets
            .iter()
            .filter(|target| originals.iter().all(|o| o.key() != target.key()))
            .cloned()
            .collect();
        let owned = (self.name.clone(), self.namespace.clone());
        let must_own = self
            .options
            .upgrade
            .disable_take_ownership
            .then_some((owned.0.as_str(), owned.1.as_str()));
        let adopted = self.writer().existing(&new, must_own).await;
        originals.extend(adopted.map_err(|e| format!("unable to continue with update: {e}"))?);
        self.log
            .add("creating upgraded release", json!({"name": self.name}));
        self.storage
            .create(&next, spec::max_history(self.release))
            .await
            .map_err(|error| error.to_string())?;
        let mut made = Made::default();
        let outcome = self
            .bring_upgrade(
                &current,
                &mut next,
                (&originals, &targets),
                server_side,
                &mut made,
            )
            .await;
        match outcome {
            Ok(()) => self
                .storage
                .update(&next)
                .await
                .map_err(|error| error.to_string()),
            Err(problem) => self.fail_upgrade(next, problem, &made).await,
        }
    }

    async fn bring_upgrade(
        &mut self,
        current: &Release,
        next: &mut Release,
        (originals, targets): (&[Resource], &[Resource]),
        server_side: bool,
        made: &mut Made,
    ) -> Result<(), String> {
        let spec = self.options.upgrade.clone();
        let timeout = self.options.timeout_of(spec.timeout).as_std();
        let run = |event| HookRun {
            event,
            server_side,
            timeout,
        };
        if spec.disable_hooks {
            self.log
                .add("upgrade hooks disabled", json!({"name": self.name}));
        } else {
            self.run_hooks(next, run("pre-upgrade"), &|_| true)
                .await
                .map_err(|e| format!("pre-upgrade hooks failed: {e}"))?;
        }
        let was_client_side =
            current.apply_method.is_empty() || current.apply_method == CLIENT_SIDE_APPLY;
        let method = Method {
            server_side,
            force_conflicts: server_side,
            replace: spec.force && !server_side,
            upgrade_manager: was_client_side && server_side,
            three_way_custom: false,
        };
        let brought = self.writer().update(originals, targets, method, made).await;
        let brought = match brought {
            Ok(()) => {
                self.wait_ready(targets, !spec.disable_wait_for_jobs, timeout)
                    .await
            }
            failed => failed,
        };
        if let Err(problem) = brought {
            self.storage.try_update(current).await;
            return Err(problem);
        }
        if !spec.disable_hooks {
            self.run_hooks(next, run("post-upgrade"), &|_| true)
                .await
                .map_err(|e| format!("post-upgrade hooks failed: {e}"))?;
        }
        let mut superseded = current.clone();
        superseded.info.status = ReleaseStatus::Superseded;
        self.storage.try_update(&superseded).await;
        next.set_status(ReleaseStatus::Deployed, "Upgrade complete");
        debug_assert!(next.apply_method != SERVER_SIDE_APPLY || server_side);
        Ok(())
    }

    async fn fail_upgrade(
        &mut self,
        mut next: Release,
        problem: String,
        made: &Made,
    ) -> Result<(), String> {
        self.log.add(
            "warning: upgrade failed",
            json!({"name": self.name, "error": {}}),
        );
        let text = format!("Upgrade {:?} failed: {problem}", self.name);
        next.set_status(ReleaseStatus::Failed, text);
        self.storage.try_update(&next).await;
        if self.options.upgrade.cleanup_on_fail && !made.0.is_empty() {
            self.log.add(
                "cleanup on fail set",
                json!({"cleaning_resources": made.0.len()}),
            );
            let left = self.writer().delete(&made.0, Propagation::Background).await;
            if !left.is_empty() {
                return Err(format!(
                    "an error occurred while cleaning up resources. original upgrade error: {problem}: unable to cleanup resources: {}",
                    left.join(", ")
                ));
            }
            self.log.add("resource cleanup complete", Value::Null);
        }
        Err(problem)
    }
}
