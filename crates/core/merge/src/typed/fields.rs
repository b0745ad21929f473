//! Which fields a value mentions.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Form, ListType, MapOf, Type, element_of};
use crate::field_set::{FieldSet, Node};
use crate::path_element::PathElement;

/// The set of every leaf field and list element of a value.
pub fn fields_of(value: &Value, value_type: Type<'_>) -> FieldSet {
    node_of(value, value_type).children
}

fn node_of(value: &Value, value_type: Type<'_>) -> Node {
    let leaf = || Node {
        member: true,
        children: FieldSet::new(),
    };
    match value_type.atom().deduce(Some(value)).form() {
        Form::Scalar(_) => leaf(),
        Form::Map(map) if map.atomic => leaf(),
        Form::List(list) if list.keys.is_none() => leaf(),
        Form::Map(map) => value
            .as_object()
            .map(|value| map_node(value, &map))
            .unwrap_or_default(),
        Form::List(list) => value
            .as_array()
            .map(|value| list_node(value, &list))
            .unwrap_or_default(),
    }
}

fn map_node(value: &Map<String, Value>, map: &MapOf<'_>) -> Node {
    let mut children = FieldSet::new();
    for (name, value) in value {
        let mut node = node_of(value, map.field(name).unwrap_or(Type::Deduced));
        let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if empty || !map.declares(name) {
            node.member = true;
        }
        children.put(PathElement::field(name.as_str()), node);
    }
    Node {
        member: false,
        children,
    }
}

fn list_node(value: &[Value], list: &ListType<'_>) -> Node {
    let elements: Vec<(PathElement, &Value)> = value
        .iter()
        .filter_map(|value| Some((element_of(list, value).ok()?, value)))
        .collect();
    let mut counts: BTreeMap<&PathElement, usize> = BTreeMap::new();
    for (element, _) in &elements {
        *counts.entry(element).or_default() += 1;
    }
    let mut children = FieldSet::new();
    for (element, value) in &elements {
        // Elements that occur twice are owned as one, without what lies below.
        let mut node = if counts[element] > 1 {
            Node::default()
        } else {
            node_of(value, list.element)
        };
        node.member = true;
        children.put(element.clone(), node);
    }
    Node {
        member: false,
        children,
    }
}
