//! The shape of values of a schema, as rules see them: types and the bounds from which costs are estimated.

use std::collections::BTreeMap;

use serde_json::Value;
use skein_cel::typed::{Form, Shape};

use crate::model::{Additional, Limits, Schema, ValueType};

use super::values::escape;

/// The largest request, in bytes.
pub(super) const MAX_REQUEST_BYTES: u64 = 3 * 1_024 * 1_024;
/// Bytes of the smallest values as JSON.
const FEWEST_STRING_BYTES: u64 = 2;
const FEWEST_BOOL_BYTES: u64 = 4;
const FEWEST_NUMBER_BYTES: u64 = 1;
const FEWEST_DURATION_BYTES: u64 = 3;
const FEWEST_TIME_BYTES: u64 = 21;
const DATE_BYTES: u64 = 12;
/// Bytes of the largest durations and times as JSON.
const MOST_TIME_BYTES: u64 = 32;
/// Bytes of one character at most.
const CHARACTER_BYTES: u64 = 4;
/// Deepest nesting, in levels; the parser refuses what lies deeper.
const MAX_DEPTH: usize = 200;

/// The shape of values of a schema; nothing when rules cannot see them. Resources have their type and names whatever the schema says.
pub(super) fn shape(schema: &Schema, is_resource: bool) -> Option<Shape> {
    shape_at(schema, is_resource, 0)
}

fn shape_at(schema: &Schema, is_resource: bool, depth: usize) -> Option<Shape> {
    if depth > MAX_DEPTH {
        return None;
    }
    let below = |schema: &Schema| shape_at(schema, schema.embedded_resource, depth + 1);
    let limits = schema.limits.as_deref();
    if schema.int_or_string {
        let limit = limits.and_then(|limits| limits.max_length);
        return Some(Shape {
            form: Form::Dyn,
            most_elements: limit.map_or(MAX_REQUEST_BYTES - 2, in_bytes),
            fewest_bytes: FEWEST_NUMBER_BYTES,
        });
    }
    Some(match schema.value_type? {
        ValueType::Array => {
            let items = below(schema.items.as_deref()?)?;
            let limit = limits.and_then(|limits| limits.max_items);
            Shape {
                most_elements: limit
                    .unwrap_or_else(|| (MAX_REQUEST_BYTES - 2) / (items.fewest_bytes + 1)),
                form: Form::List(Box::new(items)),
                fewest_bytes: 2,
            }
        }
        ValueType::Object => match &schema.additional {
            Additional::Schema(values) if !is_resource => {
                let values = below(values)?;
                let limit = limits.and_then(|limits| limits.max_properties);
                Shape {
                    most_elements: limit
                        .unwrap_or_else(|| (MAX_REQUEST_BYTES - 2) / (values.fewest_bytes + 6)),
                    form: Form::Map(Box::new(values)),
                    fewest_bytes: 2,
                }
            }
            _ => object(schema, is_resource, &below),
        },
        ValueType::String => string(schema, limits),
        ValueType::Boolean => Shape::plain(Form::Bool, FEWEST_BOOL_BYTES),
        ValueType::Number => Shape::plain(Form::Double, FEWEST_NUMBER_BYTES),
        ValueType::Integer => Shape::plain(Form::Int, FEWEST_NUMBER_BYTES),
    })
}

/// Characters of a limit in bytes.
fn in_bytes(characters: u64) -> u64 {
    characters.saturating_mul(CHARACTER_BYTES)
}

fn object(schema: &Schema, is_resource: bool, below: &dyn Fn(&Schema) -> Option<Shape>) -> Shape {
    let mut fields = BTreeMap::new();
    let mut fewest_bytes = 2;
    for (name, field) in &schema.properties {
        let Some(shape) = below(field) else { continue };
        let has_default = field.field_default().is_some_and(|value| !value.is_null());
        if schema.required.contains(name) && !has_default {
            fewest_bytes += name.len() as u64 + shape.fewest_bytes + 4;
        }
        fields.extend(names(name).map(|name| (name, shape.clone())));
    }
    if is_resource {
        fields.extend(type_meta());
    }
    Shape {
        form: Form::Object(fields),
        most_elements: 0,
        fewest_bytes,
    }
}

/// The names of a field for CEL: its own may be one of CEL's words.
fn names(name: &str) -> impl Iterator<Item = String> + use<> {
    let escaped = escape(name);
    let own = escaped
        .as_deref()
        .is_some_and(|escaped| escaped == format!("__{name}__"))
        .then(|| name.to_owned());
    escaped.into_iter().chain(own)
}

/// What every resource has.
fn type_meta() -> [(String, Shape); 3] {
    let text = || Shape {
        form: Form::String,
        most_elements: MAX_REQUEST_BYTES - 2,
        fewest_bytes: FEWEST_STRING_BYTES,
    };
    let names = ["name", "generateName"].map(|name| (name.to_owned(), text()));
    let metadata = Shape::plain(Form::Object(names.into_iter().collect()), 2);
    [
        ("apiVersion".to_owned(), text()),
        ("kind".to_owned(), text()),
        ("metadata".to_owned(), metadata),
    ]
}

fn string(schema: &Schema, limits: Option<&Limits>) -> Shape {
    let limit = limits.and_then(|limits| limits.max_length);
    let (form, most_elements, fewest_bytes) = match schema.format.as_deref() {
        Some("byte") => {
            let most = limit.unwrap_or(MAX_REQUEST_BYTES - 2);
            (Form::Bytes, most, FEWEST_STRING_BYTES)
        }
        Some("duration") => (Form::Duration, MOST_TIME_BYTES, FEWEST_DURATION_BYTES),
        Some("date") => (Form::Timestamp, DATE_BYTES, DATE_BYTES),
        Some("date-time") => (Form::Timestamp, MOST_TIME_BYTES, FEWEST_TIME_BYTES),
        _ => {
            let most = match limit {
                Some(limit) => in_bytes(limit),
                None if schema.enumeration.is_empty() => MAX_REQUEST_BYTES - 2,
                None => longest(&schema.enumeration),
            };
            (Form::String, most, FEWEST_STRING_BYTES)
        }
    };
    Shape {
        form,
        most_elements,
        fewest_bytes,
    }
}

/// Bytes of the longest allowed text.
fn longest(allowed: &[Value]) -> u64 {
    let lengths = allowed.iter().filter_map(Value::as_str).map(str::len);
    lengths.max().unwrap_or_default() as u64
}
