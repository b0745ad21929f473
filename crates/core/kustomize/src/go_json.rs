//! JSON text as Go's `encoding/json` marshals it: sorted keys, `<`, `>` and `&` escaped, whole floats without fraction.

use serde_json::{Number, Value};
use skein_gowords::push_json_string;

/// Compact JSON text.
pub(crate) fn to_text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => push_json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_json_string(out, key);
                out.push(':');
                write(out, &map[key]);
            }
            out.push('}');
        }
    }
}

/// JSON text indented by two spaces, as `json.MarshalIndent(v, "", "  ")`.
pub(crate) fn to_indented_text(value: &Value) -> String {
    let mut out = String::new();
    write_indented(&mut out, value, 0);
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn write_indented(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                new_line(out, depth + 1);
                write_indented(out, item, depth + 1);
            }
            new_line(out, depth);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                new_line(out, depth + 1);
                push_json_string(out, key);
                out.push_str(": ");
                write_indented(out, &map[key], depth + 1);
            }
            new_line(out, depth);
            out.push('}');
        }
        other => write(out, other),
    }
}

/// Go prints floats with an exponent below 10^-6 and from 10^21 on.
fn number_text(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let value = number.as_f64().unwrap_or_default();
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        // Negative exponents of one digit stay so; Go cleans e-09 to e-9.
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{digits}e{sign}{exponent}");
    }
    format!("{value}")
}
