//! Built-in definitions, resources, unknown fields and the canonical form.

use serde_json::{Map, Value, json};
use skein_object::GroupVersionKind;
use skein_schema::{Definitions, ListType, MapType, SchemaRef, builtin, normal, unknown};

fn schema(api_version: &str, kind: &str) -> SchemaRef {
    builtin::schema(&GroupVersionKind::from_api_version(api_version, kind)).expect("built in")
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("a map")
}

#[test]
fn every_definition_parses_and_every_reference_resolves() {
    let mut count = 0;
    for name in Definitions::names() {
        let schema = builtin::definition(name).expect("listed");
        for field in schema.properties.values() {
            // Looking at a reference resolves it.
            let _ = field.value_type;
        }
        count += 1;
    }
    assert!(count > 500, "{count} definitions");
}

#[test]
fn definitions_may_refer_to_themselves() {
    let props = builtin::definition(
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
    );
    let props = props.expect("built in");
    let below = props
        .at(&["properties", "x", "items", "not"])
        .or(props.at(&["not", "not", "not"]));
    assert_eq!(
        below.and_then(|schema| schema.name.as_deref()),
        props.name.as_deref()
    );
}

#[test]
fn merge_keys_and_list_kinds_are_known() {
    let pod = schema("v1", "Pod");
    let containers = pod
        .at(&["spec"])
        .and_then(|spec| spec.properties.get("containers"))
        .expect("a field");
    assert_eq!(
        containers
            .field_patch()
            .and_then(|patch| patch.merge_key.as_deref()),
        Some("name")
    );
    assert_eq!(
        containers.list_keys().map(<[String]>::to_vec),
        Some(vec!["name".to_owned()])
    );
    let ports = pod
        .at(&["spec", "containers"])
        .and_then(|c| c.items.as_ref())
        .expect("items");
    let ports = ports.properties.get("ports").expect("a field");
    assert_eq!(ports.list_type, Some(ListType::Map));
    assert_eq!(ports.list_map_keys, ["containerPort", "protocol"]);
    let selector = schema("apps/v1", "Deployment");
    let selector = selector
        .at(&["spec"])
        .and_then(|spec| spec.properties.get("selector"))
        .expect("a field");
    assert_eq!(selector.field_map_type(), Some(MapType::Atomic));
    let args = pod
        .at(&["spec", "containers"])
        .and_then(|c| c.items.as_ref())
        .expect("items");
    assert_eq!(args.properties["args"].list_keys(), None);
}

#[test]
fn resources_tell_what_discovery_tells() {
    let find = |name: &str, group_version: &str| {
        builtin::resources()
            .iter()
            .find(|r| r.name == name && r.group_version == group_version)
    };
    let deployments = find("deployments", "apps/v1").expect("served");
    assert_eq!(deployments.kind, "Deployment");
    assert_eq!(deployments.singular_name, "deployment");
    assert_eq!(deployments.short_names, ["deploy"]);
    assert_eq!(deployments.categories, ["all"]);
    assert!(deployments.namespaced && deployments.verbs.iter().any(|verb| verb == "watch"));
    let scale = find("deployments/scale", "apps/v1").expect("served");
    assert_eq!(
        scale.gvk(),
        GroupVersionKind::new("autoscaling", "v1", "Scale")
    );
    assert_eq!(scale.parts(), ("deployments", Some("scale")));
    assert!(!find("namespaces", "v1").expect("served").namespaced);
}

#[test]
fn unknown_fields_are_dropped_and_named() {
    let mut pod = map(json!({
        "spec": { "containers": [{ "name": "a", "foo": 1 }], "bar": {} },
        "metadata": { "labels": { "anything": "goes" }, "baz": 1 },
    }));
    let paths = unknown::drop_unknown(&mut pod, &schema("v1", "Pod"));
    assert_eq!(
        paths,
        ["metadata.baz", "spec.bar", "spec.containers[0].foo"]
    );
    assert_eq!(
        unknown::unknown_field_text(&paths[1]),
        "unknown field \"spec.bar\""
    );
    assert_eq!(pod["spec"], json!({ "containers": [{ "name": "a" }] }));
    let mut free = map(
        json!({ "spec": { "versions": [{ "schema": { "openAPIV3Schema": { "default": { "x": 1 } } } }] } }),
    );
    assert!(
        unknown::drop_unknown(
            &mut free,
            &schema("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        )
        .is_empty()
    );
}

#[test]
fn the_canonical_form_is_that_of_go() {
    let mut deployment = map(json!({
        "metadata": { "labels": {}, "annotations": null },
        "spec": { "paused": false, "replicas": 0, "template": { "spec": {
            "hostNetwork": false, "containers": [{ "name": "a", "args": [], "resources": { "limits": { "cpu": 1.5, "memory": "1024Mi" } } }],
            "volumes": [{ "name": "v", "emptyDir": {} }],
        } } },
    }));
    normal::normalise(&mut deployment, &schema("apps/v1", "Deployment"));
    assert_eq!(
        Value::Object(deployment),
        json!({
            "metadata": {},
            "spec": { "replicas": 0, "selector": null, "strategy": {}, "template": { "metadata": {}, "spec": {
                "containers": [{ "name": "a", "resources": { "limits": { "cpu": "1500m", "memory": "1Gi" } } }],
                "volumes": [{ "name": "v", "emptyDir": {} }],
            } } },
            "status": {},
        })
    );
    let mut role = map(json!({ "metadata": { "name": "x" } }));
    normal::normalise(&mut role, &schema("rbac.authorization.k8s.io/v1", "Role"));
    assert_eq!(role["rules"], Value::Null);
}

#[test]
fn closures_hold_everything_that_a_kind_needs() {
    let names = Definitions::closure(["io.k8s.api.core.v1.ConfigMap"]);
    assert!(names.contains_key(builtin::OBJECT_META));
    assert!(!names.contains_key("io.k8s.api.core.v1.Pod"));
}
