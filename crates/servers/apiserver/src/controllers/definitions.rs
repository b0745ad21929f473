//! CustomResourceDefinitions: accepted names, Established, what is served, and removal of the objects.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId};

use crate::api::{self, Api};
use crate::delete;
use crate::options::DeleteOptions;
use crate::ownership;

/// Finalizer that keeps a definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

fn id() -> ResourceId {
    ResourceId::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// Keeps conditions and the registry up with the definitions.
pub(crate) async fn run(api: Arc<Api>) {
    loop {
        let (snapshot, mut watcher) = api.store.list_and_watch(&id(), None);
        for stored in &snapshot.items {
            reconcile(&api, &stored.key).await;
        }
        while let Ok(events) = watcher.next().await {
            for event in &events {
                reconcile(&api, &event.object.key).await;
            }
        }
        if *api.stopping.borrow() {
            return;
        }
    }
}

/// Serves what the stored, established definitions say.
pub(crate) fn refresh(api: &Api) {
    let definitions = api.store.list(&id(), None).items;
    let served = definitions
        .iter()
        .filter(|stored| has_condition(&stored.object, "Established", "True"))
        .flat_map(|stored| api.registry.of_definition(&stored.object))
        .collect();
    api.registry.set_custom(served);
}

fn has_condition(object: &Object, kind: &str, status: &str) -> bool {
    object
        .condition(kind)
        .and_then(|c| c.get("status"))
        .and_then(Value::as_str)
        == Some(status)
}

async fn reconcile(api: &Arc<Api>, key: &Key) {
    let Some(stored) = api.store.get(key) else {
        refresh(api);
        return;
    };
    let definition = &stored.object;
    if definition.is_deleting() {
        clean_up(api, key, definition).await;
        return;
    }
    let mut wanted = definition.clone();
    accept(api, &mut wanted);
    if wanted == *definition {
        refresh(api);
        return;
    }
    if let Some(resource) = api.registry.current().find_kind(&definition.gvk()) {
        let manager = "kube-apiserver";
        ownership::track(
            &resource,
            "status",
            Some(definition),
            &mut wanted,
            manager,
            &api::now(),
        );
    }
    serve_before_saying_so(api, &wanted);
    if let Err(error) = api
        .store
        .replace(key.clone(), stored.revision, wanted)
        .await
    {
        // The change that got in between wakes this again.
        tracing::debug!(%error, "a definition's status was not written");
    }
}

/// The registry knows the kind before the Established condition can be seen.
fn serve_before_saying_so(api: &Api, definition: &Object) {
    let others = api.store.list(&id(), None).items;
    let served = others
        .iter()
        .map(|stored| &stored.object)
        .filter(|other| other.name() != definition.name())
        .filter(|other| has_condition(other, "Established", "True"))
        .chain(has_condition(definition, "Established", "True").then_some(definition))
        .flat_map(|definition| api.registry.of_definition(definition))
        .collect();
    api.registry.set_custom(served);
}

/// Accepts the names unless another definition of the group has them, and establishes the kind.
fn accept(api: &Api, definition: &mut Object) {
    let conflict = name_conflict(api, definition);
    let now = api::now();
    let established = has_condition(definition, "Established", "True");
    match conflict {
        Some((reason, message)) => {
            set_condition(definition, "NamesAccepted", "False", reason, &message, &now);
            if !established {
                let text = "not all names are accepted";
                set_condition(
                    definition,
                    "Established",
                    "False",
                    "NotAccepted",
                    text,
                    &now,
                );
            }
        }
        None => take_names(definition, &now),
    }
    note_storage(definition);
}

/// Accepts the names, completed, and establishes the kind.
fn take_names(definition: &mut Object, now: &str) {
    let mut names = definition
        .at(&["spec", "names"])
        .cloned()
        .unwrap_or_default();
    let kind = names
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if names.get("singular").is_none() {
        names["singular"] = kind.to_lowercase().into();
    }
    if names.get("listKind").is_none() {
        names["listKind"] = format!("{kind}List").into();
    }
    definition.set(&["status", "acceptedNames"], names);
    let text = "no conflicts found";
    set_condition(
        definition,
        "NamesAccepted",
        "True",
        "NoConflicts",
        text,
        now,
    );
    let text = "the initial names have been accepted";
    set_condition(
        definition,
        "Established",
        "True",
        "InitialNamesAccepted",
        text,
        now,
    );
}

/// The version that is stored now belongs to those that have been stored.
fn note_storage(definition: &mut Object) {
    let storage = definition
        .at(&["spec", "versions"])
        .and_then(Value::as_array);
    let storage = storage
        .into_iter()
        .flatten()
        .find(|v| v.get("storage") == Some(&true.into()));
    let storage = storage.and_then(|v| v.get("name")).cloned();
    let mut stored: Vec<Value> = definition
        .at(&["status", "storedVersions"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if let Some(storage) = storage
        && !stored.contains(&storage)
    {
        stored.push(storage);
        definition.set(&["status", "storedVersions"], Value::Array(stored));
    }
}

fn name_conflict(api: &Api, definition: &Object) -> Option<(&'static str, String)> {
    let group = definition.str_at(&["spec", "group"])?;
    let names = |object: &Object, key: &str| {
        object
            .str_at(&["spec", "names", key])
            .unwrap_or_default()
            .to_owned()
    };
    for other in api.store.list(&id(), None).items {
        let other = &other.object;
        let same = other.name() == definition.name();
        if same || other.str_at(&["spec", "group"]) != Some(group) {
            continue;
        }
        if !has_condition(other, "NamesAccepted", "True") {
            continue;
        }
        for (key, reason) in [("kind", "KindConflict"), ("singular", "SingularConflict")] {
            let name = names(definition, key);
            if !name.is_empty() && name == names(other, key) {
                return Some((reason, format!("{name:?} is already in use")));
            }
        }
    }
    None
}

fn set_condition(
    object: &mut Object,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &str,
) {
    let mut conditions: Vec<Value> = object
        .at(&["status", "conditions"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let old = conditions
        .iter()
        .position(|c| c.get("type").and_then(Value::as_str) == Some(kind));
    let unchanged = old
        .and_then(|index| conditions.get(index))
        .is_some_and(|c| c.get("status").and_then(Value::as_str) == Some(status));
    if unchanged {
        return;
    }
    let condition = json!({
        "lastTransitionTime": now, "message": message, "reason": reason, "status": status, "type": kind,
    });
    match old {
        Some(index) => conditions[index] = condition,
        None => conditions.push(condition),
    }
    object.set(&["status", "conditions"], Value::Array(conditions));
}

/// Deletes the objects of a definition, then lets it go.
async fn clean_up(api: &Arc<Api>, key: &Key, definition: &Object) {
    if definition.finalizers().contains(&CLEANUP) {
        if has_condition(definition, "Terminating", "True") {
            finish(api, key).await;
            return;
        }
        let Some(stored) = api.store.get(key) else {
            return;
        };
        let mut marked = stored.object.clone();
        let text = "CustomResource deletion is in progress";
        set_condition(
            &mut marked,
            "Terminating",
            "True",
            "InstanceDeletionInProgress",
            text,
            &api::now(),
        );
        if let Err(error) = api
            .store
            .replace(key.clone(), stored.revision, marked)
            .await
        {
            tracing::debug!(%error, "a definition was not marked");
        }
    }
}

async fn finish(api: &Arc<Api>, key: &Key) {
    let Some(stored) = api.store.get(key) else {
        return;
    };
    let Some(resource) = api
        .registry
        .of_definition(&stored.object)
        .into_iter()
        .next()
    else {
        release(api, key).await;
        return;
    };
    let (snapshot, mut watcher) = api.store.list_and_watch(&resource.storage, None);
    for object in &snapshot.items {
        let options = DeleteOptions::default();
        if let Err(failure) = delete::remove(api, &resource, &object.key, &options).await
            && failure.code != 404
        {
            tracing::warn!(object = %object.key, message = failure.message, "an object was not deleted");
        }
    }
    if api.store.count(&resource.storage) == 0 {
        release(api, key).await;
        return;
    }
    // Objects with finalizers hold the definition; their end is awaited beside the other definitions.
    let (api, key) = (Arc::clone(api), key.clone());
    tokio::spawn(async move {
        let mut stopping = api.stopping.clone();
        while api.store.count(&resource.storage) > 0 {
            tokio::select! {
                changes = watcher.next() => if changes.is_err() { return },
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
        release(&api, &key).await;
    });
}

async fn release(api: &Arc<Api>, key: &Key) {
    let Some(stored) = api.store.get(key) else {
        return;
    };
    let mut object = stored.object.clone();
    let left: Vec<String> = object
        .finalizers()
        .into_iter()
        .filter(|name| *name != CLEANUP)
        .map(str::to_owned)
        .collect();
    object.set(&["metadata", "finalizers"], json!(left));
    let result = if left.is_empty() {
        api.store.remove(key.clone(), stored.revision).await
    } else {
        api.store
            .replace(key.clone(), stored.revision, object)
            .await
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a definition was not let go");
    }
    refresh(api);
}
