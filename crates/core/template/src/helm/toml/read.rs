//! TOML read into values: integers are `int64`.

use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use toml_edit::{DocumentMut, Item, Table, Value as Toml};

use super::{LOCAL_DATE, LOCAL_DATETIME, LOCAL_TIME};
use crate::text::Text;
use crate::time::{GoTime, Location};
use crate::value::{Entries, List, Map, Value};

/// Nesting of tables and arrays.
const MAX_DEPTH_LEVELS: usize = 100;

/// A document as a map, or what is wrong with it.
pub fn read(source: &str) -> Result<Value, String> {
    let document: DocumentMut = source.parse().map_err(|error: toml_edit::TomlError| {
        let start = error.span().map_or(0, |span| span.start);
        let before = source.get(..start).unwrap_or(source);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        format!("toml: line {line}: {message}")
    })?;
    table(document.as_table(), 0)
}

fn table(table: &Table, depth: usize) -> Result<Value, String> {
    let mut entries = Entries::new();
    for (key, child) in table.iter() {
        if let Some(value) = item(child, depth + 1)? {
            entries.insert(Text::from(key), value);
        }
    }
    Ok(Value::Map(Map::from_entries(entries)))
}

fn item(item: &Item, depth: usize) -> Result<Option<Value>, String> {
    if depth > MAX_DEPTH_LEVELS {
        return Err(format!(
            "toml: tables are nested deeper than {MAX_DEPTH_LEVELS} levels"
        ));
    }
    Ok(match item {
        Item::None => None,
        Item::Value(inner) => Some(value(inner, depth)?),
        Item::Table(inner) => Some(table(inner, depth)?),
        Item::ArrayOfTables(tables) => {
            let items: Result<Vec<_>, _> = tables.iter().map(|inner| table(inner, depth)).collect();
            // The one list that is not of `interface {}` in Go.
            let kind = crate::types::Type::map_of_any();
            Some(Value::List(List::typed(kind, items?)))
        }
    })
}

fn value(toml: &Toml, depth: usize) -> Result<Value, String> {
    Ok(match toml {
        Toml::String(text) => Value::text(text.value().as_str()),
        Toml::Integer(int) => Value::int64(*int.value()),
        Toml::Float(float) => Value::Float(*float.value()),
        Toml::Boolean(value) => Value::Bool(*value.value()),
        Toml::Datetime(datetime) => date(&datetime.value().to_string()),
        Toml::Array(array) => {
            if depth > MAX_DEPTH_LEVELS {
                return Err("toml: arrays are nested too deeply".to_owned());
            }
            let items: Result<Vec<_>, _> =
                array.iter().map(|item| value(item, depth + 1)).collect();
            Value::list(items?)
        }
        Toml::InlineTable(inner) => {
            let mut entries = Entries::new();
            for (key, child) in inner.iter() {
                entries.insert(Text::from(key), value(child, depth + 1)?);
            }
            Value::Map(Map::from_entries(entries))
        }
    })
}

/// Dates and times, with or without offset. Those without an offset are at locations of their own.
fn date(text: &str) -> Value {
    let without_offset = |civil: DateTime, name: &str| {
        let instant = Offset::UTC.to_timestamp(civil).ok()?;
        let location = Location::Fixed(Offset::UTC, name.into());
        Some(GoTime { instant, location })
    };
    let time = if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        let offset = offset_of(text);
        let location = match offset {
            Some(offset) if offset != Offset::UTC => Location::Fixed(offset, "".into()),
            _ => Location::Zone(TimeZone::UTC),
        };
        Some(GoTime { instant, location })
    } else if let Ok(civil) = text.parse::<DateTime>() {
        let has_clock = text.contains([':', 'T', 't']);
        without_offset(
            civil,
            if has_clock {
                LOCAL_DATETIME
            } else {
                LOCAL_DATE
            },
        )
    } else {
        let clock = text.parse::<Time>().unwrap_or_default();
        without_offset(jiff::civil::date(0, 1, 1).to_datetime(clock), LOCAL_TIME)
    };
    time.map_or_else(|| Value::text(text), Value::Time)
}

fn offset_of(text: &str) -> Option<Offset> {
    let at = text.len().checked_sub("+00:00".len())?;
    let tail = text.get(at..)?;
    let sign = match tail.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i32 = tail.get(1..3)?.parse().ok()?;
    let minutes: i32 = tail.get(4..6)?.parse().ok()?;
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}
