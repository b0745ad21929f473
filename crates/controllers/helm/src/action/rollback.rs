//! `helm rollback`.

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_cluster::Propagation;
use skein_helm::release::stored::custom_labels;
use skein_helm::release::{Info, Moment, Release, ReleaseStatus};

use super::{Action, is_server_side};
use crate::hooks::HookRun;
use crate::resources::Resource;
use crate::spec;
use crate::update::{Made, Method};

impl Action<'_> {
    /// Goes back to a revision.
    pub(crate) async fn rollback(&mut self, version: i64) -> Result<(), String> {
        let spec = self.options.rollback.clone();
        let name = json!({"name": self.name});
        self.log.add("preparing rollback", name.clone());
        let not_there = || format!("release has no {version} version");
        let current = self.storage.last().cloned().ok_or_else(not_there)?;
        let mut records = self.storage.records.iter();
        let previous = records
            .find(|record| record.version == version)
            .cloned()
            .ok_or_else(not_there)?;
        self.log.add(
            "rolling back",
            json!({"name": self.name, "currentVersion": current.version, "targetVersion": version}),
        );
        let server_side = is_server_side(spec.server_side_apply, previous.is_server_side());
        let mut target = Release {
            info: Info {
                first_deployed: current.info.first_deployed.clone(),
                last_deployed: Moment::new(Timestamp::now()),
                status: ReleaseStatus::PendingRollback,
                notes: previous.info.notes.clone(),
                rollback_revision: version,
                description: format!("Rollback to {version}"),
                ..Info::default()
            },
            namespace: current.namespace.clone(),
            version: current.version + 1,
            labels: custom_labels(&previous.labels),
            apply_method: super::install::method_word(server_side).to_owned(),
            ..previous
        };
        self.log.add("creating rolled back release", name.clone());
        self.storage
            .create(&target, spec::max_history(self.release))
            .await
            .map_err(|error| error.to_string())?;
        self.log.add("performing rollback", name.clone());
        let originals = self.build(&current.manifest).await.map_err(|e| {
            format!("unable to build kubernetes objects from current release manifest: {e}")
        })?;
        let mut objects = self.build(&target.manifest).await.map_err(|e| {
            format!("unable to build kubernetes objects from new release manifest: {e}")
        })?;
        self.mark(&mut objects);
        self.bring_rollback(&current, &mut target, (&originals, &objects), server_side)
            .await?;
        self.supersede_deployed().await;
        target.info.status = ReleaseStatus::Deployed;
        self.log
            .add("updating status for rolled back release", name);
        self.storage
            .update(&target)
            .await
            .map_err(|error| error.to_string())
    }

    async fn bring_rollback(
        &mut self,
        current: &Release,
        target: &mut Release,
        (originals, objects): (&[Resource], &[Resource]),
        server_side: bool,
    ) -> Result<(), String> {
        let spec = self.options.rollback.clone();
        let timeout = self.options.timeout_of(spec.timeout).as_std();
        let run = |event| HookRun {
            event,
            server_side,
            timeout,
        };
        if spec.disable_hooks {
            self.log
                .add("rollback hooks disabled", json!({"name": self.name}));
        } else {
            self.run_hooks(target, run("pre-rollback"), &|_| true)
                .await?;
        }
        let method = Method {
            server_side,
            force_conflicts: server_side,
            replace: spec.force && !server_side,
            upgrade_manager: true,
            three_way_custom: false,
        };
        let mut made = Made::default();
        let updated = self
            .writer()
            .update(originals, objects, method, &mut made)
            .await;
        if let Err(problem) = updated {
            let mut superseded = current.clone();
            superseded.info.status = ReleaseStatus::Superseded;
            let text = format!("Rollback {:?} failed: {problem}", self.name);
            self.log.add(&format!("warning: {text}"), Value::Null);
            target.set_status(ReleaseStatus::Failed, text);
            self.storage.try_update(&superseded).await;
            self.storage.try_update(target).await;
            if spec.cleanup_on_fail {
                self.clean_up(&made).await?;
            }
            return Err(problem);
        }
        let waited = self
            .wait_ready(objects, !spec.disable_wait_for_jobs, timeout)
            .await;
        if let Err(problem) = waited {
            let text = format!("Release {:?} failed: {problem}", self.name);
            target.set_status(ReleaseStatus::Failed, text);
            self.storage.try_update(current).await;
            self.storage.try_update(target).await;
            return Err(format!("release {} failed: {problem}", self.name));
        }
        if !spec.disable_hooks {
            self.run_hooks(target, run("post-rollback"), &|_| true)
                .await?;
        }
        Ok(())
    }

    /// Deletes what a rollback that failed made new.
    async fn clean_up(&self, made: &Made) -> Result<(), String> {
        self.log.add(
            "cleanup on fail set, cleaning up resources",
            json!({"count": made.0.len()}),
        );
        let left = self.writer().delete(&made.0, Propagation::Background).await;
        if !left.is_empty() {
            return Err(format!(
                "an error occurred while cleaning up resources. original rollback error: unable to cleanup resources: {}",
                left.join(", ")
            ));
        }
        self.log.add("resource cleanup complete", Value::Null);
        Ok(())
    }

    /// Only one revision is deployed.
    pub(super) async fn supersede_deployed(&mut self) {
        let deployed: Vec<Release> = self
            .storage
            .records
            .iter()
            .filter(|record| record.info.status == ReleaseStatus::Deployed)
            .cloned()
            .collect();
        for mut record in deployed {
            self.log.add(
                "superseding previous deployment",
                json!({"version": record.version}),
            );
            record.info.status = ReleaseStatus::Superseded;
            self.storage.try_update(&record).await;
        }
    }
}
