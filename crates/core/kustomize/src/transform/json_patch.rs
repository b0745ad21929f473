//! JSON patches (RFC 6902) as kustomize's library applies them.

use serde_json::Value;

use crate::error::{BuildError, Outcome};
use crate::growth::Growth;
use crate::kustomization::Fields;

/// One operation.
#[derive(Clone, Debug)]
struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    /// `None` when the operation has no value field.
    value: Option<Value>,
}

/// The operations of a patch.
#[derive(Clone, Debug)]
pub(crate) struct JsonPatch(Vec<Operation>);

/// Parts of a pointer, unescaped.
fn parts_of(pointer: &str) -> Option<Vec<String>> {
    let mut parts = pointer.split('/');
    let first = parts.next()?;
    // A pointer begins with a slash; what stands before it is ignored.
    let _ = first;
    let parts: Vec<String> = parts
        .map(|p| p.replace("~1", "/").replace("~0", "~"))
        .collect();
    (!parts.is_empty()).then_some(parts)
}

/// Index of an element; negative ones count from the end.
fn index_of(part: &str, len: usize, may_be_end: bool) -> Result<usize, String> {
    let index: i64 = part
        .parse()
        .map_err(|_| format!("'{part}' is not an index of a list"))?;
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let limit = if may_be_end { len + 1 } else { len };
    let resolved = if index < 0 { index + limit } else { index };
    if (0..limit).contains(&resolved) {
        return usize::try_from(resolved).map_err(|e| e.to_string());
    }
    Err(format!(
        "Unable to access invalid index: {index}: invalid index referenced"
    ))
}

fn child<'a>(value: &'a mut Value, part: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(part),
        Value::Array(list) => {
            let at = index_of(part, list.len(), false).ok()?;
            list.get_mut(at)
        }
        _ => None,
    }
}

/// The map or list that holds the end of a pointer.
fn parent<'a>(
    root: &'a mut Value,
    parts: &[String],
    op: &str,
    path: &str,
) -> Result<&'a mut Value, String> {
    let holder = parts[..parts.len() - 1]
        .iter()
        .try_fold(root, |value, part| child(value, part));
    match holder {
        Some(holder @ (Value::Object(_) | Value::Array(_))) => Ok(holder),
        _ => Err(no_place(op, path)),
    }
}

/// The library's words, which are others for each operation.
fn no_place(op: &str, path: &str) -> String {
    let what = match op {
        "add" | "remove" => format!("doc is missing path: \"{path}\""),
        "replace" => format!("doc is missing path: {path}"),
        "test" => format!("is missing path: {path}"),
        _ => format!("doc is missing from path: {path}"),
    };
    format!("{op} operation does not apply: {what}: missing value")
}

/// The library's words for an operation without a path, which are others for some.
fn no_path(op: &str) -> String {
    let what = match op {
        "replace" | "test" => "operation missing path field: missing value",
        _ => "missing value",
    };
    format!("{op} operation failed to decode path: {what}")
}

impl JsonPatch {
    /// Reads a patch in JSON or YAML; `None` for a text without content.
    pub(crate) fn parse(text: &[u8]) -> Outcome<Option<Self>> {
        if text.is_empty() {
            return Err(BuildError::invalid("empty json patch operations"));
        }
        let value = if text[0] == b'[' {
            match serde_json::from_slice(text) {
                Ok(value) => value,
                Err(e) => {
                    return Err(BuildError::invalid(format!(
                        "the JSON patch is no JSON: {e}"
                    )));
                }
            }
        } else {
            skein_yaml::from_slice(text)?
        };
        let list = match value {
            Value::Null => return Ok(None),
            Value::Array(list) => list,
            _ => {
                return Err(BuildError::invalid(
                    "a JSON patch must be a list of operations",
                ));
            }
        };
        let operations = list
            .iter()
            .enumerate()
            .map(|(i, v)| operation(v, &format!("[{i}]")));
        Ok(Some(Self(operations.collect::<Outcome<_>>()?)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies all operations, in order; an error comes with the number of the one that fails, from 0.
    pub(crate) fn apply(
        &self,
        root: &mut Value,
        growth: &mut Growth,
    ) -> Result<(), (usize, String)> {
        let mut operations = self.0.iter().enumerate();
        operations.try_for_each(|(number, operation)| {
            operation.apply(root, growth).map_err(|e| (number, e))
        })
    }
}

fn operation(value: &Value, path: &str) -> Outcome<Operation> {
    let mut fields = Fields::new(value, path)?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Ok(Operation {
        op: text(fields.take("op")).unwrap_or_default(),
        path: text(fields.take("path")),
        from: text(fields.take("from")),
        value: value.get("value").cloned(),
    })
}

impl Operation {
    fn apply(&self, root: &mut Value, growth: &mut Growth) -> Result<(), String> {
        let op = self.op.as_str();
        if !matches!(op, "add" | "remove" | "replace" | "move" | "copy" | "test") {
            let op = if op.is_empty() { "unknown" } else { op };
            return Err(format!("Unexpected kind: {op}"));
        }
        let needs_from = matches!(op, "move" | "copy");
        if needs_from && self.from.is_none() {
            let what = "operation, missing from field: missing value";
            return Err(format!("{op} operation failed to decode from: {what}"));
        }
        let path = self.path.as_deref().ok_or_else(|| no_path(op))?;
        let value = || self.value.clone().unwrap_or(Value::Null);
        let mut is_bounded = |value: &Value| {
            let level = path.matches('/').count();
            growth.add_value(value, level).map_err(|error| error.0)
        };
        if let Some(value) = self.value.as_ref().filter(|_| op != "test") {
            is_bounded(value)?;
        }
        if path.is_empty() && op == "replace" {
            *root = value();
            return Ok(());
        }
        if path.is_empty() && op == "test" {
            return if *root == value() {
                Ok(())
            } else {
                Err("testing value failed: \"\"".to_owned())
            };
        }
        match op {
            "add" => add(root, path, value()),
            "remove" => remove(root, path).map(|_| ()),
            "replace" => replace(root, path, value()),
            "test" => test(root, path, &value()),
            _ => {
                let from = self.from.as_deref().unwrap_or_default();
                let moved = if op == "move" {
                    let moved = remove(root, from)?;
                    is_bounded(&moved)?;
                    moved
                } else {
                    let copied = get(root, from, op)?;
                    is_bounded(copied)?;
                    copied.clone()
                };
                add(root, path, moved)
            }
        }
    }
}

fn pointer(path: &str, op: &str) -> Result<Vec<String>, String> {
    parts_of(path).ok_or_else(|| no_place(op, path))
}

fn add(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let parts = pointer(path, "add")?;
    let holder = parent(root, &parts, "add", path)?;
    let last = &parts[parts.len() - 1];
    match holder {
        Value::Object(map) => {
            map.insert(last.clone(), value);
        }
        Value::Array(list) if last == "-" => list.push(value),
        Value::Array(list) => {
            let at = index_of(last, list.len(), true)?;
            list.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn remove(root: &mut Value, path: &str) -> Result<Value, String> {
    let parts = pointer(path, "remove")?;
    let holder = parent(root, &parts, "remove", path)?;
    let last = &parts[parts.len() - 1];
    match holder {
        Value::Object(map) => map.remove(last).ok_or_else(|| {
            format!("error in remove for path: '{path}': Unable to remove nonexistent key: {last}: missing value")
        }),
        Value::Array(list) => {
            let at = index_of(last, list.len(), false)
                .map_err(|e| format!("error in remove for path: '{path}': {e}"))?;
            Ok(list.remove(at))
        }
        _ => Ok(Value::Null),
    }
}

fn replace(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let parts = pointer(path, "replace")?;
    let holder = parent(root, &parts, "replace", path)?;
    let last = &parts[parts.len() - 1];
    match holder {
        // The library sets a key that is not there, too.
        Value::Object(map) => {
            map.insert(last.clone(), value);
        }
        Value::Array(list) => {
            let at = index_of(last, list.len(), false)
                .map_err(|e| format!("replace operation does not apply: {path}: {e}"))?;
            list[at] = value;
        }
        _ => {}
    }
    Ok(())
}

fn get<'a>(root: &'a mut Value, path: &str, op: &str) -> Result<&'a Value, String> {
    let parts = pointer(path, op)?;
    let last = &parts[parts.len() - 1];
    match parent(root, &parts, op, path)? {
        // A key that is not there is copied as null.
        Value::Object(map) => Ok(map.get(last).unwrap_or(&Value::Null)),
        Value::Array(list) => {
            let at = index_of(last, list.len(), false)?;
            Ok(&list[at])
        }
        _ => Ok(&Value::Null),
    }
}

fn test(root: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let parts = pointer(path, "test")?;
    let holder = parent(root, &parts, "test", path)?;
    let found = child(holder, &parts[parts.len() - 1]);
    let equal = match found {
        None => value.is_null(),
        Some(found) => same(found, value),
    };
    if equal {
        Ok(())
    } else {
        Err(format!("testing value {path} failed: test failed"))
    }
}

/// Equality with numbers by value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(k, v)| y.get(k).is_some_and(|w| same(v, w)))
        }
        _ => a == b,
    }
}
