//! Maps merged as `dario.cat/mergo` does it, quirks included.

use crate::exec::Runtime;
use crate::function::CallError;
use crate::stack::with_room;
use crate::truth::is_true;
use crate::types::Kind;
use crate::value::{MAX_VALUE_DEPTH_LEVELS, Map, Value};

/// Merges a map into another, in place. Without `overwrite`, only what is empty there is filled.
pub fn merge(
    runtime: &mut Runtime<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), CallError> {
    if depth > MAX_VALUE_DEPTH_LEVELS {
        return Err(CallError::limit("merged maps are nested too deeply"));
    }
    if target.is_nil() || target.is_same(source) {
        return Ok(());
    }
    // The target may be part of the source: its entries are taken as they are now.
    runtime.charge_elements(source.len())?;
    for (key, value) in source.entries() {
        let before = target.get_bytes(&key);
        if matches!(value, Value::Nil) {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(more)) = (&before, &value) {
            with_room(|| merge(runtime, inner, more, overwrite, depth + 1))?;
        }
        let target_was_empty = target.is_empty();
        if is_slice(&value) && (overwrite || target_was_empty) {
            target.insert(key.clone(), value.clone());
        }
        let kept = match &before {
            Some(before) if !is_empty(before) => {
                is_slice(&value) || (is_map(&value) && is_map(before)) || !overwrite
            }
            _ => false,
        };
        if !kept {
            target.insert(key, value);
        }
    }
    Ok(())
}

fn is_slice(value: &Value) -> bool {
    matches!(value.kind(), Kind::Slice)
}

fn is_map(value: &Value) -> bool {
    matches!(value.kind(), Kind::Map)
}

/// What mergo fills: zeros, but structs are never empty.
fn is_empty(value: &Value) -> bool {
    !is_true(value)
}
