//! One step of a field path: a field, a list element by key or value, or an index.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;
use thiserror::Error;

/// One step of a path. Orders as structured-merge-diff does: fields, keys, values, indexes.
#[derive(Clone, Debug)]
pub enum PathElement {
    /// A field of a map.
    Field(String),
    /// An element of a list of maps, by the values of its key fields (sorted by name).
    Key(Vec<(String, Value)>),
    /// An element of a set, by its value.
    Value(Value),
    /// An element of a list, by position.
    Index(i64),
}

/// Why a serialised path element could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathElementError {
    /// No `x:` at the start.
    #[error("the path element {text:?} does not start with f:, k:, v: or i:")]
    NoPrefix {
        /// What was found.
        text: String,
    },
    /// The part after the prefix is no JSON of the right form.
    #[error("the path element {text:?} holds no valid JSON")]
    Malformed {
        /// What was found.
        text: String,
    },
}

impl PathElement {
    /// A field.
    pub fn field(name: impl Into<String>) -> Self {
        Self::Field(name.into())
    }

    /// As a key of fieldsV1: `f:name`, `k:{"name":"x"}`, `v:"x"`, `i:0`.
    pub fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(fields) => {
                let field = |(name, value): &(String, Value)| {
                    format!("{}:{}", Value::from(name.as_str()), go_json(value))
                };
                format!(
                    "k:{{{}}}",
                    fields.iter().map(field).collect::<Vec<_>>().join(",")
                )
            }
            Self::Value(value) => format!("v:{}", go_json(value)),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// From a key of fieldsV1. `None` for kinds that a later version may have made: they are dropped.
    pub fn decode(text: &str) -> Result<Option<Self>, PathElementError> {
        let malformed = || PathElementError::Malformed {
            text: text.to_owned(),
        };
        let Some((prefix, rest)) = text.split_once(':').filter(|(prefix, _)| prefix.len() == 1)
        else {
            return Err(PathElementError::NoPrefix {
                text: text.to_owned(),
            });
        };
        Ok(Some(match prefix {
            "f" => Self::Field(rest.to_owned()),
            "v" => Self::Value(serde_json::from_str(rest).map_err(|_| malformed())?),
            "k" => {
                let Ok(Value::Object(map)) = serde_json::from_str(rest) else {
                    return Err(malformed());
                };
                let mut fields: Vec<_> = map.into_iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Self::Key(fields)
            }
            "i" => Self::Index(rest.parse().map_err(|_| malformed())?),
            _ => return Ok(None),
        }))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PathElement {}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => compare_keys(a, b),
            (Self::Value(a), Self::Value(b)) => compare_values(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PathElement {
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

/// `.name`, `[name="x"]`, `[="x"]`, `[0]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                let field = |(name, value): &(String, Value)| format!("{name}={}", shown(value));
                write!(
                    f,
                    "[{}]",
                    fields.iter().map(field).collect::<Vec<_>>().join(",")
                )
            }
            Self::Value(value) => write!(f, "[={}]", shown(value)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn shown(value: &Value) -> String {
    skein_schema::field_error::go_value(value)
}

fn compare_keys(a: &[(String, Value)], b: &[(String, Value)]) -> Ordering {
    for ((a_name, a_value), (b_name, b_value)) in a.iter().zip(b) {
        let order = a_name
            .cmp(b_name)
            .then_with(|| compare_values(a_value, b_value));
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// A total order of JSON values: numbers (by value), strings, booleans, lists, maps, null.
pub fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a
                .as_f64()
                .unwrap_or_default()
                .total_cmp(&b.as_f64().unwrap_or_default()),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b).map(|(a, b)| compare_values(a, b));
            let order = pairs.into_iter().find(|order| *order != Ordering::Equal);
            order.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(a), Value::Object(b)) => {
            let sorted = |map: &serde_json::Map<String, Value>| {
                let mut fields: Vec<_> = map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                fields
            };
            compare_keys(&sorted(a), &sorted(b))
        }
        (a, b) => value_rank(a).cmp(&value_rank(b)),
    }
}

/// Equality of JSON values in which 1 and 1.0 are the same.
pub fn values_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| values_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|b| values_equal(value, b)))
        }
        (Value::Number(_), Value::Number(_)) => compare_values(a, b) == Ordering::Equal,
        (a, b) => a == b,
    }
}

fn value_rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

/// JSON of a scalar as Go's encoder writes it (`<`, `>`, `&` escaped).
fn go_json(value: &Value) -> String {
    match value {
        Value::String(_) => value
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
        other => other.to_string(),
    }
}
