//! Removes fields from a value.

use serde_json::{Map, Value};

use super::{Form, ListType, MapOf, Type, element_of};
use crate::field_set::FieldSet;
use crate::path_element::PathElement;

/// The value without the members of a set. Maps and lists of which nothing is left become null.
pub fn remove_items(value: &Value, items: &FieldSet, value_type: Type<'_>) -> Value {
    match value_type.atom().deduce(Some(value)).form() {
        Form::Scalar(_) => value.clone(),
        Form::Map(map) => match value {
            Value::Object(fields) if !map.atomic => from_map(&map, fields, items),
            _ => Value::Null,
        },
        Form::List(list) => match value {
            Value::Array(values) if list.keys.is_some() => from_list(&list, values, items),
            _ => Value::Null,
        },
    }
}

fn from_map(map: &MapOf<'_>, fields: &Map<String, Value>, items: &FieldSet) -> Value {
    let mut out = Map::new();
    for (name, value) in fields {
        let node = items.get(&PathElement::field(name.as_str()));
        let value = match node {
            Some(node) if node.member => continue,
            Some(node) if !node.children.is_empty() => {
                let field_type = map.field(name).unwrap_or(Type::Deduced);
                remove_items(value, &node.children, field_type)
            }
            _ => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    if out.is_empty() {
        Value::Null
    } else {
        Value::Object(out)
    }
}

fn from_list(list: &ListType<'_>, values: &[Value], items: &FieldSet) -> Value {
    let mut out = Vec::new();
    for value in values {
        let node = element_of(list, value)
            .ok()
            .and_then(|element| items.get(&element));
        match node {
            Some(node) if node.member => {}
            Some(node) if !node.children.is_empty() => {
                out.push(remove_items(value, &node.children, list.element));
            }
            _ => out.push(value.clone()),
        }
    }
    if out.is_empty() {
        Value::Null
    } else {
        Value::Array(out)
    }
}
