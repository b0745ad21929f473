//! Delete and deletecollection: preconditions, grace, finalizers and propagation.

use std::sync::Arc;

use serde_json::json;
use skein_object::Object;
use skein_store::{Key, Stored, WriteError};

use crate::api::{self, Api, Call};
use crate::controllers::definitions::{self, CLEANUP};
use crate::failure::{self, Failure, Outcome};
use crate::lifecycle::{self, PROTECTED};
use crate::list_options::ListOptions;
use crate::negotiate;
use crate::options::{DeleteOptions, Propagation};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::{custom, present, read, strategy};

/// How often a delete starts again when somebody else was faster.
const MAX_ATTEMPTS: usize = 16;
/// Finalizer that keeps an object until what it owns is gone.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer that keeps an object until what it owns has been let go.
pub(crate) const ORPHAN: &str = "orphan";

/// Warning about the pods of a Job whose deletion does not say what becomes of them.
const ORPHANED_PODS: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// What a delete did.
pub(crate) enum Deleted {
    /// The object is gone; this was its last state.
    Gone(Object),
    /// The object waits for its finalizers.
    Waiting(Object),
}

/// Answers `delete`.
pub(crate) async fn delete(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let mut options = DeleteOptions::parse(call)?;
    let key = read::key(call, resource);
    let unsaid = options.propagation.is_none() && strategy::orphans_by_default(resource);
    let held = |stored: Arc<Stored>| {
        let finalizers = stored.object.finalizers();
        finalizers.contains(&ORPHAN) || finalizers.contains(&FOREGROUND)
    };
    if unsaid && !api.store.get(&key).is_some_and(held) {
        options.propagation = Some(Propagation::Orphan);
    }
    let deleted = remove(api, resource, &key, &options).await?;
    let mut reply = match deleted {
        Deleted::Gone(object) if !strategy::returned_on_delete(resource) => {
            let status = failure::removed(resource, &key.name, object.uid());
            Ok(respond::value(200, form.encoding, &status))
        }
        Deleted::Gone(object) | Deleted::Waiting(object) => {
            read::object_reply(200, form, resource, call, &object)
        }
    }?;
    if unsaid {
        respond::warn(&mut reply, &[ORPHANED_PODS.to_owned()]);
    }
    Ok(reply)
}

/// Answers `deletecollection`: the objects that were there.
pub(crate) async fn delete_collection(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let list = ListOptions::parse(call, resource, false)?;
    let options = DeleteOptions::parse(call)?;
    let (items, meta) = read::select(api, call, resource, &list)?;
    let mut removed = Vec::with_capacity(items.len());
    for stored in items {
        match remove(api, resource, &stored.key, &options).await {
            Ok(_) => removed.push(stored),
            Err(failure) if failure.code == 404 => {}
            Err(failure) => return Err(failure),
        }
    }
    let list = read::shaped(form, call, resource, &removed, &meta)?;
    Ok(respond::value(200, form.encoding, &list))
}

/// Deletes an object, or marks it and leaves it to its finalizers.
pub(crate) async fn remove(
    api: &Arc<Api>,
    resource: &Arc<Resource>,
    key: &Key,
    options: &DeleteOptions,
) -> Outcome<Deleted> {
    if resource.is("", "namespaces") && PROTECTED.contains(&key.name.as_str()) {
        return Err(Failure::forbidden(
            resource,
            &key.name,
            "this namespace may not be deleted",
        ));
    }
    for _ in 0..MAX_ATTEMPTS {
        let stored = api.store.get(key);
        let stored = stored.ok_or_else(|| Failure::not_found(resource, &key.name))?;
        custom::check_readable(resource, &stored.object)?;
        check(resource, &stored, options)?;
        let mut object = stored.object.clone();
        let already = object.is_deleting();
        mark(resource, &mut object, options);
        if lifecycle::may_go(&object) {
            match gone(api, &stored, options).await {
                Ok(last) => {
                    let mut last = present::object(resource, &last);
                    if resource.is("", "pods") {
                        show_end(&object, &mut last);
                    }
                    return Ok(Deleted::Gone(last));
                }
                Err(WriteError::Conflict(_)) => continue,
                Err(error) => return Err(Failure::from_write(error, resource, &key.name)),
            }
        }
        if options.dry_run || (already && object == stored.object) {
            return Ok(Deleted::Waiting(object));
        }
        match api
            .store
            .replace(key.clone(), stored.revision, object)
            .await
        {
            Ok(stored) => return Ok(Deleted::Waiting(present::object(resource, &stored))),
            Err(WriteError::Conflict(_)) => {}
            Err(error) => return Err(Failure::from_write(error, resource, &key.name)),
        }
    }
    Err(Failure::modified(resource, &key.name))
}

/// Pods are always deleted gracefully: the last state shows the time and the grace, even when there was none.
fn show_end(marked: &Object, last: &mut Object) {
    for field in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ] {
        if let Some(value) = marked.at(&["metadata", field]) {
            last.set(&["metadata", field], value.clone());
        }
    }
}

async fn gone(
    api: &Api,
    stored: &Arc<Stored>,
    options: &DeleteOptions,
) -> Result<Arc<Stored>, WriteError> {
    if options.dry_run {
        return Ok(Arc::clone(stored));
    }
    api.store.remove(stored.key.clone(), stored.revision).await
}

fn check(resource: &Resource, stored: &Stored, options: &DeleteOptions) -> Outcome<()> {
    let object = &stored.object;
    let refuse = |why: String| {
        Err(Failure::precondition(
            &resource.gvk(),
            &stored.key.name,
            &why,
        ))
    };
    if let Some(uid) = &options.uid
        && uid != object.uid()
    {
        return refuse(format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            object.uid()
        ));
    }
    if let Some(version) = &options.resource_version
        && version != object.resource_version()
    {
        return refuse(format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The object might have been modified",
            object.resource_version()
        ));
    }
    Ok(())
}

/// Sets the deletion time and the finalizers that the propagation asks for.
fn mark(resource: &Resource, object: &mut Object, options: &DeleteOptions) {
    let (add, drop) = match options.propagation {
        Some(Propagation::Foreground) => (Some(FOREGROUND), Some(ORPHAN)),
        Some(Propagation::Orphan) => (Some(ORPHAN), Some(FOREGROUND)),
        Some(Propagation::Background) => (None, None),
        None => (None, None),
    };
    let mut finalizers: Vec<String> = object.finalizers().into_iter().map(str::to_owned).collect();
    let before = finalizers.len();
    if options.propagation == Some(Propagation::Background) {
        finalizers.retain(|name| name != FOREGROUND && name != ORPHAN);
    }
    finalizers.retain(|name| Some(name.as_str()) != drop);
    if let Some(add) = add
        && !finalizers.iter().any(|name| name == add)
    {
        finalizers.push(add.to_owned());
    }
    if before != finalizers.len() || add.is_some() {
        object.set(&["metadata", "finalizers"], json!(finalizers));
    }
    if resource.is("apiextensions.k8s.io", "customresourcedefinitions") && !object.is_deleting() {
        finalizers.push(CLEANUP.to_owned());
        object.set(&["metadata", "finalizers"], json!(finalizers));
        object.set(&["metadata", "deletionTimestamp"], api::now().into());
        definitions::mark_pending(object, &api::now());
        return;
    }
    if resource.is("", "namespaces") {
        object.set(&["status", "phase"], "Terminating".into());
    }
    if object.is_deleting() {
        let left = object.i64_at(&["metadata", "deletionGracePeriodSeconds"]);
        // A second delete can only shorten the grace.
        if let (Some(left), Some(wanted)) = (left, options.grace_seconds)
            && wanted < left
        {
            let wanted = wanted.max(0);
            object.set(
                &["metadata", "deletionTimestamp"],
                api::after(wanted).into(),
            );
            object.set(&["metadata", "deletionGracePeriodSeconds"], wanted.into());
        }
        return;
    }
    object.set(&["metadata", "deletionTimestamp"], api::now().into());
    // A namespace that is still held by its spec has no grace.
    let held = resource.is("", "namespaces") && object.at(&["spec", "finalizers"]).is_some();
    if !held {
        let grace = grace(resource, object, options);
        object.set(&["metadata", "deletionTimestamp"], api::after(grace).into());
        object.set(&["metadata", "deletionGracePeriodSeconds"], grace.into());
    }
    if object.generation() > 0 {
        let next = object.generation() + 1;
        object.set(&["metadata", "generation"], next.into());
    }
}

/// Pods on a node get time to end; the simulated kubelet then removes them. Nothing else waits.
fn grace(resource: &Resource, object: &Object, options: &DeleteOptions) -> i64 {
    let running = resource.is("", "pods")
        && object
            .str_at(&["spec", "nodeName"])
            .is_some_and(|name| !name.is_empty())
        && !matches!(
            object.str_at(&["status", "phase"]),
            Some("Succeeded" | "Failed")
        );
    if !running {
        return 0;
    }
    let default = object
        .i64_at(&["spec", "terminationGracePeriodSeconds"])
        .unwrap_or(30);
    options.grace_seconds.unwrap_or(default)
}
