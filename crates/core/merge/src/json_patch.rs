//! JSON patch (RFC 6902), with the texts and the quirks of the API server.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::path_element::values_equal;

/// Most operations in one patch.
pub const MAX_OPERATIONS: usize = 10_000;

/// What the API server says instead of the cause when an operation does not fit (422, reason Invalid, no details).
pub const REFUSED: &str = "the server rejected our request due to an error in our request";

/// Why a patch was refused. The texts are the API server's; the status code is said per variant.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum JsonPatchError {
    /// 400: the patch is no list of operations.
    #[error("json: cannot unmarshal {found} into Go value of type jsonpatch.Patch")]
    NoPatch {
        /// JSON type that was found.
        found: &'static str,
    },
    /// 413: too many operations.
    #[error("The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {found}")]
    TooLarge {
        /// Number of operations.
        found: usize,
    },
    /// 422: an operation does not fit the object. The API server hides the cause behind [`REFUSED`].
    #[error("{0}")]
    Operation(String),
}

impl JsonPatchError {
    /// HTTP status with which the API server refuses it.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoPatch { .. } => 400,
            Self::TooLarge { .. } => 413,
            Self::Operation(_) => 422,
        }
    }
}

/// Applies a patch; the document is unchanged when it fails.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), JsonPatchError> {
    let found = match patch {
        Value::Array(operations) => {
            return apply_operations(document, operations);
        }
        Value::Null => return Ok(()),
        Value::Object(_) => "object",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
    };
    Err(JsonPatchError::NoPatch { found })
}

fn apply_operations(document: &mut Value, operations: &[Value]) -> Result<(), JsonPatchError> {
    if operations.len() > MAX_OPERATIONS {
        return Err(JsonPatchError::TooLarge {
            found: operations.len(),
        });
    }
    let mut result = document.clone();
    for operation in operations {
        let kind = operation
            .get("op")
            .and_then(Value::as_str)
            .unwrap_or("unknown");
        let outcome = match kind {
            "add" => add(&mut result, operation),
            "remove" => remove(&mut result, operation),
            "replace" => replace(&mut result, operation),
            "move" => move_value(&mut result, operation),
            "copy" => copy(&mut result, operation),
            "test" => test(&result, operation),
            other => Err(format!("Unexpected kind: {other}")),
        };
        outcome.map_err(JsonPatchError::Operation)?;
    }
    *document = result;
    Ok(())
}

const MISSING: &str = "missing value";
const INVALID_INDEX: &str = "invalid index referenced";

fn pointer<'a>(operation: &'a Value, key: &str) -> Option<&'a str> {
    operation.get(key).and_then(Value::as_str)
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// The parts of a pointer: the container's path and the last key.
fn split(path: &str) -> Option<(Vec<String>, String)> {
    let mut parts: Vec<String> = path.split('/').skip(1).map(unescape).collect();
    let key = parts.pop()?;
    Some((parts, key))
}

fn container<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parts, key) = split(path)?;
    let mut value = document;
    for part in parts {
        value = match value {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(list) => {
                let index = index(&part, list.len()).ok()?;
                list.get_mut(index)?
            }
            _ => return None,
        };
    }
    (value.is_object() || value.is_array()).then_some((value, key))
}

fn number(key: &str) -> Result<i64, String> {
    key.parse()
        .map_err(|_| format!("strconv.Atoi: parsing \"{key}\": invalid syntax"))
}

/// An index within a list of that length; negative ones count from the end.
fn index(key: &str, length: usize) -> Result<usize, String> {
    let given = number(key)?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let invalid = || format!("Unable to access invalid index: {given}: {INVALID_INDEX}");
    let index = if given < 0 { given + length } else { given };
    if index < 0 || index >= length {
        return Err(invalid());
    }
    usize::try_from(index).map_err(|_| invalid())
}

fn get(container: &Value, key: &str) -> Result<Option<Value>, String> {
    match container {
        Value::Object(map) => Ok(map.get(key).cloned()),
        Value::Array(list) => Ok(list.get(index(key, list.len())?).cloned()),
        _ => Ok(None),
    }
}

fn insert(container: &mut Value, key: String, value: Value) -> Result<(), String> {
    match container {
        Value::Object(map) => {
            map.insert(key, value);
        }
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            if key.parse::<i64>().is_err() {
                let cause = number(&key).err().unwrap_or_default();
                return Err(format!(
                    "value was not a proper array index: '{key}': {cause}"
                ));
            }
            let index = index(&key, list.len() + 1)?;
            list.insert(index, value);
        }
        _ => {}
    }
    Ok(())
}

fn take(container: &mut Value, key: &str) -> Result<(), String> {
    match container {
        Value::Object(map) => {
            let missing = format!("Unable to remove nonexistent key: {key}: {MISSING}");
            map.remove(key).map(drop).ok_or(missing)
        }
        Value::Array(list) => {
            let index = index(key, list.len())?;
            list.remove(index);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn add(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("add operation failed to decode path: {MISSING}"))?;
    let (container, key) = container(document, path).ok_or_else(|| {
        format!("add operation does not apply: doc is missing path: \"{path}\": {MISSING}")
    })?;
    let value = operation.get("value").cloned().unwrap_or_default();
    insert(container, key, value)
        .map_err(|cause| format!("error in add for path: '{path}': {cause}"))
}

fn remove(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("remove operation failed to decode path: {MISSING}"))?;
    let (container, key) = container(document, path).ok_or_else(|| {
        format!("remove operation does not apply: doc is missing path: \"{path}\": {MISSING}")
    })?;
    take(container, &key).map_err(|cause| format!("error in remove for path: '{path}': {cause}"))
}

fn replace(document: &mut Value, operation: &Value) -> Result<(), String> {
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("replace operation failed to decode path: {MISSING}"))?;
    let value = operation.get("value").cloned().unwrap_or_default();
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let (container, key) = container(document, path).ok_or_else(|| {
        format!("replace operation does not apply: doc is missing path: {path}: {MISSING}")
    })?;
    match container {
        // As upstream: a missing key of a map is made.
        Value::Object(map) => {
            map.insert(key, value);
        }
        Value::Array(list) => {
            let index = index(&key, list.len()).map_err(|_| {
                format!("replace operation does not apply: doc is missing key: {path}: {MISSING}")
            })?;
            list[index] = value;
        }
        _ => {}
    }
    Ok(())
}

fn move_value(document: &mut Value, operation: &Value) -> Result<(), String> {
    let from = pointer(operation, "from")
        .ok_or_else(|| format!("move operation failed to decode from: {MISSING}"))?;
    let (source, key) = container(document, from).ok_or_else(|| {
        format!("move operation does not apply: doc is missing from path: {from}: {MISSING}")
    })?;
    let in_move = |cause: String| format!("error in move for path: '{key}': {cause}");
    let value = get(source, &key).map_err(in_move)?;
    take(source, &key).map_err(in_move)?;
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("move operation failed to decode path: {MISSING}"))?;
    let (target, key) = container(document, path).ok_or_else(|| {
        format!("move operation does not apply: doc is missing destination path: {path}: {MISSING}")
    })?;
    insert(target, key, value.unwrap_or_default())
        .map_err(|cause| format!("error in move for path: '{path}': {cause}"))
}

fn copy(document: &mut Value, operation: &Value) -> Result<(), String> {
    let from = pointer(operation, "from")
        .ok_or_else(|| format!("copy operation failed to decode from: {MISSING}"))?;
    let (source, key) = container(document, from).ok_or_else(|| {
        format!("copy operation does not apply: doc is missing from path: {from}: {MISSING}")
    })?;
    let value =
        get(source, &key).map_err(|cause| format!("error in copy for from: '{from}': {cause}"))?;
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("copy operation failed to decode path: {MISSING}"))?;
    let (target, key) = container(document, path).ok_or_else(|| {
        format!("copy operation does not apply: doc is missing destination path: {path}: {MISSING}")
    })?;
    insert(target, key, value.unwrap_or_default())
        .map_err(|cause| format!("error while adding value during copy: {cause}"))
}

fn test(document: &Value, operation: &Value) -> Result<(), String> {
    let path = pointer(operation, "path")
        .ok_or_else(|| format!("test operation failed to decode path: {MISSING}"))?;
    let wanted = operation.get("value").cloned().unwrap_or_default();
    let failed = || format!("testing value {path} failed: test failed");
    if path.is_empty() {
        return if values_equal(document, &wanted) {
            Ok(())
        } else {
            Err(failed())
        };
    }
    let mut document = document.clone();
    let (source, key) = container(&mut document, path).ok_or_else(|| {
        format!("test operation does not apply: is missing path: {path}: {MISSING}")
    })?;
    let found = get(source, &key)
        .map_err(|cause| format!("error in test for path: '{path}': {cause}"))?
        .unwrap_or_default();
    if values_equal(&found, &wanted) {
        Ok(())
    } else {
        Err(failed())
    }
}

/// The operations that make `new` of `old`: maps member by member, lists element by element, ends added or removed.
pub fn create(old: &Value, new: &Value) -> Value {
    let mut operations = Vec::new();
    difference(old, new, "", &mut operations);
    Value::Array(operations)
}

fn difference(old: &Value, new: &Value, path: &str, out: &mut Vec<Value>) {
    if old == new {
        return;
    }
    let operation = |op: &str, path: String, value: Option<&Value>| {
        let mut map = Map::new();
        map.insert("op".to_owned(), op.into());
        map.insert("path".to_owned(), path.into());
        if let Some(value) = value {
            map.insert("value".to_owned(), value.clone());
        }
        Value::Object(map)
    };
    let at = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().filter(|name| !new.contains_key(*name)) {
                out.push(operation("remove", at(name), None));
            }
            for (name, value) in new {
                match old.get(name) {
                    Some(before) => difference(before, value, &at(name), out),
                    None => out.push(operation("add", at(name), Some(value))),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                difference(old, new, &at(&index.to_string()), out);
            }
            for index in (new.len()..old.len()).rev() {
                out.push(operation("remove", at(&index.to_string()), None));
            }
            for value in new.iter().skip(old.len()) {
                out.push(operation("add", at("-"), Some(value)));
            }
        }
        _ => out.push(operation("replace", path.to_owned(), Some(new))),
    }
}
