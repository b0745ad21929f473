//! Namespaces and finalizers: what may be created, and when an object may go.

use serde_json::Value;
use skein_object::Object;
use skein_store::{Key, ResourceId};

use crate::api::Api;
use crate::custom;
use crate::failure::{Cause, Details, Failure, Outcome};
use crate::resource::Resource;

/// Namespaces that cannot be deleted.
pub(crate) const PROTECTED: &[&str] = &["default", "kube-system", "kube-public"];

/// Refuses to create in a namespace that is missing or on its way out.
pub(crate) fn check_create(api: &Api, resource: &Resource, object: &Object) -> Outcome<()> {
    custom::check_create(resource, object)?;
    if !resource.namespaced || resource.plural == "localsubjectaccessreviews" {
        return Ok(());
    }
    let namespace = object.namespace();
    let key = Key::new(&ResourceId::new("", "namespaces"), "", namespace);
    let found = api.store.get(&key);
    let Some(found) = found else {
        return Err(Failure::named_not_found("", "namespaces", namespace));
    };
    if !found.object.is_deleting() {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {namespace} because it is being terminated"
    );
    let mut failure = Failure::forbidden(resource, object.name(), &why);
    let text = format!("namespace {namespace} is being terminated");
    let cause = Cause::new("NamespaceTerminating", "metadata.namespace", text);
    let details = failure.details.get_or_insert_with(Details::default);
    details.causes.push(cause);
    Err(failure)
}

/// Whether an object that is being deleted has nothing left to wait for.
pub(crate) fn may_go(object: &Object) -> bool {
    let held = object.at(&["spec", "finalizers"]).and_then(Value::as_array);
    let namespace_held = object.kind() == "Namespace"
        && object.api_version() == "v1"
        && held.is_some_and(|list| !list.is_empty());
    let grace = object
        .i64_at(&["metadata", "deletionGracePeriodSeconds"])
        .unwrap_or_default();
    object.finalizers().is_empty() && !namespace_held && grace == 0
}

/// No finalizer may be added to an object that is being deleted.
pub(crate) fn finalizer_causes(old: &Object, new: &Object) -> Vec<Cause> {
    if !old.is_deleting() {
        return Vec::new();
    }
    let before = old.finalizers();
    let added: Vec<String> = new
        .finalizers()
        .into_iter()
        .filter(|name| !before.contains(name))
        .map(|name| format!("{name:?}"))
        .collect();
    if added.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    let cause = Cause::new("FieldValueForbidden", "metadata.finalizers", text);
    // The real server checks twice and lists both.
    vec![cause.clone(), cause]
}
