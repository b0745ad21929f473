//! Applies a strategic merge patch.

use serde_json::{Map, Value, json};

use super::order::{interleave, partition, position, split_deletions};
use super::{
    DELETE_FROM_PREFIX, DIRECTIVE, Meta, ORDER_PREFIX, RETAIN_KEYS, StrategicError, as_list,
    as_map, go_map, go_string_verb, go_text, go_type, no_merge_key,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct MergeOptions {
    /// `$deleteFromPrimitiveList` and `$setElementOrder` are carried out; else they are kept, because the original is
    /// a patch too.
    pub merge_parallel_lists: bool,
    /// nulls of the patch that match nothing are dropped.
    pub ignore_unmatched_nulls: bool,
}

type Fields = Map<String, Value>;

pub(super) fn merge_map(
    mut original: Fields,
    mut patch: Fields,
    meta: Meta<'_>,
    options: MergeOptions,
) -> Result<Fields, StrategicError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Fields::new()),
            _ => Err(StrategicError::Directive {
                directive: go_string_verb(directive),
                map: go_map(&patch),
            }),
        };
    }
    retain_keys(&mut original, &mut patch, options)?;
    set_element_order(&mut original, &mut patch, meta, options)?;
    for (name, value) in patch {
        let deletion = name.strip_prefix(DELETE_FROM_PREFIX);
        if let Some(rest) = deletion {
            if !options.merge_parallel_lists {
                original.insert(name, value);
                continue;
            }
            let field = rest
                .strip_prefix('/')
                .ok_or(StrategicError::Format("primitive list"))?
                .to_owned();
            merge_field(&mut original, field, value, true, meta, options)?;
        } else {
            merge_field(&mut original, name, value, false, meta, options)?;
        }
    }
    Ok(original)
}

fn merge_field(
    original: &mut Fields,
    name: String,
    mut value: Value,
    is_deletion: bool,
    meta: Meta<'_>,
    options: MergeOptions,
) -> Result<(), StrategicError> {
    if value.is_null() {
        original.remove(&name);
        if options.ignore_unmatched_nulls {
            return Ok(());
        }
    }
    let merged = match (original.remove(&name), value) {
        (Some(Value::Object(before)), Value::Object(after)) => {
            let field = meta.field(&name)?;
            Some(Value::Object(if field.replace {
                after
            } else {
                merge_map(before, after, field.below, options)?
            }))
        }
        (Some(Value::Array(before)), Value::Array(after)) => {
            let field = meta.field(&name)?;
            Some(Value::Array(if field.merge || is_deletion {
                merge_list(
                    before,
                    after,
                    field.below,
                    field.merge_key,
                    options,
                    is_deletion,
                )?
            } else {
                after
            }))
        }
        (before, _) if is_deletion => before,
        (_, after) => {
            value = after;
            if options.ignore_unmatched_nulls {
                discard_nulls(&mut value);
            }
            without_directives(value)
        }
    };
    if let Some(merged) = merged {
        original.insert(name, merged);
    }
    Ok(())
}

fn retain_keys(
    original: &mut Fields,
    patch: &mut Fields,
    options: MergeOptions,
) -> Result<(), StrategicError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    if !options.merge_parallel_lists {
        original.entry(RETAIN_KEYS).or_insert(keys);
        return Ok(());
    }
    let malformed = StrategicError::Format("retainKeys");
    let Value::Array(keys) = keys else {
        return Err(malformed);
    };
    let kept = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    for (name, value) in patch.iter() {
        let directive = name.starts_with(DELETE_FROM_PREFIX) || name.starts_with(ORDER_PREFIX);
        if !value.is_null() && !directive && !kept(name) {
            return Err(malformed);
        }
    }
    original.retain(|name, _| kept(name));
    Ok(())
}

/// Carries out (or keeps) the `$setElementOrder` directives; the lists that they order leave the patch.
fn set_element_order(
    original: &mut Fields,
    patch: &mut Fields,
    meta: Meta<'_>,
    options: MergeOptions,
) -> Result<(), StrategicError> {
    let directives: Vec<String> = patch
        .keys()
        .filter(|name| name.starts_with(ORDER_PREFIX))
        .cloned()
        .collect();
    for name in directives {
        let Some(order) = patch.remove(&name) else {
            continue;
        };
        if !options.merge_parallel_lists {
            match original.get(&name) {
                Some(there) if *there != order => {
                    return Err(StrategicError::Format("setElementOrder list"));
                }
                Some(_) => {}
                None => {
                    original.insert(name.clone(), order.clone());
                }
            }
        }
        let field = name
            .strip_prefix(ORDER_PREFIX)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(StrategicError::Format("setElementOrder list"))?;
        order_field(original, patch, field, as_list(&order)?, meta, options)?;
    }
    Ok(())
}

fn order_field(
    original: &mut Fields,
    patch: &mut Fields,
    name: &str,
    order: &[Value],
    meta: Meta<'_>,
    options: MergeOptions,
) -> Result<(), StrategicError> {
    let live = original.get(name).map(as_list).transpose()?.cloned();
    let change = patch.get(name).map(as_list).transpose()?.cloned();
    let field = meta.field(name)?;
    check_order(
        change.as_deref().unwrap_or_default(),
        order,
        field.merge_key,
    )?;
    let server_order = live.clone().unwrap_or_default();
    let merged = match (live, change) {
        (None, None) => return Ok(()),
        (Some(live), None) => live,
        (None, Some(change)) => change.into_iter().filter_map(without_directives).collect(),
        (Some(live), Some(change)) if field.merge => {
            merge_list(live, change, field.below, field.merge_key, options, false)?
        }
        (Some(_), Some(change)) => change,
    };
    let (in_patch, server_only) = partition(merged, order, field.merge_key)?;
    let changed = patch.get(name).and_then(Value::as_array);
    check_alike(&server_order, changed.map_or(&[], Vec::as_slice))?;
    let both = interleave(in_patch, server_only, order, &server_order, field.merge_key)?;
    original.insert(name.to_owned(), Value::Array(both));
    patch.remove(name);
    Ok(())
}

/// The elements of the patch must come in the order of the directive and be named by it.
fn check_order(
    patch: &[Value],
    order: &[Value],
    merge_key: Option<&str>,
) -> Result<(), StrategicError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let kept = match merge_key {
        Some(_) => split_deletions(patch.to_vec())?.0,
        None => patch.to_vec(),
    };
    let mut wanted = kept
        .iter()
        .filter(|value| value.get(DIRECTIVE).is_none())
        .peekable();
    for place in order {
        let Some(next) = wanted.peek() else { break };
        if same_identity(next, place, merge_key)? {
            wanted.next();
        }
    }
    if wanted.peek().is_some() {
        return Err(StrategicError::Order {
            patch: go_text(&Value::Array(patch.to_vec())),
            order: go_text(&Value::Array(order.to_vec())),
        });
    }
    Ok(())
}

fn same_identity(
    left: &Value,
    right: &Value,
    merge_key: Option<&str>,
) -> Result<bool, StrategicError> {
    let Some(key) = merge_key else {
        return Ok(left == right);
    };
    let value = |map: &Value| -> Result<Value, StrategicError> {
        let map = as_map(map)?;
        map.get(key).cloned().ok_or_else(|| no_merge_key(map, key))
    };
    Ok(value(left)? == value(right)?)
}

fn merge_list(
    original: Vec<Value>,
    patch: Vec<Value>,
    meta: Meta<'_>,
    merge_key: Option<&str>,
    options: MergeOptions,
    is_deletion: bool,
) -> Result<Vec<Value>, StrategicError> {
    let Some(first) = original.first().or(patch.first()) else {
        return Ok(original);
    };
    check_alike(&original, &patch)?;
    let server_order = original.clone();
    let (merged, patch, server_order) = if first.is_object() {
        let key = merge_key.ok_or_else(|| StrategicError::NoMergeKey {
            map: go_text(first),
            key: meta.name().to_owned(),
        })?;
        let (original, patch) = special_elements(original, patch, key)?;
        let order = original.clone();
        (
            merge_elements(original, patch.clone(), key, meta, options)?,
            patch,
            order,
        )
    } else {
        if options.merge_parallel_lists && is_deletion {
            return Ok(original
                .into_iter()
                .filter(|value| !patch.contains(value))
                .collect());
        }
        let mut merged: Vec<Value> = Vec::new();
        for value in original.into_iter().chain(patch.iter().cloned()) {
            if !merged.contains(&value) {
                merged.push(value);
            }
        }
        (merged, patch, server_order)
    };
    let (in_patch, server_only) = partition(merged, &patch, merge_key)?;
    interleave(in_patch, server_only, &patch, &server_order, merge_key)
}

/// All elements must be of the type of the first one, and that no list.
fn check_alike(original: &[Value], patch: &[Value]) -> Result<(), StrategicError> {
    let mut all = original.iter().chain(patch);
    let first = all.next().ok_or(StrategicError::NoElements)?;
    if first.is_array() {
        return Err(StrategicError::ListOfLists);
    }
    let wanted = go_type(first);
    if all.all(|value| go_type(value) == wanted) {
        return Ok(());
    }
    let lists = json!([original, patch]);
    Err(StrategicError::MixedElements(go_text(&lists)))
}

/// Carries out `$patch` directives that are elements of a list.
fn special_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    let mut plain = Vec::new();
    let mut replace = false;
    for value in patch {
        let map = as_map(&value)?;
        match map.get(DIRECTIVE) {
            None => plain.push(value),
            Some(Value::String(directive)) if directive == "delete" => {
                let wanted = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
                original.retain(|value| value.get(key) != Some(wanted));
            }
            Some(Value::String(directive)) if directive == "replace" => replace = true,
            Some(Value::String(directive)) if directive == "merge" => {
                return Err(StrategicError::MergeDirective);
            }
            Some(other) => {
                return Err(StrategicError::Directive {
                    directive: go_string_verb(other),
                    map: go_map(map),
                });
            }
        }
    }
    Ok(if replace {
        (plain, Vec::new())
    } else {
        (original, plain)
    })
}

fn merge_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
    meta: Meta<'_>,
    options: MergeOptions,
) -> Result<Vec<Value>, StrategicError> {
    for value in patch {
        let map = as_map(&value)?.clone();
        if !map.contains_key(key) {
            return Err(no_merge_key(&map, key));
        }
        match position(&original, &value, Some(key)) {
            Some(index) => {
                let before = as_map(&original[index])?.clone();
                original[index] = Value::Object(merge_map(before, map, meta, options)?);
            }
            None => original.push(value),
        }
    }
    Ok(original)
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// A value that nothing matches, without directives; `None` when it is one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter_map(|(name, value)| Some((name, without_directives(value)?)))
                .collect(),
        )),
        Value::Array(list) => Some(Value::Array(
            list.into_iter().filter_map(without_directives).collect(),
        )),
        other => Some(other),
    }
}
