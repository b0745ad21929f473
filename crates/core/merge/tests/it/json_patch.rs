//! JSON patch and merge patch.

use serde_json::{Value, json};
use skein_merge::{json_patch, merge_patch};

fn apply(document: &Value, patch: Value) -> Result<Value, String> {
    let mut document = document.clone();
    json_patch::apply(&mut document, &patch).map_err(|error| error.to_string())?;
    Ok(document)
}

#[test]
fn operations() {
    let document = json!({ "a": { "b/c": 1 }, "l": [1, 2] });
    let patched = |patch: Value| apply(&document, patch).expect("applies");
    assert_eq!(
        patched(json!([{ "op": "add", "path": "/l/-", "value": 3 }]))["l"],
        json!([1, 2, 3])
    );
    assert_eq!(
        patched(json!([{ "op": "add", "path": "/l/1", "value": 9 }]))["l"],
        json!([1, 9, 2])
    );
    assert_eq!(
        patched(json!([{ "op": "remove", "path": "/l/-1" }]))["l"],
        json!([1])
    );
    assert_eq!(
        patched(json!([{ "op": "replace", "path": "/a/b~1c", "value": 2 }]))["a"],
        json!({ "b/c": 2 })
    );
    // As upstream, a missing key of a map is made.
    assert_eq!(
        patched(json!([{ "op": "replace", "path": "/new", "value": 2 }]))["new"],
        json!(2)
    );
    assert_eq!(
        patched(json!([{ "op": "move", "from": "/l/0", "path": "/x" }])),
        json!({ "a": { "b/c": 1 }, "l": [2], "x": 1 })
    );
    assert_eq!(
        patched(
            json!([{ "op": "copy", "from": "/l", "path": "/m" }, { "op": "test", "path": "/m/0", "value": 1.0 }])
        )["m"],
        json!([1, 2])
    );
}

#[test]
fn refusals_name_the_path_and_change_nothing() {
    let document = json!({ "a": {} });
    for (patch, text) in [
        (
            json!([{ "op": "remove", "path": "/a/b" }]),
            "error in remove for path: '/a/b': Unable to remove nonexistent key: b: missing value",
        ),
        (
            json!([{ "op": "add", "path": "/x/y", "value": 1 }]),
            "add operation does not apply: doc is missing path: \"/x/y\": missing value",
        ),
        (
            json!([{ "op": "test", "path": "/a", "value": 1 }]),
            "testing value /a failed: test failed",
        ),
        (json!([{ "op": "leap" }]), "Unexpected kind: leap"),
        (
            json!({}),
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
        ),
    ] {
        assert_eq!(apply(&document, patch), Err(text.to_owned()));
    }
    let mut half = document.clone();
    let patch =
        json!([{ "op": "add", "path": "/b", "value": 1 }, { "op": "remove", "path": "/none" }]);
    assert!(json_patch::apply(&mut half, &patch).is_err());
    assert_eq!(half, document);
    let many: Vec<Value> = vec![json!({ "op": "test", "path": "", "value": {} }); 10_001];
    assert!(
        apply(&document, json!(many))
            .expect_err("too many")
            .starts_with("The allowed maximum operations")
    );
}

#[test]
fn created_patches_lead_to_the_new_document() {
    let old = json!({ "a": [1, 2, 3], "b": { "x~/": 1 }, "c": null });
    let new = json!({ "a": [1, 9], "b": { "x~/": [], "n": {} } });
    assert_eq!(apply(&old, json_patch::create(&old, &new)), Ok(new.clone()));
    let mut merged = old.clone();
    merge_patch::apply(&mut merged, &merge_patch::create(&old, &new));
    assert_eq!(merged, new);
}

#[test]
fn merge_patches_remove_by_null_at_any_depth() {
    let mut value = json!({ "a": { "b": 1, "c": 2 }, "l": [1] });
    merge_patch::apply(
        &mut value,
        &json!({ "a": { "b": null }, "n": { "x": null, "y": {} }, "l": [{ "k": null }] }),
    );
    assert_eq!(
        value,
        json!({ "a": { "c": 2 }, "n": { "y": {} }, "l": [{ "k": null }] })
    );
}

#[test]
fn a_three_way_merge_patch_keeps_what_others_added() {
    let original =
        json!({ "spec": { "a": 1, "gone": 1, "list": [1], "deep": { "x": 1, "y": 1 } } });
    let modified = json!({ "spec": { "a": 2, "list": [1, 2], "deep": { "x": 1 }, "empty": {} } });
    let current = json!({ "spec": { "a": 1, "gone": 1, "list": [9], "deep": { "x": 5, "y": 1, "z": 1 }, "other": 1 }, "status": {} });
    let patch = merge_patch::create_three_way(&original, &modified, &current);
    let mut result = current;
    merge_patch::apply(&mut result, &patch);
    assert_eq!(
        result,
        json!({ "spec": { "a": 2, "list": [1, 2], "deep": { "x": 1, "z": 1 }, "empty": {}, "other": 1 }, "status": {} })
    );
    assert_eq!(
        merge_patch::create_three_way(&modified, &modified, &modified),
        json!({})
    );
}
