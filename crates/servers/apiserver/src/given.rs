//! Fields that come twice inside a value of a JSON patch. The real server carries the text of such a value into the
//! object and reads it there again, so that they are told of a second time and refusals show them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::decode::MAX_ODD_FIELDS;

/// Member under which a map keeps what it was given: its keys in order, and the values whose places later ones took.
/// No field has such a name.
const GIVEN: &str = "\u{0}given";

/// Notes on a map that it was given these keys, and values that it has no more.
pub(crate) fn note(
    map: &mut Map<String, Value>,
    keys: Vec<String>,
    replaced: Vec<(String, Value)>,
) {
    map.insert(GIVEN.to_owned(), json!([keys, replaced]));
}

/// Whether a map has noted what it was given.
pub(crate) fn is_noted(map: &Map<String, Value>) -> bool {
    map.contains_key(GIVEN)
}

/// Leaves the notes in those values of a JSON patch that are put into the object.
pub(crate) fn keep_in_values(patch: &mut Value) {
    let operations = patch.as_array_mut().into_iter().flatten();
    for operation in operations.filter_map(Value::as_object_mut) {
        operation.remove(GIVEN);
        let is_put = matches!(
            operation.get("op").and_then(Value::as_str),
            Some("add" | "replace")
        );
        for (name, value) in operation.iter_mut() {
            if name != "value" || !is_put {
                take(value);
            }
        }
    }
}

/// Takes the notes out of a value and answers the paths of what comes twice, in order.
pub(crate) fn take(value: &mut Value) -> Vec<String> {
    let mut paths = Vec::new();
    tell(value, "", &mut paths);
    forget(value);
    paths
}

/// The members that a map was given, unless others came or went since.
fn given(map: &Map<String, Value>) -> Option<Vec<(&str, &Value)>> {
    let note = map.get(GIVEN)?;
    let list = |index: usize| note.get(index).and_then(Value::as_array);
    let keys: Vec<&str> = list(0)?.iter().filter_map(Value::as_str).collect();
    let distinct: HashSet<&str> = keys.iter().copied().collect();
    let is_same =
        distinct.len() + 1 == map.len() && distinct.iter().all(|key| map.contains_key(*key));
    if !is_same {
        return None;
    }
    let mut earlier: HashMap<&str, VecDeque<&Value>> = HashMap::new();
    for pair in list(1)? {
        let values = earlier.entry(pair.get(0)?.as_str()?).or_default();
        values.push_back(pair.get(1)?);
    }
    let member = |key: &'_ str| {
        let first = earlier.get_mut(key).and_then(VecDeque::pop_front);
        first.or_else(|| map.get(key))
    };
    let values: Option<Vec<&Value>> = keys.iter().copied().map(member).collect();
    Some(keys.into_iter().zip(values?).collect())
}

/// What a map shows: all that it was given, or else its members.
fn members(map: &Map<String, Value>) -> Vec<(&str, &Value)> {
    given(map).unwrap_or_else(|| {
        let members = map.iter().filter(|(name, _)| *name != GIVEN);
        members
            .map(|(name, value)| (name.as_str(), value))
            .collect()
    })
}

fn tell(value: &Value, path: &str, paths: &mut Vec<String>) {
    if paths.len() >= MAX_ODD_FIELDS {
        return;
    }
    match value {
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                tell(value, &format!("{path}[{index}]"), paths);
            }
        }
        Value::Object(map) => {
            let dot = if path.is_empty() { "" } else { "." };
            let mut seen = HashSet::new();
            for (name, value) in members(map) {
                let path = format!("{path}{dot}{name}");
                if !seen.insert(name) && paths.len() < MAX_ODD_FIELDS && !paths.contains(&path) {
                    paths.push(path.clone());
                }
                tell(value, &path, paths);
            }
        }
        _ => {}
    }
}

fn forget(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(forget),
        Value::Object(map) => {
            map.remove(GIVEN);
            map.values_mut().for_each(forget);
        }
        _ => {}
    }
}

/// A value as JSON, with all that its maps were given.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    push(&mut out, value);
    out
}

fn push(out: &mut String, value: &Value) {
    match value {
        Value::Array(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                push(out, value);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (name, value)) in members(map).into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                // Writing to a string cannot fail.
                let _ = write!(out, "{}:", Value::from(name));
                push(out, value);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{keep_in_values, take, text};
    use crate::decode;

    #[test]
    fn what_comes_twice_is_told_where_it_was_put() {
        let body = br#"[{"op":"add","op":"add","path":"/a","value":{"x":{"a":1,"a":2},"x":{"b":1,"b":2}}}]"#;
        let mut patch = decode::json_given(body).expect("decodes").value;
        keep_in_values(&mut patch);
        let value = patch[0]["value"].clone();
        assert_eq!(patch[0].as_object().expect("a map").len(), 3);
        let mut object = json!({"spec": {"list": [value]}});
        assert_eq!(
            text(&object),
            r#"{"spec":{"list":[{"x":{"a":1,"a":2},"x":{"b":1,"b":2}}]}}"#
        );
        let paths = ["spec.list[0].x.a", "spec.list[0].x", "spec.list[0].x.b"];
        assert_eq!(take(&mut object), paths);
        assert_eq!(object, json!({"spec": {"list": [{"x": {"b": 2}}]}}));
        assert_eq!(take(&mut object), Vec::<String>::new());
    }

    #[test]
    fn maps_in_maps_take_no_more_than_they_are_long() {
        let depth = 100;
        let body = format!("{}1{}", r#"{"x":1,"x":"#.repeat(depth), "}".repeat(depth));
        let mut value = decode::json_given(body.as_bytes()).expect("decodes").value;
        assert_eq!(text(&value), body);
        assert_eq!(take(&mut value).len(), depth);
    }

    #[test]
    fn a_map_that_was_changed_has_everything_once() {
        let mut value = decode::json_given(br#"{"x":1,"x":2}"#)
            .expect("decodes")
            .value;
        value["y"] = 3.into();
        assert_eq!(text(&value), r#"{"x":2,"y":3}"#);
        assert_eq!(take(&mut value), Vec::<String>::new());
        assert_eq!(value, json!({"x": 2, "y": 3}));
    }
}
