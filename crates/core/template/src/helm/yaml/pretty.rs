//! `toYamlPretty`: values as go-yaml v3 encodes them, without the way through JSON that `toYaml` takes.

use skein_yaml::PrettyValue;

use super::without_end;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Outcome, any};
use crate::object::Object;
use crate::stack::with_room;
use crate::text::Text;
use crate::types::IntKind;
use crate::value::{Entries, MAX_VALUE_DEPTH_LEVELS, MAX_VALUE_PARTS, Operand, Value};

/// Why a value has no such form.
enum Refused {
    /// Nested deeper than the limit, or holding itself.
    TooDeep,
    /// More parts than the limit.
    TooLarge,
    /// Go's encoder panics for want of a rule.
    NoRule(String),
}

pub(super) fn to_yaml_pretty(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut walk = Walk {
        parts_left: MAX_VALUE_PARTS,
    };
    match walk.shown(any(arguments, 0), 0) {
        Ok(shown) => {
            runtime.charge((MAX_VALUE_PARTS - walk.parts_left) as u64)?;
            without_end(runtime, shown.write())
        }
        Err(Refused::TooDeep) => Ok(Value::text("").into()),
        Err(Refused::TooLarge) => {
            let message = format!("the value has more than {MAX_VALUE_PARTS} parts");
            Err(CallError::limit(message))
        }
        Err(Refused::NoRule(message)) => Err(CallError::new(message)),
    }
}

/// A walk through a value that ends in bounded time.
struct Walk {
    parts_left: usize,
}

impl Walk {
    fn shown(&mut self, value: &Value, depth: usize) -> Result<PrettyValue, Refused> {
        if depth > MAX_VALUE_DEPTH_LEVELS {
            return Err(Refused::TooDeep);
        }
        self.parts_left = self.parts_left.checked_sub(1).ok_or(Refused::TooLarge)?;
        with_room(|| self.level(value, depth))
    }

    fn level(&mut self, value: &Value, depth: usize) -> Result<PrettyValue, Refused> {
        let plain = |text: String| Ok(PrettyValue::Plain(text));
        match value {
            Value::Nil => plain("null".to_owned()),
            Value::Bool(value) => plain(value.to_string()),
            Value::Int(IntKind::Duration, nanoseconds) => {
                Ok(PrettyValue::Text(crate::time::duration_text(*nanoseconds)))
            }
            Value::Int(_, int) => plain(int.to_string()),
            Value::Uint(_, uint) => plain(uint.to_string()),
            Value::Float(float) => Ok(PrettyValue::float(*float)),
            // The shortest text that means this float32.
            Value::Float32(float) => Ok(PrettyValue::float(
                float.to_string().parse().unwrap_or_default(),
            )),
            Value::String(text) => Ok(text_of(text)),
            Value::Time(time) => plain(time.to_rfc3339_nano()),
            Value::Bytes(bytes) => {
                let parts = self.parts_left.checked_sub(bytes.len());
                self.parts_left = parts.ok_or(Refused::TooLarge)?;
                let numbers = bytes.iter().map(|byte| byte.to_string());
                Ok(PrettyValue::List(numbers.map(PrettyValue::Plain).collect()))
            }
            Value::List(list) => {
                let items = list.items().iter();
                let items: Result<_, _> = items.map(|item| self.shown(item, depth + 1)).collect();
                Ok(PrettyValue::List(items?))
            }
            Value::Map(map) => Ok(PrettyValue::Map(self.entries(&map.entries(), depth)?)),
            Value::Object(object) => self.object(object.as_ref(), depth),
            Value::Complex(..) | Value::Function(_) => {
                let name = value.type_name();
                Err(Refused::NoRule(format!("cannot marshal type: {name}")))
            }
        }
    }

    fn entries(
        &mut self,
        entries: &Entries,
        depth: usize,
    ) -> Result<Vec<(String, PrettyValue)>, Refused> {
        let shown = entries.iter().map(|(key, item)| {
            let item = self.shown(item, depth + 1)?;
            Ok((key.lossy().into_owned(), item))
        });
        shown.collect()
    }

    fn object(&mut self, object: &dyn Object, depth: usize) -> Result<PrettyValue, Refused> {
        if object.is_nil() {
            return Ok(PrettyValue::Plain("null".to_owned()));
        }
        if let Some(text) = object.marshaled_text() {
            return Ok(text_of(&Text::from(text)));
        }
        let underlying = object.underlying();
        if !matches!(underlying, Value::Nil) {
            return self.shown(&underlying, depth + 1);
        }
        // Fields without a tag have their names in lower case.
        let fields = object.fields().into_iter().map(|(name, field)| {
            let field = self.shown(&field, depth + 1)?;
            Ok((name.to_lowercase(), field))
        });
        Ok(PrettyValue::Struct(fields.collect::<Result<_, _>>()?))
    }
}

fn text_of(text: &Text) -> PrettyValue {
    match std::str::from_utf8(text) {
        Ok(text) => PrettyValue::Text(text.to_owned()),
        Err(_) => PrettyValue::Binary(text.to_vec()),
    }
}
