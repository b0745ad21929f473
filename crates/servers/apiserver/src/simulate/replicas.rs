//! ReplicaSets: as many Pods as asked for.

use std::time::Duration;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::Key;

use super::world::{World, count, fields, is_ready, owned_by};

/// Most Pods that one ReplicaSet gets here; a simulation of more tells nothing more.
const MAX_PODS: usize = 500;

/// Brings the Pods and the status of a ReplicaSet up to date.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let set = &stored.object;
    if set.is_deleting() {
        return None;
    }
    let wanted = set.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let wanted = usize::try_from(wanted).unwrap_or_default().min(MAX_PODS);
    let pods = world.controlled("", "pods", set);
    let ended = |pod: &Object| {
        matches!(
            pod.str_at(&["status", "phase"]),
            Some("Succeeded" | "Failed")
        )
    };
    let live: Vec<_> = pods
        .iter()
        .filter(|pod| !pod.object.is_deleting() && !ended(&pod.object))
        .collect();
    for _ in live.len()..wanted {
        if !world.create(pod_of(set, "")).await {
            break;
        }
    }
    // The youngest and the unready ones go first.
    let mut victims = live.clone();
    victims.sort_by_key(|pod| is_ready(&pod.object));
    for pod in victims.iter().take(live.len().saturating_sub(wanted)) {
        world.delete(&pod.key).await;
    }
    let ready = live
        .iter()
        .filter(|pod| is_ready(&pod.object))
        .count()
        .min(wanted);
    let total = world.controlled("", "pods", set).len();
    let status = fields([
        ("observedGeneration", set.generation().into()),
        ("replicas", total.into()),
        ("fullyLabeledReplicas", count(total)),
        ("readyReplicas", count(ready)),
        ("availableReplicas", count(ready)),
    ]);
    world.report(key, status).await;
    None
}

/// A Pod of the template of an owner; without a name it gets one made from the owner's.
pub(super) fn pod_of(owner: &Object, name: &str) -> Value {
    let template = owner
        .at(&["spec", "template"])
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut metadata = template
        .get("metadata")
        .cloned()
        .unwrap_or_else(|| json!({}));
    metadata["namespace"] = owner.namespace().into();
    metadata["ownerReferences"] = owned_by(owner);
    if name.is_empty() {
        metadata["generateName"] = format!("{}-", owner.name()).into();
    } else {
        metadata["name"] = name.into();
    }
    let spec = template.get("spec").cloned().unwrap_or_else(|| json!({}));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}
