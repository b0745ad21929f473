//! TOML, written as BurntSushi/toml does.

mod read;

use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Entry, Outcome, any, text};
use crate::stack::with_room;
use crate::strconv::format_float;
use crate::text::Text;
use crate::time::{GoTime, Location};
use crate::types::{IntKind, Kind};
use crate::value::{List, MAX_VALUE_DEPTH_LEVELS, Map, Value};

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
    match table(value) {
        Some(table) => writer.table(&[], &table)?,
        None if tables(value).is_some() => {
            return Err("toml: top-level values must be Go maps or structs".to_owned());
        }
        // What is no table is written without a key.
        None => writer.element(value, 0)?,
    }
    Ok(writer.out)
}

/// The entries of a table in the order in which they are written.
struct Table {
    entries: Vec<(Text, Value)>,
    is_struct: bool,
}

/// Whether it is a table.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_nil(),
        Value::Object(object) => match object.kind() {
            Kind::Map => true,
            Kind::Struct | Kind::Pointer => !object.is_nil() && object.marshaled_text().is_none(),
            _ => false,
        },
        _ => false,
    }
}

/// The entries of a table.
fn table(value: &Value) -> Option<Table> {
    if !is_table(value) {
        return None;
    }
    let of_map = |map: &Map| Table {
        entries: map.entries().into_iter().collect(),
        is_struct: false,
    };
    match value {
        Value::Map(map) => Some(of_map(map)),
        Value::Object(object) => Some(match object.underlying() {
            Value::Map(map) => of_map(&map),
            _ => {
                let fields = object.fields().into_iter();
                Table {
                    entries: fields.map(|(name, value)| (name.into(), value)).collect(),
                    is_struct: true,
                }
            }
        }),
        _ => None,
    }
}

/// The tables of a list that has nothing else.
fn tables(value: &Value) -> Option<&[Value]> {
    let items = value.as_list()?.items();
    (!items.is_empty() && items.iter().all(is_table)).then_some(items)
}

/// Whether it is written below a header of its own.
fn is_below(value: &Value) -> bool {
    is_table(value) || tables(value).is_some()
}

struct Writer {
    out: String,
    limit: usize,
}

impl Writer {
    fn table(&mut self, path: &[&str], shown: &Table) -> Result<(), String> {
        if path.len() > MAX_VALUE_DEPTH_LEVELS {
            return Err("toml: tables are nested too deeply".to_owned());
        }
        if self.out.len() > self.limit {
            return Ok(());
        }
        let entries = || shown.entries.iter();
        for (key, value) in entries().filter(|(_, value)| !is_below(value)) {
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
        for (key, value) in entries().filter(|(_, value)| is_below(value)) {
            let key = key.lossy();
            let path: Vec<&str> = path.iter().copied().chain([key.as_ref()]).collect();
            if let Some(inner) = table(value) {
                if path.len() == 1 {
                    self.new_line();
                }
                self.header(&path, "[", "]");
                with_room(|| self.table(&path, &inner))?;
            }
            for inner in tables(value).unwrap_or_default().iter().filter_map(table) {
                self.new_line();
                self.header(&path, "[[", "]]");
                with_room(|| self.table(&path, &inner))?;
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
            Value::Time(time) => self.out.push_str(&date_text(time)),
            Value::List(list) => self.list(list, depth)?,
            Value::Bytes(bytes) => {
                let items: Vec<String> = bytes.iter().map(u8::to_string).collect();
                self.out.push_str(&format!("[{}]", items.join(", ")));
            }
            Value::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
            Value::Object(object) if !is_table(value) => {
                match (object.marshaled_text(), object.underlying()) {
                    (Some(text), _) => self.string(&text),
                    (None, Value::List(list)) => self.list(&list, depth)?,
                    _ => return Err(unexpected(value)),
                }
            }
            other => match table(other) {
                Some(table) => self.inline(&table, depth)?,
                None => return Err(unexpected(other)),
            },
        }
        Ok(())
    }

    fn list(&mut self, list: &List, depth: usize) -> Result<(), String> {
        self.out.push('[');
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            with_room(|| self.element(item, depth + 1))?;
        }
        self.out.push(']');
        Ok(())
    }

    /// A table on one line. The comma behind an entry depends on where it stands, not on whether more is written: what is nil leaves one too many.
    fn inline(&mut self, shown: &Table, depth: usize) -> Result<(), String> {
        self.out.push('{');
        let (below, direct): (Vec<_>, Vec<_>) = shown
            .entries
            .iter()
            .enumerate()
            .partition(|(_, (_, value))| is_below(value));
        for (part, more) in [(&direct, !below.is_empty()), (&below, false)] {
            for (place, (index, (key, value))) in part.iter().enumerate() {
                if value.is_nil() {
                    continue;
                }
                self.key(&key.lossy());
                self.out.push_str(" = ");
                with_room(|| self.element(value, depth + 1))?;
                let is_last = match shown.is_struct {
                    true => index + 1 == shown.entries.len(),
                    false => !more && place + 1 == part.len(),
                };
                if !is_last {
                    self.out.push_str(", ");
                }
            }
        }
        self.out.push('}');
        Ok(())
    }
}

fn unexpected(value: &Value) -> String {
    format!("unexpected type: {}", value.type_name())
}

/// Names of the locations of dates and times without offset.
const LOCAL_DATE: &str = "date-local";
const LOCAL_DATETIME: &str = "datetime-local";
const LOCAL_TIME: &str = "time-local";

/// A time as TOML has it: without offset where it was read without one.
fn date_text(time: &GoTime) -> String {
    match &time.location {
        Location::Fixed(_, name) => match name.as_ref() {
            LOCAL_DATE => time.format("2006-01-02"),
            LOCAL_DATETIME => time.format("2006-01-02T15:04:05.999999999"),
            LOCAL_TIME => time.format("15:04:05.999999999"),
            _ => time.to_rfc3339_nano(),
        },
        _ => time.to_rfc3339_nano(),
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
