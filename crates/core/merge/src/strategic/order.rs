//! The order of merged lists.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{StrategicError, as_map, no_merge_key};

/// Value by which an element is found: its merge key, or itself.
fn identity<'a>(value: &'a Value, merge_key: Option<&str>) -> Option<&'a Value> {
    match merge_key {
        Some(key) => value.get(key),
        None => Some(value),
    }
}

pub(super) fn position(list: &[Value], wanted: &Value, merge_key: Option<&str>) -> Option<usize> {
    let wanted = identity(wanted, merge_key);
    list.iter()
        .position(|value| identity(value, merge_key) == wanted)
}

/// Fails unless every element is a map that has the key.
fn check_keys(list: &[Value], merge_key: &str) -> Result<(), StrategicError> {
    for value in list {
        let map = as_map(value)?;
        if !map.contains_key(merge_key) {
            return Err(no_merge_key(map, merge_key));
        }
    }
    Ok(())
}

/// Splits off the elements that are delete directives.
pub(super) fn split_deletions(
    list: Vec<Value>,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    let (mut kept, mut deletions) = (Vec::new(), Vec::new());
    for value in list {
        if as_map(&value)?.get(super::DIRECTIVE) == Some(&json!("delete")) {
            deletions.push(value);
        } else {
            kept.push(value);
        }
    }
    Ok((kept, deletions))
}

/// Sorts a list by the order of another one; deletions go to the end.
pub(super) fn sort_by_order(
    list: Vec<Value>,
    order: &[Value],
    merge_key: Option<&str>,
) -> Result<Vec<Value>, StrategicError> {
    let (mut list, deletions) = match merge_key {
        Some(key) => {
            check_keys(&list, key)?;
            check_keys(order, key)?;
            split_deletions(list)?
        }
        None => (list, Vec::new()),
    };
    list.sort_by(
        |a, b| match (position(order, a, merge_key), position(order, b, merge_key)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        },
    );
    list.extend(deletions);
    Ok(list)
}

/// Merges the elements of the patch and those that only the server has: each in its own order, interleaved by the
/// server's.
pub(super) fn interleave(
    patch: Vec<Value>,
    server_only: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    merge_key: Option<&str>,
) -> Result<Vec<Value>, StrategicError> {
    let patch = sort_by_order(patch, patch_order, merge_key)?;
    let server_only = sort_by_order(server_only, server_order, merge_key)?;
    let mut out = Vec::with_capacity(patch.len() + server_only.len());
    let mut left = server_only.into_iter().peekable();
    let mut right = patch.into_iter().peekable();
    loop {
        let take_left = match (left.peek(), right.peek()) {
            (None, None) => return Ok(out),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(l), Some(r)) => {
                let l = position(server_order, l, merge_key);
                let r = position(server_order, r, merge_key);
                matches!((l, r), (Some(l), Some(r)) if l < r)
            }
        };
        out.extend(if take_left { left.next() } else { right.next() });
    }
}

/// Splits a list by whether the elements are in another one.
pub(super) fn partition(
    list: Vec<Value>,
    by: &[Value],
    merge_key: Option<&str>,
) -> Result<(Vec<Value>, Vec<Value>), StrategicError> {
    if let Some(key) = merge_key {
        check_keys(&list, key)?;
        let odd = by.iter().position(|value| !value.is_object());
        let is_sought_behind = |odd: &usize| {
            let before = &by[..*odd];
            list.iter()
                .any(|value| position(before, value, merge_key).is_none())
        };
        if let Some(odd) = odd.filter(is_sought_behind) {
            return Err(StrategicError::NoMap(odd));
        }
    }
    Ok(list
        .into_iter()
        .partition(|value| position(by, value, merge_key).is_some()))
}
