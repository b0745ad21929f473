//! The zero value of a built-in kind: the fields that Go's encoder writes even when nothing is set.

use serde_json::{Map, Value, json};
use skein_schema::{Additional, Schema, SchemaRef, ValueType};

/// Deepest nesting of structs by value, in levels.
const MAX_DEPTH: usize = 20;

/// An object of a built-in kind in which nothing is set.
pub fn zero_object(schema: &SchemaRef, api_version: &str, kind: &str) -> Value {
    let mut object = zero_struct(schema, 0);
    object.insert("apiVersion".to_owned(), json!(api_version));
    object.insert("kind".to_owned(), json!(kind));
    Value::Object(object)
}

fn zero_struct(schema: &Schema, depth: usize) -> Map<String, Value> {
    let mut out = Map::new();
    if depth > MAX_DEPTH {
        return out;
    }
    for (name, field) in &schema.properties {
        match field.field_default() {
            // A struct that is no pointer is always written.
            Some(Value::Object(_)) if is_struct(field) => {
                out.insert(name.clone(), Value::Object(zero_struct(field, depth + 1)));
            }
            // A scalar that Go's encoder writes although it is unset.
            Some(default) if is_zero(default) && !schema.omits_zero(name) => {
                out.insert(name.clone(), default.clone());
            }
            // Not every list that must be there is one that is always written.
            _ if is_unwritten_list(schema, name, field) => {}
            _ if schema.required.contains(name) => {
                out.insert(name.clone(), zero_value(field));
            }
            _ if schema.null_when_unset.contains(name) => {
                out.insert(name.clone(), Value::Null);
            }
            _ => {}
        }
    }
    out
}

fn is_unwritten_list(schema: &Schema, name: &String, field: &Schema) -> bool {
    field.value_type == Some(ValueType::Array) && !schema.null_when_unset.contains(name)
}

fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Bool(false)) || value.as_str() == Some("") || value.as_f64() == Some(0.0)
}

fn is_struct(schema: &Schema) -> bool {
    schema.value_type == Some(ValueType::Object)
        && !matches!(schema.additional, Additional::Schema(_))
}

/// Required fields are written always: scalars as their zero value, the rest as null.
fn zero_value(field: &SchemaRef) -> Value {
    match field.value_type {
        Some(ValueType::String) if field.field_default().is_some() => json!(""),
        Some(ValueType::Integer | ValueType::Number) if field.field_default().is_some() => json!(0),
        Some(ValueType::Boolean) if field.field_default().is_some() => json!(false),
        _ => Value::Null,
    }
}
