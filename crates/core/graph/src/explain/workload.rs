//! What is wrong with a workload, as its Pods tell it.

use serde_json::{Map, Value};
use skein_object::{Object, ObjectKey};

/// Reasons with which a container waits although nothing is wrong yet.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// A problem in a word and in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub reason: String,
    pub message: String,
    /// Whether it may still come by itself.
    pub is_starting: bool,
}

impl Problem {
    fn new(reason: &str, message: String) -> Self {
        Self {
            reason: reason.to_owned(),
            message,
            is_starting: false,
        }
    }
}

pub(super) fn is_pod(key: &ObjectKey) -> bool {
    key.group.is_empty() && key.kind == "Pod"
}

/// Why a Pod does not run, or ran badly; `None` when it is well.
pub(super) fn pod_problem(pod: &Object) -> Option<Problem> {
    let is_well = pod.condition_status("Ready") == Some("True")
        || pod.str_at(&["status", "phase"]) == Some("Succeeded");
    if is_well || pod.is_deleting() {
        return None;
    }
    if let Some(problem) = containers(pod).find_map(container_problem) {
        return Some(problem);
    }
    let text = |condition: &str, field: &str| {
        let value = pod.condition(condition)?.get(field)?.as_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    if pod.condition_status("PodScheduled") == Some("False") {
        let reason = text("PodScheduled", "reason").unwrap_or_else(|| "Unschedulable".into());
        let message = text("PodScheduled", "message").unwrap_or_else(|| "no node takes it".into());
        return Some(Problem::new(&reason, message));
    }
    if pod.str_at(&["status", "phase"]) == Some("Failed") {
        let reason = pod.str_at(&["status", "reason"]).unwrap_or("PodFailed");
        let message = pod
            .str_at(&["status", "message"])
            .unwrap_or("the Pod failed");
        return Some(Problem::new(reason, message.to_owned()));
    }
    let is_unready = pod.condition_status("Ready") == Some("False");
    let message = text("Ready", "message").filter(|_| is_unready);
    Some(Problem {
        reason: text("Ready", "reason").unwrap_or_else(|| "PodPending".into()),
        message: message.unwrap_or_else(|| "the Pod is starting".into()),
        is_starting: true,
    })
}

fn containers(pod: &Object) -> impl Iterator<Item = &Map<String, Value>> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|list| pod.at(&["status", list])?.as_array())
        .flatten()
        .filter_map(Value::as_object)
}

fn container_problem(container: &Map<String, Value>) -> Option<Problem> {
    let name = container.get("name").and_then(Value::as_str)?;
    let state = |which: &str, how: &str| container.get(which)?.get(how)?.as_object();
    let text =
        |map: &Map<String, Value>, field: &str| Some(map.get(field)?.as_str()?.trim().to_owned());
    if let Some(waiting) = state("state", "waiting") {
        let reason =
            text(waiting, "reason").filter(|reason| !STARTING.contains(&reason.as_str()))?;
        let mut message = format!("container {name}");
        for part in [
            text(waiting, "message").filter(|text| !text.is_empty()),
            state("lastState", "terminated").and_then(ended),
        ]
        .into_iter()
        .flatten()
        {
            message.push_str(": ");
            message.push_str(&part);
        }
        return Some(Problem::new(&reason, message));
    }
    let terminated = state("state", "terminated")?;
    let code = terminated.get("exitCode").and_then(Value::as_i64);
    if code.unwrap_or_default() == 0 {
        return None;
    }
    let reason = text(terminated, "reason").unwrap_or_else(|| "Error".into());
    let message = format!("container {name}: {}", ended(terminated)?);
    Some(Problem::new(&reason, message))
}

/// How a container ended.
fn ended(terminated: &Map<String, Value>) -> Option<String> {
    let code = terminated.get("exitCode").and_then(Value::as_i64)?;
    let text = |field: &str| {
        let text = terminated.get(field).and_then(Value::as_str)?.trim();
        (!text.is_empty()).then_some(text)
    };
    let mut line = format!("it ended with exit code {code}");
    if let Some(reason) = text("reason").filter(|reason| *reason != "Error") {
        line.push_str(&format!(" ({reason})"));
    }
    if let Some(message) = text("message") {
        line.push_str(&format!(": {message}"));
    }
    Some(line)
}

/// Why a controller cannot make Pods (quota, admission, a missing account), as its condition tells it.
pub(super) fn replica_failure(object: &Object) -> Option<Problem> {
    if object.condition_status("ReplicaFailure") != Some("True") {
        return None;
    }
    let text = |field: &str| object.condition("ReplicaFailure")?.get(field)?.as_str();
    let reason = text("reason").unwrap_or("ReplicaFailure");
    Some(Problem::new(
        reason,
        text("message").unwrap_or("Pods cannot be made").to_owned(),
    ))
}
