//! Arguments as what their parameters promise them to be.

use std::borrow::Cow;

use crate::format;
use crate::text::Text;
use crate::types::Type;
use crate::value::{Entries, List, Map, Operand, Value};

/// The argument at a place; nil when there are fewer.
pub fn any(arguments: &[Operand], index: usize) -> &Value {
    static NIL: Value = Value::Nil;
    arguments.get(index).map_or(&NIL, |operand| &operand.value)
}

/// A string; empty when it is none.
pub fn text(arguments: &[Operand], index: usize) -> Text {
    any(arguments, index).as_text().cloned().unwrap_or_default()
}

/// An integer; zero when it is none.
pub fn integer(arguments: &[Operand], index: usize) -> i64 {
    match any(arguments, index) {
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => *uint as i64,
        _ => 0,
    }
}

/// A boolean; false when it is none.
pub fn boolean(arguments: &[Operand], index: usize) -> bool {
    matches!(any(arguments, index), Value::Bool(true))
}

/// A map; a nil one when it is none.
pub fn map(arguments: &[Operand], index: usize) -> Map {
    // A parameter of this type takes `common.Values` as what it is underneath.
    map_of(any(arguments, index)).map_or_else(|| Map::nil(Type::Any), |map| map.as_plain())
}

/// What is a map, or holds one.
pub fn map_of(value: &Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(map.clone()),
        Value::Object(object) => object.underlying().as_map().cloned(),
        _ => None,
    }
}

/// What is a list, or holds one; bytes are lists too.
pub fn list_of(value: &Value) -> Option<List> {
    match value {
        Value::List(list) => Some(list.clone()),
        Value::Bytes(bytes) => {
            let kind = crate::types::UintKind::Uint8;
            let items = bytes.iter().map(|byte| Value::Uint(kind, u64::from(*byte)));
            Some(List::typed(Type::Uint(kind), items.collect()))
        }
        Value::Object(object) => object.underlying().as_list().cloned(),
        _ => None,
    }
}

/// The text of any value, as sprig's `toString` makes it.
pub fn text_of(value: &Value) -> Text {
    match value {
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) => Text::from(&bytes[..]),
        other => Text::from(format::to_text(other)),
    }
}

/// The texts of a list without its nils; of anything else, its own text.
pub fn texts_of(value: &Value) -> Vec<Text> {
    match list_of(value) {
        Some(list) => {
            let items = list.items().iter();
            items
                .filter(|item| !matches!(item, Value::Nil))
                .map(text_of)
                .collect()
        }
        None if matches!(value, Value::Nil) => Vec::new(),
        None => vec![text_of(value)],
    }
}

/// A `map[string]string`.
pub fn map_of_strings(items: impl Iterator<Item = (String, Text)>) -> Value {
    let entries: Entries = items
        .map(|(key, value)| (key.into(), Value::String(value)))
        .collect();
    Value::Map(Map::typed(Type::String, entries))
}

/// The text for functions that look at characters.
pub fn characters(text: &Text) -> Cow<'_, str> {
    text.lossy()
}

/// The name of a value's kind, as Go's panics on lists show it.
pub fn kind_name(value: &Value) -> &'static str {
    value.kind().name()
}
