//! Deployments: a ReplicaSet per template, the newest scaled up, the others down once it is available.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, Stored};

use super::world::{self, Wanted, World, conditions, count, fields, owned_by, with_condition};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH_LABEL: &str = "pod-template-hash";

/// Brings the ReplicaSets and the status of a Deployment up to date.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let stored = world.get(key)?;
    let deployment = &stored.object;
    if deployment.is_deleting() {
        return None;
    }
    let wanted = deployment.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let template = deployment.at(&["spec", "template"])?.clone();
    let hash = world::hash(&template);
    let sets = world.controlled("apps", "replicasets", deployment);
    let name = format!("{}-{hash}", deployment.name());
    let current = sets.iter().find(|set| set.key.name == name).cloned();
    let paused = deployment.bool_at(&["spec", "paused"]).unwrap_or_default();
    let current = match current {
        None if !paused => {
            create_set(world, deployment, &name, &hash, &template, &sets).await;
            return None;
        }
        current => current,
    };
    if let Some(current) = &current {
        scale(world, current, wanted).await;
        let available = current
            .object
            .i64_at(&["status", "availableReplicas"])
            .unwrap_or_default();
        let observed = current
            .object
            .i64_at(&["status", "observedGeneration"])
            .unwrap_or_default();
        if available >= wanted && observed == current.object.generation() {
            retire(world, deployment, &sets, &name).await;
        }
    }
    report(world, key, deployment, &sets, current.as_deref(), wanted).await
}

async fn create_set(
    world: &World,
    deployment: &Object,
    name: &str,
    hash: &str,
    template: &Value,
    sets: &[Arc<Stored>],
) {
    let mut template = template.clone();
    template["metadata"]["labels"][HASH_LABEL] = hash.into();
    let mut selector = deployment
        .at(&["spec", "selector"])
        .cloned()
        .unwrap_or_else(|| json!({}));
    selector["matchLabels"][HASH_LABEL] = hash.into();
    let replicas = deployment.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let last = sets
        .iter()
        .map(|set| revision(&set.object))
        .max()
        .unwrap_or(0);
    let labels = template["metadata"]["labels"].clone();
    world
        .create(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": name, "namespace": deployment.namespace(), "labels": labels,
                "annotations": {
                    REVISION: (last + 1).to_string(),
                    "deployment.kubernetes.io/desired-replicas": replicas.to_string(),
                    "deployment.kubernetes.io/max-replicas": (replicas + (replicas + 3) / 4).to_string(),
                },
                "ownerReferences": owned_by(deployment),
            },
            "spec": {"replicas": replicas, "selector": selector, "template": template},
        }))
        .await;
}

fn revision(set: &Object) -> i64 {
    set.annotation(REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

async fn scale(world: &World, set: &Stored, replicas: i64) {
    if set.object.i64_at(&["spec", "replicas"]) != Some(replicas) {
        let edit = |object: &mut Object| object.set(&["spec", "replicas"], replicas.into());
        world.change(&set.key, "", world::MANAGER, edit).await;
    }
}

/// Scales old ReplicaSets down and removes those beyond the history limit.
async fn retire(world: &World, deployment: &Object, sets: &[Arc<Stored>], current: &str) {
    let mut old: Vec<&Arc<Stored>> = sets.iter().filter(|set| set.key.name != current).collect();
    for set in &old {
        scale(world, set, 0).await;
    }
    old.sort_by_key(|set| revision(&set.object));
    let limit = deployment
        .i64_at(&["spec", "revisionHistoryLimit"])
        .unwrap_or(10);
    let excess = old
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or_default());
    for set in old.into_iter().take(excess) {
        if set
            .object
            .i64_at(&["status", "replicas"])
            .unwrap_or_default()
            == 0
        {
            world.delete(&set.key).await;
        }
    }
}

fn sum(sets: &[Arc<Stored>], field: &str) -> usize {
    let total: i64 = sets
        .iter()
        .map(|set| set.object.i64_at(&["status", field]).unwrap_or_default())
        .sum();
    usize::try_from(total).unwrap_or_default()
}

async fn report(
    world: &World,
    key: &Key,
    deployment: &Object,
    sets: &[Arc<Stored>],
    current: Option<&Stored>,
    wanted: i64,
) -> Option<Duration> {
    let current_sets: Vec<Arc<Stored>> = current
        .map(|set| world.get(&set.key))
        .into_iter()
        .flatten()
        .collect();
    let (total, updated) = (sum(sets, "replicas"), sum(&current_sets, "replicas"));
    let (ready, available) = (sum(sets, "readyReplicas"), sum(sets, "availableReplicas"));
    let wanted = usize::try_from(wanted).unwrap_or_default();
    let observed = current.is_none_or(|set| {
        set.object
            .i64_at(&["status", "observedGeneration"])
            .unwrap_or_default()
            == set.object.generation()
    });
    let complete = observed && updated == wanted && total == wanted && available == wanted;
    let mut list = conditions(deployment);
    let name = current.map_or_else(String::new, |set| set.key.name.clone());
    let enough = available >= minimum(deployment, wanted);
    with_condition(&mut list, &availability(enough), true);
    let wait = progress(&mut list, deployment, complete, &name);
    let status = fields([
        ("observedGeneration", deployment.generation().into()),
        ("replicas", count(total)),
        ("updatedReplicas", count(updated)),
        ("readyReplicas", count(ready)),
        ("availableReplicas", count(available)),
        (
            "unavailableReplicas",
            count(wanted.max(total).saturating_sub(available)),
        ),
        ("conditions", Value::Array(list)),
    ]);
    let number = current.map(|set| revision(&set.object).to_string());
    world
        .change(key, "status", world::MANAGER, |object| {
            for (field, value) in &status {
                if value.is_null() {
                    object.remove(&["status", field]);
                } else {
                    object.set(&["status", field], value.clone());
                }
            }
            if let Some(number) = &number {
                object.set_annotation(REVISION, number);
            }
        })
        .await;
    wait
}

/// How many replicas must be available: all but `maxUnavailable` (a number, or per cent rounded down).
fn minimum(deployment: &Object, wanted: usize) -> usize {
    let path = ["spec", "strategy", "rollingUpdate", "maxUnavailable"];
    let unavailable = match deployment.at(&path) {
        Some(Value::Number(number)) => number
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or_default(),
        Some(Value::String(text)) => {
            let percent: usize = text.trim_end_matches('%').parse().unwrap_or_default();
            wanted * percent / 100
        }
        _ => 0,
    };
    wanted.saturating_sub(unavailable)
}

fn availability(enough: bool) -> Wanted<'static> {
    let (reason, message) = if enough {
        (
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    Wanted {
        kind: "Available",
        status: enough,
        reason,
        message: message.to_owned(),
    }
}

/// Sets Progressing; answers when the deadline has to be looked at.
fn progress(
    list: &mut Vec<Value>,
    deployment: &Object,
    complete: bool,
    name: &str,
) -> Option<Duration> {
    let (status, reason, message, wait) = if complete {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        (true, "NewReplicaSetAvailable", message, None)
    } else {
        let limit = deployment
            .i64_at(&["spec", "progressDeadlineSeconds"])
            .unwrap_or(600);
        let left = limit - progressing_seconds(list).unwrap_or(0);
        if left <= 0 {
            let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
            (false, "ProgressDeadlineExceeded", message, None)
        } else {
            let message = format!("ReplicaSet \"{name}\" is progressing.");
            let wait = u64::try_from(left)
                .ok()
                .map(|left| Duration::from_secs(left + 1));
            (true, "ReplicaSetUpdated", message, wait)
        }
    };
    let wanted = Wanted {
        kind: "Progressing",
        status,
        reason,
        message,
    };
    with_condition(list, &wanted, true);
    wait
}

/// How long the present rollout has been progressing, in seconds; `None` when it starts now.
fn progressing_seconds(list: &[Value]) -> Option<i64> {
    let condition = list
        .iter()
        .find(|c| c.get("type") == Some(&"Progressing".into()))?;
    let reason = condition.get("reason").and_then(Value::as_str)?;
    if reason == "ProgressDeadlineExceeded" {
        return Some(i64::MAX / 2);
    }
    if reason == "NewReplicaSetAvailable" {
        return None;
    }
    let since: Timestamp = condition.get("lastUpdateTime")?.as_str()?.parse().ok()?;
    Some(Timestamp::now().as_second() - since.as_second())
}
