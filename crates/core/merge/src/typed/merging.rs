//! Merges a partial value over another one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::{Form, ListType, MapOf, Type, element_of};
use crate::path_element::PathElement;

/// The left value with everything that the right one mentions. Nothing is removed. Lists keep the left order when the
/// right one changes nothing, else the right one's.
pub fn merge(left: &Value, right: &Value, value_type: Type<'_>) -> Option<Value> {
    merge_options(Some(left), Some(right), value_type)
}

fn merge_options(
    left: Option<&Value>,
    right: Option<&Value>,
    value_type: Type<'_>,
) -> Option<Value> {
    let atom = value_type.atom();
    let form = if right.is_none() {
        atom.deduce(left)
    } else {
        atom.deduce(right)
    }
    .form();
    let keep = || right.or(left).cloned();
    match form {
        Form::Scalar(_) => keep(),
        Form::Map(map) => {
            let left_map = left.and_then(Value::as_object);
            let right_map = right.and_then(Value::as_object);
            let empty = left_map.is_none_or(Map::is_empty) && right_map.is_none_or(Map::is_empty);
            if map.atomic || empty {
                keep()
            } else {
                merge_maps(&map, left_map, right_map)
            }
        }
        Form::List(list) => {
            let left_list = left
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let right_list = right
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if list.keys.is_none() || (left_list.is_empty() && right_list.is_empty()) {
                keep()
            } else {
                merge_lists(&list, left_list, right_list)
            }
        }
    }
}

fn merge_maps(
    map: &MapOf<'_>,
    left: Option<&Map<String, Value>>,
    right: Option<&Map<String, Value>>,
) -> Option<Value> {
    let mut out = Map::new();
    let names = left
        .into_iter()
        .flatten()
        .chain(right.into_iter().flatten())
        .map(|(name, _)| name);
    for name in names {
        if out.contains_key(name) {
            continue;
        }
        let field_type = map.field(name).unwrap_or(Type::Deduced);
        let left = left.and_then(|left| left.get(name));
        let right = right.and_then(|right| right.get(name));
        if let Some(value) = merge_options(left, right, field_type) {
            out.insert(name.clone(), value);
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

struct Indexed<'a> {
    order: Vec<(PathElement, &'a Value)>,
    /// Values by element; `None` for elements that occur more than once.
    values: BTreeMap<PathElement, Option<&'a Value>>,
}

fn index<'a>(list: &ListType<'_>, values: &'a [Value]) -> Indexed<'a> {
    let mut out = Indexed {
        order: Vec::new(),
        values: BTreeMap::new(),
    };
    for value in values {
        let Ok(element) = element_of(list, value) else {
            continue;
        };
        let seen = out.values.contains_key(&element);
        out.values.insert(element.clone(), (!seen).then_some(value));
        out.order.push((element, value));
    }
    out
}

/// Interleaves two lists: shared elements in the right one's order, the left one's own elements kept next to their
/// neighbours.
fn merge_lists(list: &ListType<'_>, left: &[Value], right: &[Value]) -> Option<Value> {
    let left = index(list, left);
    let right = index(list, right);
    let mut shared: VecDeque<&PathElement> = right
        .order
        .iter()
        .map(|(element, _)| element)
        .filter(|element| left.values.contains_key(*element))
        .collect();
    let mut next_shared = shared.pop_front();
    let mut merged: BTreeSet<&PathElement> = BTreeSet::new();
    let mut out = Vec::new();
    let mut push = |left: Option<&Value>, right: Option<&Value>| {
        out.extend(merge_options(left, right, list.element));
    };
    let (mut l, mut r) = (0, 0);
    while l < left.order.len() || r < right.order.len() {
        if let (Some((element, _)), Some((other, right_value))) =
            (left.order.get(l), right.order.get(r))
        {
            if element == other {
                merged.insert(other);
                push(
                    left.values.get(element).copied().flatten(),
                    Some(right_value),
                );
                l += 1;
                r += 1;
                next_shared = shared.pop_front();
                continue;
            }
            let other_shared = next_shared.is_some_and(|next| next != element);
            if right.values.contains_key(element) && other_shared {
                l += 1;
                continue;
            }
        }
        if let Some((element, value)) = left.order.get(l) {
            if !right.values.contains_key(element) {
                push(Some(value), None);
                l += 1;
                continue;
            }
            if merged.contains(element) {
                l += 1;
            }
        }
        if let Some((element, value)) = right.order.get(r) {
            merged.insert(element);
            push(left.values.get(element).copied().flatten(), Some(value));
            r += 1;
            if next_shared == Some(element) {
                next_shared = shared.pop_front();
            }
        }
    }
    (!out.is_empty()).then_some(Value::Array(out))
}
