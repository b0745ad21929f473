//! Changes of claims of volumes: nearly all of their specification is fixed, and the refusal shows what changed.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};
use skein_object::Object;
use skein_schema::{FieldError, FieldPath};

use crate::quantities;
use crate::spot::{Errors, Spot};

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 3;

const STORAGE: [&str; 4] = ["spec", "resources", "requests", "storage"];

pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object) {
    let (mut before, mut after) = (old.clone(), new.clone());
    let bound = new.str_at(&["status", "phase"]) == Some("Bound");
    let take_over = |before: &mut Object, after: &Object, path: &[&str]| match after.at(path) {
        Some(value) => before.set(path, value.clone()),
        None => {
            before.remove(path);
        }
    };
    if old
        .str_at(&["spec", "volumeName"])
        .is_none_or(str::is_empty)
    {
        take_over(&mut before, new, &["spec", "volumeName"]);
    }
    let class = ["spec", "storageClassName"];
    if old.at(&class).is_none() && new.at(&class).is_some() {
        take_over(&mut before, new, &class);
    }
    if bound {
        take_over(&mut before, new, &["spec", "volumeAttributesClassName"]);
        if let Some(size) = old.at(&STORAGE) {
            after.set(&STORAGE, size.clone());
        }
    }
    let (before, after) = (lines(&before), lines(&after));
    if before != after {
        let text = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let text = format!("{text}\n{}", unified(&before, &after));
        errors.add(Spot::of(new, "spec").forbidden(&text));
    }
    check_size(errors, old, new);
}

/// A claim does not shrink below what it has been given.
fn check_size(errors: &mut Errors, old: &Object, new: &Object) {
    let size = |object: &Object| object.at(&STORAGE).and_then(quantities::parse);
    let capacity = old.at(&["status", "capacity", "storage"]);
    let capacity = capacity.and_then(quantities::parse);
    let (Some(before), Some(after)) = (size(old), size(new)) else {
        return;
    };
    let shrinks = after.compare(before).is_some_and(std::cmp::Ordering::is_lt);
    let is_too_small = match capacity {
        Some(capacity) => after
            .compare(capacity)
            .is_some_and(std::cmp::Ordering::is_le),
        None => after.sign() <= 0,
    };
    if shrinks && is_too_small {
        let path = FieldPath::new("spec.resources.requests.storage");
        let text = "field can not be less than status.capacity";
        errors.add(FieldError::forbidden(path, text));
    }
}

/// How a value of Go is written, one level deeper than its field.
enum Form {
    /// As JSON with keys in order.
    Plain,
    /// A text that is written even when it is empty.
    Text,
    /// A struct with fields of its own names.
    Fields(&'static [(&'static str, &'static str, Form)]),
}

const RESOURCES: &[(&str, &str, Form)] = &[
    ("Limits", "limits", Form::Plain),
    ("Requests", "requests", Form::Plain),
];

const SOURCE: &[(&str, &str, Form)] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
];

const REFERENCE: &[(&str, &str, Form)] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
    ("Namespace", "namespace", Form::Plain),
];

/// The specification in the order of Go's internal type.
const SPECIFICATION: &[(&str, &str, Form)] = &[
    ("AccessModes", "accessModes", Form::Plain),
    ("Selector", "selector", Form::Plain),
    ("Resources", "resources", Form::Fields(RESOURCES)),
    ("VolumeName", "volumeName", Form::Text),
    ("StorageClassName", "storageClassName", Form::Plain),
    ("VolumeMode", "volumeMode", Form::Plain),
    ("DataSource", "dataSource", Form::Fields(SOURCE)),
    ("DataSourceRef", "dataSourceRef", Form::Fields(REFERENCE)),
    (
        "VolumeAttributesClassName",
        "volumeAttributesClassName",
        Form::Plain,
    ),
];

/// The specification as Go prints it, with one space for each level.
fn lines(object: &Object) -> Vec<String> {
    let spec = object.at(&["spec"]).unwrap_or(&Value::Null);
    let mut out = Vec::new();
    fields(SPECIFICATION, spec, "", "", &mut out);
    out
}

fn fields(
    list: &[(&str, &str, Form)],
    value: &Value,
    lead: &str,
    indent: &str,
    out: &mut Vec<String>,
) {
    out.push(format!("{lead}{{"));
    let below = format!("{indent} ");
    for (index, (shown, name, form)) in list.iter().enumerate() {
        let value = value.get(name).unwrap_or(&Value::Null);
        let lead = format!("{below}\"{shown}\": ");
        match (form, value) {
            (Form::Fields(list), Value::Object(_)) => fields(list, value, &lead, &below, out),
            (Form::Fields(list), _) if *name == "resources" => {
                fields(list, value, &lead, &below, out);
            }
            (Form::Text, Value::Null) => out.push(format!("{lead}\"\"")),
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
fn unified(old: &[String], new: &[String]) -> String {
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
