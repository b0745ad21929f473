//! JSON to CEL values and back.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as CelValue;
use cel::common::types::{CelDuration, CelOptional, CelTimestamp};
use cel::common::value::Val;
use cel::objects::{Key, Map};
use serde_json::Value;
use skein_object::GoDuration;

/// A value for a variable. Whole numbers become `int`; other forms (times, optionals) are made by hand.
#[derive(Clone, Debug)]
pub struct Data(pub(crate) Form);

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Value(CelValue),
    Optional(Option<CelValue>),
}

impl Data {
    /// From JSON.
    pub fn json(value: &Value) -> Self {
        Self(Form::Value(from_json(value)))
    }

    /// A map.
    pub fn map(fields: impl IntoIterator<Item = (String, Data)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, data)| (key(name), data.into_value()))
            .collect();
        Self(Form::Value(CelValue::Map(Map {
            map: Arc::new(fields),
        })))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Data>) -> Self {
        let items = items.into_iter().map(Data::into_value).collect();
        Self(Form::Value(CelValue::List(Arc::new(items))))
    }

    /// A timestamp from RFC 3339 text; the text itself when it is none.
    pub fn timestamp(text: &str) -> Self {
        // Kubernetes reads parts of a time in UTC.
        let parsed = chrono::DateTime::parse_from_rfc3339(text).ok();
        let parsed = parsed.map(|time| time.to_utc().fixed_offset());
        Self(Form::Value(
            parsed.map_or_else(|| text.into(), CelValue::Timestamp),
        ))
    }

    /// A duration from Go's text; the text itself when it is none.
    pub fn duration(text: &str) -> Self {
        let parsed: Option<GoDuration> = text.parse().ok();
        let nanos = parsed.map(|duration| chrono::Duration::nanoseconds(duration.as_nanos()));
        Self(Form::Value(
            nanos.map_or_else(|| text.into(), CelValue::Duration),
        ))
    }

    /// An optional value, as `oldSelf` is for rules with `optionalOldSelf`.
    pub fn optional(data: Option<Data>) -> Self {
        Self(Form::Optional(data.map(Data::into_value)))
    }

    fn into_value(self) -> CelValue {
        match self.0 {
            Form::Value(value) => value,
            Form::Optional(value) => value.unwrap_or(CelValue::Null),
        }
    }

    /// As the evaluator wants variables.
    pub(crate) fn boxed(&self) -> Option<Box<dyn Val>> {
        match &self.0 {
            Form::Value(value) => boxed(value.clone()),
            Form::Optional(None) => Some(Box::new(CelOptional::none())),
            Form::Optional(Some(value)) => Some(Box::new(CelOptional::of(boxed(value.clone())?))),
        }
    }
}

fn boxed(value: CelValue) -> Option<Box<dyn Val>> {
    Some(match value {
        CelValue::Timestamp(time) => Box::new(CelTimestamp::from(time)),
        CelValue::Duration(duration) => Box::new(CelDuration::from(duration)),
        other => other.try_into().ok()?,
    })
}

fn key(name: String) -> Key {
    Key::String(Arc::new(name))
}

fn from_json(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => CelValue::Int(number),
            (None, Some(number)) => CelValue::UInt(number),
            (None, None) => CelValue::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(list) => CelValue::List(Arc::new(list.iter().map(from_json).collect())),
        Value::Object(map) => {
            let fields: HashMap<Key, CelValue> = map
                .iter()
                .map(|(name, value)| (key(name.clone()), from_json(value)))
                .collect();
            CelValue::Map(Map {
                map: Arc::new(fields),
            })
        }
    }
}
