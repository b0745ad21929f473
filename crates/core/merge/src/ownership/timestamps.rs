//! A write that changes nothing but times of managedFields is no write.

use serde_json::Value;
use skein_object::Object;

/// Puts the old managedFields back when old and new object differ in nothing but their times, so that storing the new
/// one is a no-op. Answers whether it did.
pub fn keep_times_when_unchanged(old: &Object, new: &mut Object) -> bool {
    const PATH: [&str; 2] = ["metadata", "managedFields"];
    let (Some(old_entries), Some(new_entries)) = (entries(old), entries(new)) else {
        return false;
    };
    let same = old_entries.len() == new_entries.len()
        && old_entries
            .iter()
            .zip(new_entries)
            .all(|(old, new)| timeless(old) == timeless(new));
    if !same {
        return false;
    }
    let old_value = old.at(&PATH).cloned().unwrap_or_default();
    let mut candidate = new.clone();
    candidate.set(&PATH, old_value);
    if candidate != *old {
        return false;
    }
    *new = candidate;
    true
}

fn entries(object: &Object) -> Option<&Vec<Value>> {
    object.at(&["metadata", "managedFields"])?.as_array()
}

fn timeless(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(map) = entry.as_object_mut() {
        map.remove("time");
    }
    entry
}
