//! Histories as people read them.

use std::collections::HashMap;

use anyhow::Context;
use serde_json::Value;
use skein_kustomize::{Change, FieldHistory, History, PathPart};
use skein_yaml::{Dialect, Kind, Node, compose};

/// Widest column of YAML, in characters; longer lines push their origin to the right.
const MAX_COLUMN: usize = 64;
/// Longest value that is shown beside an origin, in characters.
const MAX_VALUE: usize = 40;

/// The YAML of an object with the origin of each field beside it.
pub(super) fn beside(value: &Value, history: &History) -> anyhow::Result<String> {
    let text = skein_yaml::to_string(value);
    let node = compose(text.as_bytes(), Dialect::V3)?.context("the object is empty")?;
    let by_path: HashMap<&[PathPart], &FieldHistory> = history
        .fields
        .iter()
        .filter(|field| field.is_present)
        .map(|field| (field.path.as_slice(), field))
        .collect();
    let mut notes: HashMap<u32, String> = HashMap::new();
    note(&node, node.line, &mut Vec::new(), &by_path, &mut notes);
    let width = text
        .lines()
        .map(|line| line.chars().count())
        .filter(|width| *width <= MAX_COLUMN)
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        match notes.get(&number) {
            Some(origin) => out.push_str(&format!("{line:<width$}  │ {origin}\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out.push_str(&removed(history));
    Ok(out)
}

/// Notes the origin of every leaf at its line.
fn note(
    node: &Node,
    line: u32,
    path: &mut Vec<PathPart>,
    by_path: &HashMap<&[PathPart], &FieldHistory>,
    notes: &mut HashMap<u32, String>,
) {
    if node.content.is_empty() {
        if let Some(field) = by_path.get(path.as_slice()) {
            notes.insert(line, origin(field));
        }
        return;
    }
    if node.kind == Kind::Mapping {
        for (key, value) in node.entries() {
            path.push(PathPart::Field(key.value.to_string()));
            note(value, key.line, path, by_path, notes);
            path.pop();
        }
    } else {
        for (at, item) in node.content.iter().enumerate() {
            path.push(PathPart::Index(at));
            note(item, item.line, path, by_path, notes);
            path.pop();
        }
    }
}

/// `overlay/patch.yaml:7 patches[0], was 1 (base/app.yaml:6)`
fn origin(field: &FieldHistory) -> String {
    let Some((last, earlier)) = field.changes.split_last() else {
        return String::new();
    };
    let mut text = last.to_string();
    for change in earlier.iter().rev() {
        text.push_str(&format!(", was {} ({})", value(change), place(change)));
    }
    text
}

fn place(change: &Change) -> String {
    match (change.file.as_str(), change.line) {
        ("", _) => change.what.clone(),
        (file, Some(line)) => format!("{file}:{line}"),
        (file, None) => file.to_owned(),
    }
}

fn value(change: &Change) -> String {
    let Some(text) = &change.value else {
        return "absent".to_owned();
    };
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(MAX_VALUE).collect();
    if short.len() < text.trim_end().len() {
        short.push('…');
    }
    if short.is_empty() {
        "\"\"".to_owned()
    } else {
        short
    }
}

/// The fields that a step took away.
fn removed(history: &History) -> String {
    let mut out = String::new();
    for field in history.fields.iter().filter(|f| !f.is_present) {
        out.push_str(&format!(
            "# removed {}: {}\n",
            field.path_text(),
            origin(field)
        ));
    }
    out
}

/// The history of fields: who set which value, in order.
pub(super) fn changes(fields: &[&FieldHistory]) -> String {
    let mut out = String::new();
    for field in fields {
        out.push_str(&format!("{}\n", field.path_text()));
        let rows: Vec<[String; 3]> = field.changes.iter().map(row).collect();
        let width = |at: usize| {
            rows.iter()
                .map(|r| r[at].chars().count())
                .max()
                .unwrap_or(0)
        };
        let (first, second) = (width(0), width(1));
        for [value, place, what] in &rows {
            let line = format!("  {value:<first$}  {place:<second$}  {what}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

fn row(change: &Change) -> [String; 3] {
    let place = if change.file.is_empty() {
        "(build)".to_owned()
    } else {
        place(change)
    };
    let by_other = !change.kustomization.is_empty() && change.kustomization != change.file;
    let what = if by_other {
        format!("{} of {}", change.what, change.kustomization)
    } else {
        change.what.clone()
    };
    [value(change), place, what]
}
