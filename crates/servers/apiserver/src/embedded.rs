//! Metadata of custom resources and of the resources embedded in them: its types, its unknown fields, its rules.

use serde_json::{Map, Value};
use skein_object::Object;
use skein_schema::{Additional, FieldError, FieldPath, Schema, builtin, unknown};
use skein_validation::metadata::{self, NameRule};
use skein_validation::names::old_label_problems;

use crate::builtin_types;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

/// Deepest nesting that is looked at, in levels.
const MAX_DEPTH: usize = 100;
/// The name that stands for none in an embedded resource.
const ANY_NAME: &str = "fakename";

/// Paths of unknown fields of metadata; those of embedded resources are told last.
#[derive(Default)]
pub(crate) struct Coerced {
    pub(crate) of_object: Vec<String>,
    pub(crate) of_embedded: Vec<String>,
}

/// Refuses metadata of the wrong types and drops its unknown fields.
pub(crate) fn coerce(resource: &Resource, object: &mut Object) -> Outcome<Coerced> {
    let Some(custom) = &resource.custom else {
        return Ok(Coerced::default());
    };
    let refused = |text: String| {
        Failure::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {text}",
            resource.kind, resource.version, resource.kind
        ))
    };
    let mut paths = Vec::new();
    let map = object.as_map_mut();
    coerce_metadata(map, "", &mut paths).map_err(|(_, text)| refused(text))?;
    let mut walk = Walk { paths: Vec::new() };
    for (name, value) in map.iter_mut() {
        if let Some(field) = custom.version.schema.field(name) {
            walk.visit(value, field, name, 0).map_err(refused)?;
        }
    }
    walk.paths.sort();
    Ok(Coerced {
        of_object: paths,
        of_embedded: walk.paths,
    })
}

/// Where metadata is wrong, and how.
type Wrong = (Value, String);

fn coerce_metadata(
    map: &mut Map<String, Value>,
    path: &str,
    paths: &mut Vec<String>,
) -> Result<(), Wrong> {
    let (Some(metadata), Some(schema)) = (
        map.get_mut("metadata"),
        builtin::definition(builtin::OBJECT_META),
    ) else {
        return Ok(());
    };
    if metadata.is_null() {
        return Ok(());
    }
    if let Some(problem) = builtin_types::metadata_problem(metadata, &schema) {
        return Err((metadata.clone(), problem));
    }
    let Value::Object(metadata) = metadata else {
        return Ok(());
    };
    let lead = if path.is_empty() {
        "metadata".to_owned()
    } else {
        format!("{path}.metadata")
    };
    let unknown = unknown::drop_unknown(metadata, &schema);
    paths.extend(unknown.into_iter().map(|name| format!("{lead}.{name}")));
    Ok(())
}

/// Looks for embedded resources.
struct Walk {
    paths: Vec<String>,
}

impl Walk {
    fn visit(
        &mut self,
        value: &mut Value,
        schema: &Schema,
        path: &str,
        depth: usize,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        match value {
            Value::Object(map) => {
                if schema.embedded_resource {
                    coerce_metadata(map, path, &mut self.paths).map_err(|(value, text)| {
                        format!("{path}.metadata: Invalid value: {value}: {text}")
                    })?;
                }
                for (name, value) in map.iter_mut() {
                    if let Some(field) = schema.field(name) {
                        self.visit(value, field, &format!("{path}.{name}"), depth + 1)?;
                    }
                }
            }
            Value::Array(list) => {
                let Some(items) = &schema.items else {
                    return Ok(());
                };
                for (index, value) in list.iter_mut().enumerate() {
                    self.visit(value, items, &format!("{path}[{index}]"), depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is wrong with resources that are embedded in a custom one.
pub(crate) fn errors(value: &Value, schema: &Schema) -> Vec<FieldError> {
    let mut errors = Vec::new();
    find(value, schema, &FieldPath::root(), 0, &mut errors);
    errors
}

fn find(
    value: &Value,
    schema: &Schema,
    path: &FieldPath,
    depth: usize,
    errors: &mut Vec<FieldError>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => {
            if schema.embedded_resource {
                check(map, path, errors);
            }
            for (name, value) in map {
                if let Some(field) = schema.properties.get(name) {
                    find(value, field, &path.child(name), depth + 1, errors);
                } else if let Additional::Schema(field) = &schema.additional {
                    find(value, field, &path.key(name), depth + 1, errors);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            for (index, value) in list.iter().enumerate() {
                find(value, items, &path.index(index), depth + 1, errors);
            }
        }
        _ => {}
    }
}

fn check(map: &Map<String, Value>, path: &FieldPath, errors: &mut Vec<FieldError>) {
    for name in ["apiVersion", "kind"] {
        let at = path.child(name);
        match map.get(name) {
            None => errors.push(FieldError::required(at, "")),
            Some(value) => errors.extend(
                type_problem(name, value)
                    .map(|problem| FieldError::invalid(at, value.clone(), problem)),
            ),
        }
    }
    let Some(Value::Object(metadata)) = map.get("metadata") else {
        return;
    };
    let mut metadata = metadata.clone();
    let unnamed = metadata.get("name").is_none_or(|name| name == "");
    if unnamed {
        metadata.insert("name".to_owned(), ANY_NAME.into());
    }
    let mut object = Map::new();
    object.insert("apiVersion".to_owned(), "v1".into());
    object.insert("kind".to_owned(), "Any".into());
    object.insert("metadata".to_owned(), Value::Object(metadata));
    let Ok(object) = Object::from_value(Value::Object(object)) else {
        return;
    };
    for mut error in metadata::check(&object, NameRule::PathSegment) {
        error.field = path.child(error.field.as_str());
        errors.push(error);
    }
}

/// What is wrong with an apiVersion or a kind.
fn type_problem(name: &str, value: &Value) -> Option<String> {
    let Some(text) = value.as_str() else {
        return Some("must be a string".to_owned());
    };
    if text.is_empty() {
        return Some("must not be empty".to_owned());
    }
    if name == "apiVersion" {
        let problem = || format!("unexpected GroupVersion string: {text}");
        return (text.matches('/').count() > 1).then(problem);
    }
    let problems = old_label_problems(&text.to_lowercase());
    let shown = || {
        let problems = problems.join(",");
        format!("may have mixed case, but should otherwise match: {problems}")
    };
    (!problems.is_empty()).then(shown)
}
