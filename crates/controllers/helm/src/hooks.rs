//! Hooks: run by weight at their event, waited for, and deleted as their policies say.

mod output;

use std::time::Duration;

use jiff::Timestamp;
use skein_cluster::Propagation;
use skein_helm::release::{HookExecution, Moment, RecordedHook, Release};

use crate::action::Action;
use crate::resources;
use crate::wait::Readiness;

/// Policy of hooks that name none.
const BEFORE_CREATION: &str = "before-hook-creation";
/// Policy, of deletion and of output, of hooks that failed.
const FAILED: &str = "hook-failed";
/// The same of hooks that did not.
const SUCCEEDED: &str = "hook-succeeded";

/// How the hooks of one event run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HookRun {
    /// The event, in Helm's words.
    pub(crate) event: &'static str,
    /// Whether the server applies the objects.
    pub(crate) server_side: bool,
    /// Time for each hook.
    pub(crate) timeout: Duration,
}

impl Action<'_> {
    /// Runs the hooks of an event; the record is stored before each of them. Hooks for which `is_wanted` says no are left alone.
    pub(crate) async fn run_hooks(
        &mut self,
        release: &mut Release,
        run: HookRun,
        is_wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), String> {
        let mut order: Vec<usize> = (0..release.hooks.len())
            .filter(|at| {
                release
                    .hooks
                    .get(*at)
                    .is_some_and(|hook| hook.runs_at(run.event) && is_wanted(&hook.name))
            })
            .collect();
        order.sort_by(|a, b| {
            let key = |at: &usize| release.hooks.get(*at).map(|h| (h.weight, h.name.clone()));
            key(a).cmp(&key(b))
        });
        let mut done: Vec<RecordedHook> = Vec::new();
        for at in order {
            let outcome = self.run_hook(release, at, run).await;
            let Some(hook) = release.hooks.get(at).cloned() else {
                continue;
            };
            if let Err(problem) = outcome {
                if let HookProblem::Failed(text) = problem {
                    self.tell_output(&hook, FAILED).await;
                    // What failed is told, whatever becomes of the deletion.
                    if let Err(error) = self.delete_hook(&hook, FAILED, run.timeout).await {
                        tracing::warn!(hook = %hook.name, %error, "deleting a failed hook");
                    }
                    for earlier in &done {
                        self.delete_hook(earlier, SUCCEEDED, run.timeout).await?;
                    }
                    return Err(text);
                }
                return Err(problem.text());
            }
            done.push(hook);
        }
        for hook in done.iter().rev() {
            self.tell_output(hook, SUCCEEDED).await;
            self.delete_hook(hook, SUCCEEDED, run.timeout).await?;
        }
        Ok(())
    }

    async fn run_hook(
        &mut self,
        release: &mut Release,
        at: usize,
        run: HookRun,
    ) -> Result<(), HookProblem> {
        let Some(hook) = release.hooks.get_mut(at) else {
            return Ok(());
        };
        if hook.delete_policies.is_empty() {
            hook.delete_policies = vec![BEFORE_CREATION.to_owned()];
        }
        let hook = hook.clone();
        self.delete_hook(&hook, BEFORE_CREATION, run.timeout)
            .await
            .map_err(HookProblem::Other)?;
        let objects = resources::build(&self.target.cluster, &hook.manifest, &self.namespace)
            .await
            .map_err(|problem| {
                HookProblem::Other(format!(
                    "unable to build kubernetes object for {} hook {}: {problem}",
                    run.event, hook.path
                ))
            })?;
        let set = |release: &mut Release, phase: &str, is_over: bool| {
            if let Some(hook) = release.hooks.get_mut(at) {
                let now = Moment::new(Timestamp::now());
                if is_over {
                    hook.last_run.completed_at = now;
                } else {
                    hook.last_run = HookExecution {
                        started_at: now,
                        ..HookExecution::default()
                    };
                }
                hook.last_run.phase = phase.to_owned();
            }
        };
        set(release, "Running", false);
        self.storage.try_update(release).await;
        let writer = self.writer();
        if let Err(problem) = writer.create(&objects, run.server_side).await {
            set(release, "Failed", true);
            return Err(HookProblem::Other(format!(
                "warning: Hook {} {} failed: {problem}",
                run.event, hook.path
            )));
        }
        let waited = self
            .waiter(&writer)
            .ready(&objects, Readiness::Hooks, run.timeout)
            .await;
        match waited {
            Ok(()) => {
                set(release, "Succeeded", true);
                Ok(())
            }
            Err(failure) => {
                set(release, "Failed", true);
                Err(HookProblem::Failed(failure.text()))
            }
        }
    }

    /// Deletes the objects of a hook when it has the policy. Definitions are never deleted.
    async fn delete_hook(
        &self,
        hook: &RecordedHook,
        policy: &str,
        timeout: Duration,
    ) -> Result<(), String> {
        let has_policy = hook.delete_policies.iter().any(|known| known == policy);
        if hook.kind == "CustomResourceDefinition" || !has_policy {
            return Ok(());
        }
        let objects = resources::build(&self.target.cluster, &hook.manifest, &self.namespace)
            .await
            .map_err(|problem| {
                format!(
                    "unable to build kubernetes object for deleting hook {}: {problem}",
                    hook.path
                )
            })?;
        let writer = self.writer();
        if policy == BEFORE_CREATION && self.is_first_time(&writer, &objects).await {
            return Ok(());
        }
        let problems = writer.delete(&objects, Propagation::Background).await;
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        if self.waits {
            self.waiter(&writer)
                .gone(&objects, timeout)
                .await
                .map_err(crate::wait::WaitFailure::text)?;
        }
        Ok(())
    }

    /// Whether a watch knows that none of the objects exists: nothing is sent then.
    async fn is_first_time(
        &self,
        writer: &crate::update::Writer<'_>,
        objects: &[resources::Resource],
    ) -> bool {
        for object in objects {
            if !matches!(writer.live(object).await, Ok(None)) {
                return false;
            }
        }
        let fields = |r: &resources::Resource| {
            let key = r.key();
            serde_json::json!({"kind": key.kind, "name": key.name, "namespace": key.namespace})
        };
        for object in objects {
            self.log.add("starting delete resource", fields(object));
            self.log
                .add_written("ignoring delete failure", &object.not_found_fields());
        }
        true
    }
}

/// What went wrong with a hook.
enum HookProblem {
    /// It ran and failed.
    Failed(String),
    /// It did not run.
    Other(String),
}

impl HookProblem {
    fn text(self) -> String {
        match self {
            Self::Failed(text) | Self::Other(text) => text,
        }
    }
}
