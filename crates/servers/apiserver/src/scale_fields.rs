//! The fields that the scale of a custom resource reads have to be numbers and texts, whatever the schema says.

use serde_json::{Value, json};
use skein_schema::{FieldError, FieldErrorKind, FieldPath};

use crate::custom::ScalePaths;
use crate::patch::go_print;

/// Largest number of replicas.
const MAX_REPLICAS: i64 = i32::MAX as i64;

/// What is wrong with the fields of the scale; a write of the status leaves those of the spec alone.
pub(crate) fn errors(paths: &ScalePaths, object: &Value, subresource: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if subresource != "status" {
        errors.extend(replicas_error(&paths.spec_replicas, object));
    }
    errors.extend(replicas_error(&paths.status_replicas, object));
    errors.extend(selector_error(&paths.selector, object));
    errors
}

fn replicas_error(path: &[String], object: &Value) -> Option<FieldError> {
    let found = match find(object, path) {
        Ok(found) => found?,
        Err(text) => return Some(invalid(path, json!(0), text)),
    };
    let Some(number) = found.as_i64() else {
        return Some(invalid(
            path,
            json!(0),
            of_another_type(path, found, "int64"),
        ));
    };
    let text = match number {
        ..0 => "should be a non-negative integer".to_owned(),
        0..=MAX_REPLICAS => return None,
        _ => format!("should be less than or equal to {MAX_REPLICAS}"),
    };
    Some(invalid(path, json!(number), text))
}

fn selector_error(path: &[String], object: &Value) -> Option<FieldError> {
    if path.is_empty() {
        return None;
    }
    let text = match find(object, path) {
        Ok(None | Some(Value::String(_))) => return None,
        Ok(Some(found)) => of_another_type(path, found, "string"),
        Err(text) => text,
    };
    Some(invalid(path, json!(""), text))
}

/// The value at a path of map keys; `None` where it, or a map above it, is absent.
fn find<'a>(object: &'a Value, path: &[String]) -> Result<Option<&'a Value>, String> {
    let mut value = object;
    for (depth, field) in path.iter().enumerate() {
        let map = match value {
            Value::Null => return Ok(None),
            Value::Object(map) => map,
            other => {
                let place = path.get(..=depth).unwrap_or(path);
                return Err(of_another_type(place, other, "map[string]interface{}"));
            }
        };
        match map.get(field) {
            Some(below) => value = below,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

fn invalid(path: &[String], value: Value, text: String) -> FieldError {
    let path = FieldPath::new(dotted(path));
    FieldError::new(FieldErrorKind::Invalid, path, Some(value), text)
}

fn of_another_type(path: &[String], value: &Value, wanted: &str) -> String {
    format!(
        "{} accessor error: {} is of the type {}, expected {wanted}",
        dotted(path),
        go_print(value),
        go_type(value)
    )
}

fn dotted(path: &[String]) -> String {
    format!(".{}", path.join("."))
}

/// The type of a decoded JSON value in Go.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_another_type_are_told() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect();
        let paths = ScalePaths {
            spec_replicas: path("spec.cnt"),
            status_replicas: path("status.cnt"),
            selector: path("status.selector"),
        };
        let told = |object: Value, subresource: &str| {
            let errors = errors(&paths, &object, subresource);
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            errors.join("; ")
        };
        for (object, wanted) in [
            (
                json!({"spec": {"cnt": 3}, "status": {"selector": "a=b"}}),
                "",
            ),
            (json!({"spec": null}), ""),
            (json!({"status": {}}), ""),
            (
                json!({"spec": {"cnt": "x"}}),
                ".spec.cnt: Invalid value: 0: .spec.cnt accessor error: x is of the type string, expected int64",
            ),
            (
                json!({"spec": []}),
                ".spec.cnt: Invalid value: 0: .spec.cnt accessor error: [] is of the type []interface {}, expected map[string]interface{}",
            ),
            (
                json!({"spec": {"cnt": null}}),
                ".spec.cnt: Invalid value: 0: .spec.cnt accessor error: <nil> is of the type <nil>, expected int64",
            ),
            (
                json!({"spec": {"cnt": -1}}),
                ".spec.cnt: Invalid value: -1: should be a non-negative integer",
            ),
            (
                json!({"status": {"cnt": 2_147_483_648_u32}}),
                ".status.cnt: Invalid value: 2147483648: should be less than or equal to 2147483647",
            ),
            (
                json!({"status": {"selector": {"a": true}}}),
                ".status.selector: Invalid value: \"\": .status.selector accessor error: map[a:true] is of the type map[string]interface {}, expected string",
            ),
        ] {
            assert_eq!(told(object, ""), wanted);
        }
        assert_eq!(told(json!({"spec": []}), "status"), "");
    }
}
