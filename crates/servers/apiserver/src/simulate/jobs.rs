//! Jobs: Pods until enough have succeeded or too many have failed.

use std::time::Duration;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::Key;

use super::replicas::pod_of;
use super::world::{Wanted, World, conditions, count, fields, is_ready, is_true, with_condition};
use crate::api;

/// Most Pods that one Job runs at a time here.
const MAX_PODS: usize = 100;

/// Brings the Pods and the status of a Job up to date.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let job = &stored.object;
    if job.is_deleting() || is_true(job, "Complete") || is_true(job, "Failed") {
        return None;
    }
    if job.bool_at(&["spec", "suspend"]) == Some(true) {
        suspend(world, key, job).await;
        return None;
    }
    let size = |path: &[&str], absent: i64| {
        usize::try_from(job.i64_at(path).unwrap_or(absent)).unwrap_or_default()
    };
    let parallel = size(&["spec", "parallelism"], 1).min(MAX_PODS);
    let wanted = size(&["spec", "completions"], 1);
    let limit = size(&["spec", "backoffLimit"], 6);
    let pods = world.controlled("", "pods", job);
    let phase = |name: &str| {
        pods.iter()
            .filter(|pod| pod.object.str_at(&["status", "phase"]) == Some(name))
            .count()
    };
    let (succeeded, failed) = (phase("Succeeded"), phase("Failed"));
    let active = pods.len() - succeeded - failed;
    let over = failed > limit;
    let done = succeeded >= wanted;
    let missing = parallel
        .min(wanted.saturating_sub(succeeded))
        .saturating_sub(active);
    if !done && !over {
        for _ in 0..missing {
            world.create(job_pod(job)).await;
        }
    }
    let active = if done || over { 0 } else { active + missing };
    let mut list = conditions(job);
    list.retain(|condition| condition.get("type") != Some(&"Suspended".into()));
    let now = api::now();
    if done || over {
        finish(&mut list, done);
    }
    let start = job
        .str_at(&["status", "startTime"])
        .map_or_else(|| now.clone(), str::to_owned);
    let ready = pods.iter().filter(|pod| is_ready(&pod.object)).count();
    let status = fields([
        ("startTime", start.into()),
        (
            "completionTime",
            if done { now.into() } else { Value::Null },
        ),
        ("active", count(active)),
        ("ready", ready.into()),
        ("terminating", 0.into()),
        ("succeeded", count(succeeded)),
        ("failed", count(failed)),
        ("uncountedTerminatedPods", json!({})),
        (
            "conditions",
            if list.is_empty() {
                Value::Null
            } else {
                Value::Array(list)
            },
        ),
    ]);
    world.report(key, status).await;
    None
}

fn finish(list: &mut Vec<Value>, done: bool) {
    let (kinds, reason, message) = if done {
        let message = "Reached expected number of succeeded pods";
        (
            ["SuccessCriteriaMet", "Complete"],
            "CompletionsReached",
            message,
        )
    } else {
        let message = "Job has reached the specified backoff limit";
        (["FailureTarget", "Failed"], "BackoffLimitExceeded", message)
    };
    for kind in kinds {
        let wanted = Wanted {
            kind,
            status: true,
            reason,
            message: message.to_owned(),
        };
        with_condition(list, &wanted, false);
    }
    for condition in list {
        condition["lastProbeTime"] = condition["lastTransitionTime"].clone();
    }
}

fn job_pod(job: &Object) -> Value {
    pod_of(job, "")
}

async fn suspend(world: &World, key: &Key, job: &Object) {
    for pod in world.controlled("", "pods", job) {
        world.delete(&pod.key).await;
    }
    let mut list = conditions(job);
    let message = "Job suspended".to_owned();
    let wanted = Wanted {
        kind: "Suspended",
        status: true,
        reason: "JobSuspended",
        message,
    };
    with_condition(&mut list, &wanted, false);
    for condition in &mut list {
        condition["lastProbeTime"] = condition["lastTransitionTime"].clone();
    }
    let status = fields([
        ("active", Value::Null),
        ("ready", 0.into()),
        ("terminating", 0.into()),
        ("uncountedTerminatedPods", json!({})),
        ("conditions", Value::Array(list)),
    ]);
    world.report(key, status).await;
}
