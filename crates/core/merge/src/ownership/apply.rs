//! Apply: merges a configuration into the live object and records who owns what.

use serde_json::Value;
use skein_object::{GroupVersionKind, Object, ObjectError};
use thiserror::Error;

use super::conflict::conflict_message;
use super::managers::{ManagedEntry, ManagerKey, Managers, ManagersError, Operation};
use super::update::stripped_fields;
use super::versions::VersionError;
use super::{Conflict, Ownership, last_applied};
use crate::path_element::values_equal;
use crate::typed::validate::{TypeError, errors_text};
use crate::typed::{self};

/// Why an apply was refused. The texts are the API server's; the status code is said per variant.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// 400: the configuration is in another version than the endpoint.
    #[error(
        "Incorrect version specified in apply patch. Specified patch version: {found}, expected: {expected}"
    )]
    Version {
        /// apiVersion of the configuration.
        found: String,
        /// apiVersion of the endpoint.
        expected: String,
    },
    /// 400: a configuration must not say who owns what.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// 500: the configuration does not fit the schema.
    #[error("failed to create typed patch object ({object}): {}", errors_text(.errors))]
    Configuration {
        /// Namespace, name and kind.
        object: String,
        /// What does not fit.
        errors: Vec<TypeError>,
    },
    /// 500: the live object does not fit the schema.
    #[error("failed to create typed live object ({object}): {}", errors_text(.errors))]
    Live {
        /// Namespace, name and kind.
        object: String,
        /// What does not fit.
        errors: Vec<TypeError>,
    },
    /// 500: managedFields of the live object cannot be read.
    #[error("failed to decode managed fields: {source}")]
    Managers {
        /// What is wrong with them.
        source: ManagersError,
    },
    /// 409: other managers own fields that would change.
    #[error("{}", conflict_message(.0))]
    Conflicts(Vec<Conflict>),
    /// 500: the object does not fit the version of one of its owners.
    #[error(transparent)]
    OtherVersion(VersionError),
    /// 500: the merged value is no object any more.
    #[error("the merged configuration is no object: {0}")]
    Merged(ObjectError),
}

/// The outcome of an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The object with managedFields. Defaults are not filled in and nulls may be left: the caller decodes it as it
    /// does any object.
    pub object: Object,
    /// Whether anything but managedFields changed.
    pub changed: bool,
}

impl Ownership<'_> {
    /// Applies a configuration as `manager`. `live` is absent when the object does not exist yet.
    pub fn apply(
        &self,
        live: Option<&Object>,
        configuration: &Object,
        manager: &str,
        force: bool,
    ) -> Result<Applied, ApplyError> {
        let result = self.apply_once(live, configuration, manager, force);
        let applied = match (result, live) {
            (Err(ApplyError::Conflicts(conflicts)), Some(live))
                if manager == last_applied::KUBECTL =>
            {
                let left = last_applied::remaining_conflicts(self, live, conflicts);
                if !left.is_empty() {
                    return Err(ApplyError::Conflicts(left));
                }
                self.apply_once(Some(live), configuration, manager, true)?
            }
            (result, _) => result?,
        };
        Ok(last_applied::refresh(applied, configuration, manager))
    }

    fn apply_once(
        &self,
        live: Option<&Object>,
        configuration: &Object,
        manager: &str,
        force: bool,
    ) -> Result<Applied, ApplyError> {
        self.check_configuration(configuration)?;
        let managers = match live {
            Some(live) => {
                Managers::of(&live.to_value()).map_err(|source| ApplyError::Managers { source })?
            }
            None => Managers::default(),
        };
        let managers = match live {
            Some(live) if managers.is_empty() => self
                .before_first_apply(live)
                .map_err(ApplyError::OtherVersion)?,
            _ => managers,
        };
        let live_value = self.live_value(live, configuration)?;
        let mut managers = self
            .reconciled(&live_value, managers)
            .map_err(ApplyError::OtherVersion)?;

        let value_type = self.value_type();
        let configuration_value = configuration.to_value();
        let merged = typed::merge(&live_value, &configuration_value, value_type);
        let merged = merged.unwrap_or(configuration_value.clone());
        let key = ManagerKey::new(
            manager,
            Operation::Apply,
            self.api_version,
            self.subresource,
        );
        let fields = typed::fields_of(&configuration_value, value_type);
        let fields = fields.recursive_difference(&self.reset_fields);
        let entry = |fields, time| ManagedEntry {
            api_version: self.api_version.to_owned(),
            fields,
            time,
        };
        let last = managers.0.insert(key.clone(), entry(fields.clone(), None));
        let last_time = last.as_ref().and_then(|last| last.time.clone());
        let new = match &last {
            Some(last) => self.prune(merged, &managers, last),
            None => Ok(merged),
        }
        .map_err(ApplyError::OtherVersion)?;

        let (_, conflicts) = self
            .take_from_others(&live_value, &new, &mut managers, Some(&key), force)
            .map_err(ApplyError::OtherVersion)?;
        if !conflicts.is_empty() {
            return Err(ApplyError::Conflicts(conflicts));
        }
        let changed = !values_equal(&live_value, &new);
        let time = if changed {
            Some(self.now.to_owned())
        } else {
            last_time
        };
        managers
            .0
            .insert(key, entry(fields.difference(&stripped_fields()), time));
        managers.drop_empty();
        let mut object = match (changed, live) {
            (false, Some(live)) => live.clone(),
            _ => Object::from_value(new).map_err(ApplyError::Merged)?,
        };
        managers.write(&mut object);
        Ok(Applied { object, changed })
    }

    fn check_configuration(&self, configuration: &Object) -> Result<(), ApplyError> {
        if configuration.api_version() != self.api_version {
            return Err(ApplyError::Version {
                found: configuration.api_version().to_owned(),
                expected: self.api_version.to_owned(),
            });
        }
        if configuration
            .at(&["metadata", "managedFields"])
            .is_some_and(|list| !list.is_null())
        {
            return Err(ApplyError::ManagedFields);
        }
        let errors = typed::validate(&configuration.to_value(), self.value_type(), false);
        if errors.is_empty() {
            return Ok(());
        }
        Err(ApplyError::Configuration {
            object: object_text(configuration),
            errors,
        })
    }

    fn live_value(
        &self,
        live: Option<&Object>,
        configuration: &Object,
    ) -> Result<Value, ApplyError> {
        let Some(live) = live else {
            return Ok(self.empty_object(configuration));
        };
        let value = live.to_value();
        let errors = typed::validate(&value, self.value_type(), true);
        if errors.is_empty() {
            return Ok(value);
        }
        Err(ApplyError::Live {
            object: object_text(live),
            errors,
        })
    }
}

/// `namespace/name; group/version, Kind=kind`.
pub(super) fn object_text(object: &Object) -> String {
    let GroupVersionKind {
        group,
        version,
        kind,
    } = object.gvk();
    format!(
        "{}/{}; {group}/{version}, Kind={kind}",
        object.namespace(),
        object.name()
    )
}
