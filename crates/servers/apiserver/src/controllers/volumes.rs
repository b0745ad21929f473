//! Claims and volumes that are being deleted go once nobody uses them: the end of their protection.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::Object;
use skein_schema::api_defaults;
use skein_store::{Key, ResourceId};

use super::{Change, Feed};
use crate::api::Api;
use crate::lifecycle;

fn claims() -> ResourceId {
    ResourceId::new("", "persistentvolumeclaims")
}

fn volumes() -> ResourceId {
    ResourceId::new("", "persistentvolumes")
}

/// Releases what is being deleted, when it or a Pod changes.
pub(crate) async fn run(api: Arc<Api>) {
    let Some(mut feed) = Feed::open(&api) else {
        return;
    };
    loop {
        release_all(&api).await;
        // Only these can have ended a use.
        let concerned = |key: &Key| {
            matches!(
                key.resource.plural(),
                "pods" | "persistentvolumeclaims" | "persistentvolumes"
            )
        };
        loop {
            match feed.next().await {
                Change::Closed => return,
                Change::Missed => break,
                Change::Events(events) => {
                    if events.iter().any(|event| concerned(&event.object.key)) {
                        break;
                    }
                }
            }
        }
    }
}

async fn release_all(api: &Api) {
    for id in [claims(), volumes()] {
        for stored in api.store.list(&id, None).items {
            let object = &stored.object;
            if object.is_deleting() && !in_use(api, object) {
                release(api, &stored.key).await;
            }
        }
    }
}

fn in_use(api: &Api, object: &Object) -> bool {
    if object.kind() == "PersistentVolume" {
        return object.str_at(&["status", "phase"]) == Some("Bound")
            && claim_of(api, object).is_some();
    }
    let pods = api
        .store
        .list(&ResourceId::new("", "pods"), Some(object.namespace()));
    pods.items
        .iter()
        .any(|pod| uses(&pod.object, object.name()))
}

fn claim_of(api: &Api, volume: &Object) -> Option<Key> {
    let part = |field: &str| volume.str_at(&["spec", "claimRef", field]);
    let key = Key::new(&claims(), part("namespace")?, part("name")?);
    api.store.get(&key).map(|stored| stored.key.clone())
}

fn uses(pod: &Object, claim: &str) -> bool {
    let ended = matches!(
        pod.str_at(&["status", "phase"]),
        Some("Succeeded" | "Failed")
    );
    let volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_array);
    !ended
        && volumes.into_iter().flatten().any(|volume| {
            volume.pointer("/persistentVolumeClaim/claimName") == Some(&Value::from(claim))
        })
}

async fn release(api: &Api, key: &Key) {
    let Some(stored) = api.store.get(key) else {
        return;
    };
    let mut object = stored.object.clone();
    let Some(protection) = api_defaults::create_finalizer("", object.kind()) else {
        return;
    };
    let left: Vec<String> = object
        .finalizers()
        .into_iter()
        .filter(|name| *name != protection)
        .map(str::to_owned)
        .collect();
    if left.len() == object.finalizers().len() {
        return;
    }
    if left.is_empty() {
        object.remove(&["metadata", "finalizers"]);
    } else {
        object.set(&["metadata", "finalizers"], json!(left));
    }
    let written = if lifecycle::may_go(&object) {
        api.store.remove(key.clone(), stored.revision).await
    } else {
        api.store
            .replace(key.clone(), stored.revision, object)
            .await
    };
    if let Err(error) = written {
        // The change that got in between wakes this again.
        tracing::debug!(%error, %key, "a protection was not ended");
    }
}
