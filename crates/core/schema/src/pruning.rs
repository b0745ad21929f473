//! Drops the fields that a CRD's schema does not know.

use serde_json::{Map, Value};

use crate::model::{Additional, Schema};

/// Fields of every object; they are not pruned at the root and in embedded resources.
const META_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Removes unknown fields of a custom resource (its apiVersion, kind and metadata are left alone). Answers the paths
/// of what was removed, sorted: `spec.foo`, `spec.list[0].bar`.
pub fn prune(object: &mut Map<String, Value>, schema: &Schema) -> Vec<String> {
    let mut unknown = Vec::new();
    if schema.preserve_unknown_fields {
        descend_preserved(object, schema, true, "", &mut unknown);
    } else {
        prune_map(object, schema, true, "", &mut unknown);
    }
    unknown.sort();
    unknown
}

fn prune_value(value: &mut Value, schema: Option<&Schema>, path: &str, unknown: &mut Vec<String>) {
    match (value, schema) {
        (Value::Object(map), Some(schema)) if schema.preserve_unknown_fields => {
            descend_preserved(map, schema, schema.embedded_resource, path, unknown);
        }
        (Value::Object(map), Some(schema)) => {
            prune_map(map, schema, schema.embedded_resource, path, unknown);
        }
        (Value::Object(map), None) => {
            unknown.extend(map.keys().map(|name| join(path, name)));
            map.clear();
        }
        (Value::Array(list), schema) => {
            let items = schema.and_then(|schema| schema.items.as_deref());
            if items.is_none() && schema.is_some_and(|schema| schema.preserve_unknown_fields) {
                return;
            }
            for (index, value) in list.iter_mut().enumerate() {
                prune_value(value, items, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

fn prune_map(
    map: &mut Map<String, Value>,
    schema: &Schema,
    embedded: bool,
    path: &str,
    unknown: &mut Vec<String>,
) {
    map.retain(|name, value| {
        if embedded && META_FIELDS.contains(&name.as_str()) {
            return true;
        }
        let path = join(path, name);
        if let Some(field) = schema.properties.get(name) {
            prune_value(value, Some(field), &path, unknown);
            return true;
        }
        match &schema.additional {
            Additional::Schema(field) => prune_value(value, Some(field), &path, unknown),
            Additional::Allowed(true) => prune_value(value, None, &path, unknown),
            Additional::Allowed(false) | Additional::Unset => {
                unknown.push(path);
                return false;
            }
        }
        true
    });
}

/// Unknown fields stay, but known ones below are pruned by their own schemas.
fn descend_preserved(
    map: &mut Map<String, Value>,
    schema: &Schema,
    embedded: bool,
    path: &str,
    unknown: &mut Vec<String>,
) {
    for (name, value) in map.iter_mut() {
        if embedded && META_FIELDS.contains(&name.as_str()) {
            continue;
        }
        if let Some(field) = schema.field(name) {
            prune_value(value, Some(field), &join(path, name), unknown);
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
