//! Patched objects of built-in kinds as refusals quote them: what a patch touched is a map with sorted keys, the rest has
//! the order of Go's structs.

use serde_json::{Map, Value};

use crate::{given, protobuf};

/// Deepest nesting that is put in order, in levels.
const MAX_DEPTH_LEVELS: usize = 64;

/// The JSON of what a patch made of an object whose Go type is called so in OpenAPI.
pub(crate) fn text(kind: &str, old: &Value, patched: &Value) -> String {
    let mut out = String::new();
    touched(patched, Some(old), Some(kind), 0, &mut out);
    out
}

fn touched(value: &Value, old: Option<&Value>, kind: Option<&str>, depth: usize, out: &mut String) {
    if old == Some(value) && depth > 0 || depth > MAX_DEPTH_LEVELS {
        untouched(value, kind, depth, out);
        return;
    }
    match value {
        // Text of the patch.
        Value::Object(map) if given::is_noted(map) => out.push_str(&given::text(value)),
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            let below = |name: &str| kind.and_then(|kind| protobuf::kind_of_field(kind, name));
            object(members.into_iter(), out, |name, value, out| {
                let old = old.and_then(|old| old.get(name));
                touched(value, old, below(name), depth + 1, out);
            });
        }
        Value::Array(list) => array(list, out, |index, value, out| {
            let old = old.and_then(|old| old.get(index));
            touched(value, old, kind, depth + 1, out);
        }),
        other => out.push_str(&other.to_string()),
    }
}

fn untouched(value: &Value, kind: Option<&str>, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if depth <= MAX_DEPTH_LEVELS => {
            let mut names = Vec::new();
            if let Some(kind) = kind {
                order(map, kind, depth, &mut names);
            }
            let mut rest: Vec<&str> = map.keys().map(String::as_str).collect();
            rest.retain(|name| !names.contains(name));
            rest.sort_unstable();
            names.extend(rest);
            let below = |name: &str| kind.and_then(|kind| protobuf::kind_of_field(kind, name));
            let members = names.iter().filter_map(|name| map.get_key_value(*name));
            object(members, out, |name, value, out| {
                untouched(value, below(name), depth + 1, out);
            });
        }
        Value::Array(list) => array(list, out, |_, value, out| {
            untouched(value, kind, depth + 1, out);
        }),
        other => out.push_str(&other.to_string()),
    }
}

/// The names that a map has of a struct's fields, in their order; fields of embedded structs stand where the struct does.
fn order<'a>(map: &'a Map<String, Value>, kind: &str, depth: usize, names: &mut Vec<&'a str>) {
    if depth > MAX_DEPTH_LEVELS {
        return;
    }
    for (field, below) in protobuf::fields_in_order(kind) {
        match map.get_key_value(field) {
            Some((name, _)) if !names.contains(&name.as_str()) => names.push(name),
            Some(_) => {}
            None => order(map, below, depth + MAX_DEPTH_LEVELS / 4, names),
        }
    }
}

fn object<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    out: &mut String,
    mut write: impl FnMut(&str, &'a Value, &mut String),
) {
    out.push('{');
    for (index, (name, value)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write(name, value, out);
    }
    out.push('}');
}

fn array<'a>(
    list: &'a [Value],
    out: &mut String,
    mut write: impl FnMut(usize, &'a Value, &mut String),
) {
    out.push('[');
    for (index, value) in list.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(index, value, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn what_is_not_touched_keeps_the_order_of_its_type() {
        let metadata = json!({"labels": {"b": "1", "a": "2"}, "uid": "u", "name": "s",
            "managedFields": [{"time": "t", "apiVersion": "v1", "manager": "m"}]});
        let old = json!({"type": "Opaque", "metadata": metadata, "data": {"a": "MQ=="}});
        let mut patched = old.clone();
        patched["data"]["b"] = json!(5);
        let expected = r#"{"data":{"a":"MQ==","b":5},"metadata":{"name":"s","uid":"u","labels":{"a":"2","b":"1"},"managedFields":[{"manager":"m","apiVersion":"v1","time":"t"}]},"type":"Opaque"}"#;
        assert_eq!(text("io.k8s.api.core.v1.Secret", &old, &patched), expected);
    }
}
