//! Comparisons in filters: of values of one basic type, as in Go's templates.

use std::cmp::Ordering;

use serde_json::Value;

use super::FindError;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    Greater,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
}

impl Operator {
    pub(super) fn parse(text: &str) -> Result<Self, FindError> {
        Ok(match text {
            "<" => Self::Less,
            ">" => Self::Greater,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<=" => Self::LessOrEqual,
            ">=" => Self::GreaterOrEqual,
            other => return Err(FindError::Operator(other.to_owned())),
        })
    }

    /// Whether it holds. Integers and floats are of different types, and truth values have no order.
    pub(super) fn holds(self, left: &Value, right: &Value) -> Result<bool, FindError> {
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) if left.is_f64() == right.is_f64() => {
                match (left.as_i64(), right.as_i64()) {
                    (Some(left), Some(right)) => Some(left.cmp(&right)),
                    _ => left
                        .as_f64()
                        .zip(right.as_f64())
                        .and_then(|(left, right)| left.partial_cmp(&right)),
                }
            }
            (Value::Bool(left), Value::Bool(right))
                if matches!(self, Self::Equal | Self::NotEqual) =>
            {
                Some(left.cmp(right))
            }
            _ => None,
        };
        let order = order.ok_or(FindError::Compare)?;
        Ok(match self {
            Self::Less => order == Ordering::Less,
            Self::Greater => order == Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        })
    }
}
