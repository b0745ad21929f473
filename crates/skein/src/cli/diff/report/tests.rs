//! Tests of the report.

use serde_json::json;

use super::*;

fn object(value: Value) -> Object {
    Object::from_value(value).expect("an object")
}

/// The report on two ConfigMaps that differ in their data.
fn of_data(before: Value, after: Value) -> String {
    let map = |data: Value| {
        object(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}),
        )
    };
    report(&map(before), &map(after), 80)
}

#[test]
fn values_entries_and_names_are_told() {
    let service = |port: i64, labels: Value| {
        object(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "a", "managedFields": [{"manager": port.to_string()}], "labels": labels},
            "spec": {"ports": [{"name": "http", "port": port}], "type": "ClusterIP"},
        }))
    };
    let text = report(
        &service(9899, json!({"old": "x"})),
        &service(9898, json!({"new": "y", "more": "z"})),
        80,
    );
    assert_eq!(
        text,
        "
metadata.labels
- one map entry removed:   + two map entries added:
old: x                       more: z
                             new: y

spec.ports.http.port
± value change
- 9899
+ 9898

"
    );
}

#[test]
fn blocks_that_are_too_wide_follow_each_other() {
    let long = "x".repeat(79);
    let text = of_data(json!({"a": "1"}), json!({"b": long}));
    let expected = format!(
        "\ndata\n- one map entry removed:\na: 1\n\n+ one map entry added:\n  b: {long}\n  \n\n\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn texts_are_compared_by_line_and_by_white_space() {
    let text = of_data(
        json!({"lines": "a\nb\nc\n", "space": "a b "}),
        json!({"lines": "a\nx\nc\nd\n", "space": "a b"}),
    );
    assert!(
        text.contains("data.lines\n± value change in multiline text (two inserts, one deletion)\n- b\n+ x\n+ d\n"),
        "{text}"
    );
    assert!(
        text.contains("data.space\n± whitespace only change\n- a·b·   + a·b\n"),
        "{text}"
    );
}

#[test]
fn the_order_of_a_list_and_its_repeated_entries_are_told() {
    let text = of_data(
        json!({"list": ["a", "b", "c"], "more": ["x", "x", "y"]}),
        json!({"list": ["b", "a", "c"], "more": ["x", "y", "y"]}),
    );
    assert!(
        text.contains("data.list\n⇆ order changed\n- a, b, c\n+ b, a, c\n"),
        "{text}"
    );
    assert!(
text.contains(
            "\ndata.more\n⇆ order changed   - one list entry removed:   + one list entry added:\n- x, x, y         - x                           - y\n+ x, y, y\n"
        ),
        "{text}"
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
    let text = report(&secret("b2xk", true), &secret("bmV3", false), 80);
    assert!(
        text.contains("data.password\n± value change\n- *** (before)\n+ *** (after)\n"),
        "{text}"
    );
    assert!(text.contains("token: \"***\""), "{text}");
    for hidden in ["b2xk", "bmV3", "c2VjcmV0", "dXNlcg"] {
        assert!(!text.contains(hidden));
    }
}
