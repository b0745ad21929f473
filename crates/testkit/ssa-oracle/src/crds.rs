//! The custom kinds of the oracle: their CustomResourceDefinitions.

use serde_json::{Value, json};

/// A kind with every form of list and map.
pub fn widget_crd() -> Value {
    let status = json!({"type": "object", "properties": {
        "phase": {"type": "string"},
        "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}},
    }});
    let port = json!({"type": "object", "required": ["port"], "properties": {
        "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}, "note": {"type": "string"}}});
    let spec = json!({"type": "object", "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer", "minimum": 0},
        "flag": {"type": "boolean"},
        "size": {"x-kubernetes-int-or-string": true},
        "mode": {"type": "string", "default": "auto", "enum": ["auto", "manual"]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "atomicMap": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
        "atomicList": {"type": "array", "items": {"type": "string"}},
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "value": {"type": "string"}, "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}}}},
        "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"], "items": port},
        "nested": {"type": "object", "properties": {
            "inner": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string", "default": "x"}}},
            "maybe": {"type": "string", "nullable": true}}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    crd(
        "widgets",
        "Widget",
        json!({"type": "object", "properties": {"spec": spec, "status": status}}),
        true,
    )
}

/// A kind without structure.
pub fn blob_crd() -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    crd("blobs", "Blob", schema, false)
}

/// A kind with CEL rules and bounds.
pub fn gadget_crd() -> Value {
    let rule = |rule: &str, message: &str| json!({"rule": rule, "message": message});
    let spec = json!({"type": "object", "required": ["min"], "properties": {
        "min": {"type": "integer", "minimum": 0, "maximum": 50},
        "max": {"type": "integer"},
        "name": {"type": "string", "minLength": 2, "maxLength": 8, "pattern": "^[a-z]+$",
            "x-kubernetes-validations": [rule("self == oldSelf", "name is immutable")]},
        "in-put": {"type": "string", "maxLength": 20, "x-kubernetes-validations": [rule("!self.startsWith('x')", "no x")]},
        "when": {"type": "string", "format": "date-time"},
        "wait": {"type": "string", "format": "duration"},
        "limits": {"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string", "maxLength": 20}},
        "size": {"x-kubernetes-int-or-string": true},
        "items": {"type": "array", "maxItems": 2, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 10}, "value": {"type": "integer"}},
                "x-kubernetes-validations": [
                    rule("!has(self.value) || self.value > 0", "value must be positive"),
                    {"rule": "!has(self.value) || !has(oldSelf.value) || self.value >= oldSelf.value", "messageExpression": "'value of ' + self.name + ' must not shrink'", "fieldPath": ".value"},
                ]}},
    }, "oneOf": [{"required": ["max"]}, {"required": ["name"]}, {"not": {"anyOf": [{"required": ["max"]}, {"required": ["name"]}]}}],
    "x-kubernetes-validations": [
        {"rule": "!has(self.max) || self.min <= self.max", "messageExpression": "'min is above ' + (self.max > 5 ? 'a large' : 'a small') + ' max'", "fieldPath": ".min", "reason": "FieldValueForbidden"},
        {"rule": "!has(self.in__dash__put) || size(self.in__dash__put) < 4"},
        {"rule": "!has(self.when) || self.when > timestamp('2026-01-01T00:00:00Z')"},
        {"rule": "!has(self.wait) || self.wait < duration('1h')", "reason": "FieldValueRequired"},
        {"rule": "oldSelf.hasValue() || self.min < 40", "optionalOldSelf": true, "message": "starts below 40"},
        {"rule": "!has(self.limits) || self.limits.all(k, quantity(self.limits[k]).isLessThan(quantity('10')))", "message": "limits are below 10"},
    ]});
    crd(
        "gadgets",
        "Gadget",
        json!({"type": "object", "properties": {"spec": spec}}),
        false,
    )
}

/// A kind with two served versions, of which the older one lacks a field and has another default.
pub fn gizmo_crd() -> Value {
    let schema = |mode: &str, with_extra: bool| {
        let port = json!({"type": "object", "required": ["port"], "properties": {
            "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}, "note": {"type": "string"}}});
        let mut spec = json!({"type": "object", "properties": {
            "text": {"type": "string"},
            "mode": {"type": "string", "default": mode},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "list": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"], "items": port},
            "rows": {"type": "array", "items": {"type": "object", "properties": {
                "title": {"type": "string"}, "cells": {"type": "array", "items": {"type": "string"}}}}},
        }});
        if with_extra {
            spec["properties"]["extra"] = json!({"type": "string"});
        }
        let status = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}})
    };
    let mut crd = crd("gizmos", "Gizmo", json!({}), true);
    crd["spec"]["versions"] = json!([
        {"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}, "schema": schema("new", true)},
        {"name": "v1beta1", "served": true, "storage": false, "subresources": {"status": {}}, "schema": schema("old", false)},
    ]);
    crd
}

fn crd(plural: &str, kind: &str, schema: Value, status: bool) -> Value {
    let mut version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    if status {
        version["subresources"] = json!({"status": {}});
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.oracle.skein.dev")},
        "spec": {"group": "oracle.skein.dev", "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [version]},
    })
}
