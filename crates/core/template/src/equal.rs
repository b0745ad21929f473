//! Deep equality, as `reflect.DeepEqual`: types count.

use std::collections::HashSet;

use crate::exec::Runtime;
use crate::function::CallError;
use crate::stack::with_room;
use crate::types::Kind;
use crate::value::{MAX_VALUE_DEPTH_LEVELS, Value};

/// Comparisons that count as one step.
const COMPARISONS_PER_STEP: u64 = 16;
/// Comparisons after which pairs are remembered: values share their parts, and would be compared again and again.
const COMPARISONS_WITHOUT_MEMORY: usize = 1_000;

/// Whether both are of one type and hold the same. What is compared is counted as work.
pub fn deep_equal(
    runtime: &mut Runtime<'_>,
    first: &Value,
    second: &Value,
) -> Result<bool, CallError> {
    let mut comparison = Comparison {
        count: 0,
        seen: HashSet::new(),
    };
    let is_equal = comparison.equal(first, second, 0);
    runtime.charge(comparison.count as u64 / COMPARISONS_PER_STEP)?;
    Ok(is_equal)
}

struct Comparison {
    count: usize,
    /// Addresses of maps and lists that were compared, or are being compared further out; a difference ends it all.
    seen: HashSet<(usize, usize)>,
}

impl Comparison {
    fn equal(&mut self, first: &Value, second: &Value, depth: usize) -> bool {
        if depth > MAX_VALUE_DEPTH_LEVELS {
            // Both hold themselves, and nothing differed on the way.
            return true;
        }
        self.count += 1;
        if self.count > COMPARISONS_WITHOUT_MEMORY
            && let Some(pair) = addresses(first, second)
            && !self.seen.insert(pair)
        {
            return true;
        }
        with_room(|| self.level_equal(first, second, depth))
    }

    fn level_equal(&mut self, first: &Value, second: &Value, depth: usize) -> bool {
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
                    && x.iter().zip(y).all(|(x, y)| self.equal(x, y, depth + 1))
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.type_name() != b.type_name() {
                    return false;
                }
                if a.is_same(b) {
                    return true;
                }
                let (x, y) = (a.entries(), b.entries());
                a.is_nil() == b.is_nil()
                    && x.len() == y.len()
                    && x.iter()
                        .all(|(key, x)| y.get(key).is_some_and(|y| self.equal(x, y, depth + 1)))
            }
            (Value::Object(a), Value::Object(b)) => {
                let same_type = a.type_name() == b.type_name();
                let (x, y) = (a.printed_fields(), b.printed_fields());
                same_type
                    && match a.kind() {
                        Kind::Map | Kind::Slice => {
                            self.level_equal(&a.underlying(), &b.underlying(), depth + 1)
                        }
                        _ => {
                            x.len() == y.len()
                                && x.iter()
                                    .zip(&y)
                                    .all(|(x, y)| self.equal(&x.1, &y.1, depth + 1))
                        }
                    }
            }
            _ => false,
        }
    }
}

fn addresses(first: &Value, second: &Value) -> Option<(usize, usize)> {
    match (first, second) {
        (Value::Map(first), Value::Map(second)) => Some((first.address(), second.address())),
        (Value::List(first), Value::List(second)) => Some((first.address(), second.address())),
        _ => None,
    }
}
