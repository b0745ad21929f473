//! An object of a Flux kind with typed spec and status, and how it is decoded from an untyped object.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_object::{NamespacedName, Object, ObjectKey};
use thiserror::Error;

use crate::conditions::Condition;
use crate::definition::{Definition, StatusShape};
use crate::shape::is_unset;
use crate::time::Time;

/// Why an object could not be read as a Flux kind. It concerns this one object only: callers report it and go on.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// The object is of another kind.
    #[error("{object} is a {found}, not a {expected}")]
    OtherKind {
        /// The object.
        object: Box<ObjectKey>,
        /// What was asked for, `Kind.group`.
        expected: String,
        /// What the object is, `Kind.group`.
        found: String,
    },
    /// A field has a value that its type does not allow, or a required field is missing.
    #[error("cannot decode {object}: {field}: {reason}")]
    Field {
        /// The object.
        object: Box<ObjectKey>,
        /// Path of the field, for example `spec.interval`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A spec that names its kind, the type of its status and how the kind is registered.
pub trait KindSpec: Serialize + DeserializeOwned + JsonSchema {
    /// Type of the status; [`NoStatus`] for kinds without one.
    type Status: Serialize + DeserializeOwned + JsonSchema + Default + PartialEq + StatusConditions;
    /// How the kind is registered.
    const DEFINITION: Definition;
}

/// Access to the fields that statuses have in common.
pub trait StatusConditions {
    /// The conditions; empty for kinds without a status.
    fn conditions(&self) -> &[Condition];
    /// The generation that the status is about; `None` when the kind does not record it.
    fn observed_generation(&self) -> Option<i64>;
    /// The reconcile request that was handled last; empty for none.
    fn last_handled_reconcile_at(&self) -> &str;
}

/// Implements [`StatusConditions`] for a status with the usual three fields.
macro_rules! status_conditions {
    ($status:ty) => {
        impl $crate::resource::StatusConditions for $status {
            fn conditions(&self) -> &[$crate::conditions::Condition] {
                &self.conditions
            }
            fn observed_generation(&self) -> Option<i64> {
                Some(self.observed_generation)
            }
            fn last_handled_reconcile_at(&self) -> &str {
                &self.last_handled_reconcile_at
            }
        }
    };
}
pub(crate) use status_conditions;

/// The status of kinds that have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoStatus {}

impl StatusConditions for NoStatus {
    fn conditions(&self) -> &[Condition] {
        &[]
    }
    fn observed_generation(&self) -> Option<i64> {
        None
    }
    fn last_handled_reconcile_at(&self) -> &str {
        ""
    }
}

/// What the controllers need of `metadata`; the rest stays in the untyped object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Namespace.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
    /// Unique id that the API server gave.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub uid: String,
    /// Opaque version of the object.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub resource_version: String,
    /// Counts changes of the spec.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub generation: i64,
    /// When the object was made.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub creation_timestamp: Option<Time>,
    /// When deletion was asked for.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub deletion_timestamp: Option<Time>,
    /// Labels.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub annotations: BTreeMap<String, String>,
    /// Finalizers.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub finalizers: Vec<String>,
}

/// An object of the kind whose spec is `S`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource<S: KindSpec> {
    /// Metadata as far as typed.
    pub metadata: Metadata,
    /// The desired state.
    pub spec: S,
    /// The observed state; the default when absent.
    pub status: S::Status,
}

impl<S: KindSpec> Resource<S> {
    /// How the kind is registered.
    pub const DEFINITION: Definition = S::DEFINITION;

    /// Reads an untyped object, at any of the versions of the kind. Unknown fields are passed over, `null` is
    /// the same as absent.
    pub fn from_object(object: &Object) -> Result<Self, DecodeError> {
        let gvk = object.gvk();
        if gvk.group != S::DEFINITION.group || gvk.kind != S::DEFINITION.kind {
            return Err(DecodeError::OtherKind {
                object: Box::new(object.key()),
                expected: format!("{}.{}", S::DEFINITION.kind, S::DEFINITION.group),
                found: gvk.group_kind().to_string(),
            });
        }
        Ok(Self {
            metadata: part(object, "metadata")?,
            spec: part(object, "spec")?,
            status: if S::DEFINITION.status == StatusShape::Absent {
                S::Status::default()
            } else {
                part(object, "status")?
            },
        })
    }

    /// Writes the object at the storage version; a status that is unset is left out.
    ///
    /// # Errors
    /// Only when a spec holds a map whose keys are no strings, which no kind does.
    pub fn to_object(&self) -> Result<Object, serde_json::Error> {
        let mut value = serde_json::json!({
            "apiVersion": S::DEFINITION.api_version(),
            "kind": S::DEFINITION.kind,
            "metadata": serde_json::to_value(&self.metadata)?,
            "spec": serde_json::to_value(&self.spec)?,
        });
        if self.status != S::Status::default() {
            value["status"] = serde_json::to_value(&self.status)?;
        }
        Object::from_value(value).map_err(serde::de::Error::custom)
    }

    /// Name and namespace.
    pub fn namespaced_name(&self) -> NamespacedName {
        NamespacedName::new(&self.metadata.namespace, &self.metadata.name)
    }

    /// The version-less identity.
    pub fn key(&self) -> ObjectKey {
        let definition = S::DEFINITION;
        ObjectKey::new(
            definition.group,
            definition.kind,
            &self.metadata.namespace,
            &self.metadata.name,
        )
    }

    /// The value of the annotation that asks for a run; empty when absent.
    pub fn reconcile_request(&self) -> &str {
        self.metadata
            .annotations
            .get(crate::names::RECONCILE_REQUEST_ANNOTATION)
            .map_or("", String::as_str)
    }

    /// Whether a run was asked for that was not handled yet.
    pub fn has_unhandled_request(&self) -> bool {
        let request = self.reconcile_request();
        !request.is_empty() && request != self.status.last_handled_reconcile_at()
    }
}

/// Decodes one top-level field; an absent one is an empty map, so that the error names the missing field in it.
fn part<T: DeserializeOwned>(object: &Object, field: &'static str) -> Result<T, DecodeError> {
    let mut value = object.at(&[field]).cloned().unwrap_or_default();
    drop_nulls(&mut value, field == "spec");
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." {
            field.to_owned()
        } else {
            format!("{field}.{path}")
        };
        DecodeError::Field {
            object: Box::new(object.key()),
            field,
            reason: error.into_inner().to_string(),
        }
    })
}

/// Drops map entries that are null: Kubernetes takes them for absent. Helm values directly in the spec keep
/// theirs, since a null deletes a default there.
fn drop_nulls(value: &mut Value, keep_values: bool) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                if keep_values && key == "values" {
                    return true;
                }
                drop_nulls(value, false);
                !value.is_null()
            });
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_nulls(item, false)),
        _ => {}
    }
}
