//! Waiting until objects are as they should be, or gone: woken by watches, bounded by a deadline.

mod legacy;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use skein_cluster::{ApiError, ApiResource, ListOptions};
use skein_health::{Health, HealthExpressions, Status, WaitVerdict, Waited, health, judge};
use skein_object::{GroupVersionKind, Object, ObjectKey};
use skein_runtime::HealthExpression;

use crate::resources::Resource;
use crate::running::Control;
use crate::update::Writer;

/// Pause between looks at objects; a watch wakes earlier.
const POLL: Duration = Duration::from_secs(1);

/// What counts as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Objects of a release; Jobs have to complete.
    WithJobs,
    /// Objects of a release; Jobs have to start.
    WithoutJobs,
    /// Hooks: Jobs and Pods have to complete, all else is ready at once.
    Hooks,
}

/// Why a wait ended badly.
#[derive(Debug)]
pub(crate) enum WaitFailure {
    /// Something newer ended it.
    Cancelled,
    /// Objects failed or took too long; the text names them.
    Failed(String),
}

impl WaitFailure {
    /// As an error of an action.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Cancelled => crate::running::CANCELLED.to_owned(),
            Self::Failed(text) => text,
        }
    }
}

/// Waits for objects of one release.
pub(crate) struct Waiter<'a> {
    pub(crate) writer: &'a Writer<'a>,
    pub(crate) expressions: &'a HealthExpressions<HealthExpression>,
    pub(crate) control: &'a Control,
    /// Whether readiness is what Helm 3 took for it.
    pub(crate) is_legacy: bool,
}

impl Waiter<'_> {
    /// Waits until objects are ready.
    pub(crate) async fn ready(
        &self,
        resources: &[Resource],
        readiness: Readiness,
        timeout: Duration,
    ) -> Result<(), WaitFailure> {
        if self.is_legacy {
            return self.legacy_ready(resources, readiness, timeout).await;
        }
        let awaited: Vec<&Resource> = resources.iter().filter(|r| !is_paused(r)).collect();
        let keys: Vec<ObjectKey> = awaited.iter().map(|r| r.key()).collect();
        let fail_fast = readiness != Readiness::Hooks;
        let started = Instant::now();
        loop {
            let woken = self.control.woken();
            let states = self.look(&awaited, readiness).await;
            let waited: Vec<Waited<'_>> = awaited
                .iter()
                .zip(&keys)
                .map(|(resource, key)| Waited {
                    key,
                    health: states.get(key),
                    deletes_itself: deletes_itself(&resource.object),
                })
                .collect();
            let left = timeout.saturating_sub(started.elapsed());
            match judge(&waited, fail_fast, left.is_zero()) {
                WaitVerdict::Healthy => return Ok(()),
                WaitVerdict::Failed(text) => return Err(WaitFailure::Failed(text)),
                WaitVerdict::Waiting => {}
            }
            self.pause(woken, left).await?;
        }
    }

    /// The same as Helm 3 waits: one object after the other, and the first that never gets ready ends it.
    async fn legacy_ready(
        &self,
        resources: &[Resource],
        readiness: Readiness,
        timeout: Duration,
    ) -> Result<(), WaitFailure> {
        let started = Instant::now();
        for resource in resources {
            loop {
                let woken = self.control.woken();
                if let Ok(Some(object)) = self.writer.live(resource).await
                    && self.is_legacy_ready(&object, readiness).await?
                {
                    break;
                }
                let left = timeout.saturating_sub(started.elapsed());
                if left.is_zero() {
                    let text = match readiness {
                        Readiness::Hooks => legacy::HOOK_TIMED_OUT,
                        _ => legacy::TIMED_OUT,
                    };
                    return Err(WaitFailure::Failed(text.to_owned()));
                }
                self.pause(woken, left).await?;
            }
        }
        Ok(())
    }

    async fn is_legacy_ready(
        &self,
        object: &Object,
        readiness: Readiness,
    ) -> Result<bool, WaitFailure> {
        let mut sets = Vec::new();
        if legacy::needs_replica_sets(object, readiness) {
            match self.replica_sets(object).await {
                Ok(found) => sets = found,
                Err(error) => {
                    tracing::debug!(deployment = object.name(), %error, "listing ReplicaSets");
                    return Ok(false);
                }
            }
        }
        let new_set = legacy::new_replica_set(object, &sets);
        legacy::is_ready(object, readiness, new_set).map_err(WaitFailure::Failed)
    }

    /// The ReplicaSets with the labels that a Deployment selects.
    async fn replica_sets(&self, deployment: &Object) -> Result<Vec<Object>, ApiError> {
        let gvk = GroupVersionKind::new("apps", "v1", "ReplicaSet");
        let labels = deployment.at(&["spec", "selector", "matchLabels"]);
        let labels = labels.and_then(Value::as_object).into_iter().flatten();
        let selector: Vec<String> = labels
            .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
            .collect();
        let scope = ListOptions {
            namespace: deployment.namespace().to_owned(),
            label_selector: selector.join(","),
            ..ListOptions::default()
        };
        let resource = ApiResource::new(&gvk, "replicasets", true);
        let cluster = &self.writer.target.cluster;
        Ok(cluster.list(&resource, &scope).await?.items)
    }

    async fn pause(
        &self,
        woken: tokio::sync::watch::Receiver<u64>,
        left: Duration,
    ) -> Result<(), WaitFailure> {
        self.control.wait(woken, POLL.min(left)).await;
        if self.control.is_cancelled() {
            return Err(WaitFailure::Cancelled);
        }
        Ok(())
    }

    async fn look(
        &self,
        awaited: &[&Resource],
        readiness: Readiness,
    ) -> BTreeMap<ObjectKey, Health> {
        let mut states = BTreeMap::new();
        for resource in awaited {
            let state = match self.writer.live(resource).await {
                Ok(None) => Health::not_found(),
                Ok(Some(object)) => self.health(&object, readiness),
                Err(error) => Health::unknown(error.to_string()),
            };
            states.insert(resource.key(), state);
        }
        states
    }

    fn health(&self, object: &Object, readiness: Readiness) -> Health {
        if let Some(health) = self.expressions.health(object) {
            return health;
        }
        let gvk = object.gvk();
        let is_job = gvk.group == "batch" && gvk.kind == "Job";
        match readiness {
            Readiness::WithoutJobs if is_job => started_job(object),
            Readiness::WithJobs | Readiness::WithoutJobs => health(object, Timestamp::now()),
            Readiness::Hooks if is_job => health(object, Timestamp::now()),
            Readiness::Hooks if gvk.group.is_empty() && gvk.kind == "Pod" => finished_pod(object),
            Readiness::Hooks => Health::current("Resource is current"),
        }
    }

    /// Waits until objects are gone.
    pub(crate) async fn gone(
        &self,
        resources: &[Resource],
        timeout: Duration,
    ) -> Result<(), WaitFailure> {
        let started = Instant::now();
        // One after the other: while one is left, the others need no request.
        for resource in resources {
            loop {
                let woken = self.control.woken();
                if self.is_gone(resource).await {
                    break;
                }
                let time = timeout.saturating_sub(started.elapsed());
                if time.is_zero() {
                    let key = resource.key();
                    let text = match self.is_legacy {
                        true => legacy::TIMED_OUT.to_owned(),
                        false => format!("{key} termination timeout: context deadline exceeded"),
                    };
                    return Err(WaitFailure::Failed(text));
                }
                self.pause(woken, time).await?;
            }
        }
        Ok(())
    }

    /// Asks the server: a watch may still show what is gone, and has not yet seen what is coming back.
    async fn is_gone(&self, resource: &Resource) -> bool {
        let key = resource.key();
        let found = self
            .writer
            .target
            .cluster
            .get(&resource.resource, &key.namespace, &key.name)
            .await;
        matches!(found, Ok(None))
    }
}

/// A Deployment that is paused will not become ready.
fn is_paused(resource: &Resource) -> bool {
    let gvk = resource.gvk();
    gvk.group == "apps"
        && gvk.kind == "Deployment"
        && resource.object.bool_at(&["spec", "paused"]) == Some(true)
}

/// A Job with a time to live after its end.
fn deletes_itself(object: &Object) -> bool {
    object.kind() == "Job"
        && object
            .i64_at(&["spec", "ttlSecondsAfterFinished"])
            .is_some()
}

/// A Job that is not waited for: as it should be once it has started.
fn started_job(object: &Object) -> Health {
    if object.is_deleting() {
        return health(object, Timestamp::now());
    }
    if object.condition_status("Failed") == Some("True") {
        return Health::new(Status::Failed, "JobFailed", "Job Failed");
    }
    let is_started = object.str_at(&["status", "startTime"]).is_some();
    if is_started || object.condition_status("Complete") == Some("True") {
        Health::current("Job in progress")
    } else {
        Health::in_progress("JobNotStarted", "Job not started")
    }
}

/// A Pod of a hook: over when it has ended.
fn finished_pod(object: &Object) -> Health {
    match object.str_at(&["status", "phase"]) {
        Some("Succeeded") => Health::current("pod succeeded"),
        Some("Failed") => Health::new(Status::Failed, "PodFailed", "pod failed"),
        _ => Health::in_progress("PodInProgress", "Pod in progress"),
    }
}
