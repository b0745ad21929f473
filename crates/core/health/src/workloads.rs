//! Rules of the kinds that run Pods.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use skein_object::Object;

use crate::fields::{condition, conditions, spec, status};
use crate::status::Health;

/// How long a Pod may be without a node before that is a failure.
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// The deadline that stands for "no deadline" in a Deployment.
const NO_DEADLINE_SECONDS: i64 = i32::MAX as i64;

/// One requirement `have >= want`, with the text for when it is not met.
fn at_least(want: i64, have: i64, reason: &str, label: &str) -> Option<Health> {
    (want > have).then(|| Health::in_progress(reason, format!("{label}: {have}/{want}")))
}

fn surplus(want: i64, have: i64) -> Option<Health> {
    (have > want)
        .then(|| Health::in_progress("ExtraPods", format!("Pending termination: {}", have - want)))
}

pub(crate) fn deployment(object: &Object) -> Health {
    let mut is_progressed =
        spec(object, "progressDeadlineSeconds", NO_DEADLINE_SECONDS) == NO_DEADLINE_SECONDS;
    let mut is_available = false;
    for found in conditions(object) {
        if found.kind == "Progressing" && found.reason == "ProgressDeadlineExceeded" {
            return Health::failed(found.reason, "Progress deadline exceeded");
        }
        is_progressed |=
            found.is("Progressing", "True") && found.reason == "NewReplicaSetAvailable";
        is_available |= found.is("Available", "True");
    }
    let wanted = spec(object, "replicas", 1);
    let existing = status(object, "replicas");
    let updated = status(object, "updatedReplicas");
    let available = status(object, "availableReplicas");
    at_least(wanted, existing, "LessReplicas", "Replicas")
        .or_else(|| at_least(wanted, updated, "LessUpdated", "Updated"))
        .or_else(|| surplus(wanted, existing))
        .or_else(|| at_least(updated, available, "LessAvailable", "Available"))
        .or_else(|| {
            at_least(
                wanted,
                status(object, "readyReplicas"),
                "LessReady",
                "Ready",
            )
        })
        .or_else(|| {
            (!is_progressed)
                .then(|| Health::in_progress("ReplicaSetNotAvailable", "ReplicaSet not Available"))
        })
        .or_else(|| {
            (!is_available)
                .then(|| Health::in_progress("DeploymentNotAvailable", "Deployment not Available"))
        })
        .unwrap_or_else(|| {
            Health::current(format!("Deployment is available. Replicas: {existing}"))
        })
}

pub(crate) fn replica_set(object: &Object) -> Health {
    if condition(object, "ReplicaFailure", "True").is_some() {
        return Health::in_progress("ReplicaFailure", "Replica Failure condition. Check Pods");
    }
    let wanted = spec(object, "replicas", 1);
    let existing = status(object, "replicas");
    at_least(
        wanted,
        status(object, "fullyLabeledReplicas"),
        "LessLabelled",
        "Labelled",
    )
    .or_else(|| {
        at_least(
            wanted,
            status(object, "availableReplicas"),
            "LessAvailable",
            "Available",
        )
    })
    .or_else(|| {
        at_least(
            wanted,
            status(object, "readyReplicas"),
            "LessReady",
            "Ready",
        )
    })
    .or_else(|| surplus(wanted, existing))
    .unwrap_or_else(|| Health::current(format!("ReplicaSet is available. Replicas: {existing}")))
}

pub(crate) fn stateful_set(object: &Object) -> Health {
    if object.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Health::current("StatefulSet is using the ondelete update strategy");
    }
    let wanted = spec(object, "replicas", 1);
    let existing = status(object, "replicas");
    let unmet = at_least(wanted, existing, "LessReplicas", "Replicas")
        .or_else(|| {
            at_least(
                wanted,
                status(object, "readyReplicas"),
                "LessReady",
                "Ready",
            )
        })
        .or_else(|| surplus(wanted, existing));
    if let Some(health) = unmet {
        return health;
    }
    let partition = object.i64_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]);
    if let Some(partition) = partition.filter(|partition| *partition != -1) {
        let updated = status(object, "updatedReplicas");
        return at_least(wanted - partition, updated, "PartitionRollout", "updated")
            .unwrap_or_else(|| {
                Health::current(format!("Partition rollout complete. updated: {updated}"))
            });
    }
    if let Some(health) = at_least(
        wanted,
        status(object, "currentReplicas"),
        "LessCurrent",
        "current",
    ) {
        return health;
    }
    let revision = |field| object.str_at(&["status", field]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        let message = "Waiting for updated revision to match current";
        return Health::in_progress("RevisionMismatch", message);
    }
    Health::current(format!(
        "All replicas scheduled as expected. Replicas: {existing}"
    ))
}

pub(crate) fn daemon_set(object: &Object) -> Health {
    let kind = object.kind();
    if object.i64_at(&["metadata", "generation"]).is_none() {
        let message = format!("{kind} metadata.generation not found");
        return Health::in_progress("NoGeneration", message);
    }
    if object.i64_at(&["status", "observedGeneration"]).is_none() {
        let message = format!("{kind} status.observedGeneration not found");
        return Health::in_progress("NoObservedGeneration", message);
    }
    let Some(wanted) = object
        .i64_at(&["status", "desiredNumberScheduled"])
        .filter(|n| *n != -1)
    else {
        return Health::in_progress("NoDesiredNumber", "Missing .status.desiredNumberScheduled");
    };
    at_least(
        wanted,
        status(object, "currentNumberScheduled"),
        "LessCurrent",
        "Current",
    )
    .or_else(|| {
        at_least(
            wanted,
            status(object, "updatedNumberScheduled"),
            "LessUpdated",
            "Updated",
        )
    })
    .or_else(|| {
        at_least(
            wanted,
            status(object, "numberAvailable"),
            "LessAvailable",
            "Available",
        )
    })
    .or_else(|| at_least(wanted, status(object, "numberReady"), "LessReady", "Ready"))
    .unwrap_or_else(|| {
        Health::current(format!(
            "All replicas scheduled as expected. Replicas: {wanted}"
        ))
    })
}

/// Flux's rule, which unlike that of kstatus waits for the end of the Job.
pub(crate) fn job(object: &Object) -> Health {
    if object.bool_at(&["spec", "suspend"]) == Some(true) {
        return Health::current("Job is suspended");
    }
    let parallelism = spec(object, "parallelism", 1);
    let completions = spec(object, "completions", parallelism);
    let succeeded = status(object, "succeeded");
    let failed = status(object, "failed");
    for found in conditions(object) {
        if found.is("Complete", "True") {
            return Health::current(format!(
                "Job Completed. succeeded: {succeeded}/{completions}"
            ));
        }
        if found.is("Failed", "True") {
            let message = format!("Job Failed. failed: {failed}/{completions}");
            return Health::failed("JobFailed", message);
        }
    }
    if object
        .str_at(&["status", "startTime"])
        .unwrap_or_default()
        .is_empty()
    {
        let message = format!("Job not started. active: 0/{parallelism}");
        return Health::in_progress("JobNotStarted", message);
    }
    let active = status(object, "active");
    Health::in_progress(
        "JobInProgress",
        format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}"),
    )
}

pub(crate) fn pod(object: &Object, now: Timestamp) -> Health {
    match object.str_at(&["status", "phase"]).unwrap_or_default() {
        "Succeeded" => Health::current("Pod has completed successfully"),
        "Failed" => Health::current("Pod has completed, but not successfully"),
        "Running" => running_pod(object),
        "Pending" => pending_pod(object, now),
        "" => Health::in_progress("PodNotObserved", "Pod phase not available"),
        phase => Health::unknown(format!("unknown phase {phase}")),
    }
}

fn running_pod(object: &Object) -> Health {
    if condition(object, "Ready", "True").is_some() {
        return Health::current("Pod is Ready");
    }
    let crashing = crashing_containers(object);
    if crashing.is_empty() {
        return Health::in_progress("PodRunningNotReady", "Pod is running but is not Ready");
    }
    let message = format!("Containers in CrashLoop state: {}", crashing.join(","));
    Health::failed("ContainerCrashLooping", message)
}

fn pending_pod(object: &Object, now: Timestamp) -> Health {
    let is_unschedulable = condition(object, "PodScheduled", "False")
        .is_some_and(|found| found.reason == "Unschedulable");
    if !is_unschedulable {
        return Health::in_progress("PodPending", "Pod is in the Pending phase");
    }
    let created = object
        .str_at(&["metadata", "creationTimestamp"])
        .and_then(|text| text.parse::<Timestamp>().ok())
        .unwrap_or(Timestamp::MIN);
    if now.duration_since(created) < SCHEDULE_WINDOW {
        return Health::in_progress("PodNotScheduled", "Pod has not been scheduled");
    }
    Health::failed("PodUnschedulable", "Pod could not be scheduled")
}

fn crashing_containers(object: &Object) -> Vec<&str> {
    let list = object
        .at(&["status", "containerStatuses"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter(|container| {
            let reason = container
                .pointer("/state/waiting/reason")
                .and_then(Value::as_str);
            reason == Some("CrashLoopBackOff")
        })
        .filter_map(|container| container.get("name").and_then(Value::as_str))
        .collect()
}
