//! From OpenAPI (v2, v3 or a CRD's openAPIV3Schema) JSON to the schema tree.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::model::{
    Additional, Junctors, Limits, ListType, MapType, Overrides, PatchStrategy, Rule, Schema,
    SchemaRef, ValueType,
};

/// Deepest nesting of a schema, in levels.
pub const MAX_SCHEMA_DEPTH: usize = 100;

/// Why a schema could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// A part has another JSON type than OpenAPI says.
    #[error("schema at {path}: {what}")]
    Malformed {
        /// Dotted path within the schema.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Nested deeper than [`MAX_SCHEMA_DEPTH`].
    #[error("schema at {path} is nested deeper than {MAX_SCHEMA_DEPTH} levels")]
    TooDeep {
        /// Dotted path within the schema.
        path: String,
    },
    /// A `$ref` that nothing resolves.
    #[error("schema at {path}: reference to {name:?}, which is not known")]
    UnknownReference {
        /// Dotted path within the schema.
        path: String,
        /// Name that was referred to.
        name: String,
    },
}

/// Finds a definition by its name (the last part of a `$ref`).
pub type Resolver<'a> = &'a dyn Fn(&str) -> Option<SchemaRef>;

/// Parses a schema whose references `resolve` finds.
pub fn parse_schema(value: &Value, resolve: Resolver<'_>) -> Result<Schema, ParseError> {
    Parser { resolve }.schema(value, "", 0)
}

/// Parses a schema that has no references, as in a CRD.
pub fn parse_plain(value: &Value) -> Result<Schema, ParseError> {
    parse_schema(value, &|_| None)
}

struct Parser<'a> {
    resolve: Resolver<'a>,
}

impl Parser<'_> {
    fn reference(&self, value: &Value, path: &str, depth: usize) -> Result<SchemaRef, ParseError> {
        let target = value.get("$ref").or_else(|| sole_reference(value));
        let Some(target) = target.and_then(Value::as_str) else {
            return Ok(self.schema(value, path, depth)?.into());
        };
        let name = target.rsplit('/').next().unwrap_or(target);
        let found = (self.resolve)(name).ok_or_else(|| ParseError::UnknownReference {
            path: path.to_owned(),
            name: name.to_owned(),
        })?;
        Ok(found.with_overrides(Overrides {
            default: value.get("default").cloned(),
            map_type: map_type(value),
            patch: patch_strategy(value),
        }))
    }

    fn schema(&self, value: &Value, path: &str, depth: usize) -> Result<Schema, ParseError> {
        if depth > MAX_SCHEMA_DEPTH {
            return Err(ParseError::TooDeep {
                path: path.to_owned(),
            });
        }
        let Some(map) = value.as_object() else {
            return Err(malformed(path, "a schema must be a map"));
        };
        Ok(Schema {
            name: None,
            value_type: value_type(map, path)?,
            format: string(map, "format"),
            properties: self.properties(map, path, depth)?,
            additional: match map.get("additionalProperties") {
                None | Some(Value::Null) => Additional::Unset,
                Some(Value::Bool(allowed)) => Additional::Allowed(*allowed),
                Some(schema) => Additional::Schema(self.reference(
                    schema,
                    &format!("{path}.additionalProperties"),
                    depth + 1,
                )?),
            },
            items: match map.get("items") {
                None | Some(Value::Null) => None,
                Some(schema) => {
                    Some(self.reference(schema, &format!("{path}.items"), depth + 1)?)
                }
            },
            required: strings(map, "required"),
            default: map.get("default").cloned(),
            nullable: flag(map, "nullable"),
            enumeration: map
                .get("enum")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
            limits: limits(map),
            junctors: self.junctors(map, path, depth)?,
            preserve_unknown_fields: flag(map, "x-kubernetes-preserve-unknown-fields"),
            embedded_resource: flag(map, "x-kubernetes-embedded-resource"),
            int_or_string: flag(map, "x-kubernetes-int-or-string")
                || map.get("format").and_then(Value::as_str) == Some("int-or-string"),
            list_type: list_type(map),
            list_map_keys: strings(map, "x-kubernetes-list-map-keys"),
            map_type: map_type(value),
            patch: patch_strategy(value),
            rules: rules(map),
            zero_omitted: strings(map, "x-skein-omit-zero"),
            null_when_unset: strings(map, "x-skein-null-when-unset"),
        })
    }

    fn properties(
        &self,
        map: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<BTreeMap<String, SchemaRef>, ParseError> {
        let Some(properties) = map.get("properties").and_then(Value::as_object) else {
            return Ok(BTreeMap::new());
        };
        properties
            .iter()
            .map(|(name, schema)| {
                let path = format!("{path}.properties[{name}]");
                Ok((name.clone(), self.reference(schema, &path, depth + 1)?))
            })
            .collect()
    }

    fn junctors(
        &self,
        map: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<Option<Box<Junctors>>, ParseError> {
        let list = |key: &str| -> Result<Vec<SchemaRef>, ParseError> {
            let Some(list) = map.get(key).and_then(Value::as_array) else {
                return Ok(Vec::new());
            };
            let element = |(index, schema)| {
                self.reference(schema, &format!("{path}.{key}[{index}]"), depth + 1)
            };
            list.iter().enumerate().map(element).collect()
        };
        let junctors = Junctors {
            all_of: list("allOf")?,
            any_of: list("anyOf")?,
            one_of: list("oneOf")?,
            not: match map.get("not") {
                None | Some(Value::Null) => None,
                Some(schema) => Some(self.reference(schema, &format!("{path}.not"), depth + 1)?),
            },
        };
        let empty = junctors.all_of.is_empty()
            && junctors.any_of.is_empty()
            && junctors.one_of.is_empty()
            && junctors.not.is_none();
        Ok((!empty).then(|| Box::new(junctors)))
    }
}

/// OpenAPI v3 of kube-apiserver wraps a reference that has siblings as the only element of `allOf`.
fn sole_reference(value: &Value) -> Option<&Value> {
    match value.get("allOf")?.as_array()?.as_slice() {
        [only] => only.get("$ref"),
        _ => None,
    }
}

fn malformed(path: &str, what: &str) -> ParseError {
    let path = if path.is_empty() { "the root" } else { path };
    ParseError::Malformed {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

fn value_type(map: &Map<String, Value>, path: &str) -> Result<Option<ValueType>, ParseError> {
    match map.get("type") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(Value::String(name)) => ValueType::from_name(name)
            .map(Some)
            .ok_or_else(|| malformed(path, &format!("there is no type {name:?}"))),
        Some(_) => Err(malformed(path, "type must be a string")),
    }
}

fn string(map: &Map<String, Value>, key: &str) -> Option<String> {
    map.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn strings(map: &Map<String, Value>, key: &str) -> Vec<String> {
    let list = map.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn flag(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn list_type(map: &Map<String, Value>) -> Option<ListType> {
    match map.get("x-kubernetes-list-type")?.as_str()? {
        "atomic" => Some(ListType::Atomic),
        "set" => Some(ListType::Set),
        "map" => Some(ListType::Map),
        _ => None,
    }
}

fn map_type(value: &Value) -> Option<MapType> {
    match value.get("x-kubernetes-map-type")?.as_str()? {
        "atomic" => Some(MapType::Atomic),
        "granular" => Some(MapType::Granular),
        _ => None,
    }
}

fn patch_strategy(value: &Value) -> Option<Box<PatchStrategy>> {
    let names = value
        .get("x-kubernetes-patch-strategy")
        .and_then(Value::as_str)
        .unwrap_or("");
    let merge_key = value
        .get("x-kubernetes-patch-merge-key")
        .and_then(Value::as_str);
    if names.is_empty() && merge_key.is_none() {
        return None;
    }
    let has = |wanted: &str| names.split(',').any(|name| name == wanted);
    Some(Box::new(PatchStrategy {
        replace: has("replace"),
        merge: has("merge"),
        retain_keys: has("retainKeys"),
        merge_key: merge_key.map(str::to_owned),
    }))
}

fn limits(map: &Map<String, Value>) -> Option<Box<Limits>> {
    let number = |key: &str| map.get(key).and_then(Value::as_f64);
    let count = |key: &str| map.get(key).and_then(Value::as_u64);
    let limits = Limits {
        minimum: number("minimum"),
        exclusive_minimum: flag(map, "exclusiveMinimum"),
        maximum: number("maximum"),
        exclusive_maximum: flag(map, "exclusiveMaximum"),
        multiple_of: number("multipleOf"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        pattern: string(map, "pattern").filter(|pattern| !pattern.is_empty()),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        unique_items: flag(map, "uniqueItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
    };
    (limits != Limits::default()).then(|| Box::new(limits))
}

fn rules(map: &Map<String, Value>) -> Vec<Rule> {
    let list = map
        .get("x-kubernetes-validations")
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(rule)
        .collect()
}

/// A rule of `x-kubernetes-validations`; one without anything when it is no map.
pub fn rule_of(value: &Value) -> Rule {
    value.as_object().map(rule).unwrap_or_default()
}

fn rule(map: &Map<String, Value>) -> Rule {
    let filled = |key: &str| string(map, key).filter(|text| !text.is_empty());
    Rule {
        rule: string(map, "rule").unwrap_or_default(),
        message: filled("message"),
        message_expression: filled("messageExpression"),
        reason: filled("reason"),
        field_path: filled("fieldPath"),
        optional_old_self: flag(map, "optionalOldSelf"),
    }
}
