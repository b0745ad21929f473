//! Values as YAML with little punctuation: text without quotes unless it would be read as something else.

use serde_json::{Map, Value};
use skein_gowords::quote;

use super::compare::{scalar_text, sorted_keys};

/// Words that another reader would not take for text.
const RESERVED: [&str; 3] = ["true", "false", "null"];

/// Fields that stand first, by the kind of map that they make together: the list with the most fields of a map orders it.
const FIRST_FIELDS: [&[&str]; 11] = [
    &[
        "name",
        "director_uuid",
        "releases",
        "instance_groups",
        "networks",
        "resource_pools",
        "compilation",
    ],
    &["name", "url", "version", "sha1"],
    &["jobs", "resources", "resource_types"],
    &["name", "type", "source"],
    &["get"],
    &["put"],
    &["task"],
    &["releases", "instance_groups", "configuration", "variables"],
    &["auth", "templates"],
    &["key"],
    &["id"],
];

/// A changed value as it stands behind its mark.
pub(super) fn of_change(value: &Value) -> String {
    if value.is_null() {
        return "<nil>".to_owned();
    }
    let mut out = String::new();
    write(&mut out, "", false, value, Order::AsWritten);
    out
}

/// Added or removed entries, with names first and what is deep last.
pub(super) fn arranged(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, "", false, value, Order::ForReaders);
    out
}

#[derive(Clone, Copy)]
enum Order {
    AsWritten,
    ForReaders,
}

fn write(out: &mut String, prefix: &str, is_on_line: bool, value: &Value, order: Order) {
    let deeper = format!("{prefix}  ");
    match value {
        Value::Array(list) => {
            for (place, entry) in list.iter().enumerate() {
                if place > 0 || !is_on_line {
                    out.push_str(prefix);
                }
                out.push_str("- ");
                write(out, &deeper, true, entry, order);
            }
        }
        Value::Object(map) => {
            let keys = match order {
                Order::AsWritten => sorted_keys(map),
                Order::ForReaders => arranged_keys(map),
            };
            for (place, key) in keys.into_iter().enumerate() {
                if place > 0 || !is_on_line {
                    out.push_str(prefix);
                }
                out.push_str(key);
                out.push(':');
                entry(out, prefix, &map[key], order);
            }
        }
        scalar => scalar_line(out, prefix, scalar),
    }
}

/// What follows a key.
fn entry(out: &mut String, prefix: &str, value: &Value, order: Order) {
    let deeper = format!("{prefix}  ");
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(list) if list.is_empty() => out.push_str(" []\n"),
        Value::Object(_) => {
            out.push('\n');
            write(out, &deeper, false, value, order);
        }
        Value::Array(_) => {
            out.push('\n');
            write(out, prefix, false, value, order);
        }
        scalar => {
            out.push(' ');
            scalar_line(out, &deeper, scalar);
        }
    }
}

fn scalar_line(out: &mut String, prefix: &str, value: &Value) {
    let text = scalar_text(value);
    if text.contains('\n') {
        out.push('|');
        for line in text.split('\n') {
            out.push_str(&format!("\n{prefix}{line}"));
        }
    } else if value.is_string() && needs_quotes(&text) {
        out.push_str(&quote(&text));
    } else {
        out.push_str(&text);
    }
    out.push('\n');
}

fn needs_quotes(text: &str) -> bool {
    RESERVED.contains(&text) || text.starts_with('-') || text.contains([' ', '*', '&', ':', ','])
}

/// The keys of a map that has known fields: these first, then the others, what is deep last.
fn arranged_keys(map: &Map<String, Value>) -> Vec<&String> {
    let written = sorted_keys(map);
    let mut best: Option<(&[&str], usize)> = None;
    for fields in FIRST_FIELDS {
        let hits = fields.iter().filter(|key| map.contains_key(**key)).count();
        if hits > best.map_or(0, |(_, most)| most) {
            best = Some((fields, hits));
        }
    }
    let Some((fields, _)) = best else {
        return written;
    };
    let mut rest: Vec<&String> = written
        .iter()
        .copied()
        .filter(|key| !fields.contains(&key.as_str()))
        .collect();
    rest.sort_by_key(|key| map.get(*key).map_or(0, depth_of_leaves));
    let first = fields
        .iter()
        .filter_map(|field| written.iter().copied().find(|key| key == field));
    first.chain(rest).collect()
}

/// Levels down to the deepest scalar; the name of a named entry does not count as one.
fn depth_of_leaves(value: &Value) -> usize {
    /// Nothing where there is no scalar at all.
    fn depth(value: &Value) -> Option<usize> {
        match value {
            Value::Object(map) => map.values().filter_map(depth).max().map(|below| below + 1),
            Value::Array(list) => {
                let name = ["name", "key", "id"]
                    .into_iter()
                    .find(|field| is_named(list, field));
                let below = list.iter().filter_map(|entry| match (name, entry) {
                    (Some(name), Value::Object(map)) => map
                        .iter()
                        .filter(|(key, _)| *key != name)
                        .filter_map(|(_, value)| depth(value))
                        .max()
                        .map(|below| below + 1),
                    _ => depth(entry),
                });
                below.max().map(|below| below + 1)
            }
            _ => Some(0),
        }
    }
    depth(value).unwrap_or(0)
}

fn is_named(list: &[Value], field: &str) -> bool {
    let names: Option<std::collections::HashSet<String>> = list
        .iter()
        .map(|entry| entry.as_object()?.get(field).map(scalar_text))
        .collect();
    names.is_some_and(|names| names.len() == list.len())
}
