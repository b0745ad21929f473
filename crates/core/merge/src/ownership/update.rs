//! Tracking of changes that are no applies: create, update and the other patches.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skein_object::Object;

use super::apply::object_text;
use super::managers::{ManagedEntry, ManagerKey, Managers, Operation};
use super::versions::VersionError;
use super::{BEFORE_FIRST_APPLY, Conflict, Ownership};
use crate::field_set::FieldSet;
use crate::typed::validate::errors_text;
use crate::typed::{self, Comparison};

/// Fields that nobody owns.
pub(crate) fn stripped_fields() -> FieldSet {
    FieldSet::of_fields(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
}

impl Ownership<'_> {
    /// Records in `new.metadata.managedFields` what a create, update, JSON patch, merge patch or strategic merge patch
    /// by `manager` has changed. `live` is the object before (absent on create); `new` the object to be stored, with
    /// defaults. managedFields that the request sent are honoured as the API server does: kept when valid, reset when
    /// an empty list (or one empty entry) was sent. Nobody owns anything of an object that does not fit the schema, or
    /// not that of a version in which somebody owned something.
    pub fn update(&self, live: Option<&Object>, new: &mut Object, manager: &str) {
        let managers = self.sent_or_live(live, new);
        new.remove(&["metadata", "managedFields"]);
        if managers.is_empty() && live.is_some_and(|live| !live.uid().is_empty()) {
            return;
        }
        let live_value = live.map_or_else(|| self.empty_object(new), Object::to_value);
        let tracked = self.track(&live_value, &new.to_value(), managers, manager);
        if let Ok(managers) = tracked {
            managers.write(new);
        }
    }

    /// Owners of an object that has none, before its first apply.
    pub(crate) fn before_first_apply(&self, live: &Object) -> Result<Managers, VersionError> {
        let mut plain = live.clone();
        plain.remove(&["metadata", "managedFields"]);
        let empty = self.empty_object(live);
        self.track(
            &empty,
            &plain.into_value(),
            Managers::default(),
            BEFORE_FIRST_APPLY,
        )
        .map_err(|error| {
            let object = object_text(live);
            let text = format!(
                "failed to create manager for existing fields: failed to convert new object ({object}) to smd typed: {error}"
            );
            VersionError::Failed(text)
        })
    }

    fn track(
        &self,
        live: &Value,
        new: &Value,
        managers: Managers,
        manager: &str,
    ) -> Result<Managers, VersionError> {
        for value in [new, live] {
            let errors = typed::validate(value, self.value_type(), true);
            if !errors.is_empty() {
                return Err(VersionError::Failed(errors_text(&errors)));
            }
        }
        let mut managers = self.reconciled(live, managers)?;
        // The manager's own earlier updates lose what changed too: it is added again below.
        let (comparison, _) = self.take_from_others(live, new, &mut managers, None, true)?;
        let fields = comparison.modified.union(&comparison.added);
        let fields = fields.recursive_difference(&self.reset_fields);
        let fields = fields.difference(&stripped_fields());
        if !fields.is_empty() {
            let key = ManagerKey::new(
                manager,
                Operation::Update,
                self.api_version,
                self.subresource,
            );
            let fields = match managers.0.get(&key) {
                Some(previous) => fields.union(&previous.fields),
                None => fields,
            };
            let entry = ManagedEntry {
                api_version: self.api_version.to_owned(),
                fields,
                time: Some(self.now.to_owned()),
            };
            managers.0.insert(key, entry);
        }
        managers.cap();
        Ok(managers)
    }

    /// Ownership adapted to the schemas of today; what is owned in versions that are gone is forgotten.
    pub(crate) fn reconciled(
        &self,
        live: &Value,
        managers: Managers,
    ) -> Result<Managers, VersionError> {
        let mut out = Managers::default();
        for (key, mut entry) in managers.0 {
            match self.at_version(live, &entry.api_version) {
                Err(VersionError::Missing(_)) => continue,
                outcome => drop(outcome?),
            }
            let value_type = self.type_at(&entry.api_version)?;
            entry.fields = typed::reconcile(&entry.fields, value_type);
            out.0.insert(key, entry);
        }
        Ok(out)
    }

    /// How two values differ as an owner in a version sees it.
    fn difference_at(
        &self,
        live: &Value,
        new: &Value,
        api_version: &str,
    ) -> Result<Comparison, VersionError> {
        let convert = |value, which: &str| {
            self.at_version(value, api_version)
                .map_err(|error| match error {
                    VersionError::Failed(why) => {
                        VersionError::Failed(format!("failed to convert {which} object: {why}"))
                    }
                    missing => missing,
                })
        };
        let (live, new) = (convert(live, "old")?, convert(new, "new")?);
        let comparison = typed::compare(&live, &new, self.type_at(api_version)?);
        Ok(comparison.excluding(&self.reset_fields))
    }

    /// Takes from all managers but `current` what changed between two values. Without `force`, nothing is taken when
    /// they own what changed: they are answered as conflicts.
    pub(crate) fn take_from_others(
        &self,
        live: &Value,
        new: &Value,
        managers: &mut Managers,
        current: Option<&ManagerKey>,
        force: bool,
    ) -> Result<(Comparison, Vec<Conflict>), VersionError> {
        let comparison = self.difference_at(live, new, self.api_version)?;
        let mut seen = BTreeMap::from([(self.api_version.to_owned(), comparison)]);
        let mut conflicts = Vec::new();
        let mut forgotten = Vec::new();
        for (key, entry) in managers.0.iter().filter(|(key, _)| Some(*key) != current) {
            if !seen.contains_key(&entry.api_version) {
                match self.difference_at(live, new, &entry.api_version) {
                    Err(VersionError::Missing(_)) => {
                        forgotten.push(key.clone());
                        continue;
                    }
                    outcome => drop(seen.insert(entry.api_version.clone(), outcome?)),
                }
            }
            let changed = seen[&entry.api_version].changed();
            for path in entry.fields.intersection(&changed).paths() {
                conflicts.push(Conflict {
                    manager: key.clone(),
                    path,
                });
            }
        }
        managers.0.retain(|key, _| !forgotten.contains(key));
        let comparison = seen[self.api_version].clone();
        if !force && !conflicts.is_empty() {
            return Ok((comparison, conflicts));
        }
        for (_, entry) in managers
            .0
            .iter_mut()
            .filter(|(key, _)| Some(*key) != current)
        {
            let difference = &seen[&entry.api_version];
            entry.fields = entry
                .fields
                .difference(&entry.fields.intersection(&difference.changed()))
                .difference(&difference.removed);
        }
        managers.drop_empty();
        Ok((comparison, Vec::new()))
    }

    fn sent_or_live(&self, live: Option<&Object>, new: &Object) -> Managers {
        let of_live = || {
            live.and_then(|live| Managers::of(&live.to_value()).ok())
                .unwrap_or_default()
        };
        if !self.subresource.is_empty() {
            return of_live();
        }
        if is_reset(new) {
            return Managers::default();
        }
        match Managers::of(&new.to_value()) {
            Ok(sent) if !sent.is_empty() => sent,
            _ => of_live(),
        }
    }
}

/// An empty list, or a list of one empty entry.
fn is_reset(object: &Object) -> bool {
    match object
        .at(&["metadata", "managedFields"])
        .and_then(Value::as_array)
    {
        Some(list) => match list.as_slice() {
            [] => true,
            [only] => only.as_object().is_some_and(Map::is_empty),
            _ => false,
        },
        None => false,
    }
}
