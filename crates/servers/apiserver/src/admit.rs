//! Values made into objects of a kind: kind check, unknown fields, defaults, and validation.

use serde_json::{Map, Value};
use skein_object::{GroupVersionKind, Object};
use skein_schema::field_error::FieldErrorKind;
use skein_schema::{
    Additional, FieldError, Schema, api_defaults, builtin, defaulting, normal, pruning, rules,
    unknown, validation,
};

use crate::builtin_types;
use crate::decode::Decoded;
use crate::failure::{Cause, Failure, Outcome};
use crate::options::FieldValidation;
use crate::resource::Resource;

/// A value read as an object of the resource, with what the client is to be warned about.
pub(crate) struct Conformed {
    pub(crate) object: Object,
    pub(crate) warnings: Vec<String>,
}

/// Reads a value as an object of the resource, drops unknown fields and fills in defaults.
pub(crate) fn conform(
    resource: &Resource,
    decoded: Decoded,
    mode: FieldValidation,
) -> Outcome<Conformed> {
    let Decoded { value, duplicates } = decoded;
    let mut object = typed(resource, value)?;
    let mut texts: Vec<String> = duplicates
        .iter()
        .map(|path| format!("duplicate field {path:?}"))
        .collect();
    let paths = match (&resource.custom, &resource.schema) {
        (Some(custom), _) => {
            let mut value = object.into_value();
            let schema = &custom.version.schema;
            if let Some(map) = value.as_object_mut() {
                let paths = pruning::prune(map, schema);
                defaulting::drop_nulls(&mut value, schema);
                defaulting::apply_defaults(&mut value, schema);
                object =
                    Object::from_value(value).map_err(|e| Failure::bad_request(e.to_string()))?;
                paths
            } else {
                return Err(Failure::internal("an object became something else"));
            }
        }
        (None, Some(schema)) => {
            builtin_types::check(&object, resource, schema)?;
            let paths = unknown::drop_unknown(object.as_map_mut(), schema);
            normal::normalise(object.as_map_mut(), schema);
            api_defaults::apply(&mut object);
            paths
        }
        (None, None) => Vec::new(),
    };
    crate::metadata::tidy(&mut object);
    texts.extend(paths.iter().map(|path| unknown::unknown_field_text(path)));
    let warnings = match mode {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Warn => texts,
        FieldValidation::Strict if texts.is_empty() => Vec::new(),
        FieldValidation::Strict => {
            return Err(Failure::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
                resource.kind,
                resource.version,
                resource.kind,
                texts.join(", ")
            )));
        }
    };
    Ok(Conformed { object, warnings })
}

/// Checks apiVersion and kind; built-in objects without them get the endpoint's.
fn typed(resource: &Resource, value: Value) -> Outcome<Object> {
    let Value::Object(mut map) = value else {
        return Err(Failure::bad_request("the body is no object"));
    };
    let text = |key: &str| {
        map.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let wanted = resource.api_version();
    let same_version = api_version.is_empty() || api_version == wanted;
    let same_kind = kind.is_empty() || kind == resource.kind;
    if !same_version || !same_kind {
        return Err(other_type(resource, &api_version, &kind, &map));
    }
    map.insert("apiVersion".into(), wanted.into());
    map.insert("kind".into(), resource.kind.clone().into());
    Object::from_value(Value::Object(map)).map_err(|error| Failure::bad_request(error.to_string()))
}

/// The refusal of an object of another kind or version.
fn other_type(
    resource: &Resource,
    api_version: &str,
    kind: &str,
    map: &Map<String, Value>,
) -> Box<Failure> {
    let wanted = resource.api_version();
    let given = GroupVersionKind::from_api_version(api_version, kind);
    if resource.custom.is_some() && api_version == wanted {
        let name = map
            .get("metadata")
            .and_then(|m| m.get("name"))
            .and_then(Value::as_str);
        let text = format!("Invalid value: {kind:?}: must be {}", resource.kind);
        let causes = vec![Cause::new("FieldValueInvalid", "kind", text)];
        return Failure::invalid(&given, name.unwrap_or_default(), causes);
    }
    let registered = builtin::schema(&given).is_some();
    let version = if given.version.is_empty() {
        &resource.version
    } else {
        &given.version
    };
    if resource.custom.is_none() && !registered {
        return Failure::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {}: no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\"",
            resource.kind
        ));
    }
    if api_version != wanted {
        return Failure::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({wanted})"
        ));
    }
    let internal = match resource.group.split('.').next() {
        None | Some("") => "core",
        Some(group) => group,
    };
    Failure::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {}: converting ({version}.{kind}) to ({internal}.{}): unknown conversion",
        resource.kind, resource.kind
    ))
}

/// Errors of a custom resource against its schema and rules; `old` is absent on create.
pub(crate) fn custom_errors(
    resource: &Resource,
    object: &Object,
    old: Option<&Object>,
) -> Vec<Cause> {
    let Some(custom) = &resource.custom else {
        return Vec::new();
    };
    let value = object.to_value();
    let schema = &custom.version.schema;
    let mut errors = validation::validate(&value, schema);
    let old = old.map(Object::to_value);
    if let Some(old) = &old {
        // Ratcheting: what was wrong before and has not changed is tolerated.
        let before = validation::validate(old, schema);
        errors.retain(|error| !before.contains(error) || !unchanged(&value, old, error));
    }
    let blocked = errors.iter().any(|error| BLOCKING.contains(&error.kind));
    let mut causes: Vec<Cause> = errors.iter().map(cause).collect();
    if !blocked {
        causes.extend(rules::check(&value, old.as_ref(), schema).iter().map(cause));
    } else if has_rules(schema, 0) {
        let text = "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        causes.push(Cause::new("FieldValueInvalid", "<nil>", text));
    }
    causes
}

/// Errors after which rules are not evaluated.
const BLOCKING: &[FieldErrorKind] = &[
    FieldErrorKind::NotSupported,
    FieldErrorKind::Required,
    FieldErrorKind::TooLong,
    FieldErrorKind::TooMany,
    FieldErrorKind::TypeInvalid,
];

/// Deepest level at which rules are looked for.
const MAX_DEPTH_LEVELS: usize = 64;

fn has_rules(schema: &Schema, depth: usize) -> bool {
    if depth > MAX_DEPTH_LEVELS {
        return false;
    }
    let values = match &schema.additional {
        Additional::Schema(values) => Some(values),
        _ => None,
    };
    let mut children = schema
        .properties
        .values()
        .chain(&schema.items)
        .chain(values);
    !schema.rules.is_empty() || children.any(|child| has_rules(child, depth + 1))
}

fn unchanged(new: &Value, old: &Value, error: &FieldError) -> bool {
    let path = error.field.as_str();
    let at = |root: &Value| {
        path.split(['.', '['])
            .filter(|part| !part.is_empty())
            .try_fold(root.clone(), |value, part| {
                let part = part.trim_end_matches(']');
                match part.parse::<usize>() {
                    Ok(index) if value.is_array() => value.get(index).cloned(),
                    _ => value.get(part).cloned(),
                }
            })
    };
    at(new) == at(old)
}

/// A field error as a cause of a `Status`.
pub(crate) fn cause(error: &FieldError) -> Cause {
    Cause::new(error.reason(), error.field.to_string(), error.body())
}
