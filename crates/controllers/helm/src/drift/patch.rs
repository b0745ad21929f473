//! The JSON patch from a live object to the wanted one, in the steps that Flux takes: lists are compared by position, and many small
//! steps become one replacement where that is shorter.

use serde_json::{Map, Value, json};
use skein_object::{Object, pointer};

/// Bytes of `{"op":"","path":""}`.
const STEP_BYTES: usize = 19;
/// Bytes of `,"value":` as they are counted.
const VALUE_BYTES: usize = 9;

/// Steps from what is there to what should be: labels and annotations that are missing or differ, and everything but metadata and status.
pub(super) fn between(live: &Object, would: &Object) -> Vec<Value> {
    let mut patch = Vec::new();
    for map in ["labels", "annotations"] {
        let of = |object: &Object| object.at(&["metadata", map]).cloned();
        let Some(after) = of(would) else { continue };
        let path = pointer::join(&["metadata", map]);
        match of(live) {
            None => patch.push(Step::add(path, after)),
            Some(before) => {
                let mut steps = Vec::new();
                compare(&path, &before, &after, &mut steps);
                // What others added stays.
                steps.retain(|step| step.operation != "remove");
                patch.extend(steps);
            }
        }
    }
    // The root itself is never replaced: the identity of the object is there.
    compare_maps("", &content(live), &content(would), &mut patch);
    patch.into_iter().map(Step::into_value).collect()
}

fn content(object: &Object) -> Map<String, Value> {
    skein_plan::normalize::comparable(object)
}

/// One step with its length in JSON as it is counted: the value of an addition counts as nothing.
struct Step {
    operation: &'static str,
    path: String,
    value: Option<Value>,
    bytes: usize,
}

impl Step {
    fn add(path: String, value: Value) -> Self {
        let bytes = STEP_BYTES + "add".len() + path.len() + VALUE_BYTES;
        Self {
            operation: "add",
            path,
            value: Some(value),
            bytes,
        }
    }

    fn remove(path: String) -> Self {
        let bytes = STEP_BYTES + "remove".len() + path.len();
        Self {
            operation: "remove",
            path,
            value: None,
            bytes,
        }
    }

    fn replace(path: &str, value: &Value) -> Self {
        let bytes = STEP_BYTES + "replace".len() + path.len() + VALUE_BYTES + json_bytes(value);
        Self {
            operation: "replace",
            path: path.to_owned(),
            value: Some(value.clone()),
            bytes,
        }
    }

    fn into_value(self) -> Value {
        match self.value {
            Some(value) => json!({"op": self.operation, "path": self.path, "value": value}),
            None => json!({"op": self.operation, "path": self.path}),
        }
    }
}

/// Length of a value as Go writes it: three characters of HTML take six bytes.
fn json_bytes(value: &Value) -> usize {
    const ESCAPED_EXTRA: usize = 5;
    let text = value.to_string();
    let escaped = text.matches(['<', '>', '&']).count();
    text.len() + escaped * ESCAPED_EXTRA
}

fn compare(path: &str, before: &Value, after: &Value, patch: &mut Vec<Step>) {
    if before == after {
        return;
    }
    let begin = patch.len();
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => compare_maps(path, old, new, patch),
        (Value::Array(old), Value::Array(new)) => compare_lists(path, old, new, patch),
        _ => {
            patch.push(Step::replace(path, after));
            return;
        }
    }
    let steps = patch.get(begin..).unwrap_or_default();
    let commas = steps.len().saturating_sub(1);
    let bytes: usize = steps.iter().map(|step| step.bytes).sum();
    let whole = Step::replace(path, after);
    if bytes + commas > whole.bytes {
        patch.truncate(begin);
        patch.push(whole);
    }
}

fn compare_maps(
    path: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    patch: &mut Vec<Step>,
) {
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let path = format!("{path}/{}", pointer::escape(key));
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) => compare(&path, before, after, patch),
            (None, Some(after)) => patch.push(Step::add(path, after.clone())),
            (_, None) => patch.push(Step::remove(path)),
        }
    }
}

fn compare_lists(path: &str, old: &[Value], new: &[Value], patch: &mut Vec<Step>) {
    let common = old.len().min(new.len());
    // The same place again and again: what follows moves up.
    for _ in common..old.len() {
        patch.push(Step::remove(format!("{path}/{common}")));
    }
    for (place, (before, after)) in old.iter().zip(new).enumerate() {
        compare(&format!("{path}/{place}"), before, after, patch);
    }
    for added in new.iter().skip(common) {
        patch.push(Step::add(format!("{path}/-"), added.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(labels: Value, data: Value) -> Object {
        Object::from_value(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "labels": labels}, "data": data}))
        .unwrap()
    }

    #[test]
    fn what_others_added_to_labels_is_no_drift() {
        // Long enough that a replacement of the whole is not shorter than two steps.
        let long = "x".repeat(100);
        let live = object(
            json!({"a": "x", "other": "1", "long": long}),
            json!({"k": "tampered", "extra": "1", "long": long}),
        );
        let would = object(
            json!({"a": "1", "long": long}),
            json!({"k": "v", "long": long}),
        );
        assert_eq!(
            between(&live, &would),
            [
                json!({"op": "replace", "path": "/metadata/labels/a", "value": "1"}),
                json!({"op": "remove", "path": "/data/extra"}),
                json!({"op": "replace", "path": "/data/k", "value": "v"}),
            ]
        );
        assert!(between(&would, &would).is_empty());
    }

    #[test]
    fn one_replacement_stands_for_many_steps() {
        let live = object(json!({}), json!({"a": "1", "b": "2", "c": "3"}));
        let would = object(json!({}), json!({"a": "x", "b": "y", "c": "z"}));
        assert_eq!(
            between(&live, &would),
            [json!({"op": "replace", "path": "/data", "value": {"a": "x", "b": "y", "c": "z"}})]
        );
    }

    #[test]
    fn lists_are_compared_by_position() {
        let long = "x".repeat(200);
        let of = |items: Value| {
            Object::from_value(
                json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}, "items": items}),
            )
            .unwrap()
        };
        assert_eq!(
            between(&of(json!([long, "b", "c"])), &of(json!([long]))),
            [
                json!({"op": "remove", "path": "/items/1"}),
                json!({"op": "remove", "path": "/items/1"})
            ]
        );
        assert_eq!(
            between(&of(json!([long])), &of(json!([long, "b"]))),
            [json!({"op": "add", "path": "/items/-", "value": "b"})]
        );
    }
}
