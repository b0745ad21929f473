//! PersistentVolumeClaims: each gets a volume of its own.

use std::time::Duration;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId};

use super::world::{self, OUTCOME, SIMULATED, World, fields};

/// Binds a claim to a new volume.
pub(super) async fn sync(world: &World, key: &Key) -> Option<Duration> {
    let Some(stored) = world.get(key) else {
        release(world, key).await;
        return None;
    };
    let claim = &stored.object;
    if claim.is_deleting() || claim.str_at(&["status", "phase"]) == Some("Bound") {
        return None;
    }
    if waits(world, claim) {
        return None;
    }
    let name = match claim.str_at(&["spec", "volumeName"]) {
        Some(name) => name.to_owned(),
        None => format!("pvc-{}", claim.uid()),
    };
    let volume = Key::new(&ResourceId::new("", "persistentvolumes"), "", name.as_str());
    if world.get(&volume).is_none() {
        world.create(volume_of(claim, &name)).await;
        world
            .report(&volume, fields([("phase", "Bound".into())]))
            .await;
    }
    world
        .change(key, "", world::MANAGER, |object| {
            object.set(&["spec", "volumeName"], name.as_str().into());
            object.set_annotation("pv.kubernetes.io/bind-completed", "yes");
            object.set_annotation("pv.kubernetes.io/bound-by-controller", "yes");
        })
        .await;
    let size = claim
        .at(&["spec", "resources", "requests", "storage"])
        .cloned()
        .unwrap_or_default();
    let status = fields([
        ("phase", "Bound".into()),
        (
            "accessModes",
            claim
                .at(&["spec", "accessModes"])
                .cloned()
                .unwrap_or_default(),
        ),
        ("capacity", json!({"storage": size})),
    ]);
    world.report(key, status).await;
    None
}

/// Deletes the volumes of a claim that is gone.
async fn release(world: &World, claim: &Key) {
    for volume in world
        .api
        .store
        .list(&ResourceId::new("", "persistentvolumes"), None)
        .items
    {
        let part = |field: &str| volume.object.str_at(&["spec", "claimRef", field]);
        let ours = volume.object.annotation(SIMULATED) == Some("true");
        if ours && part("namespace") == Some(&claim.namespace) && part("name") == Some(&claim.name)
        {
            world.delete(&volume.key).await;
        }
    }
}

/// Whether the claim, or its namespace, is told to stay unbound.
fn waits(world: &World, claim: &Object) -> bool {
    let key = Key::new(&ResourceId::new("", "namespaces"), "", claim.namespace());
    let namespace = world.get(&key);
    let never = |object: &Object| object.annotation(OUTCOME) == Some("never");
    never(claim) || namespace.is_some_and(|namespace| never(&namespace.object))
}

fn volume_of(claim: &Object, name: &str) -> Value {
    let mut spec = json!({
        "capacity": {"storage": claim.at(&["spec", "resources", "requests", "storage"]).cloned()},
        "accessModes": claim.at(&["spec", "accessModes"]).cloned().unwrap_or_default(),
        "persistentVolumeReclaimPolicy": "Delete",
        "hostPath": {"path": "/simulated"},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": claim.name(),
            "namespace": claim.namespace(), "uid": claim.uid()},
    });
    for field in ["storageClassName", "volumeMode"] {
        if let Some(value) = claim.at(&["spec", field]) {
            spec[field] = value.clone();
        }
    }
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {SIMULATED: "true"}},
        "spec": spec,
    })
}
