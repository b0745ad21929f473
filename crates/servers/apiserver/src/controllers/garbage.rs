//! Garbage collection by owner references: background, foreground and orphan.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_store::{Event, EventKind, Key, Stored};

use super::{Change, Feed};
use crate::api::Api;
use crate::delete::{self, FOREGROUND, ORPHAN};
use crate::options::{DeleteOptions, Propagation};
use crate::resource::Resource;

/// An owner reference of an object.
#[derive(Clone, Debug)]
struct Owner {
    uid: String,
    gvk: GroupVersionKind,
    name: String,
    blocks: bool,
}

fn owners(object: &Object) -> Vec<Owner> {
    let list = object
        .at(&["metadata", "ownerReferences"])
        .and_then(Value::as_array);
    let parse = |value: &Value| {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        Owner {
            uid: text("uid").to_owned(),
            gvk: GroupVersionKind::from_api_version(text("apiVersion"), text("kind")),
            name: text("name").to_owned(),
            blocks: value
                .get("blockOwnerDeletion")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
        }
    };
    list.into_iter().flatten().map(parse).collect()
}

/// Who depends on whom, by uid of the owner.
#[derive(Default)]
struct Graph {
    dependents: HashMap<String, HashSet<Key>>,
    owners: HashMap<Key, Vec<String>>,
}

impl Graph {
    fn put(&mut self, stored: &Stored) {
        self.drop(&stored.key);
        let uids: Vec<String> = owners(&stored.object)
            .into_iter()
            .map(|owner| owner.uid)
            .collect();
        if uids.is_empty() {
            return;
        }
        for uid in &uids {
            self.dependents
                .entry(uid.clone())
                .or_default()
                .insert(stored.key.clone());
        }
        self.owners.insert(stored.key.clone(), uids);
    }

    fn drop(&mut self, key: &Key) {
        for uid in self.owners.remove(key).unwrap_or_default() {
            if let Some(keys) = self.dependents.get_mut(&uid) {
                keys.remove(key);
                if keys.is_empty() {
                    self.dependents.remove(&uid);
                }
            }
        }
    }

    fn dependents_of(&self, uid: &str) -> Vec<Key> {
        self.dependents
            .get(uid)
            .map(|keys| keys.iter().cloned().collect())
            .unwrap_or_default()
    }
}

/// Collects what nobody owns any more.
pub(crate) async fn run(api: Arc<Api>) {
    let Some(mut feed) = Feed::open(&api) else {
        return;
    };
    let mut graph = rebuild(&api).await;
    loop {
        match feed.next().await {
            Change::Closed => return,
            Change::Missed => graph = rebuild(&api).await,
            Change::Events(events) => {
                for event in events {
                    handle(&api, &mut graph, &event).await;
                }
            }
        }
    }
}

async fn rebuild(api: &Arc<Api>) -> Graph {
    let mut graph = Graph::default();
    let mut all = Vec::new();
    for id in api.store.resources() {
        all.extend(api.store.list(&id, None).items);
    }
    for stored in &all {
        graph.put(stored);
    }
    for stored in &all {
        look_at(api, &graph, stored).await;
    }
    graph
}

async fn handle(api: &Arc<Api>, graph: &mut Graph, event: &Event) {
    let stored = &event.object;
    if event.kind == EventKind::Deleted {
        let owned_by = graph.owners.get(&stored.key).cloned().unwrap_or_default();
        graph.drop(&stored.key);
        for key in graph.dependents_of(stored.object.uid()) {
            if let Some(dependent) = api.store.get(&key) {
                collect_unowned(api, &dependent).await;
            }
        }
        // An owner that waits in the foreground may be able to go now.
        for uid in owned_by {
            finish_owner_of(api, graph, &stored.object, &uid).await;
        }
        return;
    }
    graph.put(stored);
    look_at(api, graph, stored).await;
}

async fn look_at(api: &Arc<Api>, graph: &Graph, stored: &Stored) {
    if stored.object.is_deleting() {
        let finalizers = stored.object.finalizers();
        if finalizers.contains(&ORPHAN) {
            orphan(api, graph, stored).await;
        } else if finalizers.contains(&FOREGROUND) {
            foreground(api, graph, stored).await;
        }
        return;
    }
    collect_unowned(api, stored).await;
}

fn resource_of(api: &Api, stored: &Stored) -> Option<Arc<Resource>> {
    api.registry.current().find_kind(&stored.object.gvk())
}

/// The owner as it is stored, when it is there with the same uid.
fn find_owner(api: &Api, dependent: &Object, owner: &Owner) -> Option<Arc<Stored>> {
    let resource = api.registry.current().find_kind(&owner.gvk)?;
    let namespace = if resource.namespaced {
        dependent.namespace()
    } else {
        ""
    };
    let stored = api
        .store
        .get(&Key::new(&resource.storage, namespace, owner.name.as_str()))?;
    (stored.object.uid() == owner.uid).then_some(stored)
}

/// Whether the owner's kind is served: an owner of an unknown kind cannot be judged absent.
fn is_known(api: &Api, owner: &Owner) -> bool {
    api.registry.current().find_kind(&owner.gvk).is_some()
}

/// Deletes an object all of whose owners are gone, or drops the absent ones from its references.
async fn collect_unowned(api: &Arc<Api>, stored: &Stored) {
    let list = owners(&stored.object);
    if list.is_empty() || stored.object.is_deleting() {
        return;
    }
    if list.iter().any(|owner| !is_known(api, owner)) {
        return;
    }
    let absent: Vec<&Owner> = list
        .iter()
        .filter(|owner| find_owner(api, &stored.object, owner).is_none())
        .collect();
    if absent.is_empty() {
        return;
    }
    let Some(resource) = resource_of(api, stored) else {
        return;
    };
    if absent.len() < list.len() {
        let gone: Vec<&str> = absent.iter().map(|owner| owner.uid.as_str()).collect();
        drop_owners(api, &stored.key, &gone).await;
        return;
    }
    let options = DeleteOptions {
        uid: Some(stored.object.uid().to_owned()),
        propagation: propagation_of(&stored.object),
        ..DeleteOptions::default()
    };
    report(
        delete::remove(api, &resource, &stored.key, &options)
            .await
            .err(),
        &stored.key,
    );
}

/// An object keeps the way of deletion that its finalizers ask for.
fn propagation_of(object: &Object) -> Option<Propagation> {
    let finalizers = object.finalizers();
    if finalizers.contains(&ORPHAN) {
        Some(Propagation::Orphan)
    } else if finalizers.contains(&FOREGROUND) {
        Some(Propagation::Foreground)
    } else {
        Some(Propagation::Background)
    }
}

fn report(failure: Option<Box<crate::failure::Failure>>, key: &Key) {
    if let Some(failure) = failure
        && !matches!(failure.code, 404 | 409)
    {
        tracing::warn!(object = %key, message = failure.message, "an object was not collected");
    }
}

async fn drop_owners(api: &Api, key: &Key, uids: &[&str]) {
    change(api, key, |object| {
        let mut list: Vec<Value> = object
            .at(&["metadata", "ownerReferences"])
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        list.retain(|owner| {
            owner
                .get("uid")
                .and_then(Value::as_str)
                .is_none_or(|uid| !uids.contains(&uid))
        });
        if list.is_empty() {
            object.remove(&["metadata", "ownerReferences"]);
        } else {
            object.set(&["metadata", "ownerReferences"], Value::Array(list));
        }
    })
    .await;
}

async fn drop_finalizer(api: &Api, key: &Key, finalizer: &str) {
    change(api, key, |object| {
        let left: Vec<String> = object
            .finalizers()
            .into_iter()
            .filter(|name| *name != finalizer)
            .map(str::to_owned)
            .collect();
        if left.is_empty() {
            object.remove(&["metadata", "finalizers"]);
        } else {
            object.set(&["metadata", "finalizers"], json!(left));
        }
    })
    .await;
}

/// Changes an object in place, again when somebody else was faster; removes it when nothing holds it.
async fn change(api: &Api, key: &Key, edit: impl Fn(&mut Object)) {
    while let Some(stored) = api.store.get(key) {
        let mut object = stored.object.clone();
        edit(&mut object);
        let result = if object.is_deleting() && crate::lifecycle::may_go(&object) {
            api.store.remove(key.clone(), stored.revision).await
        } else if object == stored.object {
            return;
        } else {
            api.store
                .replace(key.clone(), stored.revision, object)
                .await
        };
        match result {
            Err(skein_store::WriteError::Conflict(_)) => {}
            Err(error) => {
                tracing::debug!(%error, "an object was not changed");
                return;
            }
            Ok(_) => return,
        }
    }
}

/// Lets go of what the object owns, then of the object.
async fn orphan(api: &Arc<Api>, graph: &Graph, stored: &Stored) {
    for key in graph.dependents_of(stored.object.uid()) {
        drop_owners(api, &key, &[stored.object.uid()]).await;
    }
    drop_finalizer(api, &stored.key, ORPHAN).await;
}

/// Deletes what the object owns, and lets it go when nothing that blocks is left.
async fn foreground(api: &Arc<Api>, graph: &Graph, stored: &Stored) {
    let uid = stored.object.uid();
    let mut blocking = 0;
    for key in graph.dependents_of(uid) {
        let Some(dependent) = api.store.get(&key) else {
            continue;
        };
        let list = owners(&dependent.object);
        if list.len() > 1
            && list.iter().any(|owner| {
                owner.uid != uid && find_owner(api, &dependent.object, owner).is_some()
            })
        {
            drop_owners(api, &key, &[uid]).await;
            continue;
        }
        let blocks = list.iter().any(|owner| owner.uid == uid && owner.blocks);
        if !dependent.object.is_deleting()
            && let Some(resource) = resource_of(api, &dependent)
        {
            let policy = if blocks {
                Propagation::Foreground
            } else {
                Propagation::Background
            };
            let options = DeleteOptions {
                propagation: Some(policy),
                ..DeleteOptions::default()
            };
            report(
                delete::remove(api, &resource, &key, &options).await.err(),
                &key,
            );
        }
        blocking += usize::from(blocks && api.store.get(&key).is_some());
    }
    if blocking == 0 {
        drop_finalizer(api, &stored.key, FOREGROUND).await;
    }
}

async fn finish_owner_of(api: &Arc<Api>, graph: &Graph, dependent: &Object, uid: &str) {
    let list = owners(dependent);
    let Some(owner) = list.iter().find(|owner| owner.uid == uid) else {
        return;
    };
    if let Some(stored) = find_owner(api, dependent, owner)
        && stored.object.is_deleting()
        && stored.object.finalizers().contains(&FOREGROUND)
    {
        foreground(api, graph, &stored).await;
    }
}
