//! Fills in the defaults of a CRD's schema, as kube-apiserver does on every read and write.

use serde_json::Value;

use crate::model::{Additional, Schema, SchemaRef};

/// Puts defaults where a field is absent, or null where null is no value. Defaults do not nest by themselves: a
/// default deep inside applies only when its parents are there or have defaults too.
pub fn apply_defaults(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => {
            for (name, field) in &schema.properties {
                let Some(default) = field.field_default() else {
                    continue;
                };
                if map
                    .get(name)
                    .is_none_or(|value| value.is_null() && !field.nullable)
                {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in map.iter_mut() {
                if let Some(field) = schema.properties.get(name) {
                    apply_defaults(value, field);
                } else if let Additional::Schema(field) = &schema.additional {
                    replace_null(value, field);
                    apply_defaults(value, field);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            for value in list {
                replace_null(value, items);
                apply_defaults(value, items);
            }
        }
        _ => {}
    }
}

fn replace_null(value: &mut Value, schema: &SchemaRef) {
    if value.is_null()
        && !schema.nullable
        && let Some(default) = schema.field_default()
    {
        *value = default.clone();
    }
}

/// Drops nulls where null is no value and no default replaces it. The API server does this before defaulting;
/// elements of lists stay and are refused by validation.
pub fn drop_nulls(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => {
            map.retain(|name, value| {
                let Some(field) = schema.field(name) else {
                    return true;
                };
                !(value.is_null() && !field.nullable && field.field_default().is_none())
            });
            for (name, value) in map.iter_mut() {
                if let Some(field) = schema.field(name) {
                    drop_nulls(value, field);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            list.iter_mut().for_each(|value| drop_nulls(value, items));
        }
        _ => {}
    }
}
