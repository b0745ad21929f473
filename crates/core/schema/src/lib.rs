//! Structural schemas: built-in kinds and CRDs; defaulting, pruning, validation and merge keys.
//!
//! - [`model`]: the [`Schema`] tree that everything else walks; [`parse`] makes it from OpenAPI JSON.
//! - [`builtin`]: kinds and resources of a Kubernetes 1.36 API server, loaded per definition on first use.
//! - [`crd`]: versions of a CustomResourceDefinition.
//! - [`defaulting`], [`pruning`], [`unknown`], [`validation`], [`rules`]: what the API server does with an object.
//! - [`api_defaults`]: values that the API server fills in by code for built-in kinds.

pub mod api_defaults;
pub mod builtin;
pub mod crd;
pub mod defaulting;
pub mod field_error;
pub mod model;
pub mod normal;
pub mod parse;
pub mod pod_resources;
pub mod pruning;
pub mod rules;
pub mod unknown;
pub mod validation;

pub use builtin::{ApiResource, Definitions};
pub use crd::{CrdError, CrdSchemas};
pub use field_error::{FieldError, FieldErrorKind, FieldPath};
pub use model::{Additional, ListType, MapType, PatchStrategy, Rule, Schema, SchemaRef, ValueType};
