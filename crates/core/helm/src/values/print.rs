//! Values as Go's `%v` prints them, for log lines.

use skein_template::Value;

/// Longest text of one value in a message, in bytes.
const MAX_TEXT_BYTES: usize = 4_096;

/// The value as `%v` prints it; long values are cut.
pub(crate) fn go_text(value: &Value) -> String {
    let mut out = String::new();
    print(value, &mut out);
    out
}

fn print(value: &Value, out: &mut String) {
    if out.len() > MAX_TEXT_BYTES {
        return;
    }
    match value {
        Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(&value.to_string()),
        Value::Int(_, value) => out.push_str(&value.to_string()),
        Value::Uint(_, value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&skein_yaml::float_to_text(*value)),
        Value::String(text) => out.push_str(&text.lossy()),
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.items().iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                print(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (at, (key, item)) in map.entries().into_iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push_str(&key.lossy());
                out.push(':');
                print(&item, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.type_name()),
    }
}
