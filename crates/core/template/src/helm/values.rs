//! Methods of `common.Values`, the type of `.Values` and of the top of a chart's templates. Charts written by programs call them.

use crate::function::{CallError, Signature};
use crate::value::{Map, Value};

/// The signature of a method of this map.
pub fn method(map: &Map, name: &str) -> Option<Signature> {
    let text = match name {
        "AsMap" => "-> map[string]any",
        "YAML" => "-> string",
        "Table" => "string -> common.Values",
        "PathValue" => "string -> any",
        "Encode" => "io.Writer -> error",
        _ => return None,
    };
    map.is_values().then(|| Signature::parse(text))
}

/// Calls a method that [`method`] knows.
pub fn call_method(map: &Map, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
    let path = match arguments.first() {
        Some(Value::String(text)) => text.lossy().into_owned(),
        _ => String::new(),
    };
    match name {
        // No value of a template is a writer, but nil may stand for one.
        "Encode" => Err(CallError::new(
            "runtime error: invalid memory address or nil pointer dereference",
        )),
        "YAML" => {
            let json = Value::Map(map.clone()).to_json();
            let json = json.map_err(|error| CallError::new(error.to_string()))?;
            Ok(Value::text(skein_yaml::to_string(&json)))
        }
        "Table" => table(map, &path).map(Value::Map),
        "PathValue" => value_at(map, &path),
        _ if map.is_empty() => Ok(Value::Map(Map::new())),
        _ => Ok(Value::Map(map.as_plain())),
    }
}

fn table(map: &Map, path: &str) -> Result<Map, CallError> {
    let mut found = map.clone();
    for name in path.split('.') {
        found = match found.get(name) {
            Some(Value::Map(inner)) => inner,
            _ => return Err(CallError::new(format!("{name:?} is not a table"))),
        };
    }
    Ok(found.as_values())
}

fn value_at(map: &Map, path: &str) -> Result<Value, CallError> {
    if path.is_empty() {
        return Err(CallError::new("YAML path cannot be empty"));
    }
    let (folder, key) = path.rsplit_once('.').unwrap_or(("", path));
    let found = match folder {
        "" => Some(map.clone()),
        folder => table(map, folder).ok(),
    };
    match found.and_then(|found| found.get(key)) {
        Some(Value::Map(_)) | None => Err(CallError::new(format!("{key:?} is not a value"))),
        Some(value) => Ok(value),
    }
}
