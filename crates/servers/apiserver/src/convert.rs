//! Conversion between the versions of one stored object: events and autoscalers by their fields, custom kinds by pruning.

use serde_json::{Map, Value, json};
use skein_object::Object;
use skein_schema::{Schema, defaulting, pruning};

use crate::custom::CustomVersion;
use crate::resource::Resource;

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
        ("autoscaling/v2", "autoscaling/v1") => autoscaler_to_v1(object),
        ("autoscaling/v1", "autoscaling/v2") => autoscaler_to_v2(object),
        _ => {}
    }
}

/// Rewrites an object to the version that is stored.
pub(crate) fn to_storage(object: &mut Object, resource: &Resource) {
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

fn autoscaler_to_v2(object: &mut Object) {
    if let Some(Value::Object(status)) = object.as_map_mut().get_mut("status") {
        status_to_v2(status);
    }
    let Some(target) = object.remove(&["spec", "targetCPUUtilizationPercentage"]) else {
        return;
    };
    let metric = json!([{"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": target}}}]);
    object.set(&["spec", "metrics"], metric);
}

fn autoscaler_to_v1(object: &mut Object) {
    let metrics = object.remove(&["spec", "metrics"]);
    object.remove(&["spec", "behavior"]);
    let cpu = |metric: &&Value| metric.pointer("/resource/name") == Some(&Value::from("cpu"));
    let target = metrics
        .as_ref()
        .and_then(Value::as_array)
        .and_then(|list| list.iter().find(cpu))
        .and_then(|metric| {
            metric
                .pointer("/resource/target/averageUtilization")
                .cloned()
        });
    if let Some(target) = target {
        object.set(&["spec", "targetCPUUtilizationPercentage"], target);
    }
    if let Some(status) = object
        .as_map_mut()
        .get_mut("status")
        .and_then(Value::as_object_mut)
    {
        drop_v2_status(status);
    }
}

fn drop_v2_status(status: &mut Map<String, Value>) {
    status.remove("conditions");
    let cpu = |metric: &&Value| metric.pointer("/resource/name") == Some(&Value::from("cpu"));
    let used = status
        .remove("currentMetrics")
        .as_ref()
        .and_then(Value::as_array)
        .and_then(|list| list.iter().find(cpu))
        .and_then(|metric| metric.pointer("/resource/current/averageUtilization"))
        .cloned();
    if let Some(used) = used {
        status.insert(USED_CPU.to_owned(), used);
    }
    status
        .entry("currentReplicas")
        .or_insert_with(|| Value::from(0));
}

/// The only measure that the older version has.
const USED_CPU: &str = "currentCPUUtilizationPercentage";

fn status_to_v2(status: &mut Map<String, Value>) {
    let used = status.remove(USED_CPU).map(|used| {
        json!([{"type": "Resource", "resource": {"name": "cpu",
            "current": {"averageUtilization": used}}}])
    });
    status.insert("currentMetrics".to_owned(), used.unwrap_or(Value::Null));
    if status.get("currentReplicas") == Some(&Value::from(0)) {
        status.remove("currentReplicas");
    }
}
