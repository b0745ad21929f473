//! Which places of two values differ, and how: maps by key, lists by the names of their entries where these have names.

use std::collections::HashMap;

use serde_json::{Map, Value};
use skein_yaml::compare_keys;

/// Fields that name the entries of a list, the first that fits both lists counts.
const ENTRY_NAMES: [&str; 4] = ["name", "key", "id", "manager"];

/// A list must be longer than this for any other field to name its entries.
const MIN_ENTRIES_FOR_OTHER_NAMES: usize = 3;

/// One place that differs.
pub(super) struct Difference {
    /// Keys, names and places from the top; empty at the top itself.
    pub path: Vec<String>,
    pub changes: Vec<Change>,
}

/// What differs there.
pub(super) enum Change {
    /// Entries of a map or of a list.
    Added(Value),
    /// Entries of a map or of a list.
    Removed(Value),
    /// One value for another.
    Replaced(Value, Value),
    /// The same entries in another order: names, or the entries themselves.
    Moved(Vec<Value>, Vec<Value>),
}

/// All places, a place before those below it. The depth is that of the values, which their reader has bounded.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut path = Vec::new();
    values(&mut path, before, after)
}

fn values(path: &mut Vec<String>, before: &Value, after: &Value) -> Vec<Difference> {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => maps(path, old, new),
        (Value::Array(old), Value::Array(new)) => lists(path, old, new),
        _ if before == after => vec![],
        _ => vec![Difference {
            path: path.clone(),
            changes: vec![Change::Replaced(before.clone(), after.clone())],
        }],
    }
}

/// The same one level below.
fn below(path: &mut Vec<String>, step: &str, before: &Value, after: &Value) -> Vec<Difference> {
    let length = path.len();
    if !step.is_empty() {
        path.push(step.to_owned());
    }
    let found = values(path, before, after);
    path.truncate(length);
    found
}

/// A place and what was found below it.
fn with_own(path: &[String], changes: Vec<Change>, below: Vec<Difference>) -> Vec<Difference> {
    let own = (!changes.is_empty()).then(|| Difference {
        path: path.to_vec(),
        changes,
    });
    own.into_iter().chain(below).collect()
}

/// The keys in the order in which an object is written.
pub(super) fn sorted_keys(map: &Map<String, Value>) -> Vec<&String> {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_by(|a, b| compare_keys(a, b));
    keys
}

fn maps(
    path: &mut Vec<String>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Vec<Difference> {
    let lacking = |own: &Map<String, Value>, other: &Map<String, Value>| -> Map<String, Value> {
        let only = own.iter().filter(|(key, _)| !other.contains_key(*key));
        only.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    let mut found = Vec::new();
    for key in sorted_keys(old) {
        if let (Some(before), Some(after)) = (old.get(key), new.get(key)) {
            found.extend(below(path, key, before, after));
        }
    }
    let mut changes = Vec::new();
    let (removed, added) = (lacking(old, new), lacking(new, old));
    if !removed.is_empty() {
        changes.push(Change::Removed(Value::Object(removed)));
    }
    if !added.is_empty() {
        changes.push(Change::Added(Value::Object(added)));
    }
    with_own(path, changes, found)
}

fn lists(path: &mut Vec<String>, old: &[Value], new: &[Value]) -> Vec<Difference> {
    match names_of_both(old, new) {
        Some((before, after)) => named_lists(path, (old, &before), (new, &after)),
        None => plain_lists(path, old, new),
    }
}

/// The names of the entries of both lists, if all have one and no two have the same.
fn names_of_both(old: &[Value], new: &[Value]) -> Option<(Vec<String>, Vec<String>)> {
    for field in ENTRY_NAMES {
        if let (Some(before), Some(after)) = (distinct(old, field), distinct(new, field)) {
            return Some((before, after));
        }
    }
    if old.len() == new.len() && old.len() > MIN_ENTRIES_FOR_OTHER_NAMES {
        let first = old.first().and_then(Value::as_object);
        for field in first.into_iter().flat_map(sorted_keys) {
            let is_text =
                |list: &[Value]| list.iter().all(|entry| entry[field.as_str()].is_string());
            if is_text(old)
                && is_text(new)
                && let (Some(before), Some(after)) = (distinct(old, field), distinct(new, field))
            {
                return Some((before, after));
            }
        }
    }
    let objects = |list: &[Value]| list.iter().map(object_name).collect::<Option<Vec<_>>>();
    Some((objects(old)?, objects(new)?))
}

/// The values of a field, when every entry has it and no two have the same.
fn distinct(list: &[Value], field: &str) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = list
        .iter()
        .map(|entry| entry.as_object()?.get(field).map(scalar_text))
        .collect();
    let names = names?;
    let unique: std::collections::HashSet<&String> = names.iter().collect();
    (!names.is_empty() && unique.len() == names.len()).then_some(names)
}

/// API version, kind, namespace and name of an entry that is an object of Kubernetes.
fn object_name(entry: &Value) -> Option<String> {
    let metadata = entry.get("metadata")?;
    let mut parts = vec![
        scalar_text(entry.get("apiVersion")?),
        scalar_text(entry.get("kind")?),
    ];
    parts.extend(metadata.get("namespace").map(scalar_text));
    parts.push(scalar_text(metadata.get("name")?));
    Some(parts.join("/"))
}

fn named_lists(
    path: &mut Vec<String>,
    (old, old_names): (&[Value], &[String]),
    (new, new_names): (&[Value], &[String]),
) -> Vec<Difference> {
    let places = |names: &[String]| -> HashMap<String, usize> {
        let mut places = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            places.entry(name.clone()).or_insert(place);
        }
        places
    };
    let (old_places, new_places) = (places(old_names), places(new_names));
    let mut found = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut kept_before, mut kept_after) = (Vec::new(), Vec::new());
    for (before, name) in old.iter().zip(old_names) {
        if let Some(after) = new_places.get(name).and_then(|place| new.get(*place)) {
            found.extend(below(path, name, before, after));
            kept_before.push(name.clone());
        } else {
            removed.push(before.clone());
        }
    }
    for (after, name) in new.iter().zip(new_names) {
        if old_places.contains_key(name) {
            kept_after.push(name.clone());
        } else {
            added.push(after.clone());
        }
    }
    let order = (kept_before != kept_after).then(|| {
        let texts = |names: Vec<String>| names.into_iter().map(Value::String).collect();
        Change::Moved(texts(kept_before), texts(kept_after))
    });
    with_own(path, list_changes(order, removed, added), found)
}

fn list_changes(order: Option<Change>, removed: Vec<Value>, added: Vec<Value>) -> Vec<Change> {
    let mut changes: Vec<Change> = order.into_iter().collect();
    if !removed.is_empty() {
        changes.push(Change::Removed(Value::Array(removed)));
    }
    if !added.is_empty() {
        changes.push(Change::Added(Value::Array(added)));
    }
    changes
}

fn plain_lists(path: &mut Vec<String>, old: &[Value], new: &[Value]) -> Vec<Difference> {
    if let ([before], [after]) = (old, new) {
        return below(path, "0", before, after);
    }
    let (old_sums, new_sums) = (essences(old), essences(new));
    let (old_counts, new_counts) = (counts(&old_sums), counts(&new_sums));
    let (removed, kept_before) = surplus(old, &old_sums, &old_counts, &new_counts);
    let (added, kept_after) = surplus(new, &new_sums, &new_counts, &old_counts);
    let is_moved =
        kept_before.len() == kept_after.len() && essences(&kept_before) != essences(&kept_after);
    let order = is_moved.then_some(Change::Moved(kept_before, kept_after));
    with_own(path, list_changes(order, removed, added), vec![])
}

/// What one list has more of than the other, each as often as it is missing there, and what both have.
fn surplus(
    list: &[Value],
    sums: &[String],
    own: &HashMap<&str, usize>,
    other: &HashMap<&str, usize>,
) -> (Vec<Value>, Vec<Value>) {
    let (mut more, mut common) = (Vec::new(), Vec::new());
    let mut told: std::collections::HashSet<&str> = std::collections::HashSet::new();
    for (value, sum) in list.iter().zip(sums) {
        let there = other.get(sum.as_str()).copied().unwrap_or(0);
        if there == 0 {
            more.push(value.clone());
            continue;
        }
        common.push(value.clone());
        let here = own.get(sum.as_str()).copied().unwrap_or(0);
        if here > there && told.insert(sum) {
            more.extend(std::iter::repeat_n(value.clone(), here - there));
        }
    }
    (more, common)
}

fn essences(list: &[Value]) -> Vec<String> {
    list.iter()
        .map(|value| as_texts(value).to_string())
        .collect()
}

fn counts(sums: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::with_capacity(sums.len());
    for sum in sums {
        *counts.entry(sum.as_str()).or_insert(0) += 1;
    }
    counts
}

/// The value with its keys sorted and each scalar as its text: `1` and `"1"` are the same entry of a list.
fn as_texts(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = sorted_keys(map)
                .into_iter()
                .filter_map(|key| Some((key.clone(), as_texts(map.get(key)?))));
            Value::Object(entries.collect())
        }
        Value::Array(list) => list.iter().map(as_texts).collect(),
        scalar => Value::String(scalar_text(scalar)),
    }
}

/// A scalar as YAML writes it without quotes; nothing for maps and lists.
pub(super) fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => skein_yaml::float_to_text(float),
            _ => number.to_string(),
        },
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}
