//! Values from and to JSON trees.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};

use super::{Entries, List, Map, Value};
use crate::object::Object;
use crate::raw_text;
use crate::stack::with_room;
use crate::text::Text;
use crate::types::{Type, UintKind};

/// Nesting of values that are turned into JSON; deeper ones, and maps that hold themselves, are an error.
pub const MAX_VALUE_DEPTH_LEVELS: usize = 500;

/// Most parts of one value that are turned into JSON or copied. Values share their parts, so that a few steps make a value with more parts than atoms.
pub const MAX_VALUE_PARTS: usize = 500_000;

/// What becomes of a JSON integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integers {
    /// `float64`, as Go reads JSON, and Helm its values files.
    Float64,
    /// `int64`, as Helm's `--set` gives them.
    Int64,
}

/// Why a value is no JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Nested deeper than the limit, or holding itself.
    #[error("json: unsupported value: encountered a cycle via map[string]interface {{}}")]
    TooDeep,
    /// More parts than anybody wants to see.
    #[error("the value has more than {MAX_VALUE_PARTS} parts")]
    TooLarge,
    /// JSON has no number for it.
    #[error("json: unsupported value: {0}")]
    UnsupportedValue(String),
    /// JSON has nothing for it.
    #[error("json: unsupported type: {0}")]
    UnsupportedType(String),
}

impl Value {
    /// A JSON tree as `map[string]interface {}`, `[]interface {}` and so on. Its texts may hold any bytes: [`raw_text`].
    pub fn from_json(json: &Json, integers: Integers) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => from_number(number, integers),
            Json::String(text) => Self::String(text_of(text)),
            Json::Array(items) => Self::list(
                items
                    .iter()
                    .map(|item| Self::from_json(item, integers))
                    .collect(),
            ),
            Json::Object(map) => Self::Map(Map::from_entries(
                map.iter()
                    .map(|(key, value)| (text_of(key), Self::from_json(value, integers)))
                    .collect::<Entries>(),
            )),
        }
    }

    /// The value as Go's `json.Marshal` sees it: whole floats stay numbers, bytes become base64, times RFC 3339.
    pub fn to_json(&self) -> Result<Json, JsonError> {
        Walk::new(unicode_of).json_of(self, 0)
    }

    /// As [`Value::to_json`], but bytes that are no UTF-8 come back with [`Value::from_json`].
    pub fn to_json_with_bytes(&self) -> Result<Json, JsonError> {
        Walk::new(whole_text_of).json_of(self, 0)
    }

    /// A copy that shares no map with the original.
    pub fn deep_copy(&self) -> Result<Self, JsonError> {
        self.deep_copy_counted().map(|(copy, _)| copy)
    }

    /// The same, with the number of parts that were copied.
    pub(crate) fn deep_copy_counted(&self) -> Result<(Self, usize), JsonError> {
        let mut walk = Walk::new(unicode_of);
        let copy = walk.deep_copy(self, 0)?;
        Ok((copy, MAX_VALUE_PARTS - walk.parts_left))
    }
}

fn text_of(text: &str) -> Text {
    match raw_text::to_bytes(text) {
        Cow::Borrowed(_) => text.into(),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn unicode_of(text: &Text) -> String {
    text.lossy().into_owned()
}

fn whole_text_of(text: &Text) -> String {
    raw_text::from_bytes(text.to_vec())
}

fn from_number(number: &Number, integers: Integers) -> Value {
    match (integers, number.as_i64()) {
        (Integers::Int64, Some(int)) => Value::int64(int),
        _ => Value::Float(number.as_f64().unwrap_or_default()),
    }
}

/// A walk through a value that ends in bounded time.
struct Walk {
    parts_left: usize,
    /// What becomes of texts.
    text_of: fn(&Text) -> String,
}

impl Walk {
    fn new(text_of: fn(&Text) -> String) -> Self {
        Self {
            parts_left: MAX_VALUE_PARTS,
            text_of,
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_VALUE_DEPTH_LEVELS {
            return Err(JsonError::TooDeep);
        }
        self.parts_left = self.parts_left.checked_sub(1).ok_or(JsonError::TooLarge)?;
        Ok(())
    }

    fn json_of(&mut self, value: &Value, depth: usize) -> Result<Json, JsonError> {
        self.enter(depth)?;
        with_room(|| self.level_to_json(value, depth))
    }

    fn level_to_json(&mut self, value: &Value, depth: usize) -> Result<Json, JsonError> {
        Ok(match value {
            Value::Nil => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(_, int) => Json::from(*int),
            Value::Uint(_, uint) => Json::from(*uint),
            Value::Float(float) => float_to_json(*float)?,
            Value::Float32(float) => {
                // The shortest text that means this float32 is what Go writes.
                float_to_json(float.to_string().parse().unwrap_or_default())?
            }
            Value::Complex(..) | Value::Function(_) => {
                return Err(JsonError::UnsupportedType(value.type_name().into_owned()));
            }
            Value::String(text) => Json::String((self.text_of)(text)),
            Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
            Value::List(list) if list.is_nil() => Json::Null,
            Value::List(list) => {
                let items: Result<_, _> = list
                    .items()
                    .iter()
                    .map(|item| self.json_of(item, depth + 1))
                    .collect();
                Json::Array(items?)
            }
            Value::Map(map) if map.is_nil() => Json::Null,
            Value::Map(map) => {
                let mut object = serde_json::Map::new();
                for (key, item) in map.read().iter() {
                    object.insert((self.text_of)(key), self.json_of(item, depth + 1)?);
                }
                Json::Object(object)
            }
            Value::Time(time) => Json::String(time.to_rfc3339_nano()),
            Value::Object(object) => return self.object_to_json(object.as_ref(), depth),
        })
    }

    fn object_to_json(&mut self, object: &dyn Object, depth: usize) -> Result<Json, JsonError> {
        if object.is_nil() {
            return Ok(Json::Null);
        }
        if let Some(json) = object.to_json() {
            return Ok(json);
        }
        let underlying = object.underlying();
        if !matches!(underlying, Value::Nil) {
            return self.json_of(&underlying, depth + 1);
        }
        let mut map = serde_json::Map::new();
        for (name, field) in object.json_fields() {
            map.insert(name.into_owned(), self.json_of(&field, depth + 1)?);
        }
        Ok(Json::Object(map))
    }

    fn deep_copy(&mut self, value: &Value, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        with_room(|| self.copy_level(value, depth))
    }

    fn copy_level(&mut self, value: &Value, depth: usize) -> Result<Value, JsonError> {
        Ok(match value {
            Value::List(list) if list.is_nil() => value.clone(),
            Value::List(list) => {
                let items: Result<Vec<_>, _> = list
                    .items()
                    .iter()
                    .map(|item| self.deep_copy(item, depth + 1))
                    .collect();
                Value::List(List::typed(list.item_type().clone(), items?))
            }
            Value::Map(map) if map.is_nil() => value.clone(),
            Value::Map(map) => {
                let entries: Result<Entries, _> = map
                    .entries()
                    .into_iter()
                    .map(|(key, item)| self.deep_copy(&item, depth + 1).map(|item| (key, item)))
                    .collect();
                Value::Map(map.with_entries(entries?))
            }
            Value::Object(object) => object.deep_copy().unwrap_or_else(|| value.clone()),
            other => other.clone(),
        })
    }
}

fn float_to_json(float: f64) -> Result<Json, JsonError> {
    Number::from_f64(float)
        .map(Json::Number)
        .ok_or_else(|| JsonError::UnsupportedValue(crate::strconv::format_float(float, b'g', -1)))
}

/// An empty list or map for the zero of a type; nil for what can be nil.
pub(crate) fn zero(kind: &Type) -> Value {
    match kind {
        Type::Bool => Value::Bool(false),
        Type::Int(kind) => Value::Int(*kind, 0),
        Type::Uint(kind) => Value::Uint(*kind, 0),
        Type::Float32 => Value::Float32(0.0),
        Type::Float64 => Value::Float(0.0),
        Type::Complex128 => Value::Complex(0.0, 0.0),
        Type::String => Value::text(""),
        Type::List(item) if matches!(**item, Type::Uint(UintKind::Uint8)) => {
            Value::Bytes(Arc::from(&[][..]))
        }
        Type::List(item) => Value::List(List::nil((**item).clone())),
        Type::Map(item) => Value::Map(Map::nil((**item).clone())),
        Type::Time => Value::Time(crate::time::GoTime::zero()),
        Type::Any | Type::Value | Type::Named(_) => Value::Nil,
    }
}
