//! `--set` and its kin: `a.b[0]=c,d=e` written into values, with Helm's grammar, limits and messages.

use serde_json::{Map, Value};
use skein_template::raw_text;
use thiserror::Error;

use super::{Values, with_floats};

/// Highest index of a list.
pub const MAX_INDEX: i64 = 65_536;
/// Most dots of one name.
pub const MAX_NAME_LEVELS: usize = 30;
/// Most indexes behind each other, `a[0][0]...`; Helm has no limit there.
const MAX_INDEX_LEVELS: usize = 200;

/// Why a `--set` was refused; the text is Helm's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct SetError(pub String);

/// What a parse step ended with.
enum Stop {
    /// The text is used up, which is no error.
    End,
    Problem(String),
}

type Step<T> = Result<T, Stop>;

/// Reads the file that a `--set-file` names.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a;

enum Kind<'a> {
    /// `--set`: numbers, booleans and null are recognised.
    Typed,
    /// `--set-string`.
    Text,
    /// `--set-json`.
    Json,
    /// `--set-file`.
    File(&'a mut ReadFile<'a>),
    /// `--set-literal`: no lists, no escapes, the value is all that follows.
    Literal,
}

/// `--set`.
pub fn set(text: &str, into: &mut Values) -> Result<(), SetError> {
    Parser::new(text, Kind::Typed).parse(into)
}

/// `--set-string`.
pub fn set_string(text: &str, into: &mut Values) -> Result<(), SetError> {
    Parser::new(text, Kind::Text).parse(into)
}

/// `--set-json` in its `key=json` form.
pub fn set_json(text: &str, into: &mut Values) -> Result<(), SetError> {
    Parser::new(text, Kind::Json).parse(into)
}

/// `--set-file`.
pub fn set_file<'a>(
    text: &str,
    into: &mut Values,
    read: &'a mut ReadFile<'a>,
) -> Result<(), SetError> {
    Parser::new(text, Kind::File(read)).parse(into)
}

/// `--set-literal`.
pub fn set_literal(text: &str, into: &mut Values) -> Result<(), SetError> {
    Parser::new(text, Kind::Literal).parse(into)
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    kind: Kind<'a>,
}

/// What Go's recovered type assertion says.
fn wrong_type(value: &Value, wanted: &str) -> Stop {
    let found = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    Stop::Problem(format!(
        "unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

fn problem<T>(text: impl Into<String>) -> Step<T> {
    Err(Stop::Problem(text.into()))
}

fn put(into: &mut Values, key: &str, value: Value) {
    if !key.is_empty() {
        into.insert(key.to_owned(), value);
    }
}

fn put_at(list: &mut Vec<Value>, index: i64, value: Value) -> Step<()> {
    if index > MAX_INDEX {
        return problem(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        ));
    }
    let Ok(index) = usize::try_from(index) else {
        return problem(format!("negative {index} index not allowed"));
    };
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
    Ok(())
}

/// Go's `strconv.Atoi`.
fn index_number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(format!("strconv.Atoi: parsing {text:?}: invalid syntax"));
    }
    text.parse()
        .map_err(|_| format!("strconv.Atoi: parsing {text:?}: value out of range"))
}

/// What `--set` makes of a text.
fn typed(text: String) -> Value {
    for (word, value) in [
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("null", Value::Null),
        ("0", Value::from(0)),
    ] {
        if text.eq_ignore_ascii_case(word) {
            return value;
        }
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::from(number);
    }
    Value::String(text)
}

impl<'a> Parser<'a> {
    fn new(text: &str, kind: Kind<'a>) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
            kind,
        }
    }

    fn parse(mut self, into: &mut Values) -> Result<(), SetError> {
        loop {
            match self.key(into, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Problem(text)) => return Err(SetError(text)),
            }
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self.kind, Kind::Literal)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    /// The text up to one of these characters, and the character; `None` at the end of the text.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && !self.is_literal() {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return (text, None),
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    fn key(&mut self, into: &mut Values, level: usize) -> Step<()> {
        let stops: &[char] = if self.is_literal() {
            &['=', '[', '.']
        } else {
            &['=', '[', ',', '.']
        };
        let (key, stop) = self.until(stops);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => problem(format!("key {key:?} has no value")),
            Some('[') => self.key_with_index(into, &key, level),
            Some('=') => self.key_with_value(into, &key),
            Some(',') => {
                put(into, &key, Value::String(String::new()));
                problem(format!("key {key:?} has no value (cannot end with ,)"))
            }
            Some(_) => self.key_with_name(into, &key, level + 1),
        }
    }

    fn key_with_index(&mut self, into: &mut Values, key: &str, level: usize) -> Step<()> {
        let index = self.index()?;
        let mut list = match into.get_mut(key) {
            None => Vec::new(),
            Some(Value::Array(list)) => std::mem::take(list),
            Some(other) => return Err(wrong_type(other, "[]interface {}")),
        };
        let result = self.item(&mut list, index, level, 0);
        put(into, key, Value::Array(list));
        result
    }

    fn key_with_value(&mut self, into: &mut Values, key: &str) -> Step<()> {
        if matches!(self.kind, Kind::Json) {
            let value = self.json()?;
            put(into, key, value.unwrap_or_default());
            return Ok(());
        }
        if self.is_literal() {
            let value = self.until(&[]).0;
            put(into, key, Value::String(value));
            return Ok(());
        }
        if self.at == self.text.len() {
            put(into, key, Value::String(String::new()));
            return Err(Stop::End);
        }
        match self.list()? {
            Some(list) => put(into, key, Value::Array(list)),
            None => {
                let text = self.until(&[',']).0;
                let value = self.value(text)?;
                put(into, key, value);
            }
        }
        Ok(())
    }

    fn key_with_name(&mut self, into: &mut Values, key: &str, level: usize) -> Step<()> {
        if level > MAX_NAME_LEVELS {
            return problem(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_NAME_LEVELS}"
            ));
        }
        let present = into.get(key).is_some();
        let mut inner = match into.get_mut(key) {
            None => Map::new(),
            Some(Value::Object(map)) => std::mem::take(map),
            Some(other) => return Err(wrong_type(other, "map[string]interface {}")),
        };
        let result = self.key(&mut inner, level);
        let is_empty = inner.is_empty();
        if present || !is_empty {
            put(into, key, Value::Object(inner));
        }
        if result.is_ok() && is_empty {
            return problem(format!("key map {key:?} has no value"));
        }
        result
    }

    fn index(&mut self) -> Step<i64> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            // Helm takes the end of the text for the end of the list of assignments here, too.
            return Err(Stop::End);
        }
        index_number(&text).map_err(|e| Stop::Problem(format!("error parsing index: {e}")))
    }

    /// What follows `a[0]`.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, level: usize, depth: usize) -> Step<()> {
        if index < 0 {
            return problem(format!("negative {index} index not allowed"));
        }
        if depth > MAX_INDEX_LEVELS {
            return problem(format!(
                "more than {MAX_INDEX_LEVELS} indexes behind each other"
            ));
        }
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            // Go prints the characters one by one.
            let characters: Vec<String> = text.chars().map(|c| format!("{c:?}")).collect();
            let characters = characters.join(" ");
            return problem(format!(
                "unexpected data at end of array index: [{characters}]"
            ));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => self.item_value(list, index),
            Some('[') => self.item_index(list, index, level, depth),
            Some(_) => self.item_name(list, index, level),
        }
    }

    fn item_value(&mut self, list: &mut Vec<Value>, index: i64) -> Step<()> {
        let value = if matches!(self.kind, Kind::Json) {
            self.json()?.unwrap_or_default()
        } else if self.is_literal() {
            Value::String(self.until(&[]).0)
        } else if self.at == self.text.len() {
            Value::String(String::new())
        } else if let Some(list) = self.list()? {
            Value::Array(list)
        } else {
            let text = self.until(&[',']).0;
            self.value(text)?
        };
        put_at(list, index, value)
    }

    fn item_index(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        level: usize,
        depth: usize,
    ) -> Step<()> {
        let next = self.index()?;
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let mut inner = match list.get_mut(at) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(inner)) => std::mem::take(inner),
            Some(other) => return Err(wrong_type(other, "[]interface {}")),
        };
        self.item(&mut inner, next, level, depth + 1)?;
        put_at(list, index, Value::Array(inner))
    }

    fn item_name(&mut self, list: &mut Vec<Value>, index: i64, level: usize) -> Step<()> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(slot) = list.get_mut(at) {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(inner) = slot {
                return self.key(inner, level);
            }
        }
        let mut inner = Map::new();
        self.key(&mut inner, level)?;
        put_at(list, index, Value::Object(inner))
    }

    /// A value between commas.
    fn value(&mut self, text: String) -> Step<Value> {
        match &mut self.kind {
            Kind::Typed => Ok(typed(text)),
            Kind::File(read) => {
                let bytes = read(&text).map_err(Stop::Problem)?;
                Ok(Value::String(raw_text::from_bytes(bytes)))
            }
            Kind::Text | Kind::Json | Kind::Literal => Ok(Value::String(text)),
        }
    }

    /// `{a,b}`; `None` when the value is no list.
    fn list(&mut self) -> Step<Option<Vec<Value>>> {
        if self.text.get(self.at) != Some(&'{') {
            return Ok(None);
        }
        self.at += 1;
        let mut list = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return problem("list must terminate with '}'");
            }
            list.push(self.value(text)?);
            if stop == Some('}') {
                if self.text.get(self.at) == Some(&',') {
                    self.at += 1;
                }
                return Ok(Some(list));
            }
        }
    }

    /// A JSON value and the comma behind it; `None` for nothing, which is null.
    fn json(&mut self) -> Step<Option<Value>> {
        if self.is_blank_value() {
            return Ok(None);
        }
        let rest: String = self.text[self.at..].iter().collect();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        let value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return problem(error.to_string()),
            None => return problem("EOF"),
        };
        self.at += rest[..stream.byte_offset()].chars().count();
        self.is_blank_value();
        let mut holder = Values::new();
        holder.insert(String::new(), value);
        Ok(with_floats(holder).remove(""))
    }

    /// Skips blanks and one comma; whether nothing else stood there.
    fn is_blank_value(&mut self) -> bool {
        while let Some(c) = self.next() {
            if c == ',' {
                return true;
            }
            if !c.is_whitespace() {
                self.at -= 1;
                return false;
            }
        }
        true
    }
}
