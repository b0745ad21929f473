//! Validates a value against a CRD's schema, with kube-apiserver's texts.

use serde_json::{Map, Value, json};

use skein_gowords::quote;

use crate::field_error::{FieldError, FieldErrorKind, FieldPath};
use crate::model::{Additional, Junctors, ListType, Schema, SchemaRef, ValueType};

mod formats;
mod limits;
mod lists;

pub use formats::STRING_FORMATS;

/// Deepest nesting of a value, in levels; deeper ones are refused.
pub const MAX_DEPTH: usize = 100;

/// Errors of a custom resource against its schema (CEL rules apart: see [`crate::rules`]).
pub fn validate(value: &Value, schema: &Schema) -> Vec<FieldError> {
    validate_change(value, None, schema)
}

/// As [`validate`] for an update: what is as it was before is not judged again, where old and new can be told to be
/// the same (fields of maps, elements of lists of type map).
pub fn validate_change(value: &Value, old: Option<&Value>, schema: &Schema) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(value, old, schema, &FieldPath::root(), 0, &mut errors);
    // Lists that had equal elements already may keep them.
    if old.is_none_or(|old| list_errors(old, schema).is_empty()) {
        errors.extend(list_errors(value, schema));
    }
    errors
}

fn list_errors(value: &Value, schema: &Schema) -> Vec<FieldError> {
    let mut errors = Vec::new();
    lists::check(value, schema, &FieldPath::root(), &mut errors);
    errors
}

/// Whether a value counts as the old one: elements of lists of type map may stand in another order, and maps with fields
/// that the schema does not name are never the same.
pub(crate) fn is_unchanged(value: &Value, old: &Value, schema: &Schema) -> bool {
    match (value, old) {
        (Value::Array(list), Value::Array(before)) => {
            let items = schema.items.as_deref();
            match (schema.list_type, items) {
                _ if list.len() != before.len() => false,
                (Some(ListType::Map), Some(items)) => list.iter().all(|value| {
                    same_element(value, before, schema)
                        .is_some_and(|old| is_unchanged(value, old, items))
                }),
                _ => list == before,
            }
        }
        (Value::Object(map), Value::Object(before)) => {
            map.len() == before.len()
                && map.iter().all(|(name, value)| {
                    let (Some(field), Some(old)) = (schema.field(name), before.get(name)) else {
                        return false;
                    };
                    is_unchanged(value, old, field)
                })
        }
        _ => value == old,
    }
}

/// What the API server adds when errors keep CEL rules from being run.
pub fn rules_not_checked() -> FieldError {
    FieldError::new(
        FieldErrorKind::Invalid,
        FieldPath::root(),
        Some(Value::Null),
        "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    )
}

/// Whether CEL rules may not be run over a value with these errors.
pub fn blocks_rules(errors: &[FieldError]) -> bool {
    errors.iter().any(|error| {
        matches!(
            error.kind,
            FieldErrorKind::NotSupported
                | FieldErrorKind::Required
                | FieldErrorKind::TooLong
                | FieldErrorKind::TooMany
                | FieldErrorKind::TypeInvalid
        )
    })
}

fn check(
    value: &Value,
    old: Option<&Value>,
    schema: &Schema,
    path: &FieldPath,
    depth: usize,
    errors: &mut Vec<FieldError>,
) {
    if old.is_some_and(|old| is_unchanged(value, old, schema)) {
        return;
    }
    if depth > MAX_DEPTH {
        errors.push(FieldError::forbidden(path.clone(), "nested too deeply"));
        return;
    }
    if !check_type(value, schema, path, errors) {
        // Kubernetes looks at numbers even where none may be.
        if let Value::Number(number) = value {
            limits::check_number(number, schema, path, errors);
        }
        check_enumeration(value, schema, path, errors);
        return;
    }
    if value.is_null() {
        check_enumeration(value, schema, path, errors);
        return;
    }
    if let Some(junctors) = &schema.junctors {
        check_junctors(value, old, junctors, path, depth, errors);
    }
    match value {
        Value::String(text) => {
            limits::check_string(text, schema, path, errors);
            formats::check(text, schema, path, errors);
        }
        Value::Number(number) => limits::check_number(number, schema, path, errors),
        Value::Array(list) => check_list(list, old, schema, path, depth, errors),
        _ => {}
    }
    check_enumeration(value, schema, path, errors);
    if let Value::Object(map) = value {
        check_map(map, old, schema, path, depth, errors);
    }
}

/// The words of the JSON type that was found.
fn found_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if !number.is_i64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What Go's validator calls the format of a value that was found.
fn found_format(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if !number.is_i64() => "float64",
        Value::Number(_) => "int64",
        _ => "",
    }
}

/// The largest float that counts as a whole number, as in JavaScript.
const MAX_WHOLE_FLOAT: f64 = 9_007_199_254_740_991.0;

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_i64()
                || number
                    .as_f64()
                    .is_some_and(|number| number.fract() == 0.0 && number.abs() <= MAX_WHOLE_FLOAT)
        }
        _ => false,
    }
}

fn check_type(
    value: &Value,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) -> bool {
    let wanted = match (schema.int_or_string, schema.value_type) {
        (true, _) => "integer,string",
        (false, Some(value_type)) => value_type.name(),
        (false, None) => return true,
    };
    let fits = match (value, schema.value_type) {
        (Value::Null, _) => schema.nullable,
        (Value::String(_), _) if schema.int_or_string => true,
        (Value::Number(_), _) if schema.int_or_string => is_whole(value),
        (_, Some(ValueType::Integer)) => is_whole(value),
        (_, Some(ValueType::Number)) => value.is_number(),
        (_, Some(ValueType::String)) => value.is_string(),
        (_, Some(ValueType::Boolean)) => value.is_boolean(),
        (_, Some(ValueType::Array)) => value.is_array(),
        (_, Some(ValueType::Object)) => value.is_object(),
        (_, None) => false,
    };
    let format = formats::effective(schema);
    let is_text = matches!(value, Value::String(_) | Value::Array(_));
    let is_numeric = matches!(
        schema.value_type,
        Some(ValueType::Integer | ValueType::Number)
    );
    if format.is_some() && is_text && !is_numeric && !schema.int_or_string {
        // The format is all that is looked at, and of lists not even that.
        return true;
    }
    if !fits {
        let (wanted, found) = match (format, value) {
            (Some(format), value) if !is_text && !value.is_null() => (format, found_format(value)),
            _ => (wanted, found_type(value)),
        };
        let detail = format!(
            "{} in body must be of type {wanted}: \"{found}\"",
            path.as_str()
        );
        let kind = FieldErrorKind::TypeInvalid;
        errors.push(FieldError::new(
            kind,
            path.clone(),
            Some(json!(found)),
            detail,
        ));
    }
    fits
}

fn check_enumeration(
    value: &Value,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    if schema.enumeration.is_empty() || (value.is_null() && schema.nullable) {
        return;
    }
    let same = |allowed: &&Value| match (allowed.as_f64(), value.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => *allowed == value,
    };
    if schema.enumeration.iter().any(|allowed| same(&allowed)) {
        return;
    }
    let texts: Vec<String> = schema
        .enumeration
        .iter()
        .map(|allowed| {
            allowed
                .as_str()
                .map_or_else(|| allowed.to_string(), str::to_owned)
        })
        .collect();
    let allowed = texts.iter().map(String::as_str);
    errors.push(FieldError::not_supported(
        path.clone(),
        value.clone(),
        allowed,
    ));
}

fn check_map(
    map: &Map<String, Value>,
    old: Option<&Value>,
    schema: &Schema,
    path: &FieldPath,
    depth: usize,
    errors: &mut Vec<FieldError>,
) {
    limits::check_map(map, schema, path, errors);
    let mut names: Vec<_> = map.iter().collect();
    names.sort_by(|a, b| a.0.cmp(b.0));
    for (name, value) in &names {
        let field: &SchemaRef = match (schema.properties.get(*name), &schema.additional) {
            (Some(field), _) | (None, Additional::Schema(field)) => field,
            (None, Additional::Allowed(false)) => {
                let detail = format!("{}.{name} in body is a forbidden property", path.as_str());
                errors.push(FieldError::invalid(path.clone(), json!(name), detail));
                continue;
            }
            (None, _) => continue,
        };
        let old = old.and_then(|old| old.get(*name));
        check(value, old, field, &path.child(name), depth + 1, errors);
    }
    for name in &schema.required {
        if !map.contains_key(name) {
            errors.push(FieldError::required(path.child(name), ""));
        }
    }
}

fn check_list(
    list: &[Value],
    old: Option<&Value>,
    schema: &Schema,
    path: &FieldPath,
    depth: usize,
    errors: &mut Vec<FieldError>,
) {
    let old = old
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if let Some(items) = &schema.items {
        for (index, value) in list.iter().enumerate() {
            let old = same_element(value, old, schema);
            check(value, old, items, &path.index(index), depth + 1, errors);
        }
    }
    limits::check_list(list, schema, path, errors);
}

/// The element of the old list that is the same one: only lists of type map tell.
pub(crate) fn same_element<'a>(
    value: &Value,
    old: &'a [Value],
    schema: &Schema,
) -> Option<&'a Value> {
    if schema.list_type != Some(ListType::Map) {
        return None;
    }
    old.iter().find(|old| {
        schema
            .list_map_keys
            .iter()
            .all(|key| old.get(key) == value.get(key))
    })
}

fn check_junctors(
    value: &Value,
    old: Option<&Value>,
    junctors: &Junctors,
    path: &FieldPath,
    depth: usize,
    errors: &mut Vec<FieldError>,
) {
    let run = |schema: &SchemaRef| {
        let mut errors = Vec::new();
        check(value, old, schema, path, depth + 1, &mut errors);
        errors
    };
    let name = quote(path.as_str());
    // These errors carry no field.
    let plain = |detail: String| FieldError::invalid(FieldPath::root(), json!(""), detail);
    if !junctors.any_of.is_empty() {
        let mut results: Vec<_> = junctors.any_of.iter().map(run).collect();
        if !results.iter().any(Vec::is_empty) {
            errors.push(plain(format!(
                "{name} must validate at least one schema (anyOf)"
            )));
            errors.append(&mut results[0]);
        }
    }
    if !junctors.one_of.is_empty() {
        let mut results: Vec<_> = junctors.one_of.iter().map(run).collect();
        let valid = results.iter().filter(|errors| errors.is_empty()).count();
        if valid != 1 {
            let found = match valid {
                0 => "Found none valid".to_owned(),
                count => format!("Found {count} valid alternatives"),
            };
            let text = format!("{name} must validate one and only one schema (oneOf). {found}");
            errors.push(plain(text));
            if valid == 0 {
                errors.append(&mut results[0]);
            }
        }
    }
    if !junctors.all_of.is_empty() {
        let results: Vec<_> = junctors.all_of.iter().map(run).collect();
        let valid = results.iter().filter(|errors| errors.is_empty()).count();
        let count = results.len();
        errors.extend(results.into_iter().flatten());
        if valid != count {
            let none = if valid == 0 { ". None validated" } else { "" };
            errors.push(plain(format!(
                "{name} must validate all the schemas (allOf){none}"
            )));
        }
    }
    if let Some(not) = &junctors.not
        && run(not).is_empty()
    {
        errors.push(plain(format!("{name} must not validate the schema (not)")));
    }
}
