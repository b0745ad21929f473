//! The form in which the API server gives an object back: decoding into Go's types and encoding again.

use serde_json::{Map, Value};

use crate::model::Schema;

/// Rewrites an object of a built-in kind as a round trip through Go's types would: nulls go away.
pub fn normalise(object: &mut Map<String, Value>, schema: &Schema) {
    object.retain(|_, value| !value.is_null());
    for (name, value) in object.iter_mut() {
        let Some(field) = schema.field(name) else {
            continue;
        };
        normalise_value(value, field);
    }
}

fn normalise_value(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(map) => normalise(map, schema),
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            list.iter_mut()
                .for_each(|value| normalise_value(value, items));
        }
        _ => {}
    }
}
