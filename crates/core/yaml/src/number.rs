//! Numbers as Go prints them.

use serde_json::{Number, Value};

/// Above this magnitude Go's JSON prints floats with an exponent.
const JSON_EXPONENT_FROM: f64 = 1e21;
/// Decimal exponents for which Go's shortest `%g` prints no exponent.
const PLAIN_EXPONENTS: std::ops::Range<i32> = -4..6;

/// A float as `strconv.FormatFloat(f, 'g', -1, 64)` prints it, with YAML's words for what is not finite.
pub fn float_to_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if PLAIN_EXPONENTS.contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A 32-bit float as `strconv.FormatFloat(f, 'g', -1, 32)` prints it.
pub fn float32_to_text(value: f32) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = value.to_string();
    shortest.parse::<f64>().map_or(shortest, float_to_text)
}

/// A float as a JSON number, as it is after Go wrote it as JSON and read it back: whole numbers below 10^21 are integers when they fit.
/// `None` for what JSON has no number for.
pub fn json_number(value: f64) -> Option<Value> {
    if !value.is_finite() {
        return None;
    }
    if value.fract() == 0.0 && value.abs() < JSON_EXPONENT_FROM {
        let text = format!("{value}");
        if value == 0.0 {
            return Some(Value::from(0));
        }
        if let Ok(int) = text.parse::<i64>() {
            return Some(Value::from(int));
        }
        if let Ok(uint) = text.parse::<u64>() {
            return Some(Value::from(uint));
        }
    }
    Number::from_f64(value).map(Value::Number)
}
