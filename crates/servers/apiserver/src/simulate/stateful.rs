//! StatefulSets: numbered Pods in order, with their claims.

use std::time::Duration;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId};

use super::replicas::pod_of;
use super::world::{World, count, fields, hash, is_ready};

const REVISION_LABEL: &str = "controller-revision-hash";
/// Most Pods that one StatefulSet gets here.
const MAX_PODS: i64 = 500;

/// Brings the Pods and the status of a StatefulSet up to date.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let set = &stored.object;
    if set.is_deleting() {
        return None;
    }
    let wanted = set.i64_at(&["spec", "replicas"]).unwrap_or(1).min(MAX_PODS);
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let revision = format!("{}-{}", set.name(), hash(&template));
    let first = set.i64_at(&["spec", "ordinals", "start"]).unwrap_or(0);
    let parallel = set.str_at(&["spec", "podManagementPolicy"]) == Some("Parallel");
    let pods = ResourceId::new("", "pods");
    let (mut ready, mut updated) = (0_usize, 0_usize);
    for ordinal in first..first + wanted {
        let name = format!("{}-{ordinal}", set.name());
        let pod_key = Key::new(&pods, set.namespace(), name.as_str());
        match world.get(&pod_key) {
            None => {
                claims(world, set, ordinal).await;
                world.create(pod(set, &name, ordinal, &revision)).await;
                if !parallel {
                    break;
                }
            }
            Some(pod) if pod.object.label(REVISION_LABEL) != Some(&revision) => {
                world.delete(&pod_key).await;
                break;
            }
            Some(pod) => {
                updated += 1;
                ready += usize::from(is_ready(&pod.object));
                if !parallel && !is_ready(&pod.object) {
                    break;
                }
            }
        }
    }
    remove_extra(world, set, first..first + wanted).await;
    let total = world.controlled("", "pods", set).len();
    let complete = i64::try_from(updated).unwrap_or_default() == wanted;
    let current = match set.str_at(&["status", "currentRevision"]) {
        Some(current) if !complete => current.to_owned(),
        _ => revision.clone(),
    };
    let status = fields([
        ("observedGeneration", set.generation().into()),
        ("replicas", total.into()),
        ("readyReplicas", count(ready)),
        ("availableReplicas", ready.into()),
        (
            "currentReplicas",
            count(if current == revision { updated } else { 0 }),
        ),
        ("updatedReplicas", count(updated)),
        ("currentRevision", current.into()),
        ("updateRevision", revision.into()),
        ("collisionCount", 0.into()),
    ]);
    world.report(key, status).await;
    None
}

/// Deletes the Pods whose numbers are not wanted.
async fn remove_extra(world: &World, set: &Object, wanted: std::ops::Range<i64>) {
    for extra in &world.controlled("", "pods", set) {
        let ordinal = extra.key.name.rsplit('-').next();
        let ordinal = ordinal.and_then(|text| text.parse::<i64>().ok());
        if ordinal.is_some_and(|ordinal| !wanted.contains(&ordinal)) {
            world.delete(&extra.key).await;
        }
    }
}

fn pod(set: &Object, name: &str, ordinal: i64, revision: &str) -> Value {
    let mut pod = pod_of(set, name);
    let labels = &mut pod["metadata"]["labels"];
    labels["apps.kubernetes.io/pod-index"] = ordinal.to_string().into();
    labels["statefulset.kubernetes.io/pod-name"] = name.into();
    labels[REVISION_LABEL] = revision.into();
    pod["spec"]["hostname"] = name.into();
    if let Some(service) = set.str_at(&["spec", "serviceName"]) {
        pod["spec"]["subdomain"] = service.into();
    }
    let templates = set
        .at(&["spec", "volumeClaimTemplates"])
        .and_then(Value::as_array);
    let mut volumes = pod["spec"]["volumes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for template in templates.into_iter().flatten() {
        let volume = template
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let claim = format!("{volume}-{name}");
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = Value::Array(volumes);
    }
    pod
}

async fn claims(world: &World, set: &Object, ordinal: i64) {
    let templates = set
        .at(&["spec", "volumeClaimTemplates"])
        .and_then(Value::as_array);
    for template in templates.into_iter().flatten() {
        let volume = template
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = format!("{volume}-{}-{ordinal}", set.name());
        let id = ResourceId::new("", "persistentvolumeclaims");
        if world
            .get(&Key::new(&id, set.namespace(), name.as_str()))
            .is_some()
        {
            continue;
        }
        let mut metadata = template
            .get("metadata")
            .cloned()
            .unwrap_or_else(|| json!({}));
        metadata["name"] = name.into();
        metadata["namespace"] = set.namespace().into();
        if let Some(labels) = set.at(&["spec", "selector", "matchLabels"]) {
            metadata["labels"] = labels.clone();
        }
        world
            .create(
                json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata,
                "spec": template.get("spec").cloned().unwrap_or_default()}),
            )
            .await;
    }
}
