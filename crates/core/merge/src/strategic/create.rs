//! Creates a strategic merge patch.

use std::mem::discriminant;

use serde_json::{Map, Value, json};

use super::order::sort_by_order;
use super::{
    DELETE_FROM_PREFIX, DIRECTIVE, Meta, ORDER_PREFIX, RETAIN_KEYS, StrategicError, as_map,
    go_text, no_merge_key,
};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DiffOptions {
    /// Write `$setElementOrder` for merging lists.
    pub set_element_order: bool,
    /// Leave out what is gone.
    pub ignore_deletions: bool,
    /// Leave out what changed or is new.
    pub ignore_changes: bool,
    /// Write `$retainKeys` for the map at hand.
    pub retain_keys: bool,
}

type Fields = Map<String, Value>;

pub(super) fn diff_maps(
    original: &Fields,
    modified: &Fields,
    meta: Meta<'_>,
    options: DiffOptions,
) -> Result<Fields, StrategicError> {
    let mut patch = Fields::new();
    for (name, after) in modified {
        match original.get(name) {
            Some(Value::Object(before)) if after.is_object() => {
                let after = as_map(after)?;
                if before == after {
                    continue;
                }
                let field = meta.field(name)?;
                let options = DiffOptions {
                    retain_keys: field.retain_keys,
                    ..options
                };
                let below = diff_maps(before, after, field.below, options)?;
                if !below.is_empty() {
                    patch.insert(name.clone(), Value::Object(below));
                }
            }
            Some(Value::Array(before)) => match after {
                Value::Array(after) if before != after => {
                    diff_field(&mut patch, name, before, after, meta, options)?;
                }
                Value::Array(_) => {}
                _ => replace(&mut patch, name, after, options),
            },
            Some(before) if discriminant(before) == discriminant(after) && before == after => {}
            _ => replace(&mut patch, name, after, options),
        }
    }
    if !options.ignore_deletions {
        for name in original.keys().filter(|name| !modified.contains_key(*name)) {
            patch.insert(name.clone(), Value::Null);
        }
    }
    if options.retain_keys {
        let mut keys: Vec<&String> = modified
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name)
            .collect();
        keys.sort();
        let gone = original
            .iter()
            .any(|(name, value)| !value.is_null() && !modified.contains_key(name));
        if !keys.is_empty() && (!patch.is_empty() || gone) {
            patch.insert(RETAIN_KEYS.to_owned(), json!(keys));
        }
    }
    Ok(patch)
}

fn replace(patch: &mut Fields, name: &str, value: &Value, options: DiffOptions) {
    if !options.ignore_changes {
        patch.insert(name.to_owned(), value.clone());
    }
}

fn diff_field(
    patch: &mut Fields,
    name: &str,
    before: &[Value],
    after: &[Value],
    meta: Meta<'_>,
    options: DiffOptions,
) -> Result<(), StrategicError> {
    let field = meta.field(name)?;
    if !field.merge {
        replace(patch, name, &Value::Array(after.to_vec()), options);
        return Ok(());
    }
    let options = DiffOptions {
        retain_keys: field.retain_keys,
        ..options
    };
    let difference = diff_lists(before, after, field.below, field.merge_key, options)?;
    let mut put = |name: String, list: Vec<Value>| {
        if !list.is_empty() {
            patch.insert(name, Value::Array(list));
        }
    };
    put(name.to_owned(), difference.patch);
    put(format!("{DELETE_FROM_PREFIX}/{name}"), difference.deletions);
    put(format!("{ORDER_PREFIX}/{name}"), difference.order);
    Ok(())
}

#[derive(Default)]
struct ListDifference {
    patch: Vec<Value>,
    deletions: Vec<Value>,
    order: Vec<Value>,
}

fn diff_lists(
    before: &[Value],
    after: &[Value],
    meta: Meta<'_>,
    merge_key: Option<&str>,
    options: DiffOptions,
) -> Result<ListDifference, StrategicError> {
    if before.is_empty() {
        let patch = if options.ignore_changes {
            Vec::new()
        } else {
            after.to_vec()
        };
        return Ok(ListDifference {
            patch,
            ..ListDifference::default()
        });
    }
    match (&before[0], merge_key) {
        (Value::Array(_), _) => Err(StrategicError::ListOfLists),
        (Value::Object(_), Some(key)) => diff_lists_of_maps(before, after, meta, key, options),
        (Value::Object(map), None) => Err(no_merge_key(map, "")),
        _ => Ok(diff_lists_of_scalars(before, after, options)),
    }
}

fn diff_lists_of_scalars(
    before: &[Value],
    after: &[Value],
    options: DiffOptions,
) -> ListDifference {
    let mut out = ListDifference::default();
    if !options.ignore_changes {
        out.patch = after
            .iter()
            .filter(|value| !before.contains(value))
            .cloned()
            .collect();
    }
    if !options.ignore_deletions {
        let mut gone: Vec<Value> = before
            .iter()
            .filter(|value| !after.contains(value))
            .cloned()
            .collect();
        gone.sort_by_key(go_text);
        gone.dedup();
        out.deletions = gone;
    }
    let deleted = !options.ignore_deletions && !out.deletions.is_empty();
    let changed = !options.ignore_changes && before != after;
    if options.set_element_order && (deleted || changed) {
        out.order = after.to_vec();
    }
    out
}

fn diff_lists_of_maps(
    before: &[Value],
    after: &[Value],
    meta: Meta<'_>,
    key: &str,
    options: DiffOptions,
) -> Result<ListDifference, StrategicError> {
    let mut patch = Vec::new();
    for value in after {
        let map = as_map(value)?;
        let identity = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
        match before.iter().find(|value| value.get(key) == Some(identity)) {
            Some(there) => {
                let mut below = diff_maps(as_map(there)?, map, meta, options)?;
                if !below.is_empty() {
                    below.insert(key.to_owned(), identity.clone());
                    patch.push(Value::Object(below));
                }
            }
            None if !options.ignore_changes => patch.push(value.clone()),
            None => {}
        }
    }
    let mut deletions = Vec::new();
    if !options.ignore_deletions {
        for value in before {
            let map = as_map(value)?;
            let identity = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
            if !after.iter().any(|value| value.get(key) == Some(identity)) {
                deletions.push(json!({ key: identity, DIRECTIVE: "delete" }));
            }
        }
        deletions.sort_by_key(|value| go_text(&value[key]));
    }
    let mut patch = sort_by_order(patch, after, Some(key))?;
    patch.extend(deletions);
    let same_order = before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(before, after)| before.get(key) == after.get(key));
    let changed = !options.ignore_changes && (!patch.is_empty() || !same_order);
    let deleted = !options.ignore_deletions && !patch.is_empty();
    let order = if options.set_element_order && (changed || deleted) {
        after
            .iter()
            .map(|value| json!({ key: value[key] }))
            .collect()
    } else {
        Vec::new()
    };
    Ok(ListDifference {
        patch,
        deletions: Vec::new(),
        order,
    })
}
