//! `helm uninstall`.

use jiff::Timestamp;
use serde_json::json;
use skein_api::helm_release::actions::DeletionPropagation;
use skein_cluster::Propagation;
use skein_helm::manifest::uninstall_rank;
use skein_helm::release::{Moment, Release, ReleaseStatus};

use super::Action;
use crate::hooks::HookRun;
use crate::resources::{RESOURCE_POLICY, Resource};

/// How an uninstall ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uninstalled {
    /// It was uninstalled.
    Done,
    /// There was no such release.
    NotFound,
    /// It was uninstalled before, with its history kept.
    Already,
}

impl Action<'_> {
    /// Uninstalls the newest revision.
    pub(crate) async fn uninstall(&mut self) -> Result<Uninstalled, String> {
        let spec = self.options.uninstall.clone();
        let Some(mut release) = self.storage.last().cloned() else {
            return Ok(Uninstalled::NotFound);
        };
        if release.info.status == ReleaseStatus::Uninstalled {
            if spec.keep_history {
                return Ok(Uninstalled::Already);
            }
            self.purge()
                .await
                .map_err(|e| format!("uninstall: Failed to purge the release: {e}"))?;
            return Ok(Uninstalled::Done);
        }
        self.log
            .add("uninstall: deleting release", json!({"name": self.name}));
        release.info.deleted = Moment::new(Timestamp::now());
        release.set_status(
            ReleaseStatus::Uninstalling,
            "Deletion in progress (or silently failed)",
        );
        let timeout = self.options.timeout_of(spec.timeout).as_std();
        let run = |event| HookRun {
            event,
            server_side: true,
            timeout,
        };
        if spec.disable_hooks {
            self.log
                .add("delete hooks disabled", json!({"release": self.name}));
        } else {
            self.run_hooks(&mut release, run("pre-delete"), &|_| true)
                .await?;
        }
        self.storage.try_update(&release).await;
        let objects = self.objects_to_delete(&release).await;
        let propagation = match spec.deletion_propagation {
            Some(DeletionPropagation::Foreground) => Propagation::Foreground,
            Some(DeletionPropagation::Orphan) => Propagation::Orphan,
            Some(DeletionPropagation::Background) | None => Propagation::Background,
        };
        let deleted = match objects {
            Ok(objects) => {
                let problems = self.writer().delete(&objects, propagation).await;
                if problems.is_empty() {
                    Ok(objects)
                } else {
                    Err(problems.join("; "))
                }
            }
            Err(problem) => Err(problem),
        };
        let objects = deleted.map_err(|problem| {
            tracing::warn!(release = %self.name, %problem, "uninstall: failed to delete release");
            format!("failed to delete release: {}", self.name)
        })?;
        let mut problems = Vec::new();
        if self.waits {
            let writer = self.writer();
            if let Err(failure) = self.waiter(&writer).gone(&objects, timeout).await {
                problems.push(failure.text());
            }
        }
        if !spec.disable_hooks
            && let Err(problem) = self
                .run_hooks(&mut release, run("post-delete"), &|_| true)
                .await
        {
            problems.push(problem);
        }
        release.set_status(ReleaseStatus::Uninstalled, "Uninstallation complete");
        self.end_uninstall(release, spec.keep_history, problems)
            .await
    }

    async fn end_uninstall(
        &mut self,
        release: Release,
        keep_history: bool,
        mut problems: Vec<String>,
    ) -> Result<Uninstalled, String> {
        if keep_history {
            self.storage.try_update(&release).await;
            self.supersede_deployed().await;
        } else {
            self.log
                .add("purge requested", json!({"release": self.name}));
            if let Err(problem) = self.purge().await {
                problems.push(format!("uninstall: Failed to purge the release: {problem}"));
            }
        }
        if problems.is_empty() {
            return Ok(Uninstalled::Done);
        }
        Err(format!(
            "uninstallation completed with {} error(s): {}",
            problems.len(),
            problems.join("; ")
        ))
    }

    /// The objects of a manifest, in the order in which they go; those that are to be kept are not among them.
    async fn objects_to_delete(&self, release: &Release) -> Result<Vec<Resource>, String> {
        let mut objects = self.build(&release.manifest).await?;
        objects.retain(|r| {
            let policy = r.object.annotation(RESOURCE_POLICY.0).unwrap_or_default();
            !policy.trim().eq_ignore_ascii_case(RESOURCE_POLICY.1)
        });
        objects.sort_by_cached_key(|r| uninstall_rank(r.object.kind()));
        Ok(objects)
    }

    async fn purge(&mut self) -> Result<(), String> {
        let mut versions: Vec<i64> = self.storage.records.iter().map(|r| r.version).collect();
        versions.sort_unstable();
        for version in versions {
            let name = self.name.clone();
            self.storage
                .delete(&name, version)
                .await
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
