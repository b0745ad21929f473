//! CustomResourceDefinitions of the Flux kinds, made from the Rust types.

use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};

use crate::definition::{Definition, StatusShape, Version};
use crate::kinds::FluxKind;
use crate::names::{DISABLED, SUBSTITUTE_SETTING};
use crate::resource::{KindSpec, Resource};
use crate::structural;

/// The definitions of all Flux kinds, as `apiextensions.k8s.io/v1` objects.
pub fn crds() -> Vec<Object> {
    FluxKind::ALL.into_iter().map(FluxKind::crd).collect()
}

impl<S: KindSpec> Resource<S> {
    /// The definition of this kind as an `apiextensions.k8s.io/v1` object.
    pub fn crd() -> Object {
        let spec = structural::schema_of::<S>();
        let status = structural::schema_of::<S::Status>();
        custom_resource_definition(&S::DEFINITION, &spec, &status)
    }
}

fn custom_resource_definition(definition: &Definition, spec: &Value, status: &Value) -> Object {
    let gvk = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let mut crd = Object::new(
        &gvk,
        "",
        &format!("{}.{}", definition.plural, definition.group),
    );
    // The schemas hold texts such as `${VAR}` in the prose of users' forks; they are never variables.
    crd.set_annotation(SUBSTITUTE_SETTING, DISABLED);
    let mut names = json!({
        "categories": ["all", "fluxcd", definition.category.as_str()],
        "kind": definition.kind,
        "listKind": format!("{}List", definition.kind),
        "plural": definition.plural,
        "singular": definition.singular(),
    });
    if !definition.short_names.is_empty() {
        names["shortNames"] = json!(definition.short_names);
    }
    let versions: Vec<Value> = definition
        .versions
        .iter()
        .map(|version| version_entry(definition, version, spec, status))
        .collect();
    crd.set(&["spec", "group"], definition.group.into());
    crd.set(&["spec", "names"], names);
    crd.set(&["spec", "scope"], "Namespaced".into());
    crd.set(&["spec", "versions"], versions.into());
    crd
}

fn version_entry(
    definition: &Definition,
    version: &Version,
    spec: &Value,
    status: &Value,
) -> Value {
    let mut spec = spec.clone();
    if let Some(properties) = spec.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !version.without.contains(&name.as_str()));
    }
    let mut properties = Map::new();
    for (field, description) in [
        (
            "apiVersion",
            "Group and version of this representation of the object.",
        ),
        ("kind", "Kind of the object."),
    ] {
        properties.insert(
            field.into(),
            json!({"type": "string", "description": description}),
        );
    }
    properties.insert("metadata".into(), json!({"type": "object"}));
    properties.insert("spec".into(), spec);
    let mut subresources = json!({});
    if definition.status != StatusShape::Absent {
        let mut status = status.clone();
        if definition.status == StatusShape::Unobserved {
            status["default"] = json!({"observedGeneration": -1});
        }
        properties.insert("status".into(), status);
        subresources = json!({"status": {}});
    }
    json!({
        "name": version.name,
        "served": true,
        "storage": version.storage,
        "subresources": subresources,
        "additionalPrinterColumns": columns(definition),
        "schema": {"openAPIV3Schema": {
            "type": "object",
            "description": definition.description,
            "properties": properties,
        }},
    })
}

fn columns(definition: &Definition) -> Vec<Value> {
    definition
        .columns
        .iter()
        .map(|column| {
            let mut entry = json!({
                "name": column.name,
                "type": column.column_type,
                "jsonPath": column.json_path,
            });
            if column.priority != 0 {
                entry["priority"] = column.priority.into();
            }
            entry
        })
        .collect()
}
