//! managedFields: who set what, through skein-merge.

use std::borrow::Cow;

use serde_json::Value;
use skein_merge::FieldSet;
use skein_merge::ownership::{ApplyError, Ownership, VersionError, Versions, conflict_causes};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{SchemaRef, builtin};

use crate::admit;
use crate::convert;
use crate::failure::{Cause, Failure, Outcome};
use crate::resource::Resource;

/// Where owners of fields are kept.
const OWNERS: [&str; 2] = ["metadata", "managedFields"];

/// Fields that an endpoint resets, so that nobody owns them through it.
fn reset_fields(resource: &Resource, subresource: &str) -> FieldSet {
    match subresource {
        "" if resource.has_status() => FieldSet::of_fields(&[&["status"]]),
        "status" if resource.is("apps", "deployments") => {
            FieldSet::of_fields(&[&["spec"], &["metadata", "labels"]])
        }
        "status" if resource.custom.is_some() => FieldSet::of_fields(&[&["metadata"], &["spec"]]),
        "status" => FieldSet::of_fields(&[&["spec"]]),
        _ => FieldSet::new(),
    }
}

fn view<'a>(
    resource: &'a Resource,
    api_version: &'a str,
    subresource: &'a str,
    now: &'a str,
) -> Ownership<'a> {
    Ownership {
        schema: resource.schema.as_ref(),
        api_version,
        subresource,
        reset_fields: reset_fields(resource, subresource),
        now,
        versions: resource,
        builtin: resource.custom.is_none(),
    }
}

impl Versions for Resource {
    fn schema(&self, api_version: &str) -> Result<Option<&SchemaRef>, VersionError> {
        let missing = || VersionError::Missing(api_version.to_owned());
        let Some(custom) = &self.custom else {
            let GroupVersionKind { kind, group, .. } = self.gvk();
            let gvk = GroupVersionKind::from_api_version(api_version, &kind);
            // Events that were written through their other group are not followed there.
            if gvk.group != group {
                return Err(missing());
            }
            return builtin::schema_ref(&gvk).map(Some).ok_or_else(missing);
        };
        let known = custom.versions.get(api_version);
        known.map(|schemas| Some(&schemas.merging)).ok_or_else(|| {
            let text = "request to convert CR to an invalid group/version: ";
            VersionError::Failed(format!("{text}{api_version}"))
        })
    }

    /// The versions of a definition differ in their schemas alone: nothing is pruned here.
    fn convert(&self, object: &Value, api_version: &str) -> Value {
        let Ok(mut object) = Object::from_value(object.clone()) else {
            return object.clone();
        };
        if self.custom.is_none() {
            convert::between(&mut object, api_version);
        }
        object.set(&["apiVersion"], api_version.into());
        object.into_value()
    }
}

/// Records a create, update or patch by `manager`.
pub(crate) fn track(
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &mut Object,
    manager: &str,
    now: &str,
) {
    let api_version = resource.api_version();
    let view = view(resource, &api_version, subresource, now);
    if let Cow::Owned(mut encoded) = admit::encoded(resource, new) {
        view.update(old, &mut encoded, manager);
        match encoded.remove(&OWNERS) {
            Some(owners) => new.set(&OWNERS, owners),
            None => drop(new.remove(&OWNERS)),
        }
        return;
    }
    view.update(old, new, manager);
}

/// Server-side apply of a configuration over the live object.
pub(crate) fn apply(
    resource: &Resource,
    subresource: &str,
    live: Option<&Object>,
    configuration: &Object,
    manager: &str,
    force: bool,
    now: &str,
) -> Outcome<Object> {
    let api_version = resource.api_version();
    let view = view(resource, &api_version, subresource, now);
    match view.apply(live, configuration, manager, force) {
        Ok(applied) => Ok(applied.object),
        Err(ApplyError::Conflicts(conflicts)) => {
            let message = ApplyError::Conflicts(conflicts.clone()).to_string();
            Err(Failure::apply_conflict(
                message,
                causes(&conflict_causes(&conflicts)),
            ))
        }
        Err(error @ (ApplyError::Version { .. } | ApplyError::ManagedFields)) => {
            Err(Failure::bad_request(error.to_string()))
        }
        Err(error) => Err(Failure::new(500, "", error.to_string())),
    }
}

fn causes(values: &[Value]) -> Vec<Cause> {
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    values
        .iter()
        .map(|value| {
            Cause::new(
                text(value, "reason"),
                text(value, "field"),
                text(value, "message"),
            )
        })
        .collect()
}
