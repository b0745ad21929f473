//! Comparison: `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Outcome;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::types::Kind;
use crate::value::{Operand, Value};

/// Kinds that can be compared with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
}

fn basic(value: &Value) -> Option<Basic> {
    Some(match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(..) => Basic::Int,
        Value::Uint(..) => Basic::Uint,
        Value::Float(_) | Value::Float32(_) => Basic::Float,
        Value::Complex(..) => Basic::Complex,
        Value::String(_) => Basic::String,
        _ => return None,
    })
}

fn bad_type() -> CallError {
    CallError::new("invalid type for comparison")
}

fn incompatible(first: &Value, second: &Value) -> CallError {
    CallError::new(format!(
        "incompatible types for comparison: {} and {}",
        first.type_name(),
        second.type_name()
    ))
}

/// `eq`: whether the first equals any of the others.
pub fn eq(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let Some((first, others)) = arguments.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Err(CallError::new("missing argument for comparison"));
    };
    for other in others {
        if equal(&first.value, &other.value)? {
            return Ok(Value::Bool(true).into());
        }
    }
    Ok(Value::Bool(false).into())
}

fn equal(first: &Value, second: &Value) -> Result<bool, CallError> {
    if basic(first) != basic(second) {
        return match (first, second) {
            (Value::Int(_, int), Value::Uint(_, uint))
            | (Value::Uint(_, uint), Value::Int(_, int)) => Ok(u64::try_from(*int) == Ok(*uint)),
            (Value::Nil, _) | (_, Value::Nil) => Ok(false),
            _ => Err(incompatible(first, second)),
        };
    }
    match (first, second) {
        (Value::Bool(first), Value::Bool(second)) => Ok(first == second),
        (Value::Int(_, first), Value::Int(_, second)) => Ok(first == second),
        (Value::Uint(_, first), Value::Uint(_, second)) => Ok(first == second),
        (Value::String(first), Value::String(second)) => Ok(first == second),
        (Value::Complex(a, b), Value::Complex(c, d)) => Ok(a == c && b == d),
        _ => match (float(first), float(second)) {
            (Some(first), Some(second)) => Ok(first == second),
            _ => other_equal(first, second),
        },
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        Value::Float32(float) => Some(f64::from(*float)),
        _ => None,
    }
}

/// Go's rules for what is neither number nor string: nil equals nil, structs equal each other, slices and maps only nil.
fn other_equal(first: &Value, second: &Value) -> Result<bool, CallError> {
    if first.kind() != second.kind()
        && first.kind() != Kind::Invalid
        && second.kind() != Kind::Invalid
    {
        return Err(CallError::new(format!(
            "non-comparable types {}: {}, {}: {}",
            shown(first),
            first.type_name(),
            second.type_name(),
            plain(second)
        )));
    }
    if first.is_nil() || second.is_nil() {
        return Ok(first.is_nil() == second.is_nil());
    }
    match (first, second) {
        (Value::Time(first), Value::Time(second)) => Ok(first == second),
        (Value::Object(a), Value::Object(b)) if !matches!(b.kind(), Kind::Map | Kind::Slice) => {
            Ok(Arc::ptr_eq(a, b))
        }
        _ => Err(CallError::new(format!(
            "non-comparable type {}: {}",
            shown(second),
            second.type_name()
        ))),
    }
}

/// `%s` of a `reflect.Value`.
fn shown(value: &Value) -> String {
    formatted(b"%s", value)
}

/// `%v` of a `reflect.Value`.
fn plain(value: &Value) -> String {
    formatted(b"%v", value)
}

fn formatted(format: &[u8], value: &Value) -> String {
    let operand = [Operand::plain(value.clone())];
    let text = crate::format::sprintf(format, &operand, usize::MAX).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// `ne`.
pub fn ne(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let equal = equal(&arguments[0].value, &arguments[1].value)?;
    Ok(Value::Bool(!equal).into())
}

fn less(first: &Value, second: &Value) -> Result<bool, CallError> {
    let (a, b) = (
        basic(first).ok_or_else(bad_type)?,
        basic(second).ok_or_else(bad_type)?,
    );
    if a != b {
        return match (first, second) {
            (Value::Int(_, int), Value::Uint(_, uint)) => {
                Ok(*int < 0 || int.unsigned_abs() < *uint)
            }
            (Value::Uint(_, uint), Value::Int(_, int)) => {
                Ok(*int >= 0 && *uint < int.unsigned_abs())
            }
            _ => Err(incompatible(first, second)),
        };
    }
    match (first, second) {
        (Value::Int(_, first), Value::Int(_, second)) => Ok(first < second),
        (Value::Uint(_, first), Value::Uint(_, second)) => Ok(first < second),
        (Value::String(first), Value::String(second)) => {
            Ok(first.as_bytes().cmp(second.as_bytes()) == Ordering::Less)
        }
        _ => match (float(first), float(second)) {
            (Some(first), Some(second)) => Ok(first < second),
            _ => Err(bad_type()),
        },
    }
}

fn less_or_equal(arguments: &[Operand]) -> Result<bool, CallError> {
    let (first, second) = (&arguments[0].value, &arguments[1].value);
    Ok(less(first, second)? || equal(first, second)?)
}

/// `lt`.
pub fn lt(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let less = less(&arguments[0].value, &arguments[1].value)?;
    Ok(Value::Bool(less).into())
}

/// `le`.
pub fn le(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::Bool(less_or_equal(arguments)?).into())
}

/// `gt`.
pub fn gt(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::Bool(!less_or_equal(arguments)?).into())
}

/// `ge`.
pub fn ge(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let less = less(&arguments[0].value, &arguments[1].value)?;
    Ok(Value::Bool(!less).into())
}
