//! Any value as a number, by the rules of spf13/cast: what is no number is zero.

use crate::strconv::{parse_float, parse_int};
use crate::types::IntKind;
use crate::value::Value;

/// `cast.ToInt64`.
pub fn to_int(value: &Value) -> i64 {
    match value {
        // A named type is none of the types that cast knows, save those of package time that it names.
        Value::Int(IntKind::Duration, _) => 0,
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => *uint as i64,
        Value::Float(float) => float_to_int(*float),
        Value::Float32(float) => float_to_int(f64::from(*float)),
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => text
            .as_str()
            .and_then(|text| parse_int(without_zero_decimals(text), 0).ok())
            .unwrap_or_default(),
        _ => 0,
    }
}

/// Go's conversion on amd64: what does not fit is the smallest integer.
fn float_to_int(float: f64) -> i64 {
    if float.is_nan() || float >= -(i64::MIN as f64) || float < i64::MIN as f64 {
        return i64::MIN;
    }
    float as i64
}

/// `10.00` is `10`; `10.50` stays.
fn without_zero_decimals(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, decimals))
            if !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}

/// `cast.ToFloat64`.
pub fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(IntKind::Duration, _) => 0.0,
        Value::Int(_, int) => *int as f64,
        Value::Uint(_, uint) => *uint as f64,
        Value::Float(float) => *float,
        Value::Float32(float) => f64::from(*float),
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) => text
            .as_str()
            .and_then(|text| parse_float(text).ok())
            .unwrap_or_default(),
        _ => 0.0,
    }
}
