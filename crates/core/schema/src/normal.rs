//! The form in which the API server gives an object back: decoding into Go's types and encoding again.

use serde_json::{Map, Number, Value};
use skein_object::quantity;

use crate::builtin::{self, OBJECT_META, QUANTITY};
use crate::model::{Additional, Schema, SchemaRef, ValueType};

/// Deepest nesting of a value, in levels; what lies deeper is left alone.
const MAX_DEPTH: usize = 100;

/// Selectors of labels.
const SELECTOR: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector";
const SELECTOR_REQUIREMENT: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement";

/// What becomes of empty lists and maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empties {
    /// They are there, as in the memory of the server between decoding and storing.
    Kept,
    /// Optional ones go, those that Go's encoder always writes stay.
    Encoded,
    /// Nothing tells them from absent ones, as in storage.
    Lost,
}

/// Rewrites an object of a built-in kind as a round trip through Go's types and storage would: nulls and empty optional
/// lists and maps go away, structs that are no pointers and required fields are written, quantities get their canonical form.
pub fn normalise(object: &mut Map<String, Value>, schema: &Schema) {
    normalise_map(object, schema, Empties::Lost, 0);
}

/// The same for an object that was only decoded: empty lists and maps stay, as validation sees and quotes them. Those
/// of its own metadata go, for nothing quotes these.
pub fn normalise_decoded(object: &mut Map<String, Value>, schema: &Schema) {
    normalise_map(object, schema, Empties::Kept, 0);
    if let (Some(Value::Object(metadata)), Some(schema)) =
        (object.get_mut("metadata"), builtin::definition(OBJECT_META))
    {
        normalise_map(metadata, &schema, Empties::Encoded, 0);
    }
}

/// The same for an object that was decoded and encoded again but not stored: the form in which owners of fields are told.
pub fn normalise_encoded(object: &mut Map<String, Value>, schema: &Schema) {
    normalise_map(object, schema, Empties::Encoded, 0);
}

/// Whether an empty list or map is among the members, at any depth.
pub fn has_empties(object: &Map<String, Value>) -> bool {
    object.values().any(|value| is_or_has_empty(value, 0))
}

fn is_or_has_empty(value: &Value, depth: usize) -> bool {
    let below = |child: &Value| depth < MAX_DEPTH && is_or_has_empty(child, depth + 1);
    match value {
        Value::Array(list) => list.is_empty() || list.iter().any(below),
        Value::Object(map) => map.is_empty() || map.values().any(below),
        _ => false,
    }
}

/// The same for the metadata of a custom resource, where an empty list of managedFields is dropped too.
pub fn normalise_custom_metadata(metadata: &mut Map<String, Value>) {
    if let Some(schema) = builtin::definition(OBJECT_META) {
        normalise_map(metadata, &schema, Empties::Lost, 0);
    }
    if metadata
        .get("managedFields")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        metadata.remove("managedFields");
    }
}

fn normalise_map(map: &mut Map<String, Value>, schema: &Schema, empties: Empties, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    // Selectors are the same type for clients and inside of the server, encoded alike in refusals.
    let empties = match schema.name.as_deref() {
        Some(SELECTOR | SELECTOR_REQUIREMENT) if empties == Empties::Kept => Empties::Encoded,
        _ => empties,
    };
    let is_struct = !schema.properties.is_empty();
    if is_struct {
        map.retain(|name, value| !is_omitted(name, value, schema, empties));
        for (name, field) in &schema.properties {
            if !map.contains_key(name)
                && let Some(value) = always_written(name, field, schema)
            {
                map.insert(name.clone(), value);
            }
        }
    }
    if let (false, Additional::Schema(values)) = (is_struct, &schema.additional) {
        map.values_mut().for_each(|value| fill_null(value, values));
    }
    for (name, value) in map.iter_mut() {
        // Storage does not tell an empty list from none.
        let is_empty = match &*value {
            _ if empties != Empties::Lost => false,
            Value::Array(list) => list.is_empty(),
            // An empty struct is there; an empty map is not.
            Value::Object(fields) => {
                fields.is_empty() && schema.field(name).is_some_and(|field| is_go_map(field))
            }
            _ => false,
        };
        if is_empty && schema.null_when_unset.contains(name) {
            *value = Value::Null;
        }
        if let Some(field) = schema.field(name) {
            normalise_value(value, field, empties, depth + 1);
        }
    }
}

fn normalise_value(value: &mut Value, schema: &SchemaRef, empties: Empties, depth: usize) {
    if schema.name.as_deref() == Some(QUANTITY) {
        if let Some(text) = quantity::canonical(value) {
            *value = Value::String(text);
        }
        return;
    }
    match value {
        Value::Object(map) => normalise_map(map, schema, empties, depth),
        // Bytes are decoded and encoded again: line breaks go away.
        Value::String(text) if schema.format.as_deref() == Some("byte") => {
            text.retain(|character| !matches!(character, '\r' | '\n'));
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            list.iter_mut().for_each(|value| fill_null(value, items));
            list.iter_mut()
                .for_each(|value| normalise_value(value, items, empties, depth + 1));
        }
        _ => {}
    }
}

/// Deepest nesting of numbers that is looked at, in levels.
const MAX_NUMBER_DEPTH: usize = 200;

/// Floats without a fraction become whole numbers, as they are once Go has written them down: `1.0` is `1`.
pub fn settle_numbers(value: &mut Value) {
    settle(value, 0);
}

fn settle(value: &mut Value, depth: usize) {
    if depth > MAX_NUMBER_DEPTH {
        return;
    }
    match value {
        Value::Array(list) => list.iter_mut().for_each(|child| settle(child, depth + 1)),
        Value::Object(map) => map.values_mut().for_each(|child| settle(child, depth + 1)),
        Value::Number(number) => {
            if let Some(whole) = settled(number) {
                *number = whole;
            }
        }
        _ => {}
    }
}

/// What Go writes for a number that is no `int64`: the shortest digits that mean the same float.
fn settled(number: &Number) -> Option<Number> {
    if number.is_i64() {
        return None;
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    // Beyond that a float is no whole number for the validator of schemas.
    if number.is_f64() && float.abs() > 9_007_199_254_740_991.0 {
        return None;
    }
    let digits = float.to_string();
    let whole = digits.parse::<i64>().map(Number::from);
    whole
        .or_else(|_| digits.parse::<u64>().map(Number::from))
        .ok()
}

/// A null among the members of a map or list is the zero value for Go.
fn fill_null(value: &mut Value, schema: &Schema) {
    if !value.is_null() {
        return;
    }
    let zero = match schema.value_type {
        _ if schema.name.as_deref() == Some(QUANTITY) => Value::from("0"),
        Some(ValueType::String) => Value::from(""),
        Some(ValueType::Integer | ValueType::Number) => Value::from(0),
        Some(ValueType::Boolean) => Value::from(false),
        Some(ValueType::Object) if !schema.properties.is_empty() => Value::Object(Map::new()),
        _ => return,
    };
    *value = zero;
}

fn is_omitted(name: &str, value: &Value, schema: &Schema, empties: Empties) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if empties == Empties::Kept => false,
        Value::Null => !schema.null_when_unset.iter().any(|field| field == name),
        Value::Array(_) | Value::Object(_)
            if schema.null_when_unset.iter().any(|field| field == name) =>
        {
            false
        }
        _ if schema.required.iter().any(|required| required == name) => false,
        // An empty list of managedFields is a request to forget all owners.
        Value::Array(list) => {
            let owners = name == "managedFields" && schema.name.as_deref() == Some(OBJECT_META);
            list.is_empty() && !owners
        }
        Value::Object(map) => {
            map.is_empty()
                && schema
                    .properties
                    .get(name)
                    .is_some_and(|field| is_go_map(field))
        }
        _ => schema.omits_zero(name) && is_zero(value),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// A map from strings, and no struct.
fn is_go_map(schema: &Schema) -> bool {
    schema.value_type == Some(ValueType::Object)
        && matches!(schema.additional, Additional::Schema(_))
}

/// What Go writes for a field that is not there: a struct by value, or a required field.
fn always_written(name: &str, field: &SchemaRef, schema: &Schema) -> Option<Value> {
    if let Some(default) = field.field_default() {
        let omitted = schema.omits_zero(name) && is_zero(default);
        return (!omitted).then(|| default.clone());
    }
    schema
        .null_when_unset
        .iter()
        .any(|field| field == name)
        .then_some(Value::Null)
}
