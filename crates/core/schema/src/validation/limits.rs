//! Bounds on strings, numbers, lists and maps.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use regex::Regex;
use serde_json::{Map, Number, Value, json};

use crate::field_error::{FieldError, FieldPath};
use crate::model::{Schema, ValueType};

/// Most compiled patterns that are kept.
const MAX_CACHED_PATTERNS: usize = 1_000;

/// A compiled pattern, or why it is none.
type Compiled = Arc<Result<Regex, String>>;

/// Patterns are compiled once: the same schema judges many objects.
fn compiled(pattern: &str) -> Compiled {
    static CACHE: LazyLock<Mutex<HashMap<String, Compiled>>> = LazyLock::new(Mutex::default);
    let compile = || Arc::new(skein_gowords::regex(pattern));
    let Ok(mut cache) = CACHE.lock() else {
        return compile();
    };
    if let Some(there) = cache.get(pattern) {
        return there.clone();
    }
    if cache.len() >= MAX_CACHED_PATTERNS {
        cache.clear();
    }
    let regex = compile();
    cache.insert(pattern.to_owned(), regex.clone());
    regex
}

pub(super) fn check_string(
    text: &str,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let Some(limits) = &schema.limits else { return };
    let length = text.chars().count() as u64;
    let name = path.as_str();
    // As in Kubernetes, the first limit that is broken is the only one that is told.
    if let Some(limit) = limits.max_length
        && length > limit
    {
        errors.push(FieldError::too_long(path.clone(), limit));
        return;
    }
    let mut invalid =
        |detail: String| errors.push(FieldError::invalid(path.clone(), json!(text), detail));
    if let Some(limit) = limits.min_length
        && length < limit
    {
        invalid(format!(
            "{name} in body should be at least {limit} chars long"
        ));
        return;
    }
    if let Some(pattern) = &limits.pattern {
        match &*compiled(pattern) {
            Ok(regex) if regex.is_match(text) => {}
            Ok(_) => invalid(format!("{name} in body should match '{pattern}'")),
            Err(error) => invalid(format!(
                "{name} in body should match '{pattern}, but pattern is invalid: {error}'"
            )),
        }
    }
}

pub(super) fn check_number(
    number: &Number,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let name = path.as_str();
    if let Some(wanted) = out_of_range(number, schema) {
        // This error carries no field.
        let detail = format!("Checked value must be of type {wanted} in {name}");
        errors.push(FieldError::invalid(FieldPath::root(), json!(""), detail));
    }
    let (Some(limits), Some(value)) = (&schema.limits, number.as_f64()) else {
        return;
    };
    let mut invalid = |detail: String| {
        errors.push(FieldError::invalid(
            path.clone(),
            Value::Number(number.clone()),
            detail,
        ));
    };
    if let Some(factor) = limits.multiple_of
        && factor > 0.0
        && (value / factor).fract() != 0.0
    {
        invalid(format!("{name} in body should be a multiple of {factor}"));
    }
    if let Some(limit) = limits.maximum {
        if limits.exclusive_maximum && value >= limit {
            invalid(format!("{name} in body should be less than {limit}"));
        } else if value > limit {
            invalid(format!(
                "{name} in body should be less than or equal to {limit}"
            ));
        }
    }
    if let Some(limit) = limits.minimum {
        if limits.exclusive_minimum && value <= limit {
            invalid(format!("{name} in body should be greater than {limit}"));
        } else if value < limit {
            invalid(format!(
                "{name} in body should be greater than or equal to {limit}"
            ));
        }
    }
}

/// What a number is to be and is not: an integer, or one of so many bits.
fn out_of_range(number: &Number, schema: &Schema) -> Option<&'static str> {
    if schema.value_type != Some(ValueType::Integer) {
        return None;
    }
    let whole = whole_number(number);
    match super::formats::effective(schema) {
        Some("int32") => whole
            .is_none_or(|number| i32::try_from(number).is_err())
            .then_some("integer with format int32"),
        Some(_) => whole.is_none().then_some("integer with format int64"),
        None => whole.is_none().then_some("integer (default format)"),
    }
}

/// A number as Go's `int64`, if it is one.
fn whole_number(number: &Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    // Numbers beyond that are floats for Go.
    let float = number.as_f64()?;
    let bound = 9_223_372_036_854_775_808.0;
    (number.is_f64() && float.fract() == 0.0 && (-bound..bound).contains(&float))
        .then_some(float as i64)
}

pub(super) fn check_list(
    list: &[Value],
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let Some(limits) = &schema.limits else { return };
    let count = list.len() as u64;
    if let Some(limit) = limits.min_items
        && count < limit
    {
        let detail = format!(
            "{} in body should have at least {limit} items",
            path.as_str()
        );
        errors.push(FieldError::invalid(path.clone(), json!(count), detail));
    }
    if let Some(limit) = limits.max_items
        && count > limit
    {
        errors.push(FieldError::too_many(path.clone(), count, limit));
    }
    if limits.unique_items
        && list
            .iter()
            .enumerate()
            .any(|(i, value)| list[..i].contains(value))
    {
        let detail = format!("{} in body shouldn't contain duplicates", path.as_str());
        errors.push(FieldError::invalid(path.clone(), json!(""), detail));
    }
}

pub(super) fn check_map(
    map: &Map<String, Value>,
    schema: &Schema,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let Some(limits) = &schema.limits else { return };
    let count = map.len() as u64;
    if let Some(limit) = limits.min_properties
        && count < limit
    {
        let detail = format!(
            "{} in body should have at least {limit} properties",
            path.as_str()
        );
        errors.push(FieldError::invalid(path.clone(), json!(count), detail));
    }
    if let Some(limit) = limits.max_properties
        && count > limit
    {
        errors.push(FieldError::too_many(path.clone(), count, limit));
    }
}
