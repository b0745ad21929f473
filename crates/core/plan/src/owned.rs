//! Whether an apply would change nothing, proved from the live object alone: our recorded field set covers exactly what we want,
//! and every value is there already. Then nothing needs to be sent, not even as a dry run.

use serde_json::{Map, Value};
use skein_object::Object;

/// Deepest nesting that is followed; deeper objects are not proved.
const MAX_DEPTH: usize = 64;

/// Whether applying `desired` as `manager` would provably change neither values nor ownership. False means unknown.
pub fn is_settled(desired: &Object, live: &Object, manager: &str) -> bool {
    let entries = live
        .at(&["metadata", "managedFields"])
        .and_then(Value::as_array);
    let mut ours = entries.into_iter().flatten().filter(|entry| {
        let is = |field: &str, text: &str| entry.get(field).and_then(Value::as_str) == Some(text);
        is("manager", manager) && is("operation", "Apply") && entry.get("subresource").is_none()
    });
    let (Some(entry), None) = (ours.next(), ours.next()) else {
        return false;
    };
    // Another version of the API may name fields differently.
    if entry.get("apiVersion").and_then(Value::as_str) != Some(desired.api_version())
        || live.api_version() != desired.api_version()
        || live.is_deleting()
    {
        return false;
    }
    let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object) else {
        return false;
    };
    let wanted = without_identity(desired);
    covers(fields, &wanted, live.as_map(), 0)
}

/// What an apply owns: everything but the identity.
fn without_identity(desired: &Object) -> Map<String, Value> {
    let mut map = desired.as_map().clone();
    map.remove("apiVersion");
    map.remove("kind");
    if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
        for key in ["name", "namespace", "creationTimestamp"] {
            metadata.remove(key);
        }
        // Nothing of metadata is owned when only the identity was given.
        if metadata.is_empty() {
            map.remove("metadata");
        }
    }
    map
}

/// Whether the field set names exactly the fields of `wanted`, and `live` has their values.
fn covers(
    fields: &Map<String, Value>,
    wanted: &Map<String, Value>,
    live: &Map<String, Value>,
    depth: usize,
) -> bool {
    if depth > MAX_DEPTH || wanted.values().any(Value::is_null) {
        return false;
    }
    // An empty list has no members to own; it counts only by its value.
    let (empty, wanted): (Vec<_>, Vec<_>) = wanted.iter().partition(|(key, value)| {
        value.as_array().is_some_and(Vec::is_empty) && !fields.contains_key(&format!("f:{key}"))
    });
    let owned = fields.keys().filter(|key| key.as_str() != ".").count();
    owned == wanted.len()
        && empty
            .iter()
            .all(|(key, value)| live.get(*key) == Some(*value))
        && wanted.iter().all(|(key, value)| {
            let fields = fields.get(&format!("f:{key}")).and_then(Value::as_object);
            let (Some(fields), Some(there)) = (fields, live.get(key.as_str())) else {
                return false;
            };
            if is_default_target_port(key, value) {
                return live.get("port") == Some(there);
            }
            match with_defaults(key, value) {
                Some(value) if fields.is_empty() => value == *there,
                _ => covers_value(fields, value, there, depth + 1),
            }
        })
}

/// The value with what the API server adds inside the common atomic values; `None` when there is nothing of the kind.
fn with_defaults(key: &str, value: &Value) -> Option<Value> {
    let defaulted = |value: &Value, field: &str, default: &str| {
        let mut value = value.clone();
        value
            .as_object_mut()?
            .entry(field)
            .or_insert_with(|| default.into());
        Some(value)
    };
    match key {
        "fieldRef" => defaulted(value, "apiVersion", "v1"),
        "resourceFieldRef" => defaulted(value, "divisor", "0"),
        "subjects" => value
            .as_array()?
            .iter()
            .map(|subject| {
                let is_account =
                    subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount");
                if is_account {
                    Some(subject.clone())
                } else {
                    defaulted(subject, "apiGroup", "rbac.authorization.k8s.io")
                }
            })
            .collect(),
        _ => None,
    }
}

/// A Service port without target port is written with 0, which the API server takes for the port itself.
fn is_default_target_port(key: &str, value: &Value) -> bool {
    key == "targetPort" && value.as_i64() == Some(0)
}

fn covers_value(fields: &Map<String, Value>, wanted: &Value, live: &Value, depth: usize) -> bool {
    match (wanted, live) {
        // A leaf of the set: an atomic value, or an empty map that stands for itself.
        (Value::Object(wanted), Value::Object(live)) if fields.is_empty() => {
            wanted.is_empty() || wanted == live
        }
        (wanted, live) if fields.is_empty() => wanted == live,
        (Value::Object(wanted), Value::Object(live)) => covers(fields, wanted, live, depth),
        (Value::Array(wanted), Value::Array(live)) => covers_list(fields, wanted, live, depth),
        _ => false,
    }
}

/// Lists whose items are merged by key (`k:`) or are members of a set (`v:`).
fn covers_list(
    fields: &Map<String, Value>,
    wanted: &[Value],
    live: &[Value],
    depth: usize,
) -> bool {
    let members: Vec<(&String, &Value)> = fields
        .iter()
        .filter(|(key, _)| key.as_str() != ".")
        .collect();
    // Order matters to some appliers and is not in the set; so the common items must stand in the same order.
    let mut last = None;
    members.len() == wanted.len()
        && wanted.iter().all(|item| {
            let mut named = members.iter().filter(|(key, _)| is_member(key, item, true));
            let (Some((key, fields)), None) = (named.next(), named.next()) else {
                return false;
            };
            let at = live
                .iter()
                .position(|candidate| is_member(key, candidate, false));
            let found = at.zip(fields.as_object());
            let Some((at, fields)) = found else {
                return false;
            };
            let in_order = last.is_none_or(|before| at > before);
            last = Some(at);
            let same = match (item, &live[at]) {
                (Value::Object(wanted), Value::Object(live)) => {
                    covers(fields, wanted, live, depth + 1)
                }
                (wanted, live) => wanted == live,
            };
            in_order && same
        })
}

/// Whether the list item is the one that the path element names. With `loose`, keys that the item leaves to the API server's defaults
/// match any value.
fn is_member(element: &str, item: &Value, loose: bool) -> bool {
    if let Some(key) = element.strip_prefix("k:") {
        let key: Option<Map<String, Value>> = serde_json::from_str(key).ok();
        return key.is_some_and(|key| {
            key.iter().all(|(name, value)| match item.get(name) {
                Some(found) => found == value,
                None => loose && item.is_object(),
            })
        });
    }
    let value: Option<Value> = element
        .strip_prefix("v:")
        .and_then(|v| serde_json::from_str(v).ok());
    value.as_ref() == Some(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(data: Value) -> Object {
        let fields = json!({
            "f:metadata": {"f:labels": {"f:a": {}}},
            "f:spec": {"f:strategy": {}, "f:selector": {}, "f:replicas": {},
                "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:image": {}, "f:name": {}, "f:args": {}}}}}}});
        Object::from_value(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "n", "uid": "1", "labels": {"a": "b", "theirs": "x"},
                "managedFields": [{"manager": "us", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": fields}]},
            "spec": data, "status": {"replicas": 1}}))
        .unwrap()
    }

    fn spec(replicas: i64, args: Value) -> Value {
        json!({"replicas": replicas, "strategy": {"type": "RollingUpdate"}, "selector": {"matchLabels": {"app": "x"}},
            "template": {"spec": {"dnsPolicy": "ClusterFirst", "containers": [
                {"name": "sidecar", "image": "s"},
                {"name": "main", "image": "i", "args": args, "imagePullPolicy": "Always"}]}}})
    }

    fn desired() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "n", "labels": {"a": "b"}},
            "spec": {"replicas": 1, "strategy": {}, "selector": {"matchLabels": {"app": "x"}},
                "template": {"spec": {"containers": [{"name": "main", "image": "i", "args": ["-v"]}]}}}})
    }

    fn settled(desired: Value, live: &Object) -> bool {
        is_settled(&Object::from_value(desired).unwrap(), live, "us")
    }

    #[test]
    fn proved_when_values_and_ownership_agree() {
        assert!(settled(desired(), &live(spec(1, json!(["-v"])))));
    }

    #[test]
    fn not_proved_otherwise() {
        let same = live(spec(1, json!(["-v"])));
        assert!(!settled(desired(), &live(spec(2, json!(["-v"])))), "drift");
        assert!(
            !settled(desired(), &live(spec(1, json!(["-q"])))),
            "drift in a list"
        );
        let mut more = desired();
        more["spec"]["paused"] = json!(false);
        assert!(!settled(more, &same), "a new field");
        let mut less = desired();
        less["spec"].as_object_mut().unwrap().remove("replicas");
        assert!(!settled(less, &same), "a field is given up");
        let mut less = desired();
        less["metadata"].as_object_mut().unwrap().remove("labels");
        assert!(!settled(less, &same), "labels are given up");
        let mut version = desired();
        version["apiVersion"] = json!("apps/v1beta1");
        assert!(!settled(version, &same), "another version");
        assert!(
            !is_settled(&Object::from_value(desired()).unwrap(), &same, "them"),
            "another manager"
        );
    }
}
