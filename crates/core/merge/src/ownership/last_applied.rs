//! Upgrade from client-side to server-side apply: the last-applied annotation of kubectl.

use serde_json::Value;
use skein_object::Object;

use super::{Applied, Conflict, Ownership};
use crate::field_set::FieldSet;
use crate::typed;

/// The only manager for which the annotation counts.
pub(crate) const KUBECTL: &str = "kubectl";
/// The annotation that client-side apply keeps.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Most bytes of all annotations of an object; beyond it the annotation is dropped.
const MAX_ANNOTATIONS_BYTES: usize = 256 * 1024;

/// Conflicts in fields that client-side apply had not set to what they are now.
pub(crate) fn remaining_conflicts(
    ownership: &Ownership<'_>,
    live: &Object,
    conflicts: Vec<Conflict>,
) -> Vec<Conflict> {
    let Some(allowed) = allowed_conflicts(ownership, live) else {
        return conflicts;
    };
    let conflict_set = conflicts.iter().fold(FieldSet::new(), |mut set, conflict| {
        set.insert(&conflict.path);
        set
    });
    if conflict_set.difference(&allowed).is_empty() {
        return Vec::new();
    }
    conflicts
        .into_iter()
        .filter(|conflict| !allowed.has(&conflict.path))
        .collect()
}

fn allowed_conflicts(ownership: &Ownership<'_>, live: &Object) -> Option<FieldSet> {
    let text = live
        .annotation(LAST_APPLIED)
        .filter(|text| !text.is_empty())?;
    let last: Value = serde_json::from_str(text).ok()?;
    if last.get("apiVersion").and_then(Value::as_str) != Some(ownership.api_version) {
        return None;
    }
    let value_type = ownership.value_type();
    if !typed::validate(&last, value_type, false).is_empty() {
        return None;
    }
    let comparison = typed::compare(&last, &live.to_value(), value_type);
    Some(
        typed::fields_of(&last, value_type)
            .difference(&comparison.modified)
            .difference(&comparison.added)
            .difference(&comparison.removed),
    )
}

/// Keeps the annotation in step when kubectl applies server-side to an object that has it.
pub(crate) fn refresh(applied: Applied, configuration: &Object, manager: &str) -> Applied {
    let has = applied
        .object
        .annotation(LAST_APPLIED)
        .is_some_and(|text| !text.is_empty());
    if manager != KUBECTL || !has {
        return applied;
    }
    let mut plain = configuration.clone();
    plain.remove(&["metadata", "annotations", LAST_APPLIED]);
    let text = format!("{}\n", plain.into_value());
    let mut applied = applied;
    applied.object.set_annotation(LAST_APPLIED, &text);
    let size = |(key, value): (&String, &Value)| key.len() + value.as_str().map_or(0, str::len);
    let total: usize = applied
        .object
        .annotations()
        .into_iter()
        .flatten()
        .map(size)
        .sum();
    if total > MAX_ANNOTATIONS_BYTES {
        applied
            .object
            .remove(&["metadata", "annotations", LAST_APPLIED]);
    }
    applied
}
