//! Deep equality, as `reflect.DeepEqual`: types count.

use crate::stack::with_room;
use crate::types::Kind;
use crate::value::{MAX_VALUE_DEPTH_LEVELS, Value};

/// Whether both are of one type and hold the same.
pub fn deep_equal(first: &Value, second: &Value) -> bool {
    equal(first, second, 0)
}

fn equal(first: &Value, second: &Value, depth: usize) -> bool {
    if depth > MAX_VALUE_DEPTH_LEVELS {
        // Both hold themselves, and nothing differed on the way.
        return true;
    }
    with_room(|| level_equal(first, second, depth))
}

fn level_equal(first: &Value, second: &Value, depth: usize) -> bool {
    match (first, second) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(kind, a), Value::Int(other, b)) => kind == other && a == b,
        (Value::Uint(kind, a), Value::Uint(other, b)) => kind == other && a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Float32(a), Value::Float32(b)) => a == b,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Time(a), Value::Time(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            let (x, y) = (a.items(), b.items());
            a.item_type() == b.item_type()
                && a.is_nil() == b.is_nil()
                && x.len() == y.len()
                && x.iter().zip(y).all(|(x, y)| equal(x, y, depth + 1))
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.is_same(b) {
                return true;
            }
            let (x, y) = (a.entries(), b.entries());
            a.type_name() == b.type_name()
                && a.is_nil() == b.is_nil()
                && x.len() == y.len()
                && x.iter()
                    .all(|(key, x)| y.get(key).is_some_and(|y| equal(x, y, depth + 1)))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same_type = a.type_name() == b.type_name();
            let (x, y) = (a.fields(), b.fields());
            same_type
                && match a.kind() {
                    Kind::Map | Kind::Slice => equal(&a.underlying(), &b.underlying(), depth + 1),
                    _ => {
                        x.len() == y.len()
                            && x.iter().zip(&y).all(|(x, y)| equal(&x.1, &y.1, depth + 1))
                    }
                }
        }
        _ => false,
    }
}
