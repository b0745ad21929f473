//! DaemonSets: a Pod on each node that the selector allows.

use std::time::Duration;

use serde_json::{Map, Value};
use skein_object::Object;
use skein_store::{Key, ResourceId};

use super::replicas::pod_of;
use super::world::{World, count, fields, hash, is_ready};

const REVISION_LABEL: &str = "controller-revision-hash";

/// Brings the Pods and the status of a DaemonSet up to date.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let set = &stored.object;
    if set.is_deleting() {
        return None;
    }
    let template = set.at(&["spec", "template"]).cloned().unwrap_or_default();
    let revision = hash(&template);
    let nodes = world
        .api
        .store
        .list(&ResourceId::new("", "nodes"), None)
        .items;
    let fitting: Vec<&str> = nodes
        .iter()
        .filter(|node| selects(set, &node.object))
        .map(|node| node.key.name.as_str())
        .collect();
    let (mut current, mut ready, mut updated) = (0, 0, 0);
    let pods = world.controlled("", "pods", set);
    for node in &fitting {
        let on_node = |pod: &Object| pod.str_at(&["spec", "nodeName"]) == Some(node);
        match pods
            .iter()
            .find(|pod| on_node(&pod.object) && !pod.object.is_deleting())
        {
            None => {
                let mut pod = pod_of(set, "");
                pod["spec"]["nodeName"] = (*node).into();
                pod["metadata"]["labels"][REVISION_LABEL] = revision.as_str().into();
                pod["metadata"]["annotations"][super::world::SIMULATED] = "true".into();
                current += usize::from(world.create(pod).await);
            }
            Some(pod) if pod.object.label(REVISION_LABEL) != Some(&revision) => {
                world.delete(&pod.key).await;
            }
            Some(pod) => {
                current += 1;
                updated += 1;
                ready += usize::from(is_ready(&pod.object));
            }
        }
    }
    let wanted = fitting.len();
    let status = fields([
        ("observedGeneration", set.generation().into()),
        ("desiredNumberScheduled", wanted.into()),
        ("currentNumberScheduled", current.into()),
        ("numberMisscheduled", 0.into()),
        ("numberReady", ready.into()),
        ("numberAvailable", count(ready)),
        ("numberUnavailable", count(wanted.saturating_sub(ready))),
        ("updatedNumberScheduled", count(updated.max(current))),
    ]);
    world.report(key, status).await;
    None
}

fn selects(set: &Object, node: &Object) -> bool {
    let wanted = set
        .at(&["spec", "template", "spec", "nodeSelector"])
        .and_then(Value::as_object);
    let empty = Map::new();
    let labels = node.labels().unwrap_or(&empty);
    wanted
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value))
}
