//! Owners that were recorded in another version of a kind than that of the request.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;
use skein_schema::SchemaRef;
use thiserror::Error;

use super::Ownership;
use crate::typed::validate::errors_text;
use crate::typed::{self, Type};

/// Why an object could not be looked at in another version.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VersionError {
    /// The kind has no such version (any more): what is owned in it is forgotten.
    #[error("no kind is registered for version {0}")]
    Missing(String),
    /// The object does not fit the version; ownership as a whole cannot be worked out.
    #[error("{0}")]
    Failed(String),
}

/// The versions of a kind beside that of the request.
pub trait Versions: fmt::Debug {
    /// The schema of a version (`apps/v1`); `None` deduces types from values.
    fn schema(&self, api_version: &str) -> Result<Option<&SchemaRef>, VersionError>;

    /// An object at another version, of which [`Self::schema`] knows.
    fn convert(&self, object: &Value, api_version: &str) -> Value;
}

/// A kind with no other version.
#[derive(Clone, Copy, Debug)]
pub struct OneVersion;

impl Versions for OneVersion {
    fn schema(&self, api_version: &str) -> Result<Option<&SchemaRef>, VersionError> {
        Err(VersionError::Missing(api_version.to_owned()))
    }

    fn convert(&self, object: &Value, _: &str) -> Value {
        object.clone()
    }
}

impl<'a> Ownership<'a> {
    pub(crate) fn type_at(&self, api_version: &str) -> Result<Type<'a>, VersionError> {
        if api_version == self.api_version {
            return Ok(self.value_type());
        }
        Ok(Type::of(self.versions.schema(api_version)?))
    }

    /// The object at a version. What was converted must fit its schema, equal elements of sets included.
    pub(crate) fn at_version<'v>(
        &self,
        object: &'v Value,
        api_version: &str,
    ) -> Result<Cow<'v, Value>, VersionError> {
        if object.get("apiVersion").and_then(Value::as_str) == Some(api_version) {
            return Ok(Cow::Borrowed(object));
        }
        let value_type = self.type_at(api_version)?;
        let converted = self.versions.convert(object, api_version);
        let errors = typed::validate(&converted, value_type, false);
        if errors.is_empty() {
            Ok(Cow::Owned(converted))
        } else {
            Err(VersionError::Failed(errors_text(&errors)))
        }
    }
}
