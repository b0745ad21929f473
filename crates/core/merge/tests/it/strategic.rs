//! Strategic merge patch, applied and created.

use serde_json::{Map, Value, json};
use skein_merge::strategic::{self, StrategicError};
use skein_object::GroupVersionKind;
use skein_schema::{SchemaRef, builtin};

fn schema(kind: &str) -> SchemaRef {
    let version = if kind == "Deployment" {
        "apps/v1"
    } else {
        "v1"
    };
    builtin::schema(&GroupVersionKind::from_api_version(version, kind)).expect("built in")
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("a map")
}

fn pod(spec: Value) -> Value {
    json!({ "spec": spec })
}

fn apply(original: Value, patch: Value) -> Result<Value, StrategicError> {
    strategic::apply(map(original), map(patch), Some(&schema("Pod"))).map(Value::Object)
}

#[test]
fn lists_merge_by_key_and_keep_the_order_of_the_patch() {
    let original = pod(
        json!({ "containers": [{ "name": "a", "image": "1" }, { "name": "b", "image": "1" }] }),
    );
    let patch = pod(
        json!({ "containers": [{ "name": "c", "image": "3" }, { "name": "a", "image": "2" }] }),
    );
    let expected = pod(
        json!({ "containers": [{ "name": "c", "image": "3" }, { "name": "a", "image": "2" }, { "name": "b", "image": "1" }] }),
    );
    assert_eq!(apply(original, patch), Ok(expected));
}

#[test]
fn directives_delete_and_replace() {
    let original = pod(
        json!({ "containers": [{ "name": "a", "env": [{ "name": "X", "value": "1" }] }, { "name": "b" }], "nodeSelector": { "k": "v" } }),
    );
    let patch = pod(
        json!({ "containers": [{ "name": "b", "$patch": "delete" }, { "name": "a", "env": [{ "$patch": "replace" }, { "name": "Y", "value": "2" }] }], "nodeSelector": { "$patch": "replace", "n": "w" } }),
    );
    let expected = pod(
        json!({ "containers": [{ "name": "a", "env": [{ "name": "Y", "value": "2" }] }], "nodeSelector": { "n": "w" } }),
    );
    assert_eq!(apply(original, patch), Ok(expected));
    let metadata = json!({ "metadata": { "finalizers": ["a", "b", "c"] } });
    let patch = json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": ["b"] } });
    assert_eq!(
        apply(metadata, patch),
        Ok(json!({ "metadata": { "finalizers": ["a", "c"] } }))
    );
}

#[test]
fn the_order_directive_orders() {
    let original =
        pod(json!({ "containers": [{ "name": "a" }, { "name": "b" }, { "name": "x" }] }));
    let patch = pod(
        json!({ "$setElementOrder/containers": [{ "name": "b" }, { "name": "a" }], "containers": [{ "name": "a", "image": "1" }] }),
    );
    let expected = pod(
        json!({ "containers": [{ "name": "b" }, { "name": "a", "image": "1" }, { "name": "x" }] }),
    );
    assert_eq!(apply(original.clone(), patch), Ok(expected));
    let wrong = pod(
        json!({ "$setElementOrder/containers": [{ "name": "b" }], "containers": [{ "name": "a" }] }),
    );
    assert!(matches!(
        apply(original, wrong),
        Err(StrategicError::Order { .. })
    ));
}

#[test]
fn refusals() {
    let original = pod(json!({ "containers": [{ "name": "a" }] }));
    let error = apply(
        original.clone(),
        pod(json!({ "containers": [{ "image": "1" }] })),
    )
    .expect_err("no key");
    assert_eq!(
        error.to_string(),
        "map: map[image:1] does not contain declared merge key: name"
    );
    let error = apply(
        original,
        pod(json!({ "containers": [{ "name": "a", "$patch": "merge" }] })),
    );
    assert_eq!(error, Err(StrategicError::MergeDirective));
}

#[test]
fn a_created_patch_leads_to_the_modified_object() {
    let deployment = |replicas: u8, containers: Value, strategy: Value| json!({ "spec": { "replicas": replicas, "strategy": strategy, "template": { "metadata": { "finalizers": ["a", "b"] }, "spec": { "containers": containers } } } });
    let old = deployment(
        1,
        json!([{ "name": "a", "image": "1", "args": ["x"] }, { "name": "b" }]),
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1 } }),
    );
    let mut new = deployment(
        2,
        json!([{ "name": "c" }, { "name": "a", "image": "2", "args": ["y", "x"] }]),
        json!({ "type": "Recreate" }),
    );
    new["spec"]["template"]["metadata"]["finalizers"] = json!(["b", "c"]);
    let schema = schema("Deployment");
    let patch = strategic::create_two_way(&map(old.clone()), &map(new.clone()), Some(&schema))
        .expect("creates");
    let text = Value::Object(patch.clone());
    assert_eq!(text["spec"]["strategy"]["$retainKeys"], json!(["type"]));
    assert_eq!(
        text["spec"]["template"]["spec"]["$setElementOrder/containers"],
        json!([{ "name": "c" }, { "name": "a" }])
    );
    let result = strategic::apply(map(old), patch, Some(&schema)).expect("applies");
    assert_eq!(Value::Object(result), new);
}

#[test]
fn a_three_way_patch_keeps_what_others_added() {
    let schema = schema("Pod");
    let original =
        pod(json!({ "containers": [{ "name": "a", "image": "1" }], "nodeSelector": { "k": "v" } }));
    let modified = pod(json!({ "containers": [{ "name": "a", "image": "2" }] }));
    let current = pod(
        json!({ "containers": [{ "name": "a", "image": "1" }, { "name": "sidecar" }], "nodeSelector": { "k": "v" }, "hostname": "h" }),
    );
    let patch = strategic::create_three_way(
        &map(original),
        &map(modified),
        &map(current.clone()),
        Some(&schema),
    )
    .expect("creates");
    let result = strategic::apply(map(current), patch, Some(&schema)).expect("applies");
    assert_eq!(
        Value::Object(result),
        pod(
            json!({ "containers": [{ "name": "a", "image": "2" }, { "name": "sidecar" }], "hostname": "h" })
        )
    );
}

#[test]
fn lists_of_several_types_are_refused_whole() {
    let original = pod(json!({ "containers": [{ "name": "a" }], "tolerations": [] }));
    let refusal = |spec: Value| {
        let error = apply(original.clone(), pod(spec)).expect_err("does not fit");
        (error.status(), error.to_string())
    };
    let mixed = "list element types are not identical: [[map[name:a]] [x]]";
    assert_eq!(refusal(json!({ "containers": ["x"] })), (500, mixed.into()));
    let mixed = "list element types are not identical: [[map[name:a]] [<nil>]]";
    assert_eq!(
        refusal(json!({ "containers": [null] })),
        (500, mixed.into())
    );
    let directive = json!({ "containers": [{ "$patch": 5, "name": "a" }] });
    let unknown = "unknown patch type: %!s(int64=5) in map: map[$patch:5 name:a]";
    assert_eq!(refusal(directive), (500, unknown.into()));
}

#[test]
fn orders_name_elements_by_their_key() {
    let original = pod(json!({ "containers": [{ "name": "a" }, { "name": "b" }] }));
    let refusal = |order: Value| {
        let patch = pod(json!({ "$setElementOrder/containers": order }));
        apply(original.clone(), patch)
            .expect_err("does not fit")
            .to_string()
    };
    assert_eq!(refusal(json!(["a"])), "value for key 0 is not a map");
    let no_key = "map: map[] does not contain declared merge key: name";
    assert_eq!(refusal(json!([{}])), no_key);
    // Elements that come before it are found without it.
    let order = json!([{ "name": "b" }, { "name": "a" }, "x"]);
    assert!(refusal(order).starts_with("expected a map"));
    let empty = pod(json!({ "containers": [] }));
    let patch = pod(json!({ "$setElementOrder/containers": [{ "name": "a" }] }));
    assert_eq!(apply(empty, patch), Err(StrategicError::NoElements));
}
