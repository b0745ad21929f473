//! Section `applied`: objects that a controller or a third party made, without status.

use anyhow::Result;
use serde_json::Value;

use crate::play::MANAGER;
use crate::record::releases::SECRET_TYPE;
use crate::scenario::{Scenario, text};
use crate::world::World;

/// Recorded kinds, in the order of the recordings.
const KINDS: &[(&str, &str)] = &[
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
];

/// Objects that every namespace gets.
const BUILT_IN: &[&str] = &["kube-root-ca.crt", "default"];

/// All recorded objects of the scenario's namespaces, and cluster-wide ones that carry its name.
pub async fn section(world: &World, scenario: &Scenario) -> Result<Value> {
    let mut found = Vec::new();
    for (version, kind) in KINDS {
        for namespace in scenario.all_namespaces() {
            found.extend(world.cluster.list(version, kind, &namespace).await?);
        }
    }
    for (version, kind) in &scenario.cluster_kinds {
        let objects = world.cluster.list(version, kind, "").await?;
        found.extend(objects.into_iter().filter(|object| {
            let name = text(&object["metadata"]["name"]);
            // The scenario's own namespaces are surroundings, not results.
            name.contains(&scenario.namespace)
                && name != scenario.namespace
                && !scenario.namespaces.contains(&name)
        }));
    }
    found.retain(is_recorded);
    for object in &mut found {
        if let Some(fields) = object.as_object_mut() {
            fields.remove("status");
        }
    }
    Ok(Value::Array(found))
}

/// Plain objects that the steps themselves made are no result.
fn is_recorded(object: &Value) -> bool {
    let metadata = &object["metadata"];
    if object["type"] == SECRET_TYPE {
        return false;
    }
    if BUILT_IN.contains(&text(&metadata["name"]).as_str()) {
        return false;
    }
    let entries = metadata["managedFields"].as_array();
    let is_ours = entries.is_some_and(|entries| {
        !entries.is_empty() && entries.iter().all(|entry| entry["manager"] == MANAGER)
    });
    !is_ours || !metadata["labels"].is_null()
}
