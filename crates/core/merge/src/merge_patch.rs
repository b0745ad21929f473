//! JSON merge patch (RFC 7386).

use serde_json::{Map, Value};

/// Merges a patch into a value: maps merge, null removes, anything else replaces.
pub fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            map.remove(name);
        } else {
            apply(map.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The patch that makes `new` of `old`.
pub fn create(old: &Value, new: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return new.clone();
    };
    let mut patch = Map::new();
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in new {
        match old.get(name) {
            Some(before) if before == value => {}
            Some(before @ Value::Object(_)) if value.is_object() => {
                patch.insert(name.clone(), create(before, value));
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(patch)
}

/// The patch that brings to `current` what changed from `original` to `modified`, keeping what others added: for kinds
/// without a schema, as kubectl and Helm patch custom resources.
pub fn create_three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch =
        keep(create(current, modified), false).unwrap_or_else(|| Value::Object(Map::new()));
    if let Some(deletions) = keep(create(original, modified), true) {
        unite(&mut patch, deletions);
    }
    patch
}

/// The part of a patch that deletes, or the part that does not; `None` when nothing is left.
fn keep(patch: Value, deletions: bool) -> Option<Value> {
    match patch {
        Value::Null => deletions.then_some(Value::Null),
        Value::Object(map) => {
            let map: Map<String, Value> = map
                .into_iter()
                .filter_map(|(name, value)| {
                    // A new empty map is a change by itself.
                    let new_empty = !deletions && value.as_object().is_some_and(Map::is_empty);
                    let kept = if new_empty {
                        Some(value)
                    } else {
                        keep(value, deletions)
                    };
                    Some((name, kept?))
                })
                .collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        other => (!deletions).then_some(other),
    }
}

fn unite(patch: &mut Value, other: Value) {
    match (patch, other) {
        (Value::Object(patch), Value::Object(other)) => {
            for (name, value) in other {
                match patch.get_mut(&name) {
                    Some(there) => unite(there, value),
                    None => drop(patch.insert(name, value)),
                }
            }
        }
        (patch, other) => *patch = other,
    }
}
