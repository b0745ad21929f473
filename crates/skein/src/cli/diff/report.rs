//! The difference of two objects for people: one paragraph per place, with what was added, removed and changed there.

use serde_json::{Map, Value};
use skein_object::Object;

/// Fields of metadata that the cluster writes; they are no change that anybody wants to see.
const SERVER_FIELDS: [&str; 5] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "uid",
];

/// Fields by which the entries of a list are told apart.
const ENTRY_NAMES: [&str; 3] = ["name", "key", "id"];

/// Deepest level that is compared field by field; deeper values are compared as a whole.
const MAX_DEPTH_LEVELS: usize = 64;

/// The report, from `live` to `merged`. Values of Secrets are not shown.
pub(super) fn report(live: &Object, merged: &Object) -> String {
    let mut before = live.to_value();
    let mut after = merged.to_value();
    for value in [&mut before, &mut after] {
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !SERVER_FIELDS.contains(&key.as_str()));
        }
        if let Some(map) = value.as_object_mut() {
            map.remove("status");
        }
    }
    if live.kind() == "Secret" {
        mask(&mut before, &mut after);
    }
    let mut report = Report::default();
    report.values("", &before, &after, 0);
    report.out.push('\n');
    report.out
}

/// Puts marks in the place of the values of a Secret that tell equal from changed, and nothing else.
fn mask(before: &mut Value, after: &mut Value) {
    for field in ["data", "stringData"] {
        let old = before.get(field).cloned().unwrap_or_default();
        let new = after.get(field).cloned().unwrap_or_default();
        let marks = |own: &Value, other: &Value, mark: &str| -> Option<Value> {
            let map = own.as_object()?;
            let masked = map.iter().map(|(key, value)| {
                let is_same = other.get(key).is_none_or(|other| other == value);
                (key.clone(), if is_same { "*****" } else { mark }.into())
            });
            Some(Value::Object(masked.collect::<Map<_, _>>()))
        };
        for (target, masked) in [
            (&mut *before, marks(&old, &new, "*** (before)")),
            (&mut *after, marks(&new, &old, "*** (after)")),
        ] {
            if let Some(masked) = masked {
                target[field] = masked;
            }
        }
    }
}

#[derive(Default)]
struct Report {
    out: String,
}

impl Report {
    fn values(&mut self, path: &str, before: &Value, after: &Value, depth: usize) {
        if before == after {
            return;
        }
        match (before, after) {
            (Value::Object(old), Value::Object(new)) if depth < MAX_DEPTH_LEVELS => {
                self.maps(path, old, new, depth);
            }
            (Value::Array(old), Value::Array(new)) if depth < MAX_DEPTH_LEVELS => {
                self.lists(path, old, new, depth);
            }
            _ => {
                let kind = if is_same_type(before, after) {
                    "value"
                } else {
                    "type"
                };
                self.head(path);
                self.out.push_str(&format!("  ± {kind} change\n"));
                self.block("    - ", "      ", before);
                self.block("    + ", "      ", after);
            }
        }
    }

    fn maps(
        &mut self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        depth: usize,
    ) {
        let only = |own: &Map<String, Value>, other: &Map<String, Value>| -> Map<String, Value> {
            own.iter()
                .filter(|(key, _)| !other.contains_key(*key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        self.entries(
            path,
            "map",
            &Value::Object(only(old, new)),
            &Value::Object(only(new, old)),
        );
        for (key, before) in old {
            if let Some(after) = new.get(key) {
                self.values(&join(path, key), before, after, depth + 1);
            }
        }
    }

    /// Lists whose entries have names are compared by them, others by what they hold.
    fn lists(&mut self, path: &str, old: &[Value], new: &[Value], depth: usize) {
        let name = ENTRY_NAMES.into_iter().find(|name| {
            [old, new]
                .iter()
                .all(|list| names_of(list, name).is_some_and(|names| is_distinct(&names)))
        });
        let Some(name) = name else {
            let missing = |own: &[Value], other: &[Value]| -> Value {
                own.iter()
                    .filter(|value| !other.contains(value))
                    .cloned()
                    .collect()
            };
            let (removed, added) = (missing(old, new), missing(new, old));
            let is_moved = removed == Value::Array(vec![]) && added == Value::Array(vec![]);
            if is_moved {
                self.head(path);
                self.out.push_str("  ⇆ order changed\n");
            }
            self.entries(path, "list", &removed, &added);
            return;
        };
        let find = |list: &'_ [Value], wanted: &Value| {
            list.iter()
                .find(|entry| entry.get(name) == Some(wanted))
                .cloned()
        };
        let lacking = |own: &[Value], other: &[Value]| -> Value {
            let has_twin = |entry: &Value| {
                entry
                    .get(name)
                    .is_some_and(|wanted| find(other, wanted).is_some())
            };
            own.iter()
                .filter(|entry| !has_twin(entry))
                .cloned()
                .collect()
        };
        self.entries(path, "list", &lacking(old, new), &lacking(new, old));
        for before in old {
            let Some(wanted) = before.get(name) else {
                continue;
            };
            if let Some(after) = find(new, wanted) {
                let label = wanted
                    .as_str()
                    .map_or_else(|| wanted.to_string(), str::to_owned);
                self.values(&join(path, &label), before, &after, depth + 1);
            }
        }
    }

    fn entries(&mut self, path: &str, kind: &str, removed: &Value, added: &Value) {
        for (value, mark, word) in [(removed, '-', "removed"), (added, '+', "added")] {
            let count = value
                .as_object()
                .map_or_else(|| value.as_array().map_or(0, Vec::len), Map::len);
            if count == 0 {
                continue;
            }
            let noun = if count == 1 { "entry" } else { "entries" };
            self.head(path);
            self.out.push_str(&format!(
                "  {mark} {} {kind} {noun} {word}:\n",
                number(count)
            ));
            self.block("    ", "    ", value);
        }
    }

    fn head(&mut self, path: &str) {
        let path = if path.is_empty() {
            "(root level)"
        } else {
            path
        };
        self.out.push_str(&format!("\n{path}\n"));
    }

    fn block(&mut self, first: &str, rest: &str, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            value => skein_yaml::to_string(value),
        };
        for (place, line) in text.trim_end().lines().enumerate() {
            let indent = if place == 0 { first } else { rest };
            self.out.push_str(&format!("{indent}{line}\n"));
        }
        if text.trim_end().is_empty() {
            self.out.push_str(&format!("{first}\n"));
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn is_same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The names of the entries; `None` when one has none.
fn names_of<'a>(list: &'a [Value], name: &str) -> Option<Vec<&'a str>> {
    list.iter()
        .map(|entry| entry.get(name).and_then(Value::as_str))
        .collect()
}

fn is_distinct(names: &[&str]) -> bool {
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    distinct.len() == names.len()
}

fn number(count: usize) -> String {
    const WORDS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS
        .get(count)
        .map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests;
