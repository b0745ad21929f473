//! Structs as Go prints them, one field a line, and how two of them differ.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 3;

/// A field: Go's name, the name in JSON, and how its value is written.
pub(crate) type Field = (&'static str, &'static str, Form);

/// How a value of Go is written, one level deeper than its field.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// As JSON with keys in order.
    Plain,
    /// A text that is written even when it is empty.
    Text,
    /// A number that is written even when it is not set.
    Number,
    /// A list of structs; null when it is empty.
    List(&'static [Field]),
    /// A flag that is written even when it is not set.
    Flag,
    /// A struct with fields of its own names; null when it is not there.
    Fields(&'static [Field]),
    /// A struct that is always there.
    Struct(&'static [Field]),
}

/// A value as Go prints it, with one space for each level.
pub(crate) fn lines(list: &[Field], value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    fields(list, value, "", "", &mut out);
    out
}

fn fields(list: &[Field], value: &Value, lead: &str, indent: &str, out: &mut Vec<String>) {
    out.push(format!("{lead}{{"));
    let below = format!("{indent} ");
    for (index, (shown, name, form)) in list.iter().enumerate() {
        let value = value.get(name).unwrap_or(&Value::Null);
        let lead = format!("{below}\"{shown}\": ");
        match (form, value) {
            (Form::Fields(list), Value::Object(_)) => fields(list, value, &lead, &below, out),
            (Form::Struct(list), _) => fields(list, value, &lead, &below, out),
            (Form::Text, Value::Null) => out.push(format!("{lead}\"\"")),
            (Form::Number, Value::Null) => out.push(format!("{lead}0")),
            (Form::List(list), Value::Array(items)) if !items.is_empty() => {
                out.push(format!("{lead}["));
                let within = format!("{below} ");
                for (index, item) in items.iter().enumerate() {
                    fields(list, item, &within, &within, out);
                    end_item(index + 1 == items.len(), out);
                }
                out.push(format!("{below}]"));
            }
            (Form::Flag, Value::Null) => out.push(format!("{lead}false")),
            _ => plain(value, &lead, &below, out),
        }
        end_item(index + 1 == list.len(), out);
    }
    out.push(format!("{indent}}}"));
}

fn plain(value: &Value, lead: &str, indent: &str, out: &mut Vec<String>) {
    let below = format!("{indent} ");
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push(format!("{lead}{{"));
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            let count = members.len();
            for (index, (key, value)) in members.into_iter().enumerate() {
                let key = Value::from(key.as_str());
                plain(value, &format!("{below}{key}: "), &below, out);
                end_item(index + 1 == count, out);
            }
            out.push(format!("{indent}}}"));
        }
        Value::Array(list) if !list.is_empty() => {
            out.push(format!("{lead}["));
            for (index, value) in list.iter().enumerate() {
                plain(value, &below, &below, out);
                end_item(index + 1 == list.len(), out);
            }
            out.push(format!("{indent}]"));
        }
        other => out.push(format!("{lead}{other}")),
    }
}

/// A comma after all items but the last.
fn end_item(is_last: bool, out: &mut [String]) {
    if let Some(line) = out.last_mut().filter(|_| !is_last) {
        line.push(',');
    }
}

/// A unified difference without names of files.
pub(crate) fn unified(old: &[String], new: &[String]) -> String {
    let operations = capture_diff_slices(Algorithm::Myers, old, new);
    let mut out = String::new();
    for group in group_diff_ops(operations, CONTEXT_LINES) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            count => format!("{},{count}", start + 1),
        };
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        ));
        for operation in &group {
            let is_equal = matches!(operation, DiffOp::Equal { .. });
            let sign = if is_equal { ' ' } else { '-' };
            for line in &old[operation.old_range()] {
                out.push_str(&format!("{sign}{line}\n"));
            }
            if !is_equal {
                for line in &new[operation.new_range()] {
                    out.push_str(&format!("+{line}\n"));
                }
            }
        }
    }
    out
}

/// Lines on one line, without spaces.
pub(crate) fn compact(lines: &[String]) -> String {
    let squeeze = |line: &String| {
        let line = line.trim_start();
        match line.starts_with('"') {
            true => line.replacen("\": ", "\":", 1),
            false => line.to_owned(),
        }
    };
    lines.iter().map(squeeze).collect()
}
