//! Reads an OpenAPI document that a kustomization names in `openapi.path`.

use foldhash::{HashMap, HashMapExt as _};

use serde_json::{Map, Value};
use skein_yaml::YamlError;

use super::{Definitions, Shape, Text};

/// Deepest nesting of inline schemas, in levels.
const MAX_SCHEMA_DEPTH_LEVELS: usize = 64;

/// Reads the document, JSON or YAML.
pub(crate) fn parse_custom(text: &[u8]) -> Result<Definitions, YamlError> {
    let document = skein_yaml::from_slice(text)?;
    let mut definitions = Definitions::default();
    let empty = Map::new();
    for (name, schema) in document
        .get("definitions")
        .and_then(Value::as_object)
        .unwrap_or(&empty)
    {
        let fields = match shape(schema, 0) {
            Shape::Inline(fields) => fields,
            _ => HashMap::new(),
        };
        definitions.types.insert(name.clone().into(), fields.into());
        let kinds = schema
            .get("x-kubernetes-group-version-kind")
            .and_then(Value::as_array);
        for kind in kinds.into_iter().flatten() {
            let (api_version, kind) = type_meta(kind);
            definitions.note_kind(api_version, kind, name.clone().into());
        }
    }
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .unwrap_or(&empty)
    {
        let Some(kind) = item.pointer("/get/x-kubernetes-group-version-kind") else {
            continue;
        };
        let namespaced = path.contains("namespaces/{namespace}");
        let (api_version, kind) = type_meta(kind);
        definitions.namespaced.note(api_version, kind, namespaced);
    }
    Ok(definitions)
}

/// apiVersion and kind of a group-version-kind entry.
fn type_meta(value: &Value) -> (Text, Text) {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let api_version = match text("group") {
        "" => text("version").to_owned(),
        group => format!("{group}/{}", text("version")),
    };
    (api_version.into(), text("kind").to_owned().into())
}

fn shape(schema: &Value, depth: usize) -> Shape {
    if depth > MAX_SCHEMA_DEPTH_LEVELS {
        return Shape::Leaf;
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.strip_prefix("#/definitions/").unwrap_or(name);
        return Shape::Type(name.to_owned().into());
    }
    let is_array = match schema.get("type") {
        Some(Value::String(text)) => text == "array",
        Some(Value::Array(list)) => list.len() == 1 && list[0] == "array",
        _ => false,
    };
    if is_array {
        let items = schema
            .get("items")
            .map(|items| Box::new(shape(items, depth + 1)));
        return Shape::List {
            merge_keys: merge_keys(schema),
            items,
        };
    }
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        let fields = fields
            .iter()
            .map(|(k, v)| (k.clone().into(), shape(v, depth + 1)))
            .collect();
        return Shape::Inline(fields);
    }
    match schema.get("additionalProperties") {
        Some(values @ Value::Object(_)) => Shape::Map(Box::new(shape(values, depth + 1))),
        _ => Shape::Leaf,
    }
}

fn merge_keys(schema: &Value) -> Option<Vec<String>> {
    let strategy = schema.get("x-kubernetes-patch-strategy")?.as_str()?;
    if !strategy.split(',').any(|s| s == "merge") {
        return None;
    }
    if let Some(keys) = schema
        .get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array)
    {
        return Some(
            keys.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        );
    }
    let key = schema
        .get("x-kubernetes-patch-merge-key")
        .and_then(Value::as_str);
    Some(key.map(str::to_owned).into_iter().collect())
}
