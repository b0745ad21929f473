//! Pods: put on the node, then running, ended or waiting, as their annotation says.

use std::time::Duration;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::Key;

use super::world::{NODE, OUTCOME, SIMULATED, World, controller_key, hash};
use crate::api;

/// Field manager of what a kubelet writes.
const KUBELET: &str = "kubelet";
/// First two bytes of Pod addresses.
const NETWORK: (u8, u8) = (10, 244);

/// Moves a Pod on.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let pod = &stored.object;
    if pod.is_deleting() {
        // The kubelet has nothing to stop: the Pod goes when nothing else holds it.
        if pod.finalizers().is_empty() {
            world.delete(key).await;
        }
        return None;
    }
    if pod.str_at(&["spec", "nodeName"]).is_none() {
        if !pod
            .at(&["spec", "schedulingGates"])
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty)
        {
            return None;
        }
        world
            .change(key, "binding", "kube-scheduler", |object| {
                object.set(&["spec", "nodeName"], NODE.into());
                object.set_annotation(SIMULATED, "true");
            })
            .await;
        return None;
    }
    let phase = pod.str_at(&["status", "phase"]).unwrap_or("Pending");
    if matches!(phase, "Succeeded" | "Failed") || pod.str_at(&["spec", "nodeName"]) != Some(NODE) {
        return None;
    }
    let status = match outcome(pod) {
        Outcome::Waits => waiting(pod),
        Outcome::Runs if phase == "Running" => return None,
        Outcome::Runs => running(pod),
        Outcome::Ends(true) => ended(pod, "Succeeded", 0, "Completed"),
        Outcome::Ends(false) => ended(pod, "Failed", 1, "Error"),
    };
    if pod.at(&["status", "conditions"]).is_some() && outcome(pod) == Outcome::Waits {
        return None;
    }
    world
        .change(key, "status", KUBELET, |object| {
            object.set(&["status"], status.clone())
        })
        .await;
    None
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Waits,
    Runs,
    /// Well or badly.
    Ends(bool),
}

fn outcome(pod: &Object) -> Outcome {
    let of_job = controller_key(pod).is_some_and(|owner| owner.resource.plural() == "jobs");
    match pod.annotation(OUTCOME) {
        Some("never") => Outcome::Waits,
        Some("Succeeded") => Outcome::Ends(true),
        Some("Failed") => Outcome::Ends(false),
        _ if of_job => Outcome::Ends(true),
        _ => Outcome::Runs,
    }
}

/// An address made from the Pod's uid.
fn address(pod: &Object) -> String {
    let number: u32 = hash(&pod.uid().into()).bytes().fold(7, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let (high, low) = (number / 256 % 256, number % 254 + 1);
    format!("{}.{}.{high}.{low}", NETWORK.0, NETWORK.1)
}

fn conditions(ready: bool, reason: Option<&str>, started: bool) -> Value {
    let now = api::now();
    let condition = |kind: &str, status: bool| {
        let mut condition = json!({
            "type": kind, "status": if status { "True" } else { "False" },
            "lastProbeTime": null, "lastTransitionTime": now,
        });
        if let (false, Some(reason)) = (status, reason) {
            condition["reason"] = reason.into();
        }
        condition
    };
    json!([
        condition("PodReadyToStartContainers", started),
        condition("Initialized", true),
        condition("Ready", ready),
        condition("ContainersReady", ready),
        condition("PodScheduled", true),
    ])
}

fn containers(pod: &Object, list: &str, state: impl Fn(&str) -> Value, ready: bool) -> Value {
    let containers = pod.at(&["spec", list]).and_then(Value::as_array);
    let status = |container: &Value| {
        let text = |key: &str| {
            container
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        json!({
            "name": text("name"), "image": text("image"), "imageID": "", "containerID": "",
            "ready": ready, "started": ready, "restartCount": 0, "state": state(text("name")),
            "lastState": {},
        })
    };
    Value::Array(containers.into_iter().flatten().map(status).collect())
}

fn base(pod: &Object, phase: &str, conditions: Value) -> Value {
    let address = address(pod);
    let mut status = json!({
        "phase": phase, "conditions": conditions, "startTime": api::now(),
        "hostIP": "127.0.0.1", "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": address, "podIPs": [{"ip": address}],
        "observedGeneration": pod.generation(),
    });
    if let Some(class) = pod.at(&["status", "qosClass"]) {
        status["qosClass"] = class.clone();
    }
    if pod.at(&["spec", "initContainers"]).is_some() {
        let now = api::now();
        let state = |_: &str| json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}});
        status["initContainerStatuses"] = containers(pod, "initContainers", state, true);
    }
    status
}

fn waiting(pod: &Object) -> Value {
    let conditions = conditions(false, Some("ContainersNotReady"), false);
    let mut status = base(pod, "Pending", conditions);
    let state = |_: &str| json!({"waiting": {"reason": "ContainerCreating"}});
    status["containerStatuses"] = containers(pod, "containers", state, false);
    status
}

fn running(pod: &Object) -> Value {
    let mut status = base(pod, "Running", conditions(true, None, true));
    let now = api::now();
    let state = |_: &str| json!({"running": {"startedAt": now}});
    status["containerStatuses"] = containers(pod, "containers", state, true);
    status
}

fn ended(pod: &Object, phase: &str, code: i64, reason: &str) -> Value {
    let why = if code == 0 {
        "PodCompleted"
    } else {
        "PodFailed"
    };
    let mut status = base(pod, phase, conditions(false, Some(why), false));
    let now = api::now();
    let state = |_: &str| json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}});
    status["containerStatuses"] = containers(pod, "containers", state, false);
    status
}
