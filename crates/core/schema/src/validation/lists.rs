//! Uniqueness in lists of type set and map.

use serde_json::{Map, Value};

use crate::field_error::{FieldError, FieldPath};
use crate::model::{Additional, ListType, Schema};

/// Errors of elements that occur twice, anywhere below a value.
pub(super) fn check(
    value: &Value,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if let Some(field) = schema.properties.get(name) {
                    check(value, field, &path.child(name), errors);
                } else if let Additional::Schema(field) = &schema.additional {
                    check(value, field, &path.key(name), errors);
                }
            }
        }
        Value::Array(list) => check_list(list, schema, path, errors),
        _ => {}
    }
}

fn check_list(list: &[Value], schema: &Schema, path: &FieldPath, errors: &mut Vec<FieldError>) {
    match schema.list_type {
        Some(ListType::Set) => {
            report_repeated(list.iter(), path, errors);
        }
        Some(ListType::Map) => {
            if let Some(index) = list
                .iter()
                .position(|value| !value.is_object() && !value.is_null())
            {
                let detail = "must be an object for an array of list-type map";
                errors.push(FieldError::invalid(
                    path.index(index),
                    list[index].clone(),
                    detail,
                ));
                return;
            }
            let keys: Vec<Value> = list.iter().map(|value| key_of(value, schema)).collect();
            report_repeated(keys.iter(), path, errors);
        }
        Some(ListType::Atomic) | None => {}
    }
    if let Some(items) = &schema.items {
        for (index, value) in list.iter().enumerate() {
            check(value, items, &path.index(index), errors);
        }
    }
}

fn key_of(value: &Value, schema: &Schema) -> Value {
    let mut map = Map::new();
    for key in &schema.list_map_keys {
        if let Some(value) = value.get(key) {
            map.insert(key.clone(), value.clone());
        }
    }
    Value::Object(map)
}

/// Reports every value that occurs again, once, at its second place.
fn report_repeated<'a>(
    values: impl Iterator<Item = &'a Value>,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let mut seen: Vec<(&Value, usize)> = Vec::new();
    for (index, value) in values.enumerate() {
        match seen.iter_mut().find(|(there, _)| *there == value) {
            Some((_, count)) => {
                *count += 1;
                if *count == 2 {
                    errors.push(FieldError::duplicate(path.index(index), value.clone()));
                }
            }
            None => seen.push((value, 1)),
        }
    }
}
