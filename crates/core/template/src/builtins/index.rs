//! `index`, `slice` and `len`.

use std::sync::Arc;

use super::Outcome;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::types::{Kind, Type, UintKind};
use crate::value::{List, Map, Operand, Value, zero};

/// What an object that is a list or map holds.
fn held(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.underlying() {
            Value::Nil => value.clone(),
            inner => inner,
        },
        other => other.clone(),
    }
}

fn is_nil_pointer(operand: &Operand) -> bool {
    match &operand.value {
        Value::Nil => true,
        Value::Object(object) => object.kind() == Kind::Pointer && object.is_nil(),
        _ => false,
    }
}

/// `index x 1 2`: `x[1][2]`.
pub fn index(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut item = arguments[0].clone();
    if let Value::Nil = item.value {
        return Err(CallError::new("index of untyped nil"));
    }
    item.boxed = false;
    for index in &arguments[1..] {
        if is_nil_pointer(&item) {
            return Err(CallError::new("index of nil pointer"));
        }
        item = match held(&item.value) {
            Value::List(list) => list_element(&list, index)?,
            Value::Bytes(bytes) => byte_element(&bytes, index)?,
            Value::String(text) => byte_element(&text, index)?,
            Value::Map(map) => map_element(&map, index)?,
            other => {
                // Go looks behind pointers.
                let name = other.type_name();
                let kind = name.trim_start_matches('*');
                return Err(CallError::new(format!("can't index item of type {kind}")));
            }
        };
    }
    Ok(item)
}

fn list_element(list: &List, index: &Operand) -> Result<Operand, CallError> {
    let at = position(index, list.items().len())?;
    match list.items().get(at) {
        Some(item) => Ok(Operand::element(item.clone(), list.item_type())),
        // Go's check lets the length itself through, and its reflection panics.
        None => Err(CallError::new("reflect: slice index out of range")),
    }
}

fn byte_element(bytes: &[u8], index: &Operand) -> Result<Operand, CallError> {
    let at = position(index, bytes.len())?;
    match bytes.get(at) {
        Some(byte) => Ok(Value::Uint(UintKind::Uint8, u64::from(*byte)).into()),
        None => Err(CallError::new("reflect: string index out of range")),
    }
}

fn map_element(map: &Map, index: &Operand) -> Result<Operand, CallError> {
    let item = map.item_type();
    match &index.value {
        Value::String(key) => {
            let value = map.get_bytes(key).unwrap_or_else(|| zero(item));
            Ok(Operand::element(value, item))
        }
        Value::Nil => Err(CallError::new("value is nil; should be of type string")),
        other => Err(CallError::new(format!(
            "value has type {}; should be string",
            other.type_name()
        ))),
    }
}

/// An index, which may be the length too.
fn position(index: &Operand, capacity: usize) -> Result<usize, CallError> {
    let at = match &index.value {
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => *uint as i64,
        Value::Nil => return Err(CallError::new("cannot index slice/array with nil")),
        other => {
            return Err(CallError::new(format!(
                "cannot index slice/array with type {}",
                other.type_name()
            )));
        }
    };
    usize::try_from(at)
        .ok()
        .filter(|at| *at <= capacity)
        .ok_or_else(|| CallError::new(format!("index out of range: {at}")))
}

/// `slice x 1 2`: `x[1:2]`.
pub fn slice(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let Some((item, indexes)) = arguments.split_first() else {
        return Err(CallError::new("slice of untyped nil"));
    };
    match &item.value {
        Value::Nil => return Err(CallError::new("slice of untyped nil")),
        _ if is_nil_pointer(item) => return Err(CallError::new("slice of nil pointer")),
        _ => {}
    }
    if indexes.len() > 3 {
        let count = indexes.len();
        return Err(CallError::new(format!("too many slice indexes: {count}")));
    }
    let value = held(&item.value);
    // A slice of a named type keeps its type.
    let named = match &item.value {
        Value::Object(object) => Some(object),
        _ => None,
    };
    let length = match &value {
        Value::String(_) if indexes.len() == 3 => {
            return Err(CallError::new("cannot 3-index slice a string"));
        }
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.items().len(),
        other => {
            let kind = other.type_name();
            return Err(CallError::new(format!("can't slice item of type {kind}")));
        }
    };
    let (start, end) = bounds(indexes, length)?;
    Ok(match value {
        Value::String(text) => Value::text(&text[start..end]),
        Value::Bytes(bytes) => Value::Bytes(Arc::from(&bytes[start..end])),
        Value::List(list) => {
            let items = list.items()[start..end].to_vec();
            let part = List::typed(list.item_type().clone(), items);
            named
                .and_then(|object| object.with_items(&part))
                .unwrap_or(Value::List(part))
        }
        other => other,
    }
    .into())
}

fn bounds(indexes: &[Operand], length: usize) -> Result<(usize, usize), CallError> {
    let mut places = [0, length, length];
    for (place, index) in places.iter_mut().zip(indexes) {
        *place = position(index, length)?;
    }
    let [start, end, capacity] = places;
    if start > end {
        return Err(CallError::new(format!(
            "invalid slice index: {start} > {end}"
        )));
    }
    if indexes.len() == 3 && end > capacity {
        return Err(CallError::new(format!(
            "invalid slice index: {end} > {capacity}"
        )));
    }
    Ok((start, end))
}

/// `len`.
pub fn len(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let item = &arguments[0];
    if let Value::Nil = item.value {
        return Err(CallError::new(if item.boxed {
            "len of nil pointer"
        } else {
            "reflect: call of reflect.Value.Type on zero Value"
        }));
    }
    if is_nil_pointer(item) {
        return Err(CallError::new("len of nil pointer"));
    }
    let length = match held(&item.value) {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.len(),
        other => {
            let kind: String = match other.static_type() {
                // Go looks behind pointers.
                Type::Map(_) | Type::Named(_) => {
                    other.type_name().trim_start_matches('*').to_owned()
                }
                kind => kind.to_string(),
            };
            return Err(CallError::new(format!("len of type {kind}")));
        }
    };
    Ok(Value::int(length as i64).into())
}
