//! Unknown fields of built-in kinds: what `fieldValidation=Strict` refuses and `Warn` warns of.

use serde_json::{Map, Value};

use crate::builtin::RAW_EXTENSION;
use crate::model::{Additional, Schema};

/// Removes the fields that a built-in kind does not have, as decoding into Go's types does. Answers their paths in
/// sorted order, in the form of the API server: `spec.foo`, `spec.template.spec.containers[0].bar`.
pub fn drop_unknown(object: &mut Map<String, Value>, schema: &Schema) -> Vec<String> {
    let mut unknown = Vec::new();
    drop_from_map(object, schema, "", &mut unknown);
    unknown.sort();
    unknown
}

/// The text of one unknown field in an error or a warning.
pub fn unknown_field_text(path: &str) -> String {
    format!("unknown field \"{path}\"")
}

fn drop_from_map(
    map: &mut Map<String, Value>,
    schema: &Schema,
    path: &str,
    unknown: &mut Vec<String>,
) {
    if is_free_form(schema) {
        return;
    }
    map.retain(|name, value| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match schema.field(name) {
            Some(field) => {
                drop_from_value(value, field, &path, unknown);
                true
            }
            None => {
                unknown.push(path);
                false
            }
        }
    });
}

fn drop_from_value(value: &mut Value, schema: &Schema, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => drop_from_map(map, schema, path, unknown),
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            for (index, value) in list.iter_mut().enumerate() {
                drop_from_value(value, items, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

/// Raw objects, FieldsV1 and values of any type: nothing in them is unknown.
fn is_free_form(schema: &Schema) -> bool {
    schema.name.as_deref() == Some(RAW_EXTENSION)
        || (schema.properties.is_empty() && matches!(schema.additional, Additional::Unset))
        || matches!(schema.additional, Additional::Allowed(true))
}
