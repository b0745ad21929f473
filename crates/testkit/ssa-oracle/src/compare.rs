//! What must be equal in two answers.

use serde_json::{Map, Value};

use crate::request::Answer;

/// Fields that differ between servers by nature.
const VOLATILE: [&str; 4] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
];

/// The answer without what may differ: ids, times, order of managedFields.
pub fn comparable(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in VOLATILE {
            metadata.remove(field);
        }
        if let Some(Value::Array(entries)) = metadata.get_mut("managedFields") {
            normalise(entries);
        }
    }
    sort_causes(&mut body);
    let mut out = Map::new();
    out.insert("code".to_owned(), answer.code.into());
    out.insert("body".to_owned(), body);
    Value::Object(out)
}

fn normalise(entries: &mut [Value]) {
    for entry in entries.iter_mut() {
        if let Some(time) = entry.get_mut("time") {
            *time = Value::String("T".to_owned());
        }
    }
    let key = |entry: &Value| {
        ["operation", "manager", "apiVersion", "subresource"]
            .map(|field| entry[field].as_str().unwrap_or_default().to_owned())
    };
    entries.sort_by_key(key);
}

/// The real server lists causes in random order, in the message too.
fn sort_causes(body: &mut Value) {
    let Some(Value::Array(causes)) = body.pointer_mut("/details/causes") else {
        return;
    };
    causes.sort_by_key(ToString::to_string);
    if causes.len() > 1 && body["reason"] == "Invalid" {
        body["message"] = Value::Null;
    }
}

/// Lines that say where two values differ.
pub fn differences(real: &Value, ours: &Value) -> Vec<String> {
    let mut out = Vec::new();
    collect("", real, ours, &mut out);
    out
}

fn collect(path: &str, real: &Value, ours: &Value, out: &mut Vec<String>) {
    match (real, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let path = format!("{path}/{name}");
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => collect(&path, a, b, out),
                    (Some(a), None) => out.push(format!("{path}: only real: {a}")),
                    (None, Some(b)) => out.push(format!("{path}: only ours: {b}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                collect(&format!("{path}[{index}]"), a, b, out);
            }
        }
        (a, b) if a != b => out.push(format!("{path}: real {a} ours {b}")),
        _ => {}
    }
}
