//! The difference of two objects for people, as flux shows it: one paragraph per place, with what was added, removed and changed there.
//!
//! Layout and rules are those of dyff's human report without a header, with an indentation of zero; flux prints its reports with it.

mod certificate;
mod compare;
mod layout;
mod text;
mod yaml;

use serde_json::{Map, Value};
use skein_object::Object;

use compare::{Change, Difference};

/// What stands in the place of the values of Secrets.
const MASKS: [&str; 3] = ["***", "*** (before)", "*** (after)"];

/// The report, from `live` to `merged`, for a screen of so many columns. Values of Secrets are not shown.
pub(super) fn report(live: &Object, merged: &Object, columns: usize) -> String {
    let mut before = live.to_value();
    let mut after = merged.to_value();
    for value in [&mut before, &mut after] {
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    }
    if live.kind() == "Secret" {
        mask(&mut before, &mut after);
    }
    let mut out: String = compare::differences(&before, &after)
        .iter()
        .map(|difference| paragraph(difference, columns))
        .collect();
    out.push('\n');
    out
}

/// Puts marks in the place of the values of a Secret that tell equal from changed, and nothing else.
fn mask(before: &mut Value, after: &mut Value) {
    let [same, old_mark, new_mark] = MASKS;
    for field in ["data", "stringData"] {
        let old = before.get(field).cloned().unwrap_or_default();
        let new = after.get(field).cloned().unwrap_or_default();
        let marks = |own: &Value, other: &Value, mark: &str| -> Option<Value> {
            let masked = own.as_object()?.iter().map(|(key, value)| {
                let is_same = other.get(key).is_none_or(|other| other == value);
                (key.clone(), if is_same { same } else { mark }.into())
            });
            Some(Value::Object(masked.collect::<Map<_, _>>()))
        };
        for (target, masked) in [
            (&mut *before, marks(&old, &new, old_mark)),
            (&mut *after, marks(&new, &old, new_mark)),
        ] {
            if let Some(masked) = masked {
                target[field] = masked;
            }
        }
    }
}

fn paragraph(difference: &Difference, columns: usize) -> String {
    let blocks: Vec<String> = difference
        .changes
        .iter()
        .map(|change| told(change, columns))
        .collect();
    let path = if difference.path.is_empty() {
        "(root level)".to_owned()
    } else {
        difference.path.join(".")
    };
    format!("\n{path}\n{}", layout::blocks(0, &blocks, columns))
}

fn told(change: &Change, columns: usize) -> String {
    /// Columns by which added entries stand in.
    const INDENT_OF_ADDITIONS: usize = 2;
    match change {
        Change::Added(value) => {
            let head = format!("+ {} added:\n", entries(value));
            head + &layout::blocks(INDENT_OF_ADDITIONS, &[yaml::arranged(value)], columns)
        }
        Change::Removed(value) => {
            let head = format!("- {} removed:\n", entries(value));
            head + &layout::blocks(0, &[yaml::arranged(value)], columns)
        }
        Change::Moved(before, after) => moved(before, after, columns),
        Change::Replaced(Value::String(before), Value::String(after)) => {
            text::change(before, after, columns)
        }
        Change::Replaced(before, after) => {
            let (old, new) = (type_name(before), type_name(after));
            let head = if old == new {
                "± value change\n".to_owned()
            } else {
                format!("± type change from {old} to {new}\n")
            };
            let shown = |mark: &str, value: &Value| {
                layout::prefixed(mark, yaml::of_change(value).trim_end_matches('\n'))
            };
            head + &shown("- ", before) + &shown("+ ", after)
        }
    }
}

/// `two map entries`, `one list entry`.
fn entries(value: &Value) -> String {
    let (count, kind) = match value {
        Value::Object(map) => (map.len(), "map"),
        Value::Array(list) => (list.len(), "list"),
        _ => (1, "list"),
    };
    let noun = if count == 1 { "entry" } else { "entries" };
    format!("{} {kind} {noun}", layout::number(count))
}

fn moved(before: &[Value], after: &[Value], columns: usize) -> String {
    let shown = |list: &[Value]| -> Vec<String> {
        list.iter()
            .map(|value| match value {
                Value::String(text) if !text.is_empty() => text.clone(),
                value => yaml::of_change(value),
            })
            .collect()
    };
    let (before, after) = (shown(before), shown(after));
    let width = |list: &[String]| {
        let texts: usize = list.iter().map(|text| text.chars().count()).sum();
        texts + list.len().saturating_sub(1) * 2
    };
    let head = "⇆ order changed\n";
    if width(&before).max(width(&after)) < columns / 2 {
        return format!("{head}- {}\n+ {}\n", before.join(", "), after.join(", "));
    }
    let table = layout::table(" ", 2, &[before.join("\n"), after.join("\n")]);
    format!("{head}{table}")
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests;
