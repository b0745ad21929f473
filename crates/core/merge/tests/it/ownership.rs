//! Apply, conflicts, force, removal and tracking of updates.

use serde_json::{Value, json};
use skein_merge::ownership::{
    ApplyError, Managers, OneVersion, VersionError, Versions, conflict_causes,
    keep_times_when_unchanged,
};
use skein_merge::{FieldSet, Ownership};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{SchemaRef, builtin};

fn schema(api_version: &str, kind: &str) -> SchemaRef {
    builtin::schema(&GroupVersionKind::from_api_version(api_version, kind)).expect("built in")
}

fn ownership<'a>(schema: &'a SchemaRef, api_version: &'a str, now: &'a str) -> Ownership<'a> {
    Ownership {
        schema: Some(schema),
        api_version,
        subresource: "",
        reset_fields: FieldSet::of_fields(&[&["status"]]),
        now,
        versions: &OneVersion,
        builtin: true,
    }
}

fn object(value: Value) -> Object {
    Object::from_value(value).expect("an object")
}

fn config_map(data: Value) -> Object {
    object(
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x", "namespace": "ns" }, "data": data }),
    )
}

const T1: &str = "2026-01-01T00:00:00Z";
const T2: &str = "2026-01-02T00:00:00Z";

#[test]
fn an_apply_owns_what_it_says_and_removes_what_it_no_longer_says() {
    let schema = schema("v1", "ConfigMap");
    let at = |now| ownership(&schema, "v1", now);
    let first = config_map(json!({ "a": "1", "b": "2" }));
    let live = at(T1)
        .apply(None, &first, "alpha", false)
        .expect("applies")
        .object;
    assert_eq!(
        live.at(&["metadata", "managedFields"]),
        Some(&json!([{
            "manager": "alpha", "operation": "Apply", "apiVersion": "v1", "time": T1,
            "fieldsType": "FieldsV1", "fieldsV1": { "f:data": { "f:a": {}, "f:b": {} } },
        }]))
    );
    let second = config_map(json!({ "a": "1" }));
    let live = at(T2)
        .apply(Some(&live), &second, "alpha", false)
        .expect("applies")
        .object;
    assert_eq!(live.at(&["data"]), Some(&json!({ "a": "1" })));
}

#[test]
fn a_field_of_another_manager_is_a_conflict_until_forced() {
    let schema = schema("v1", "ConfigMap");
    let at = |now| ownership(&schema, "v1", now);
    let live = at(T1).apply(
        None,
        &config_map(json!({ "a": "1", "b": "1" })),
        "alpha",
        false,
    );
    let live = live.expect("applies").object;
    let other = config_map(json!({ "a": "2", "b": "2" }));
    let error = at(T2)
        .apply(Some(&live), &other, "beta", false)
        .expect_err("conflicts");
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"alpha\":\n- .data.a\n- .data.b"
    );
    let ApplyError::Conflicts(conflicts) = error else {
        unreachable!("a conflict")
    };
    assert_eq!(
        conflict_causes(&conflicts)[0],
        json!({ "reason": "FieldManagerConflict", "message": "conflict with \"alpha\"", "field": ".data.a" })
    );
    let live = at(T2)
        .apply(Some(&live), &other, "beta", true)
        .expect("forced")
        .object;
    let managers = Managers::of(&live.to_value()).expect("readable");
    assert_eq!(managers.0.len(), 1, "alpha owns nothing any more");
    // Equal values are shared.
    let shared = at(T2)
        .apply(Some(&live), &other, "gamma", false)
        .expect("equal values")
        .object;
    assert_eq!(
        Managers::of(&shared.to_value()).expect("readable").0.len(),
        2
    );
}

#[test]
fn a_plain_update_takes_fields_and_is_named_with_its_version() {
    let schema = schema("v1", "ConfigMap");
    let at = |now| ownership(&schema, "v1", now);
    let mut live = config_map(json!({ "a": "1" }));
    at(T1).update(None, &mut live, "curl");
    live.set(&["metadata", "uid"], json!("u"));
    assert_eq!(
        live.at(&["metadata", "managedFields",])
            .and_then(|list| list[0].get("fieldsV1")),
        Some(&json!({ "f:data": { ".": {}, "f:a": {} } }))
    );
    let error = at(T2).apply(
        Some(&live),
        &config_map(json!({ "a": "2" })),
        "alpha",
        false,
    );
    assert_eq!(
        error.expect_err("conflicts").to_string(),
        "Apply failed with 1 conflict: conflict with \"curl\" using v1: .data.a"
    );
    // An empty list of owners resets them, and nothing is tracked from then on.
    let mut reset = live.clone();
    reset.set(&["metadata", "managedFields"], json!([]));
    at(T2).update(Some(&live), &mut reset, "curl");
    assert_eq!(reset.at(&["metadata", "managedFields"]), None);
}

#[test]
fn lists_of_maps_merge_by_key_and_keep_others_elements() {
    let schema = schema("apps/v1", "Deployment");
    let ownership = ownership(&schema, "apps/v1", T1);
    let deployment = |containers: Value| {
        object(
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" },
            "spec": { "template": { "spec": { "containers": containers } } } }),
        )
    };
    let live = ownership.apply(
        None,
        &deployment(json!([{ "name": "a", "image": "1" }])),
        "alpha",
        false,
    );
    let live = live.expect("applies").object;
    let both = ownership.apply(
        Some(&live),
        &deployment(json!([{ "name": "b", "image": "2" }])),
        "beta",
        false,
    );
    let both = both.expect("applies").object;
    let names = |object: &Object| -> Vec<String> {
        let list = object
            .at(&["spec", "template", "spec", "containers"])
            .and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|c| c["name"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(names(&both), ["a", "b"]);
    let gone = ownership
        .apply(Some(&both), &deployment(json!([])), "alpha", false)
        .expect("applies");
    assert_eq!(names(&gone.object), ["b"]);
}

#[test]
fn configurations_that_do_not_fit_are_refused_with_the_path() {
    let schema = schema("apps/v1", "Deployment");
    let ownership = ownership(&schema, "apps/v1", T1);
    let bad = object(
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x", "namespace": "ns" }, "spec": { "nope": 1 } }),
    );
    assert_eq!(
        ownership
            .apply(None, &bad, "alpha", false)
            .expect_err("refused")
            .to_string(),
        "failed to create typed patch object (ns/x; apps/v1, Kind=Deployment): .spec.nope: field not declared in schema"
    );
    let old = object(
        json!({ "apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": { "name": "x" } }),
    );
    assert!(matches!(
        ownership.apply(None, &old, "alpha", false),
        Err(ApplyError::Version { .. })
    ));
    let twice = json!([{ "name": "a" }, { "name": "a" }]);
    let twice = object(
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x", "namespace": "ns" }, "spec": { "template": { "spec": { "containers": twice } } } }),
    );
    let error = ownership
        .apply(None, &twice, "alpha", false)
        .expect_err("refused")
        .to_string();
    assert!(
        error.ends_with(".spec.template.spec.containers: duplicate entries for key [name=\"a\"]"),
        "{error}"
    );
}

#[test]
fn only_so_many_updaters_are_kept() {
    let schema = schema("v1", "ConfigMap");
    let mut live = config_map(json!({}));
    for index in 0..15 {
        let now = format!("2026-01-01T00:00:{index:02}Z");
        let mut new = live.clone();
        new.set(&["data", &format!("k{index}")], json!("v"));
        let before = (index > 0).then_some(&live);
        ownership(&schema, "v1", &now).update(before, &mut new, &format!("m{index}"));
        live = new;
    }
    let managers = Managers::of(&live.to_value()).expect("readable");
    assert_eq!(managers.0.len(), 10);
    assert!(
        managers
            .0
            .keys()
            .any(|key| key.manager == "ancient-changes")
    );
}

#[test]
fn times_alone_are_no_change() {
    let schema = schema("v1", "ConfigMap");
    let old =
        ownership(&schema, "v1", T1).apply(None, &config_map(json!({ "a": "1" })), "alpha", false);
    let old = old.expect("applies").object;
    let mut new = old.clone();
    let list = new
        .at(&["metadata", "managedFields"])
        .cloned()
        .unwrap_or_default();
    let mut list = list;
    list[0]["time"] = json!(T2);
    new.set(&["metadata", "managedFields"], list);
    assert!(keep_times_when_unchanged(&old, &mut new));
    assert_eq!(new, old);
    new.set(&["data", "a"], json!("2"));
    assert!(!keep_times_when_unchanged(&old, &mut new));
}

/// A kind whose other version calls `data.b` by the name `data.c`.
#[derive(Debug)]
struct Renaming(SchemaRef);

impl Versions for Renaming {
    fn schema(&self, api_version: &str) -> Result<Option<&SchemaRef>, VersionError> {
        match api_version {
            "v2" => Ok(Some(&self.0)),
            _ => Err(VersionError::Missing(api_version.to_owned())),
        }
    }

    fn convert(&self, object: &Value, api_version: &str) -> Value {
        let mut object = object.clone();
        object["apiVersion"] = json!(api_version);
        let (from, to) = if api_version == "v2" {
            ("b", "c")
        } else {
            ("c", "b")
        };
        if let Some(data) = object["data"].as_object_mut()
            && let Some(value) = data.remove(from)
        {
            data.insert(to.to_owned(), value);
        }
        object
    }
}

#[test]
fn owners_in_another_version_are_asked_in_that_version() {
    let schema = schema("v1", "ConfigMap");
    let versions = Renaming(schema.clone());
    let ownership = Ownership {
        versions: &versions,
        ..ownership(&schema, "v1", T1)
    };
    let entry = |manager: &str, api_version: &str, field: &str| {
        json!({ "manager": manager, "operation": "Apply", "apiVersion": api_version, "time": T1,
            "fieldsType": "FieldsV1", "fieldsV1": { "f:data": { field: {} } } })
    };
    let mut live = config_map(json!({ "a": "1", "b": "2" }));
    let owners = json!([entry("old", "v2", "f:c"), entry("gone", "v0", "f:a")]);
    live.set(&["metadata", "managedFields"], owners);
    let wanted = config_map(json!({ "a": "9", "b": "9" }));
    let refused = ownership.apply(Some(&live), &wanted, "new", false);
    let Err(ApplyError::Conflicts(conflicts)) = refused else {
        panic!("the owner of `b`, called `c` there, is asked");
    };
    // Who owned something in a version that is gone is not asked.
    let text = conflict_causes(&conflicts)[0].to_string();
    assert_eq!(conflicts.len(), 1, "{text}");
    assert!(text.contains("old") && text.contains(".data.c"), "{text}");
    // What one applied in the other version and no longer names goes under its name of today.
    let nothing = object(json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "x", "namespace": "ns" } }));
    let applied = ownership.apply(Some(&live), &nothing, "old", false);
    let applied = applied.expect("applies").object;
    assert_eq!(applied.at(&["data"]), Some(&json!({ "a": "1" })));
}
