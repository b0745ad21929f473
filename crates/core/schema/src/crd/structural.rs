//! The structural check of a CRD's schema: what apiextensions requires before it serves a version.

use crate::field_error::{FieldError, FieldPath};
use crate::model::{Additional, ListType, Schema, ValueType};

/// Errors that make a schema non-structural, with paths below `path`
/// (`spec.validation.openAPIV3Schema` or `spec.versions[0].schema.openAPIV3Schema`).
pub fn check(schema: &Schema, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if schema.value_type != Some(ValueType::Object) {
        let value = schema.value_type.map(ValueType::name).unwrap_or_default();
        let at = path.child("type");
        errors.push(if value.is_empty() {
            FieldError::required(at, "must not be empty at the root")
        } else {
            FieldError::invalid(at, value.into(), "must be object at the root")
        });
    }
    check_node(schema, path, true, &mut errors);
    errors
}

fn check_node(schema: &Schema, path: &FieldPath, root: bool, errors: &mut Vec<FieldError>) {
    check_type(schema, path, root, errors);
    check_extensions(schema, path, errors);
    for (name, field) in &schema.properties {
        check_node(field, &path.child("properties").key(name), false, errors);
    }
    if let Some(items) = &schema.items {
        check_node(items, &path.child("items"), false, errors);
    }
    match &schema.additional {
        Additional::Schema(field) => {
            if !schema.properties.is_empty() {
                let detail = "additionalProperties and properties are mutual exclusive";
                errors.push(FieldError::forbidden(
                    path.child("additionalProperties"),
                    detail,
                ));
            }
            check_node(field, &path.child("additionalProperties"), false, errors);
        }
        Additional::Unset | Additional::Allowed(_) => {}
    }
}

fn check_type(schema: &Schema, path: &FieldPath, root: bool, errors: &mut Vec<FieldError>) {
    if schema.value_type.is_none() && !root {
        let free = schema.preserve_unknown_fields || schema.int_or_string;
        if !free {
            let detail = "must not be empty for specified object fields";
            let in_list = path.as_str().ends_with(".items");
            let detail = if in_list {
                "must not be empty for specified array items"
            } else {
                detail
            };
            errors.push(FieldError::required(path.child("type"), detail));
        }
    }
    if schema.value_type == Some(ValueType::Array) && schema.items.is_none() {
        let detail = "must be specified";
        errors.push(FieldError::required(path.child("items"), detail));
    }
}

fn check_extensions(schema: &Schema, path: &FieldPath, errors: &mut Vec<FieldError>) {
    let object = schema.value_type == Some(ValueType::Object);
    if schema.embedded_resource && !object {
        let value = schema.value_type.map(ValueType::name).unwrap_or_default();
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(FieldError::invalid(
            path.child("type"),
            value.into(),
            detail,
        ));
    }
    if schema.embedded_resource && !schema.preserve_unknown_fields && schema.properties.is_empty() {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(path.child("properties"), detail));
    }
    if schema.list_type.is_some() && schema.value_type != Some(ValueType::Array) {
        let value = schema.value_type.map(ValueType::name).unwrap_or_default();
        let detail = "must be array if x-kubernetes-list-type is specified";
        errors.push(FieldError::invalid(
            path.child("type"),
            value.into(),
            detail,
        ));
    }
    if schema.list_type == Some(ListType::Map) {
        check_list_map(schema, path, errors);
    } else if !schema.list_map_keys.is_empty() {
        let at = path.child("x-kubernetes-list-type");
        errors.push(FieldError::invalid(
            at,
            serde_json::Value::Null,
            "must be map if x-kubernetes-list-map-keys is non-empty",
        ));
    }
}

fn check_list_map(schema: &Schema, path: &FieldPath, errors: &mut Vec<FieldError>) {
    if schema.list_map_keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        errors.push(FieldError::required(
            path.child("x-kubernetes-list-map-keys"),
            detail,
        ));
    }
    let Some(items) = &schema.items else { return };
    for key in &schema.list_map_keys {
        match items.properties.get(key) {
            None => {
                let detail = "entries must all be names of item properties";
                let at = path.child("x-kubernetes-list-map-keys");
                errors.push(FieldError::invalid(at, key.as_str().into(), detail));
            }
            Some(field) if field.field_default().is_none() && !items.required.contains(key) => {
                let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                let at = path
                    .child("items")
                    .child("properties")
                    .key(key)
                    .child("default");
                errors.push(FieldError::required(at, detail));
            }
            Some(_) => {}
        }
    }
}
