//! Defaults of a schema: they must be values that the schema itself allows, without fields that it does not know.

use serde_json::{Map, Value};
use skein_schema::field_error::{FieldError, FieldPath};
use skein_schema::{Additional, Schema, pruning, rules};

use crate::spot::Errors;

use super::property;

/// Deepest nesting that is looked at, in levels.
const MAX_DEPTH: usize = 200;

/// Checks the defaults of a schema and of all below it.
pub(super) fn check(errors: &mut Errors, root: &Schema, path: &FieldPath) {
    visit(errors, root, path, 0);
}

fn visit(errors: &mut Errors, schema: &Schema, path: &FieldPath, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    if let Some(default) = schema.default.as_ref().filter(|default| !default.is_null()) {
        check_one(errors, default, schema, &path.child("default"));
    }
    if let Some(items) = &schema.items {
        visit(errors, items, &path.child("items"), depth + 1);
    }
    for (name, field) in &schema.properties {
        visit(errors, field, &property(path, name), depth + 1);
    }
}

fn check_one(errors: &mut Errors, default: &Value, schema: &Schema, path: &FieldPath) {
    if has_unknown_fields(default, schema) {
        let text = "must not have unknown fields";
        errors.add(FieldError::invalid(path.clone(), default.clone(), text));
    }
    let found = rules::validate_resource(default, None, schema).errors;
    errors.add_all(found.into_iter().map(|mut error| {
        error.field = below(path, &error.field);
        error
    }));
}

fn has_unknown_fields(default: &Value, schema: &Schema) -> bool {
    let mut holder = Map::new();
    holder.insert("value".to_owned(), default.clone());
    let mut around = Schema::default();
    around
        .properties
        .insert("value".to_owned(), schema.clone().into());
    around.additional = Additional::Unset;
    !pruning::prune(&mut holder, &around).is_empty()
}

/// A path within the value as a path of the definition.
fn below(path: &FieldPath, field: &FieldPath) -> FieldPath {
    match field.as_str() {
        "" => path.clone(),
        text if text.starts_with('[') => FieldPath::new(format!("{}{text}", path.as_str())),
        text => path.child(text),
    }
}
