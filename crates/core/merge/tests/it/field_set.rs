//! fieldsV1: encoding, order and set operations.

use serde_json::{Value, json};
use skein_merge::FieldSet;
use skein_merge::field_set::path_text;

fn set(value: &Value) -> FieldSet {
    FieldSet::from_fields_v1(value.as_object().expect("a map")).expect("valid fieldsV1")
}

fn encoded(set: &FieldSet) -> Value {
    Value::Object(set.to_fields_v1())
}

#[test]
fn a_round_trip_keeps_every_form() {
    let value = json!({
        "f:metadata": { "f:labels": { ".": {}, "f:app.kubernetes.io/name": {} } },
        "f:spec": {
            "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {} } },
            "f:set": { "v:\"a\"": {}, "v:1": {}, "v:true": {} },
            "f:list": { "i:0": {} },
        },
    });
    assert_eq!(encoded(&set(&value)), value);
}

#[test]
fn keys_are_written_sorted_and_values_escaped_as_go_does() {
    let value = json!({ "f:x": { "k:{\"b\":1,\"a\":\"<&>\"}": {} } });
    let expected = json!({ "f:x": { "k:{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":1}": {} } });
    assert_eq!(encoded(&set(&value)), expected);
}

#[test]
fn unknown_kinds_of_elements_are_dropped_and_broken_ones_refused() {
    assert_eq!(
        encoded(&set(&json!({ "z:new": {}, "f:a": {} }))),
        json!({ "f:a": {} })
    );
    for broken in ["abc", "k:{", "i:x", "v:"] {
        let map = json!({ broken: {} });
        assert!(
            FieldSet::from_fields_v1(map.as_object().expect("a map")).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn set_operations() {
    let a = set(&json!({ "f:a": { ".": {}, "f:b": {} }, "f:c": {} }));
    let b = set(&json!({ "f:a": { "f:b": {}, "f:d": {} } }));
    assert_eq!(
        encoded(&a.union(&b)),
        json!({ "f:a": { ".": {}, "f:b": {}, "f:d": {} }, "f:c": {} })
    );
    assert_eq!(
        encoded(&a.intersection(&b)),
        json!({ "f:a": { "f:b": {} } })
    );
    assert_eq!(encoded(&a.difference(&b)), json!({ "f:a": {}, "f:c": {} }));
    let whole = set(&json!({ "f:a": {} }));
    assert_eq!(
        encoded(&b.difference(&whole)),
        encoded(&b),
        "a parent does not remove its children"
    );
    assert_eq!(
        encoded(&b.recursive_difference(&whole)),
        json!({}),
        "unless asked to"
    );
}

#[test]
fn paths_read_as_in_messages() {
    let set = set(
        &json!({ "f:spec": { "f:containers": { "k:{\"name\":\"x\"}": { "f:image": {} } }, "f:finalizers": { "v:\"a\"": {} } } }),
    );
    let texts: Vec<String> = set.paths().iter().map(|path| path_text(path)).collect();
    assert_eq!(
        texts,
        [
            ".spec.containers[name=\"x\"].image",
            ".spec.finalizers[=\"a\"]"
        ]
    );
}
