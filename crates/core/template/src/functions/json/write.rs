//! Values written as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::stack::with_room;
use crate::strconv::format_float;
use crate::value::{JsonError, MAX_VALUE_DEPTH_LEVELS, Value};

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonStyle {
    /// On one line, with `<`, `>` and `&` escaped.
    Escaped,
    /// As [`JsonStyle::Escaped`], indented by two spaces.
    Pretty,
    /// On one line, nothing escaped that need not be.
    Raw,
}

/// A value as JSON, of at most `limit` bytes or a little more.
pub fn to_json_text(value: &Value, style: JsonStyle, limit: usize) -> Result<String, JsonError> {
    let mut writer = Writer {
        out: String::new(),
        style,
        limit,
    };
    writer.value(value, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    style: JsonStyle,
    limit: usize,
}

/// Magnitudes between which Go writes floats without exponent.
const PLAIN_FROM: f64 = 1e-6;
const PLAIN_BELOW: f64 = 1e21;

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_VALUE_DEPTH_LEVELS {
            return Err(JsonError::TooDeep);
        }
        // The caller refuses a text of this length.
        if self.out.len() > self.limit {
            return Ok(());
        }
        with_room(|| self.level(value, depth))
    }

    fn level(&mut self, value: &Value, depth: usize) -> Result<(), JsonError> {
        match value {
            Value::Nil => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(_, int) => self.out.push_str(&int.to_string()),
            Value::Uint(_, uint) => self.out.push_str(&uint.to_string()),
            Value::Float(float) => self.float(*float)?,
            Value::Float32(float) => {
                self.float(float.to_string().parse().unwrap_or_default())?;
            }
            Value::Complex(..) | Value::Function(_) => {
                return Err(JsonError::UnsupportedType(value.type_name().into_owned()));
            }
            Value::String(text) => self.bytes(text),
            Value::Bytes(bytes) => {
                let text = STANDARD.encode(bytes);
                self.string(&text);
            }
            Value::Time(time) => self.string(&time.to_rfc3339_nano()),
            Value::List(list) if list.is_nil() => self.out.push_str("null"),
            Value::List(list) => self.list(list.items(), depth)?,
            Value::Map(map) if map.is_nil() => self.out.push_str("null"),
            Value::Map(map) => {
                let entries = map.entries();
                let entries = entries.iter().map(|(key, item)| (key.lossy(), item));
                self.object(entries, depth)?;
            }
            Value::Object(object) => {
                if object.is_nil() {
                    self.out.push_str("null");
                } else if let Some(json) = object.to_json() {
                    let inner = Value::from_json(&json, crate::value::Integers::Int64);
                    self.value(&inner, depth)?;
                } else {
                    match object.underlying() {
                        Value::Nil => {
                            let fields = object.json_fields();
                            let fields = fields.iter().map(|(name, item)| (name.clone(), item));
                            self.object(fields, depth)?;
                        }
                        inner => self.value(&inner, depth)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if self.style == JsonStyle::Pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<(), JsonError> {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.line(depth + 1);
            self.value(item, depth + 1)?;
        }
        if !items.is_empty() {
            self.line(depth);
        }
        self.out.push(']');
        Ok(())
    }

    fn object<'v>(
        &mut self,
        entries: impl Iterator<Item = (std::borrow::Cow<'v, str>, &'v Value)>,
        depth: usize,
    ) -> Result<(), JsonError> {
        self.out.push('{');
        let mut any = false;
        for (key, item) in entries {
            if any {
                self.out.push(',');
            }
            any = true;
            self.line(depth + 1);
            self.string(&key);
            self.out.push(':');
            if self.style == JsonStyle::Pretty {
                self.out.push(' ');
            }
            self.value(item, depth + 1)?;
        }
        if any {
            self.line(depth);
        }
        self.out.push('}');
        Ok(())
    }

    fn float(&mut self, float: f64) -> Result<(), JsonError> {
        if !float.is_finite() {
            let shown = format_float(float, b'g', -1);
            return Err(JsonError::UnsupportedValue(shown));
        }
        let magnitude = float.abs();
        let plain = magnitude == 0.0 || (PLAIN_FROM..PLAIN_BELOW).contains(&magnitude);
        let text = format_float(float, if plain { b'f' } else { b'e' }, -1);
        // e-09 becomes e-9.
        self.out.push_str(&text.replace("e-0", "e-"));
        Ok(())
    }

    /// A string that may be no UTF-8: each bad byte becomes an escaped U+FFFD.
    fn bytes(&mut self, bytes: &[u8]) {
        self.out.push('"');
        for chunk in bytes.utf8_chunks() {
            self.characters(chunk.valid());
            self.out.extend(chunk.invalid().iter().map(|_| "\\ufffd"));
        }
        self.out.push('"');
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        self.characters(text);
        self.out.push('"');
    }

    fn characters(&mut self, text: &str) {
        let html = self.style != JsonStyle::Raw;
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '<' | '>' | '&' if html => {
                    self.out.push_str(&format!("\\u{:04x}", character as u32));
                }
                c if c < ' ' || matches!(c, '\u{2028}' | '\u{2029}') => {
                    self.out.push_str(&format!("\\u{:04x}", c as u32));
                }
                c => self.out.push(c),
            }
        }
    }
}
