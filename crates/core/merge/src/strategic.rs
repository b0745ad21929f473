//! Strategic merge patch: applied, and created from two or three objects.

use serde_json::{Map, Value};
use skein_schema::{Additional, Schema, SchemaRef, ValueType};
use thiserror::Error;

mod apply;
mod create;
mod order;

use apply::{MergeOptions, merge_map};
use create::{DiffOptions, diff_maps};

pub(crate) const DIRECTIVE: &str = "$patch";
pub(crate) const RETAIN_KEYS: &str = "$retainKeys";
pub(crate) const DELETE_FROM_PREFIX: &str = "$deleteFromPrimitiveList";
pub(crate) const ORDER_PREFIX: &str = "$setElementOrder";

/// Why a strategic merge patch was refused. The texts are the API server's.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum StrategicError {
    /// 400: the patch itself is malformed.
    #[error("invalid patch format of {0}")]
    Format(&'static str),
    /// 422: a list within a list.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// An element of a merging list lacks its key.
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The element, as Go prints a map.
        map: String,
        /// The key.
        key: String,
    },
    /// A directive that there is not.
    #[error("unknown patch type: {directive} in map: {map}")]
    Directive {
        /// Value of `$patch`.
        directive: String,
        /// The map, as Go prints it.
        map: String,
    },
    /// `$patch: merge` in a list.
    #[error("merging lists cannot yet be specified in the patch")]
    MergeDirective,
    /// A place in an order that is no map, met while an element was looked for.
    #[error("value for key {0} is not a map")]
    NoMap(
        /// Its index.
        usize,
    ),
    /// Two empty lists are put in order.
    #[error("no elements in any of the given slices")]
    NoElements,
    /// Elements of more than one JSON type, in the original and the patch taken together.
    #[error("list element types are not identical: {0}")]
    MixedElements(
        /// The two lists, as Go prints them.
        String,
    ),
    /// Another JSON type than is needed.
    #[error("expected a {expected}, but received a {found}")]
    Type {
        /// Go's name of the type needed.
        expected: &'static str,
        /// Go's name of the type found.
        found: &'static str,
    },
    /// A field that the kind does not have.
    #[error("unable to find api field in struct {name} for the json field {field:?}")]
    UnknownField {
        /// The field.
        field: String,
        /// Go's name of the type that should have it.
        name: String,
    },
    /// The patch lists elements in another order than `$setElementOrder`.
    #[error("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n")]
    Order {
        /// The list of the patch.
        patch: String,
        /// The list of the directive.
        order: String,
    },
    /// Both sides changed the same field, and the caller does not want to overwrite.
    #[error("conflicts with changes made from original to current")]
    Conflict,
}

impl StrategicError {
    /// HTTP status with which the API server refuses it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Format(_) => 400,
            Self::ListOfLists => 422,
            _ => 500,
        }
    }
}

/// Applies a patch. Without a schema, lists are replaced and maps merged.
pub fn apply(
    original: Map<String, Value>,
    patch: Map<String, Value>,
    schema: Option<&SchemaRef>,
) -> Result<Map<String, Value>, StrategicError> {
    let options = MergeOptions {
        merge_parallel_lists: true,
        ignore_unmatched_nulls: true,
    };
    merge_map(original, patch, Meta::of(schema), options)
}

/// The patch that makes `modified` of `original`.
pub fn create_two_way(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    schema: Option<&SchemaRef>,
) -> Result<Map<String, Value>, StrategicError> {
    let options = DiffOptions {
        set_element_order: true,
        ..DiffOptions::default()
    };
    diff_maps(original, modified, Meta::of(schema), options)
}

/// The patch that brings to `current` what changed from `original` to `modified`, keeping what others added.
pub fn create_three_way(
    original: &Map<String, Value>,
    modified: &Map<String, Value>,
    current: &Map<String, Value>,
    schema: Option<&SchemaRef>,
) -> Result<Map<String, Value>, StrategicError> {
    let meta = Meta::of(schema);
    let options = DiffOptions {
        set_element_order: true,
        ..DiffOptions::default()
    };
    let delta = diff_maps(
        current,
        modified,
        meta,
        DiffOptions {
            ignore_deletions: true,
            ..options
        },
    )?;
    let deletions = diff_maps(
        original,
        modified,
        meta,
        DiffOptions {
            ignore_changes: true,
            ..options
        },
    )?;
    let options = MergeOptions {
        merge_parallel_lists: false,
        ignore_unmatched_nulls: false,
    };
    merge_map(deletions, delta, meta, options)
}

/// What a schema says about the fields of a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta<'a>(Option<&'a Schema>);

/// What a schema says about one field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldMeta<'a> {
    pub below: Meta<'a>,
    pub replace: bool,
    pub merge: bool,
    pub retain_keys: bool,
    pub merge_key: Option<&'a str>,
}

impl<'a> Meta<'a> {
    pub fn of(schema: Option<&'a SchemaRef>) -> Self {
        Self(schema.map(|schema| &**schema))
    }

    /// Name for messages.
    pub fn name(&self) -> &str {
        self.0
            .and_then(|schema| schema.name.as_deref())
            .unwrap_or_default()
    }

    /// Looks up a field; the schema below a list is that of its elements.
    pub fn field(&self, name: &str) -> Result<FieldMeta<'a>, StrategicError> {
        let unknown = FieldMeta {
            below: Meta(None),
            replace: false,
            merge: false,
            retain_keys: false,
            merge_key: None,
        };
        let Some(schema) = self.0 else {
            return Ok(unknown);
        };
        let Some(field) = schema.field(name) else {
            let free = schema.properties.is_empty()
                || !matches!(schema.additional, Additional::Unset)
                || schema.preserve_unknown_fields;
            if free {
                return Ok(unknown);
            }
            return Err(StrategicError::UnknownField {
                field: name.to_owned(),
                name: self
                    .name()
                    .rsplit('.')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            });
        };
        let below = match (field.value_type, &field.items) {
            (Some(ValueType::Array), Some(items)) => Meta(Some(items)),
            _ => Meta(Some(field)),
        };
        let patch = field.field_patch();
        Ok(FieldMeta {
            below,
            replace: patch.is_some_and(|patch| patch.replace),
            merge: patch.is_some_and(|patch| patch.merge),
            retain_keys: patch.is_some_and(|patch| patch.retain_keys),
            merge_key: patch.and_then(|patch| patch.merge_key.as_deref()),
        })
    }
}

/// Go's `%v` of a JSON value.
pub(crate) fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            format!(
                "[{}]",
                list.iter().map(go_text).collect::<Vec<_>>().join(" ")
            )
        }
        Value::Object(map) => go_map(map),
        other => other.to_string(),
    }
}

/// Go's `%v` of a JSON map.
pub(crate) fn go_map(map: &Map<String, Value>) -> String {
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by(|a, b| a.0.cmp(b.0));
    let field = |(name, value): (&String, &Value)| format!("{name}:{}", go_text(value));
    format!(
        "map[{}]",
        fields.into_iter().map(field).collect::<Vec<_>>().join(" ")
    )
}

/// Go's `%s` of a JSON value: what is no text is told as a mistake.
pub(crate) fn go_string_verb(value: &Value) -> String {
    match value {
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => format!("%!s({}={value})", go_type(value)),
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(go_string_verb).collect();
            format!("[{}]", list.join(" "))
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            let field =
                |(name, value): (&String, &Value)| format!("{name}:{}", go_string_verb(value));
            let fields: Vec<String> = fields.into_iter().map(field).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// Go's name of the type of a JSON value.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

pub(crate) fn no_merge_key(map: &Map<String, Value>, key: &str) -> StrategicError {
    StrategicError::NoMergeKey {
        map: go_map(map),
        key: key.to_owned(),
    }
}

pub(crate) fn as_map(value: &Value) -> Result<&Map<String, Value>, StrategicError> {
    value.as_object().ok_or_else(|| StrategicError::Type {
        expected: "map[string]interface {}",
        found: go_type(value),
    })
}

pub(crate) fn as_list(value: &Value) -> Result<&Vec<Value>, StrategicError> {
    value.as_array().ok_or_else(|| StrategicError::Type {
        expected: "[]interface {}",
        found: go_type(value),
    })
}
