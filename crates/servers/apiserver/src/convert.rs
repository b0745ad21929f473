//! Conversion between the versions of one stored object: events and autoscalers by their fields, custom kinds by pruning.

use std::borrow::Cow;

use serde_json::Value;
use skein_object::Object;
use skein_schema::{Schema, api_defaults, defaulting, pruning};

use crate::custom::CustomVersion;
use crate::resource::Resource;

pub(crate) mod autoscalers;

/// Whether a custom object of this revision may have been stored under another schema than that of today.
pub(crate) fn is_old(resource: &Resource, revision: u64) -> bool {
    let since = resource.custom.as_ref().map(|custom| custom.since);
    since.is_some_and(|since| revision <= since)
}

/// Rewrites an object as it was stored at a revision to the version of the resource that it is read through.
pub(crate) fn from_storage(object: &mut Object, resource: &Resource, revision: u64) {
    if let Some(custom) = &resource.custom
        && is_old(resource, revision)
        && let Some(schema) = custom.structure(object.api_version())
    {
        // What the definition of today does not know goes, what it says of absent fields comes.
        settle(object, schema, true);
    }
    to_version(object, resource);
}

/// Rewrites a stored object to the version of the resource that it is read through.
pub(crate) fn to_version(object: &mut Object, resource: &Resource) {
    let wanted = resource.api_version();
    if object.api_version() == wanted {
        return;
    }
    match &resource.custom {
        Some(custom) => settle(object, &custom.version.schema, false),
        None => between(object, &wanted),
    }
    object.set(&["apiVersion"], wanted.into());
}

/// Rewrites an object of a built-in kind to another version.
pub(crate) fn between(object: &mut Object, wanted: &str) {
    match (object.api_version(), wanted) {
        ("v1", "events.k8s.io/v1") => {
            rename(object, EVENT_FIELDS, false);
            for reporter in ["reportingController", "reportingInstance"] {
                if object.str_at(&[reporter]) == Some("") {
                    object.remove(&[reporter]);
                }
            }
        }
        ("events.k8s.io/v1", "v1") => event_to_core(object),
        ("autoscaling/v2", "autoscaling/v1") => autoscalers::to_older(object),
        ("autoscaling/v1", "autoscaling/v2") => autoscalers::to_newer(object),
        _ => {}
    }
}

/// Rewrites an object to the version that is stored, with what that version fills in when it is read again.
pub(crate) fn to_storage(object: &mut Object, resource: &Resource) {
    if object.api_version() == resource.storage_api_version {
        return;
    }
    to_stored_version(object, resource);
    if resource.custom.is_none() {
        api_defaults::apply(object);
    }
}

/// Rewrites an object to the version that is stored, and no more.
pub(crate) fn to_stored_version(object: &mut Object, resource: &Resource) {
    let stored = &resource.storage_api_version;
    if object.api_version() == stored {
        return;
    }
    match &resource.custom {
        // What the stored version does not know is not kept; its defaults are there when the object is read again.
        Some(custom) => settle_stored(object, custom, stored),
        None => between(object, stored),
    }
    object.set(&["apiVersion"], stored.as_str().into());
}

/// Changes an object in the stored version where the version of the request keeps parts of it in annotations.
pub(crate) fn as_stored(object: &mut Object, resource: &Resource, act: impl FnOnce(&mut Object)) {
    if !autoscalers::is_older(resource) {
        return act(object);
    }
    to_stored_version(object, resource);
    act(object);
    to_version(object, resource);
}

/// An object as the inside of the server has it: what the version of the request keeps in annotations stands in fields.
pub(crate) fn inner<'a>(resource: &Resource, object: &'a Object) -> Cow<'a, Object> {
    let mut object = Cow::Borrowed(object);
    if autoscalers::is_older(resource) {
        to_stored_version(object.to_mut(), resource);
    }
    object
}

/// Reads what an object that was just decoded says in annotations instead of fields.
pub(crate) fn reread(resource: &Resource, object: &mut Object) {
    autoscalers::reread(resource, object);
}

/// What becomes of an object that is stored and read again, for a write that stores nothing.
pub(crate) fn through_storage(object: &mut Object, resource: &Resource) {
    to_storage(object, resource);
    to_version(object, resource);
}

fn settle_stored(object: &mut Object, custom: &CustomVersion, stored: &str) {
    if let Some(schema) = custom.structure(stored) {
        settle(object, schema, true);
    }
}

/// Reads an object by the structure of a version.
pub(crate) fn settle(object: &mut Object, schema: &Schema, with_defaults: bool) {
    pruning::prune(object.as_map_mut(), schema);
    let mut value = Value::Object(std::mem::take(object.as_map_mut()));
    defaulting::drop_nulls(&mut value, schema);
    if with_defaults {
        defaulting::apply_defaults(&mut value, schema);
    }
    if let Value::Object(map) = value {
        *object.as_map_mut() = map;
    }
}

/// Fields of events: core/v1 beside events.k8s.io/v1.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// The older version writes the reporter even when there is none.
fn event_to_core(object: &mut Object) {
    rename(object, EVENT_FIELDS, true);
    for reporter in ["reportingComponent", "reportingInstance"] {
        if object.at(&[reporter]).is_none() {
            object.set(&[reporter], "".into());
        }
    }
}

fn rename(object: &mut Object, fields: &[(&str, &str)], backwards: bool) {
    let map = object.as_map_mut();
    for (core, new) in fields {
        let (from, to) = if backwards { (new, core) } else { (core, new) };
        if let Some(value) = map.remove(*from) {
            map.insert((*to).to_owned(), value);
        }
    }
}
