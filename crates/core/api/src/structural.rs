//! Turns the JSON schema of a Rust type into the structural schema that a CustomResourceDefinition takes.
//!
//! Structural means: one type per place, no references, no alternatives. The Rust types need neither; what is rewritten
//! here is only how the derivation spells optional fields and enums.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The structural schema of a type.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    rewrite(&mut schema);
    schema
}

/// Rewrites a schema and all schemas in it. The depth is that of our own types.
fn rewrite(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.remove("title");
    unwrap_optional(map);
    join_enum(map);
    drop_null_type(map);
    for (key, value) in map.iter_mut() {
        match key.as_str() {
            "properties" => {
                if let Value::Object(properties) = value {
                    properties.values_mut().for_each(rewrite);
                }
            }
            "items" | "additionalProperties" => rewrite(value),
            _ => {}
        }
    }
}

fn is_null_schema(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// `anyOf: [T, null]` becomes `T`; what stands beside it wins.
fn unwrap_optional(map: &mut Map<String, Value>) {
    let Some(Value::Array(mut options)) = map.remove("anyOf") else {
        return;
    };
    options.retain(|option| !is_null_schema(option));
    if let Some(Value::Object(only)) = options.pop() {
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}

/// `oneOf: [{const: a}, {const: b}]` becomes `enum: [a, b]`.
fn join_enum(map: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = map.remove("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    for option in options {
        if let Some(value) = option.get("const") {
            values.push(value.clone());
        } else if let Some(Value::Array(several)) = option.get("enum") {
            values.extend(several.iter().cloned());
        }
    }
    map.insert("type".into(), "string".into());
    map.insert("enum".into(), values.into());
}

/// `type: [T, null]` becomes `type: T`, and null leaves the enum.
fn drop_null_type(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let Some(only) = types.pop() {
            map.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
