//! Tests of the report.

use serde_json::json;

use super::*;

fn object(value: Value) -> Object {
    Object::from_value(value).expect("an object")
}

#[test]
fn values_entries_and_names_are_told() {
    let service = |port: i64, labels: Value| {
        object(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "a", "resourceVersion": port.to_string(), "labels": labels},
            "spec": {"ports": [{"name": "http", "port": port}], "type": "ClusterIP"},
        }))
    };
    let text = report(
        &service(9899, json!({"old": "x"})),
        &service(9898, json!({"new": "y", "more": "z"})),
    );
    assert_eq!(
        text,
        "
metadata.labels
  - one map entry removed:
    old: x

metadata.labels
  + two map entries added:
    more: z
    new: \"y\"

spec.ports.http.port
  ± value change
    - 9899
    + 9898

"
    );
}

#[test]
fn values_of_secrets_are_not_shown() {
    let secret = |password: &str, extra: bool| {
        let mut secret = object(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "data": {"password": password, "user": "dXNlcg=="},
        }));
        if extra {
            secret.set(&["data", "token"], "c2VjcmV0".into());
        }
        secret
    };
    let text = report(&secret("b2xk", true), &secret("bmV3", false));
    assert!(
        text.contains("data.password\n  ± value change\n    - *** (before)\n    + *** (after)\n"),
        "{text}"
    );
    assert!(
        text.contains("token: '*****'")
            || text.contains("token: \"*****\"")
            || text.contains("token: *****"),
        "{text}"
    );
    for hidden in ["b2xk", "bmV3", "c2VjcmV0", "dXNlcg"] {
        assert!(!text.contains(hidden));
    }
}
