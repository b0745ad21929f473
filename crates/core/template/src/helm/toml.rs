//! TOML, written as BurntSushi/toml does.

mod read;

use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Entry, Outcome, any, text};
use crate::stack::with_room;
use crate::strconv::format_float;
use crate::text::Text;
use crate::types::IntKind;
use crate::value::{Entries, MAX_VALUE_DEPTH_LEVELS, Value};

use super::functions::error_map;

pub const FUNCTIONS: &[Entry] = &[
    (
        "fromToml",
        "string -> map[string]any",
        |runtime, arguments| {
            let source = text(arguments, 0);
            runtime.charge_reading(&source)?;
            Ok(read::read(&source.lossy()).unwrap_or_else(error_map).into())
        },
    ),
    (
        "mustToToml",
        "any -> string",
        |runtime, arguments| match write(any(arguments, 0), runtime.options().limits.string_bytes) {
            Ok(text) => made(runtime, text),
            Err(message) => Err(CallError::new(message)),
        },
    ),
    ("toToml", "any -> string", |runtime, arguments| {
        check(any(arguments, 0))?;
        let limit = runtime.options().limits.string_bytes;
        let text = write(any(arguments, 0), limit).unwrap_or_else(|message| message);
        made(runtime, text)
    }),
];

fn made(runtime: &mut Runtime<'_>, text: String) -> Outcome {
    runtime.charge_bytes(text.len())?;
    Ok(Value::text(text).into())
}

/// Go's encoder panics on nil.
fn check(value: &Value) -> Result<(), CallError> {
    match value {
        Value::Nil => Err(CallError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        )),
        _ => Ok(()),
    }
}

/// The text, of at most `limit` bytes or a little more: the caller refuses longer ones.
fn write(value: &Value, limit: usize) -> Result<String, String> {
    let mut writer = Writer {
        out: String::new(),
        limit,
    };
    match entries(value) {
        Some(entries) => writer.map(&[], &entries)?,
        None if tables(value).is_some() => {
            return Err("toml: top-level values must be Go maps or structs".to_owned());
        }
        // What is no table is written without a key.
        None => writer.element(value, 0)?,
    }
    Ok(writer.out)
}

/// What is a table.
fn entries(value: &Value) -> Option<Entries> {
    match value {
        Value::Map(map) if !map.is_nil() => Some(map.entries()),
        Value::Object(object) => match object.underlying() {
            Value::Map(map) => Some(map.entries()),
            Value::Nil => {
                let fields = object.fields().into_iter();
                Some(
                    fields
                        .map(|(name, value)| (Text::from(name), value))
                        .collect(),
                )
            }
            _ => None,
        },
        _ => None,
    }
}

/// The tables of a list that has nothing else.
fn tables(value: &Value) -> Option<Vec<Entries>> {
    let list = value.as_list()?;
    if list.items().is_empty() {
        return None;
    }
    list.items().iter().map(entries).collect()
}

struct Writer {
    out: String,
    limit: usize,
}

impl Writer {
    fn map(&mut self, path: &[&str], map: &Entries) -> Result<(), String> {
        if path.len() > MAX_VALUE_DEPTH_LEVELS {
            return Err("toml: tables are nested too deeply".to_owned());
        }
        if self.out.len() > self.limit {
            return Ok(());
        }
        let is_table = |value: &Value| entries(value).is_some() || tables(value).is_some();
        for (key, value) in map.iter().filter(|(_, value)| !is_table(value)) {
            if value.is_nil() {
                continue;
            }
            let key = key.lossy();
            self.indent(path.len());
            self.key(&key);
            self.out.push_str(" = ");
            self.element(value, path.len())?;
            self.out.push('\n');
        }
        for (key, value) in map.iter().filter(|(_, value)| is_table(value)) {
            let key = key.lossy();
            let path: Vec<&str> = path.iter().copied().chain([key.as_ref()]).collect();
            if let Some(inner) = entries(value) {
                if path.len() == 1 {
                    self.new_line();
                }
                self.header(&path, "[", "]");
                with_room(|| self.map(&path, &inner))?;
            }
            for inner in tables(value).unwrap_or_default() {
                self.new_line();
                self.header(&path, "[[", "]]");
                with_room(|| self.map(&path, &inner))?;
            }
        }
        Ok(())
    }

    /// A blank line, except at the very beginning.
    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n("  ", depth));
    }

    fn header(&mut self, path: &[&str], open: &str, close: &str) {
        self.indent(path.len() - 1);
        self.out.push_str(open);
        for (index, key) in path.iter().enumerate() {
            if index > 0 {
                self.out.push('.');
            }
            self.key(key);
        }
        self.out.push_str(close);
        self.out.push('\n');
    }

    fn key(&mut self, key: &str) {
        let is_bare = !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if is_bare {
            self.out.push_str(key);
        } else {
            self.string(key);
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\u{8}' => self.out.push_str("\\b"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\u{c}' => self.out.push_str("\\f"),
                '\r' => self.out.push_str("\\r"),
                c if c < ' ' || c == '\u{7f}' => {
                    self.out.push_str(&format!("\\u{:04x}", c as u32));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn element(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > MAX_VALUE_DEPTH_LEVELS {
            return Err("toml: values are nested too deeply".to_owned());
        }
        if self.out.len() > self.limit {
            return Ok(());
        }
        match value {
            Value::Bool(value) => self.out.push_str(&value.to_string()),
            Value::Int(IntKind::Duration, nanoseconds) => {
                self.string(&crate::time::duration_text(*nanoseconds));
            }
            Value::Int(_, int) => self.out.push_str(&int.to_string()),
            Value::Uint(_, uint) => self.out.push_str(&uint.to_string()),
            Value::Float(float) => self.out.push_str(&float_text(*float)),
            Value::Float32(float) => self.out.push_str(&float_text(f64::from(*float))),
            Value::String(text) => self.string(&text.lossy()),
            Value::Time(time) => self.out.push_str(&time.to_rfc3339_nano()),
            Value::List(list) => {
                self.out.push('[');
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    with_room(|| self.element(item, depth + 1))?;
                }
                self.out.push(']');
            }
            Value::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
            other => match entries(other) {
                Some(map) => self.inline(&map, depth)?,
                None => return Err(format!("unexpected type: {}", other.type_name())),
            },
        }
        Ok(())
    }

    fn inline(&mut self, map: &Entries, depth: usize) -> Result<(), String> {
        self.out.push('{');
        let is_table = |value: &Value| entries(value).is_some() || tables(value).is_some();
        let direct = map.iter().filter(|(_, value)| !is_table(value));
        let nested = map.iter().filter(|(_, value)| is_table(value));
        let shown = direct.chain(nested).filter(|(_, value)| !value.is_nil());
        for (index, (key, value)) in shown.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.key(&key.lossy());
            self.out.push_str(" = ");
            with_room(|| self.element(value, depth + 1))?;
        }
        self.out.push('}');
        Ok(())
    }
}

/// A float of TOML has a point or an exponent.
fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format_float(float, b'g', -1);
    if text.contains(['e', '.']) {
        text
    } else {
        format!("{text}.0")
    }
}
