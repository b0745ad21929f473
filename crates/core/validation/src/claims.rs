//! Changes of claims of volumes: nearly all of their specification is fixed, and the refusal shows what changed.

use serde_json::Value;
use skein_object::Object;
use skein_schema::{FieldError, FieldPath};

use crate::go_dump::{Field, Form, lines, unified};
use crate::quantities;
use crate::spot::{Errors, Spot};

const STORAGE: [&str; 4] = ["spec", "resources", "requests", "storage"];

/// A changed claim; `sent` is the same with the empty lists and maps that are not stored, which the refusal shows.
pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object, sent: &Object) {
    let (mut before, mut after, mut shown) = (old.clone(), new.clone(), sent.clone());
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
            shown.set(&STORAGE, size.clone());
        }
    }
    let dump = |claim: &Object| {
        let spec = claim.at(&["spec"]).unwrap_or(&Value::Null);
        lines(SPECIFICATION, spec)
    };
    let (before, after) = (dump(&before), dump(&after));
    if before != after {
        let text = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        let text = format!("{text}\n{}", unified(&before, &dump(&shown)));
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

const RESOURCES: &[Field] = &[
    ("Limits", "limits", Form::Plain),
    ("Requests", "requests", Form::Plain),
];

const SOURCE: &[Field] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
];

const REFERENCE: &[Field] = &[
    ("APIGroup", "apiGroup", Form::Plain),
    ("Kind", "kind", Form::Text),
    ("Name", "name", Form::Text),
    ("Namespace", "namespace", Form::Plain),
];

/// The specification in the order of Go's internal type.
const SPECIFICATION: &[Field] = &[
    ("AccessModes", "accessModes", Form::Plain),
    ("Selector", "selector", Form::Plain),
    ("Resources", "resources", Form::Struct(RESOURCES)),
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
