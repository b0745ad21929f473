//! Versions of a CustomResourceDefinition: their schemas, as the API server uses them.

use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use crate::builtin;
use crate::model::{Additional, Schema, SchemaRef, ValueType};
use crate::parse::{self, ParseError};

/// Why a CRD's schemas could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CrdError {
    /// `spec.versions` is missing or empty.
    #[error("the CustomResourceDefinition {name} has no spec.versions")]
    NoVersions {
        /// Name of the CRD.
        name: String,
    },
    /// A version's schema is no OpenAPI.
    #[error("the CustomResourceDefinition {name}, version {version}")]
    Schema {
        /// Name of the CRD.
        name: String,
        /// Version.
        version: String,
        /// What is wrong with it.
        source: ParseError,
    },
}

/// What the API server needs to know of one version of a CRD.
#[derive(Clone, Debug)]
pub struct CrdVersion {
    /// Name: `v1`.
    pub name: String,
    /// Whether requests may use it.
    pub served: bool,
    /// Whether objects are stored in it.
    pub storage: bool,
    /// Structural schema as given, for pruning, defaulting and validation. Without one, everything is preserved.
    pub schema: Arc<Schema>,
    /// The schema with apiVersion, kind and metadata typed, for merging and OpenAPI.
    pub merge_schema: SchemaRef,
    /// Whether there is a status sub-resource.
    pub has_status: bool,
    /// Whether there is a scale sub-resource.
    pub has_scale: bool,
}

/// Schemas of all versions of a CRD.
#[derive(Clone, Debug)]
pub struct CrdSchemas {
    /// Versions in the order of the CRD.
    pub versions: Vec<CrdVersion>,
}

impl CrdSchemas {
    /// Reads the versions of a CustomResourceDefinition (apiextensions.k8s.io/v1).
    pub fn from_crd(crd: &Value) -> Result<Self, CrdError> {
        let name = crd
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
        let versions = versions.filter(|versions| !versions.is_empty());
        let versions = versions.ok_or_else(|| CrdError::NoVersions {
            name: name.to_owned(),
        })?;
        let preserve_all = crd
            .pointer("/spec/preserveUnknownFields")
            .and_then(Value::as_bool)
            .unwrap_or_default();
        let versions = versions
            .iter()
            .map(|version| crd_version(version, preserve_all, name))
            .collect::<Result<_, _>>()?;
        Ok(Self { versions })
    }

    /// The version of that name.
    pub fn version(&self, name: &str) -> Option<&CrdVersion> {
        self.versions.iter().find(|version| version.name == name)
    }
}

fn crd_version(value: &Value, preserve_all: bool, crd: &str) -> Result<CrdVersion, CrdError> {
    let name = value
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or_default();
    let mut schema = match value.pointer("/schema/openAPIV3Schema") {
        None | Some(Value::Null) => Schema {
            preserve_unknown_fields: true,
            ..Schema::default()
        },
        Some(schema) => parse::parse_plain(schema).map_err(|source| CrdError::Schema {
            name: crd.to_owned(),
            version: name.to_owned(),
            source,
        })?,
    };
    schema.preserve_unknown_fields |= preserve_all;
    Ok(CrdVersion {
        name: name.to_owned(),
        served: flag("served"),
        storage: flag("storage"),
        merge_schema: merge_schema(&schema),
        schema: Arc::new(schema),
        has_status: value
            .pointer("/subresources/status")
            .is_some_and(|status| !status.is_null()),
        has_scale: value
            .pointer("/subresources/scale")
            .is_some_and(|scale| !scale.is_null()),
    })
}

/// The schema of a whole custom resource: apiVersion and kind are strings, metadata is ObjectMeta; the same inside
/// embedded resources.
fn merge_schema(root: &Schema) -> SchemaRef {
    let mut schema = with_embedded(root);
    schema.value_type = Some(ValueType::Object);
    add_type_meta(&mut schema);
    schema.into()
}

fn add_type_meta(schema: &mut Schema) {
    let text = Schema {
        value_type: Some(ValueType::String),
        ..Schema::default()
    };
    schema
        .properties
        .insert("apiVersion".to_owned(), text.clone().into());
    schema.properties.insert("kind".to_owned(), text.into());
    if let Some(meta) = builtin::definition(builtin::OBJECT_META) {
        schema.properties.insert("metadata".to_owned(), meta);
    }
}

fn with_embedded(schema: &Schema) -> Schema {
    let mut out = schema.clone();
    for field in out.properties.values_mut() {
        *field = with_embedded(field).into();
    }
    if let Some(items) = &mut out.items {
        *items = with_embedded(items).into();
    }
    if let Additional::Schema(field) = &mut out.additional {
        *field = with_embedded(field).into();
    }
    if out.embedded_resource {
        add_type_meta(&mut out);
    }
    out
}
