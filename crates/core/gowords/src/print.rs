//! Objects as Go prints them.

use serde_json::{Map, Value};

/// What names an object (API version, kind, name, namespace, labels, annotations), as Go prints the structs that kustomize reads it into.
pub fn resource_identity(map: &Map<String, Value>) -> String {
    let text = |map: &Map<String, Value>, field: &str| {
        let value = map.get(field).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let nothing = Map::new();
    let metadata = map.get("metadata").and_then(Value::as_object);
    let metadata = metadata.unwrap_or(&nothing);
    let pairs = |field: &str| {
        let fields = metadata.get(field).and_then(Value::as_object);
        let mut pairs: Vec<String> = fields
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key}:{}", value.as_str().unwrap_or_default()))
            .collect();
        pairs.sort();
        format!("map[{}]", pairs.join(" "))
    };
    format!(
        "{{{{{} {}}} {{{{{} {}}} {} {}}}}}",
        text(map, "apiVersion"),
        text(map, "kind"),
        text(metadata, "name"),
        text(metadata, "namespace"),
        pairs("labels"),
        pairs("annotations")
    )
}
