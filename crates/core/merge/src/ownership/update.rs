//! Tracking of changes that are no applies: create, update and the other patches.

use serde_json::{Map, Value};
use skein_object::Object;

use super::managers::{ManagedEntry, ManagerKey, Managers, Operation};
use super::{BEFORE_FIRST_APPLY, Conflict, Ownership};
use crate::field_set::FieldSet;
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
    /// an empty list (or one empty entry) was sent.
    pub fn update(&self, live: Option<&Object>, new: &mut Object, manager: &str) {
        let managers = self.sent_or_live(live, new);
        new.remove(&["metadata", "managedFields"]);
        if managers.is_empty() && live.is_some_and(|live| !live.uid().is_empty()) {
            return;
        }
        let live_value = live.map_or_else(|| self.empty_object(new), Object::to_value);
        let managers = self.track(&live_value, &new.to_value(), managers, manager);
        managers.write(new);
    }

    /// Owners of an object that has none, before its first apply.
    pub(crate) fn before_first_apply(&self, live: &Object) -> Managers {
        let mut plain = live.clone();
        plain.remove(&["metadata", "managedFields"]);
        let empty = self.empty_object(live);
        self.track(
            &empty,
            &plain.into_value(),
            Managers::default(),
            BEFORE_FIRST_APPLY,
        )
    }

    fn track(&self, live: &Value, new: &Value, managers: Managers, manager: &str) -> Managers {
        let mut managers = self.reconciled(managers);
        // The manager's own earlier updates lose what changed too: it is added again below.
        let (comparison, _) = self.take_from_others(live, new, &mut managers, None, true);
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
        managers
    }

    /// Ownership adapted to the schema of today.
    pub(crate) fn reconciled(&self, mut managers: Managers) -> Managers {
        for entry in managers.0.values_mut() {
            entry.fields = typed::reconcile(&entry.fields, self.value_type());
        }
        managers
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
    ) -> (Comparison, Vec<Conflict>) {
        let comparison = typed::compare(live, new, self.value_type()).excluding(&self.reset_fields);
        let changed = comparison.modified.union(&comparison.added);
        let mut conflicts = Vec::new();
        for (key, entry) in managers.0.iter().filter(|(key, _)| Some(*key) != current) {
            for path in entry.fields.intersection(&changed).paths() {
                conflicts.push(Conflict {
                    manager: key.clone(),
                    path,
                });
            }
        }
        if !force && !conflicts.is_empty() {
            return (comparison, conflicts);
        }
        for (_, entry) in managers
            .0
            .iter_mut()
            .filter(|(key, _)| Some(*key) != current)
        {
            let lost = entry.fields.intersection(&changed);
            entry.fields = entry
                .fields
                .difference(&lost)
                .difference(&comparison.removed);
        }
        managers.drop_empty();
        (comparison, Vec::new())
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
