//! Values made into objects of a kind: kind check, unknown fields, defaults, and validation.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{
    FieldError, FieldErrorKind, api_defaults, builtin, defaulting, normal, pruning, rules, unknown,
    validation,
};

use crate::builtin_types;
use crate::convert;
use crate::decode::{self, Decoded};
use crate::embedded;
use crate::failure::{Cause, Failure, Outcome};
use crate::metadata;
use crate::options::FieldValidation;
use crate::resource::Resource;
use crate::scale_fields;
use crate::strategy;

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
    let twice = match &resource.custom {
        // Custom kinds are read from JSON that was made of the YAML.
        Some(_) => Vec::new(),
        None => twice_texts(&decoded.twice),
    };
    let (mut object, mut texts) = read(resource, decoded)?;
    if mode == FieldValidation::Strict && !twice.is_empty() {
        texts.insert(
            0,
            format!("yaml: unmarshal errors:\n  {}", twice.join("\n  ")),
        );
    } else {
        texts.splice(0..0, twice);
    }
    let mut warnings = match mode {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Strict if !texts.is_empty() => {
            return Err(Failure::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: {}",
                resource.kind,
                resource.version,
                resource.kind,
                strict_text(&texts)
            )));
        }
        FieldValidation::Warn | FieldValidation::Strict => texts,
    };
    warnings.extend(metadata::dedupe_owners(&mut object));
    Ok(Conformed { object, warnings })
}

/// Keys of a body in YAML that occur twice, as they are told.
fn twice_texts(twice: &[(u64, String)]) -> Vec<String> {
    let text = |(line, key): &(u64, String)| format!("line {line}: key {key:?} already set in map");
    twice.iter().map(text).collect()
}

/// The same for the outcome of a patch, whose refusals show the patch (or what it made) and not the kind; `texts` is what
/// is wrong with the patch itself.
pub(crate) fn conform_patched(
    resource: &Resource,
    decoded: Decoded,
    mode: FieldValidation,
    mut texts: Vec<String>,
    shown: impl Fn() -> String,
) -> Outcome<Conformed> {
    let (mut object, more) = read(resource, decoded).map_err(|failure| {
        if failure.code == 400 {
            let lead = format!(" cannot be handled as a {}: ", resource.kind);
            let message = failure.message.as_str();
            let why = message.split_once(&lead).map_or(message, |(_, why)| why);
            Failure::invalid_patch(&shown(), why)
        } else {
            failure
        }
    })?;
    texts.extend(more);
    let mut warnings = match mode {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Strict if !texts.is_empty() => {
            return Err(Failure::invalid_patch(&shown(), &strict_text(&texts)));
        }
        FieldValidation::Warn | FieldValidation::Strict => texts,
    };
    warnings.extend(metadata::dedupe_owners(&mut object));
    Ok(Conformed { object, warnings })
}

fn strict_text(texts: &[String]) -> String {
    format!("strict decoding error: {}", texts.join(", "))
}

/// Completes what server-side apply made of a custom object. It is not decoded again: a null that a removal leaves
/// stays, for validation to refuse.
pub(crate) fn complete_custom(resource: &Resource, applied: Object) -> Outcome<Object> {
    let Some(custom) = &resource.custom else {
        return Ok(applied);
    };
    let mut value = applied.into_value();
    defaulting::apply_defaults(&mut value, &custom.version.schema);
    let mut object =
        Object::from_value(value).map_err(|error| Failure::bad_request(error.to_string()))?;
    tidy_custom(&mut object);
    Ok(object)
}

/// Makes an object of a built-in kind what it is once stored: empty lists and maps are lost, but for those that Go
/// always writes, which become null.
pub(crate) fn lose_empties(resource: &Resource, object: &mut Object) {
    if let (None, Some(schema)) = (&resource.custom, &resource.schema)
        && normal::has_empties(object.as_map())
    {
        normal::normalise(object.as_map_mut(), schema);
    }
}

/// An object as it is encoded before it is stored: empty lists and maps that are optional are lost.
pub(crate) fn encoded<'a>(resource: &Resource, object: &'a Object) -> Cow<'a, Object> {
    match (&resource.custom, &resource.schema) {
        (None, Some(schema)) if normal::has_empties(object.as_map()) => {
            let mut object = object.clone();
            normal::normalise_encoded(object.as_map_mut(), schema);
            Cow::Owned(object)
        }
        _ => Cow::Borrowed(object),
    }
}

fn tidy_custom(object: &mut Object) {
    if let Some(Value::Object(metadata)) = object.as_map_mut().get_mut("metadata") {
        normal::normalise_custom_metadata(metadata);
    }
}

/// The object, and what is wrong with its fields.
fn read(resource: &Resource, decoded: Decoded) -> Outcome<(Object, Vec<String>)> {
    let Decoded {
        value,
        duplicates,
        twice: _,
        source,
        words,
    } = decoded;
    let mut object = typed(resource, value)?;
    let paths = match (&resource.custom, &resource.schema) {
        (Some(custom), _) => {
            let coerced = embedded::coerce(resource, &mut object)?;
            let mut paths = coerced.of_object;
            let mut value = object.into_value();
            normal::settle_numbers(&mut value);
            let schema = &custom.version.schema;
            let Some(map) = value.as_object_mut() else {
                return Err(Failure::internal("an object became something else"));
            };
            paths.extend(pruning::prune(map, schema));
            paths.sort();
            paths.extend(coerced.of_embedded);
            defaulting::drop_nulls(&mut value, schema);
            defaulting::apply_defaults(&mut value, schema);
            object = Object::from_value(value).map_err(|e| Failure::bad_request(e.to_string()))?;
            tidy_custom(&mut object);
            paths
        }
        (None, Some(schema)) => {
            builtin_types::check(&object, resource, schema, words)?;
            let paths = unknown::drop_unknown(object.as_map_mut(), schema);
            let is_exact = strategy::is_exactly_compared(resource);
            normal::normalise_decoded(object.as_map_mut(), schema, is_exact);
            api_defaults::apply(&mut object);
            convert::reread(resource, &mut object);
            strategy::show_hidden_fields(resource, &mut object);
            paths
        }
        (None, None) => Vec::new(),
    };
    let mut duplicates = duplicates;
    if resource.custom.is_none() {
        // What a type does not have is not looked into.
        duplicates.retain(|path| !paths.iter().any(|unknown| is_within(path, unknown)));
    }
    let order = if resource.custom.is_none() && !(duplicates.is_empty() && paths.is_empty()) {
        decode::field_order(&source)
    } else {
        Vec::new()
    };
    Ok((object, field_texts(&duplicates, &paths, &order)))
}

/// Whether a path is another one or leads to something within it.
pub(crate) fn is_within(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What is wrong with fields: of custom kinds first those that come twice, of built-in kinds as they stand in the text.
fn field_texts(duplicates: &[String], unknown: &[String], order: &[String]) -> Vec<String> {
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    for (place, path) in order.iter().enumerate() {
        places.entry(path).or_insert((place, place)).1 = place;
    }
    let first = |path: &String| places.get(path.as_str()).map(|(first, _)| *first);
    let last = |path: &String| places.get(path.as_str()).map(|(_, last)| *last);
    let twice = duplicates
        .iter()
        .map(|path| (last(path), format!("duplicate field {path:?}")));
    let unknown = unknown
        .iter()
        .map(|path| (first(path), unknown::unknown_field_text(path)));
    let mut all: Vec<(Option<usize>, String)> = twice.chain(unknown).collect();
    all.sort_by_key(|(place, _)| *place);
    // Only built-in kinds come with their order; those of others are told by pruning, which has no limit.
    if !order.is_empty() {
        all.truncate(decode::MAX_ODD_FIELDS);
    }
    all.into_iter().map(|(_, text)| text).collect()
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
    let (mut api_version, mut kind) = (text("apiVersion"), text("kind"));
    let wanted = resource.api_version();
    if resource.custom.is_none() {
        // What an object does not say is that of the endpoint.
        if api_version.is_empty() {
            api_version.clone_from(&wanted);
        }
        if kind.is_empty() {
            kind.clone_from(&resource.kind);
        }
    }
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
    if api_version != wanted && (resource.custom.is_some() || kind == resource.kind) {
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

/// What a custom resource is refused for, and what it is only warned of.
#[derive(Default)]
pub(crate) struct CustomProblems {
    pub(crate) causes: Vec<Cause>,
    pub(crate) warnings: Vec<String>,
}

/// Errors of a custom resource against its schema, its scale and its rules; `old` is absent on create. Rules are not run over what has errors
/// of some sorts, be they among the earlier causes.
pub(crate) fn custom_problems(
    resource: &Resource,
    object: &Object,
    old: Option<&Object>,
    subresource: &str,
    earlier: &[Cause],
) -> CustomProblems {
    let Some(custom) = &resource.custom else {
        return CustomProblems::default();
    };
    let old = old.map(Object::to_value);
    let (value, schema) = (object.to_value(), &custom.version.schema);
    let keeps_rules = earlier.iter().any(|cause| keeps_rules(&cause.reason));
    let verdict = match &old {
        _ if keeps_rules && rules::has_rules(schema) => {
            let mut errors = validation::validate_change(&value, old.as_ref(), schema);
            errors.push(validation::rules_not_checked());
            rules::Verdict {
                errors,
                ..rules::Verdict::default()
            }
        }
        Some(old) if subresource == "status" => rules::validate_status(&value, old, schema),
        old => rules::validate_resource(&value, old.as_ref(), schema),
    };
    let mut errors = verdict.errors;
    let of_scale = custom
        .scale
        .iter()
        .flat_map(|paths| scale_fields::errors(paths, &value, subresource));
    let of_scale: Vec<FieldError> = of_scale.collect();
    if !of_scale.is_empty() {
        // What is said of rules comes after them.
        let unchecked = validation::rules_not_checked();
        let place = match subresource {
            "status" => errors.iter().position(|error| *error == unchecked),
            _ => Some(validation::validate_change(&value, old.as_ref(), schema).len()),
        };
        let place = place.unwrap_or(errors.len());
        errors.splice(place..place, of_scale);
    }
    errors.extend(embedded::errors(&value, schema));
    CustomProblems {
        causes: errors.iter().map(cause).collect(),
        warnings: verdict.forgiven.iter().map(ToString::to_string).collect(),
    }
}

/// Whether a cause of this reason keeps rules from being run.
fn keeps_rules(reason: &str) -> bool {
    const REASONS: [FieldErrorKind; 5] = [
        FieldErrorKind::NotSupported,
        FieldErrorKind::Required,
        FieldErrorKind::TooLong,
        FieldErrorKind::TooMany,
        FieldErrorKind::TypeInvalid,
    ];
    REASONS.iter().any(|kind| kind.reason() == reason)
}

/// A field error as a cause of a `Status`.
pub(crate) fn cause(error: &FieldError) -> Cause {
    Cause::new(error.reason(), error.field.to_string(), error.body())
}
