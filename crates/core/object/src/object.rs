//! The untyped object: a JSON map with apiVersion and kind, and typed access to what every object has.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::identity::{GroupVersionKind, NamespacedName, ObjectKey};

/// Why a JSON value is no Kubernetes object.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ObjectError {
    /// The value is not a map.
    #[error("a Kubernetes object must be a map, found {found}")]
    NotAMap {
        /// JSON type that was found.
        found: &'static str,
    },
    /// A field that every object has is missing or not a non-empty string.
    #[error("the field {field} is missing or not a string{hint}")]
    MissingField {
        /// Dotted path of the field.
        field: &'static str,
        /// What identifies the object as far as known, with a leading space, or empty.
        hint: String,
    },
}

/// An untyped Kubernetes object. Always a JSON map with string `apiVersion` and `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Object(Map<String, Value>);

impl TryFrom<Value> for Object {
    type Error = ObjectError;
    fn try_from(value: Value) -> Result<Self, ObjectError> {
        Self::from_value(value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Value::Object(object.0)
    }
}

/// The JSON type of a value, for messages.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl Object {
    /// Checks that the value is a map with `apiVersion` and `kind`.
    pub fn from_value(value: Value) -> Result<Self, ObjectError> {
        let map = match value {
            Value::Object(map) => map,
            other => {
                return Err(ObjectError::NotAMap {
                    found: json_type(&other),
                });
            }
        };
        for field in ["apiVersion", "kind"] {
            if map
                .get(field)
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                let name = map
                    .get("metadata")
                    .and_then(|m| m.get("name"))
                    .and_then(Value::as_str);
                let kind = map.get("kind").and_then(Value::as_str);
                let hint = match (kind, name) {
                    (Some(kind), Some(name)) => format!(" (in {kind}/{name})"),
                    (None, Some(name)) => format!(" (in the object named {name})"),
                    (Some(kind), None) => format!(" (in an object of kind {kind})"),
                    (None, None) => String::new(),
                };
                return Err(ObjectError::MissingField { field, hint });
            }
        }
        Ok(Self(map))
    }

    /// A new object with apiVersion, kind, name and (unless empty) namespace.
    pub fn new(gvk: &GroupVersionKind, namespace: &str, name: &str) -> Self {
        let mut metadata = Map::new();
        metadata.insert("name".into(), name.into());
        if !namespace.is_empty() {
            metadata.insert("namespace".into(), namespace.into());
        }
        let mut map = Map::new();
        map.insert("apiVersion".into(), gvk.api_version().into());
        map.insert("kind".into(), gvk.kind.clone().into());
        map.insert("metadata".into(), metadata.into());
        Self(map)
    }

    /// The JSON map.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The JSON map, to change; apiVersion and kind must stay.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The JSON value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// A copy as a JSON value.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The value at a path of map keys, without escapes: `["spec", "replicas"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(*first)?, |value, key| value.get(*key))
    }

    /// The string at a path of map keys; `None` when absent or of another type.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Value::as_str)
    }

    /// The integer at a path of map keys; `None` when absent or of another type.
    pub fn i64_at(&self, path: &[&str]) -> Option<i64> {
        self.at(path).and_then(Value::as_i64)
    }

    /// The boolean at a path of map keys; `None` when absent or of another type.
    pub fn bool_at(&self, path: &[&str]) -> Option<bool> {
        self.at(path).and_then(Value::as_bool)
    }

    /// Sets a value at a path of map keys; maps are made on the way, values of other types replaced.
    pub fn set(&mut self, path: &[&str], value: Value) {
        let Some((last, parents)) = path.split_last() else {
            return;
        };
        let mut map = &mut self.0;
        for key in parents {
            let slot = map.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(inner) = slot else { return };
            map = inner;
        }
        map.insert((*last).to_owned(), value);
    }

    /// Removes the value at a path of map keys and returns it.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut map = &mut self.0;
        for key in parents {
            map = map.get_mut(*key)?.as_object_mut()?;
        }
        map.remove(*last)
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.0
            .get("apiVersion")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        self.0
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::from_api_version(self.api_version(), self.kind())
    }

    /// `metadata.name`; empty when absent.
    pub fn name(&self) -> &str {
        self.str_at(&["metadata", "name"]).unwrap_or_default()
    }

    /// `metadata.namespace`; empty when absent.
    pub fn namespace(&self) -> &str {
        self.str_at(&["metadata", "namespace"]).unwrap_or_default()
    }

    /// Name with namespace.
    pub fn namespaced_name(&self) -> NamespacedName {
        NamespacedName::new(self.namespace(), self.name())
    }

    /// The version-less identity.
    pub fn key(&self) -> ObjectKey {
        let gvk = self.gvk();
        ObjectKey::new(gvk.group, gvk.kind, self.namespace(), self.name())
    }

    /// `metadata.uid`; empty when absent.
    pub fn uid(&self) -> &str {
        self.str_at(&["metadata", "uid"]).unwrap_or_default()
    }

    /// `metadata.resourceVersion`; empty when absent. Opaque: compare for equality only.
    pub fn resource_version(&self) -> &str {
        self.str_at(&["metadata", "resourceVersion"])
            .unwrap_or_default()
    }

    /// `metadata.generation`; 0 when absent.
    pub fn generation(&self) -> i64 {
        self.i64_at(&["metadata", "generation"]).unwrap_or_default()
    }

    /// Whether `metadata.deletionTimestamp` is set.
    pub fn is_deleting(&self) -> bool {
        self.at(&["metadata", "deletionTimestamp"])
            .is_some_and(|v| !v.is_null())
    }

    /// `metadata.labels` as a map, when present.
    pub fn labels(&self) -> Option<&Map<String, Value>> {
        self.at(&["metadata", "labels"]).and_then(Value::as_object)
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels()?.get(key)?.as_str()
    }

    /// `metadata.annotations` as a map, when present.
    pub fn annotations(&self) -> Option<&Map<String, Value>> {
        self.at(&["metadata", "annotations"])
            .and_then(Value::as_object)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations()?.get(key)?.as_str()
    }

    /// The value of an annotation, else of a label, of that key: Flux honours both for most settings.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.annotation(key).or_else(|| self.label(key))
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        self.set(&["metadata", "labels", key], value.into());
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.set(&["metadata", "annotations", key], value.into());
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> Vec<&str> {
        self.at(&["metadata", "finalizers"])
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The condition of that type in `status.conditions`.
    pub fn condition(&self, condition_type: &str) -> Option<&Map<String, Value>> {
        self.at(&["status", "conditions"])?
            .as_array()?
            .iter()
            .filter_map(Value::as_object)
            .find(|c| c.get("type").and_then(Value::as_str) == Some(condition_type))
    }

    /// The `status` of the condition of that type: `True`, `False` or `Unknown`.
    pub fn condition_status(&self, condition_type: &str) -> Option<&str> {
        self.condition(condition_type)?.get("status")?.as_str()
    }
}
