//! What the simulated controllers share: reading, creating, deleting, and writing status.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_store::{Key, ResourceId, Stored};

use crate::api::{self, Api};
use crate::delete;
use crate::options::{DeleteOptions, FieldValidation};
use crate::write::{self, Change, Proposal};
use crate::{admit, decode};

/// The result of looking at an object: when to look again, if ever.
pub(super) type Sync<'a> = Pin<Box<dyn Future<Output = Option<Duration>> + Send + 'a>>;

/// Marks what is not real.
pub(super) const SIMULATED: &str = "skein.dev/simulated";
/// Says how a Pod ends.
pub(super) const OUTCOME: &str = "fake/outcome";
/// The one node.
pub(super) const NODE: &str = "skein-node-0";
/// Field manager of the controllers.
pub(super) const MANAGER: &str = "kube-controller-manager";
/// The characters of hashes in names: no vowels and no look-alikes.
const HASH_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A cluster, seen by its simulated controllers.
pub(super) struct World {
    pub(super) api: Arc<Api>,
}

impl World {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Stored>> {
        self.api.store.get(key)
    }

    /// The objects of a kind in a namespace that the object controls, oldest first.
    pub(super) fn controlled(&self, group: &str, plural: &str, owner: &Object) -> Vec<Arc<Stored>> {
        let id = ResourceId::new(group, plural);
        let mut items = self.api.store.list(&id, Some(owner.namespace())).items;
        items.retain(|stored| controller_uid(&stored.object) == Some(owner.uid()));
        items.sort_by_key(|stored| stored.revision_of_creation());
        items
    }

    /// Creates an object as the server does for a client. A refusal is logged; the next change tries again.
    pub(super) async fn create(&self, value: Value) -> bool {
        let Ok(object) = Object::from_value(value) else {
            return false;
        };
        let Some(resource) = self.api.registry.current().find_kind(&object.gvk()) else {
            return false;
        };
        let decoded = decode::Decoded::of(object.into_value());
        let created = async {
            let object = admit::conform(&resource, decoded, FieldValidation::Ignore)?.object;
            write::insert(
                &self.api,
                &resource,
                object,
                &write::own_options(MANAGER),
                None,
            )
            .await
        };
        match created.await {
            Ok(_) => true,
            Err(failure) => {
                tracing::debug!(
                    message = failure.message,
                    "a simulated object was not created"
                );
                false
            }
        }
    }

    pub(super) async fn delete(&self, key: &Key) {
        let Some(stored) = self.get(key) else { return };
        let Some(resource) = self.api.registry.current().find_kind(&stored.object.gvk()) else {
            return;
        };
        let options = DeleteOptions {
            grace_seconds: Some(0),
            ..DeleteOptions::default()
        };
        if let Err(failure) = delete::remove(&self.api, &resource, key, &options).await {
            tracing::debug!(
                message = failure.message,
                "a simulated object was not deleted"
            );
        }
    }

    /// Changes an object through an endpoint (`status`, or empty for the object itself).
    pub(super) async fn change(
        &self,
        key: &Key,
        subresource: &str,
        manager: &str,
        edit: impl Fn(&mut Object),
    ) {
        let Some(stored) = self.get(key) else { return };
        let Some(resource) = self.api.registry.current().find_kind(&stored.object.gvk()) else {
            return;
        };
        let options = write::own_options(manager);
        let change = Change {
            resource: &resource,
            subresource,
            options: &options,
            call: None,
        };
        let propose = |old: &Object| {
            let mut object = old.clone();
            edit(&mut object);
            Ok(Proposal {
                object,
                warnings: Vec::new(),
                owned: false,
                whole: false,
            })
        };
        if let Err(failure) = change.run(&self.api, key, propose).await
            && failure.code != 404
        {
            tracing::debug!(%key, message = failure.message, "a simulated change was refused");
        }
    }

    /// Replaces fields of the status; nothing is written when they are as they were.
    pub(super) async fn report(&self, key: &Key, fields: Map<String, Value>) {
        self.change(key, "status", MANAGER, |object| {
            for (name, value) in &fields {
                if value.is_null() {
                    object.remove(&["status", name]);
                } else {
                    object.set(&["status", name], value.clone());
                }
            }
        })
        .await;
    }

    /// Makes the one node, ready and marked.
    pub(super) async fn make_node(&self) {
        let id = ResourceId::new("", "nodes");
        let key = Key::new(&id, "", NODE);
        if self.get(&key).is_some() {
            return;
        }
        self.create(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": NODE, "annotations": {SIMULATED: "true"}, "labels": {
                "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
            "spec": {},
        }))
        .await;
        let now = api::now();
        let condition = json!([{"type": "Ready", "status": "True", "reason": "KubeletReady",
            "message": "the node is simulated", "lastHeartbeatTime": now, "lastTransitionTime": now}]);
        let room = json!({"cpu": "64", "memory": "256Gi", "pods": "10000"});
        let mut status = Map::new();
        status.insert("conditions".into(), condition);
        status.insert("capacity".into(), room.clone());
        status.insert("allocatable".into(), room);
        status.insert("nodeInfo".into(), json!({
            "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "skein://simulated",
            "kernelVersion": "", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3+skein",
            "machineID": "", "operatingSystem": "linux", "osImage": "simulated", "systemUUID": "",
        }));
        self.report(&key, status).await;
    }
}

/// The creation time with the revision as tie-breaker.
pub(super) trait Age {
    fn revision_of_creation(&self) -> (String, String);
}

impl Age for Stored {
    fn revision_of_creation(&self) -> (String, String) {
        let created = self
            .object
            .str_at(&["metadata", "creationTimestamp"])
            .unwrap_or_default();
        (created.to_owned(), self.key.name.clone())
    }
}

fn controller_reference(object: &Object) -> Option<&Value> {
    let owners = object.at(&["metadata", "ownerReferences"])?.as_array()?;
    owners
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// The uid of the owner that controls the object.
pub(super) fn controller_uid(object: &Object) -> Option<&str> {
    controller_reference(object)?.get("uid")?.as_str()
}

/// The key of the owner that controls the object, when its kind is simulated.
pub(super) fn controller_key(object: &Object) -> Option<Key> {
    let owner = controller_reference(object)?;
    let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
    let gvk = GroupVersionKind::from_api_version(text("apiVersion"), text("kind"));
    let plural = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "Deployment") => "deployments",
        ("apps", "ReplicaSet") => "replicasets",
        ("apps", "StatefulSet") => "statefulsets",
        ("apps", "DaemonSet") => "daemonsets",
        ("batch", "Job") => "jobs",
        _ => return None,
    };
    Some(Key::new(
        &ResourceId::new(&gvk.group, plural),
        object.namespace(),
        text("name"),
    ))
}

/// The owner reference that makes the object the controller of another.
pub(super) fn owned_by(owner: &Object) -> Value {
    json!([{"apiVersion": owner.api_version(), "kind": owner.kind(), "name": owner.name(),
        "uid": owner.uid(), "controller": true, "blockOwnerDeletion": true}])
}

/// A short hash of a value that does not depend on the order of keys, as names of ReplicaSets end with.
pub(super) fn hash(value: &Value) -> String {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let mut text = String::new();
    canonical(value, &mut text);
    let number = text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(PRIME)
    });
    let digits = number.to_string();
    let letter = |digit: u8| char::from(HASH_ALPHABET[usize::from(digit) % HASH_ALPHABET.len()]);
    digits.bytes().map(letter).collect()
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            for key in keys {
                out.push_str(key);
                out.push('{');
                canonical(&map[key], out);
                out.push('}');
            }
        }
        Value::Array(list) => list.iter().for_each(|item| {
            out.push('[');
            canonical(item, out);
        }),
        other => out.push_str(&other.to_string()),
    }
}

/// Whether a condition of the object has the status True.
pub(super) fn is_true(object: &Object, kind: &str) -> bool {
    object
        .condition(kind)
        .and_then(|c| c.get("status"))
        .and_then(Value::as_str)
        == Some("True")
}

/// Whether a Pod is ready and not on its way out.
pub(super) fn is_ready(pod: &Object) -> bool {
    !pod.is_deleting() && is_true(pod, "Ready")
}

/// A condition to be: type, status, reason, message.
pub(super) struct Wanted<'a> {
    pub(super) kind: &'a str,
    pub(super) status: bool,
    pub(super) reason: &'a str,
    pub(super) message: String,
}

/// The conditions with one changed; times move only when the status does. `update_time` adds lastUpdateTime.
pub(super) fn with_condition(conditions: &mut Vec<Value>, wanted: &Wanted<'_>, update_time: bool) {
    let status = if wanted.status { "True" } else { "False" };
    let now = api::now();
    let old = conditions
        .iter()
        .position(|c| c.get("type") == Some(&wanted.kind.into()));
    let text = |c: &Value, key: &str| {
        c.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut since = now.clone();
    if let Some(condition) = old.map(|index| &conditions[index]) {
        let same_status = text(condition, "status") == status;
        if same_status
            && text(condition, "reason") == wanted.reason
            && text(condition, "message") == wanted.message
        {
            return;
        }
        if same_status {
            since = text(condition, "lastTransitionTime");
        }
    }
    let mut condition = json!({
        "type": wanted.kind, "status": status, "reason": wanted.reason, "message": wanted.message,
        "lastTransitionTime": since,
    });
    if update_time {
        condition["lastUpdateTime"] = now.into();
    }
    match old {
        Some(index) => conditions[index] = condition,
        None => conditions.push(condition),
    }
}

/// The conditions of an object, to change.
pub(super) fn conditions(object: &Object) -> Vec<Value> {
    object
        .at(&["status", "conditions"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// A count for a status field: absent when zero, as Go leaves it out.
pub(super) fn count(number: usize) -> Value {
    if number == 0 {
        Value::Null
    } else {
        number.into()
    }
}

/// Status fields from pairs.
pub(super) fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
