//! Values: reading, merging, coalescing, and the parsers of `--set` and its kin.

use serde_json::{Map, Value};

/// A table of values; its texts may hold any bytes ([`skein_template::raw_text`]). Whole numbers that Go holds as float64 (all that come from YAML or JSON) are JSON floats here; what Go holds as
/// int64 (from `--set`) are JSON integers. Null is Go's nil.
pub type Values = Map<String, Value>;

mod coalesce;
mod print;
mod strvals;

use skein_template::Integers;

pub use coalesce::reuse;
pub(crate) use coalesce::{Mode, coalesce, coalesce_over, deep_copy, merge_tables};
pub(crate) use print::go_text;
pub use strvals::{
    MAX_INDEX, MAX_NAME_LEVELS, ReadFile, SetError, set, set_file, set_json, set_literal,
    set_string,
};

/// The first document of a values file; errors read as Helm's.
pub fn read(text: &[u8]) -> Result<Values, String> {
    crate::decode::table(text).map(with_floats)
}

/// As [`read`], but whole numbers stay whole: for values that are only written again.
pub fn read_whole(text: &[u8]) -> Result<Values, String> {
    crate::decode::table(text)
}

/// All documents of a values file, later ones merged over earlier ones; errors read as Helm's.
pub fn read_documents(text: &[u8]) -> Result<Values, String> {
    let mut values = Values::new();
    for document in split_documents(text)? {
        let table = crate::decode::table(&document)
            .map_err(|problem| format!("cannot unmarshal yaml document: {problem}"))?;
        merge_over(&mut values, with_floats(table));
    }
    Ok(values)
}

/// Cuts a text at lines that begin with `---`, as Kubernetes' YAML reader does.
fn split_documents(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut documents = Vec::new();
    let mut current = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = match line.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => line,
        };
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(format!(
                    "error reading yaml document: invalid Yaml document separator: {rest}"
                ));
            }
            if !current.is_empty() {
                documents.push(std::mem::take(&mut current));
                continue;
            }
        }
        current.extend_from_slice(line);
        // The last line ends, too, whether it does in the file or not: in UTF-16 that breaks its last character.
        current.push(b'\n');
    }
    if !current.is_empty() {
        documents.push(current);
    }
    Ok(documents)
}

/// `--set-json` in both its forms: `key=json`, or an object that is merged over what is there. The problem is Helm's, which names the flag's
/// whole text and nothing else.
pub fn set_json_or_object(text: &str, into: &mut Values) -> Result<(), SetError> {
    let trimmed = text.trim();
    if trimmed.starts_with('{') {
        let object: Values = serde_json::from_str(trimmed)
            .map_err(|_| SetError(format!("failed parsing --set-json data JSON: {text}")))?;
        merge_over(into, with_floats(object));
        return Ok(());
    }
    set_json(text, into).map_err(|_| SetError(format!("failed parsing --set-json data {text}")))
}

/// Lays a table over another: tables are merged, all else is replaced.
pub fn merge_over(base: &mut Values, over: Values) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge_over(below, above),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// A table whose numbers are all float64, as Go's JSON reader makes them.
pub fn with_floats(mut values: Values) -> Values {
    values.values_mut().for_each(make_float);
    values
}

fn make_float(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_f64() => {
            if let Some(float) = number.as_f64().and_then(serde_json::Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_float),
        Value::Object(map) => map.values_mut().for_each(make_float),
        _ => {}
    }
}

/// A table as templates see it; nothing is an empty table.
pub(crate) fn to_map(values: Option<&Values>) -> skein_template::Map {
    let entries = values.into_iter().flatten();
    skein_template::Map::from_entries(
        entries
            .map(|(key, value)| (key.as_str().into(), from_json(Some(value))))
            .collect(),
    )
}

/// A value as templates see it.
pub(crate) fn from_json(value: Option<&Value>) -> skein_template::Value {
    value.map_or(skein_template::Value::Nil, |value| {
        skein_template::Value::from_json(value, Integers::Int64)
    })
}

/// A table of templates as values, whatever bytes its texts hold.
pub(crate) fn from_map(map: &skein_template::Map) -> Result<Values, String> {
    to_table(skein_template::Value::Map(map.clone()).to_json_with_bytes())
}

/// A table of templates as Go writes it into JSON.
pub(crate) fn to_unicode(map: &skein_template::Map) -> Result<Values, String> {
    to_table(skein_template::Value::Map(map.clone()).to_json())
}

fn to_table(json: Result<Value, skein_template::JsonError>) -> Result<Values, String> {
    match json {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Ok(Values::new()),
        Err(error) => Err(error.to_string()),
    }
}
