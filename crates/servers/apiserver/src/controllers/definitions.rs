//! CustomResourceDefinitions: accepted names, Established, what is served, and removal of the objects.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId};

use crate::api::{self, Api};
use crate::custom;
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
                reconsider_group(&api, &event.object.object).await;
            }
        }
        if *api.stopping.borrow() {
            return;
        }
    }
}

/// A change may have freed names that others of the group wait for.
async fn reconsider_group(api: &Arc<Api>, changed: &Object) {
    let group = changed.str_at(&["spec", "group"]);
    for other in api.store.list(&id(), None).items {
        let waits = !has_condition(&other.object, "NamesAccepted", "True");
        if waits && other.object.str_at(&["spec", "group"]) == group {
            reconcile(api, &other.key).await;
        }
    }
}

/// Serves what the stored, established definitions say.
pub(crate) fn refresh(api: &Api) {
    let definitions = api.store.list(&id(), None).items;
    let served = definitions
        .iter()
        .filter(|stored| has_condition(&stored.object, "Established", "True"))
        .flat_map(|stored| api.registry.of_definition(&stored.object, &api.store))
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
        .flat_map(|definition| api.registry.of_definition(definition, &api.store))
        .collect();
    api.registry.set_custom(served);
}

/// Accepts the names that no other definition of the group has, and establishes the kind when all are accepted.
fn accept(api: &Api, definition: &mut Object) {
    let requested = definition.at(&["spec", "names"]).cloned();
    let accepted = definition.at(&["status", "acceptedNames"]).cloned();
    let now = api::now();
    if requested != accepted {
        let requested = requested.unwrap_or_default();
        let accepted = accepted.unwrap_or_default();
        let (names, conflict) = taken_names(api, definition, &requested, &accepted);
        let (status, reason, message) = match conflict {
            Some((reason, message)) => ("False", reason, message),
            None => ("True", "NoConflicts", "no conflicts found".to_owned()),
        };
        definition.set(&["status", "acceptedNames"], names);
        set_condition(definition, "NamesAccepted", status, reason, &message, &now);
    }
    if has_condition(definition, "Established", "True") {
        return;
    }
    let (status, reason, text) = if has_condition(definition, "NamesAccepted", "True") {
        let text = "the initial names have been accepted";
        ("True", "InitialNamesAccepted", text)
    } else {
        ("False", "NotAccepted", "not all names are accepted")
    };
    set_condition(definition, "Established", status, reason, text, &now);
}

/// What keeps a definition from all of its names: reason and message.
type NameConflict = (&'static str, String);

/// The names that a definition may have: those it asks for, but where another one has them, those that it had.
fn taken_names(
    api: &Api,
    definition: &Object,
    requested: &Value,
    accepted: &Value,
) -> (Value, Option<NameConflict>) {
    let (resources, kinds) = used_names(api, definition);
    let mut names = requested.clone();
    let mut conflict = None;
    let in_use = |name: &str| format!("{name:?} is already in use");
    let text = |names: &Value, key: &str| names.get(key).and_then(Value::as_str).map(str::to_owned);
    for (key, reason, used) in [
        ("plural", "PluralConflict", &resources),
        ("singular", "SingularConflict", &resources),
        ("shortNames", "ShortNamesConflict", &resources),
        ("kind", "KindConflict", &kinds),
        ("listKind", "ListKindConflict", &kinds),
    ] {
        let had = accepted.get(key).cloned();
        let clashes: Vec<String> = if key == "shortNames" {
            let had = strings(had.as_ref());
            strings(requested.get(key))
                .into_iter()
                .filter(|name| !had.contains(name) && used.contains(name))
                .collect()
        } else {
            text(requested, key)
                .filter(|name| text(accepted, key).as_ref() != Some(name) && used.contains(name))
                .into_iter()
                .collect()
        };
        if clashes.is_empty() {
            continue;
        }
        let clashes: Vec<String> = clashes.iter().map(|name| in_use(name)).collect();
        let message = match clashes.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        conflict = Some((reason, message));
        match had {
            Some(had) => names[key] = had,
            None if key == "kind" || key == "plural" => names[key] = "".into(),
            None => {
                names.as_object_mut().and_then(|names| names.remove(key));
            }
        }
    }
    (names, conflict)
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Names that the definitions of the group have: of resources, and of kinds.
fn used_names(api: &Api, definition: &Object) -> (Vec<String>, Vec<String>) {
    let group = definition.str_at(&["spec", "group"]);
    let (mut resources, mut kinds) = (Vec::new(), Vec::new());
    for other in api.store.list(&id(), None).items {
        let other = &other.object;
        if other.str_at(&["spec", "group"]) != group {
            continue;
        }
        let name = |key: &str| {
            other
                .str_at(&["status", "acceptedNames", key])
                .map(str::to_owned)
        };
        resources.extend(["plural", "singular"].into_iter().filter_map(name));
        resources.extend(strings(other.at(&[
            "status",
            "acceptedNames",
            "shortNames",
        ])));
        kinds.extend(["kind", "listKind"].into_iter().filter_map(name));
    }
    (resources, kinds)
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
    let before = old.and_then(|index| conditions.get(index));
    let same = before.filter(|before| before.get("status").and_then(Value::as_str) == Some(status));
    // Only another status is a transition.
    let since = same.and_then(|before| before.get("lastTransitionTime")?.as_str());
    let condition = json!({
        "lastTransitionTime": since.unwrap_or(now), "message": message, "reason": reason, "status": status, "type": kind,
    });
    match old {
        Some(index) => conditions[index] = condition,
        None => conditions.push(condition),
    }
    object.set(&["status", "conditions"], Value::Array(conditions));
}

/// What a delete notes on a definition at once: its objects go first.
pub(crate) fn mark_pending(definition: &mut Object, now: &str) {
    let text =
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let reason = "InstanceDeletionPending";
    set_condition(definition, "Terminating", "True", reason, text, now);
}

/// Deletes the objects of a definition, then lets it go.
async fn clean_up(api: &Arc<Api>, key: &Key, definition: &Object) {
    // What is served tells that it ends.
    refresh(api);
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
        .of_definition(&stored.object, &api.store)
        .into_iter()
        .next()
    else {
        release(api, key).await;
        return;
    };
    if let Err(failure) = custom::check_listable(&resource) {
        tell_failure(api, key, &failure.message).await;
        return;
    }
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

/// Notes on a definition why its objects cannot be deleted.
async fn tell_failure(api: &Arc<Api>, key: &Key, why: &str) {
    let Some(stored) = api.store.get(key) else {
        return;
    };
    let now = api::now();
    let mut told = stored.object.clone();
    let text = format!("could not list instances: {why}");
    let reason = "InstanceDeletionFailed";
    set_condition(&mut told, "Terminating", "True", reason, &text, &now);
    if told == stored.object {
        return;
    }
    if let Some(resource) = api.registry.current().find_kind(&told.gvk()) {
        let old = Some(&stored.object);
        ownership::track(&resource, "status", old, &mut told, "kube-apiserver", &now);
    }
    if let Err(error) = api.store.replace(key.clone(), stored.revision, told).await {
        tracing::debug!(%error, "a definition was not marked");
    }
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
