//! Patch: JSON, merge, strategic and apply, of objects and of the sub-resources stored with them.

use std::sync::Arc;

use serde_json::{Map, Value};
use skein_merge::{json_patch, merge_patch, strategic};
use skein_object::{GroupVersionKind, Object};
use skein_schema::normal;

use crate::admit::{self, Conformed};
use crate::api::{self, Api, Call};
use crate::decode::{self, Decoded};
use crate::failure::{Failure, Outcome};
use crate::negotiate;
use crate::options::{FieldValidation, WriteOptions};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write::{self, Change, Proposal, Updated};
use crate::{
    escalation, given, go_order, lifecycle, metadata, ownership, pod_security, read, strategy,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// Which patch the media type names.
pub(crate) fn kind(call: &Call, resource: &Resource) -> Outcome<PatchKind> {
    let media = call
        .header("content-type")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let kind = match media {
        JSON_PATCH => PatchKind::Json,
        MERGE_PATCH => PatchKind::Merge,
        STRATEGIC_PATCH if resource.custom.is_none() => PatchKind::Strategic,
        APPLY_PATCH => PatchKind::Apply,
        _ => {
            return Err(unsupported(resource));
        }
    };
    Ok(kind)
}

fn unsupported(resource: &Resource) -> Box<Failure> {
    if resource.custom.is_none() {
        return Failure::unsupported_patch_type();
    }
    Failure::unsupported_media_type(&[JSON_PATCH, MERGE_PATCH, APPLY_PATCH])
}

/// Answers `patch`, of the object or of a sub-resource that is stored with it.
pub(crate) async fn patch(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    subresource: Option<&str>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let kind = kind(call, resource)?;
    let options = WriteOptions::parse(call, "PatchOptions", kind == PatchKind::Apply)?;
    let updated = run(
        api,
        call,
        resource,
        subresource.unwrap_or_default(),
        kind,
        &options,
    )
    .await?;
    let code = if updated.created { 201 } else { 200 };
    let mut reply = read::object_reply(code, form, resource, call, &updated.object)?;
    respond::warn(&mut reply, &updated.warnings);
    Ok(reply)
}

async fn run(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    subresource: &str,
    kind: PatchKind,
    options: &WriteOptions,
) -> Outcome<Updated> {
    let key = read::key(call, resource);
    let change = Change {
        resource,
        subresource,
        options,
        call: Some(call),
    };
    if kind == PatchKind::Apply {
        let configuration = configuration(api, call, resource)?;
        if api.store.get(&key).is_none() && subresource.is_empty() {
            match apply_new(api, call, resource, &configuration, options).await {
                // Somebody else created it meanwhile: apply to that.
                Err(failure) if failure.reason == "AlreadyExists" && !options.dry_run => {}
                other => return other,
            }
        }
        let propose = |old: &Object| apply_to(resource, subresource, old, &configuration, options);
        return change.run(api, &key, propose).await;
    }
    let patch = decode_patch(call, kind);
    let propose = |old: &Object| {
        // A broken patch of an absent object is told that the object is absent.
        let patch = patch.as_ref().map_err(Clone::clone)?;
        let Conformed { object, warnings } =
            outcome(call, resource, kind, old, patch, options.validation)?;
        Ok(Proposal {
            object,
            warnings,
            owned: false,
            whole: false,
        })
    };
    change.run(api, &key, propose).await
}

/// What a patch other than an apply makes of an object.
pub(crate) fn outcome(
    call: &Call,
    resource: &Resource,
    kind: PatchKind,
    old: &Object,
    patch: &Decoded,
    validation: FieldValidation,
) -> Outcome<Conformed> {
    let mut patched = patched(resource, kind, old, &patch.value)?;
    // A strategic patch is shown as Go prints its map, the others by what they made.
    let go_type = resource
        .schema
        .as_ref()
        .and_then(|schema| schema.name.as_deref());
    let made = patched.value.clone();
    patched.duplicates = given::take(&mut patched.value);
    let shown = || match go_type.filter(|_| resource.custom.is_none()) {
        _ if kind == PatchKind::Strategic => go_print(&patch.value),
        Some(name) => go_order::text(name, &old.to_value(), &made),
        None => given::text(&made),
    };
    let has_kind = patched.value["kind"]
        .as_str()
        .is_some_and(|kind| !kind.is_empty());
    if resource.custom.is_some() && !has_kind {
        let why = format!("Object 'Kind' is missing in '{}'", patched.value);
        return Err(Failure::invalid_patch(&shown(), &why));
    }
    let texts = patch_texts(kind, patch);
    let conformed = admit::conform_patched(resource, patched, validation, texts, shown)?;
    write::check_namespace(call, resource, &conformed.object)?;
    check_same_name(old, &conformed.object)?;
    Ok(conformed)
}

/// The body of a patch, with the fields that come twice in it.
pub(crate) fn decode_patch(call: &Call, kind: PatchKind) -> Outcome<Decoded> {
    let lead = match kind {
        PatchKind::Strategic => "",
        _ => "error decoding patch: ",
    };
    let wrong = |why: &str| Failure::bad_request(format!("{lead}{why}"));
    let decoded = decode::json(&call.body).map_err(|failure| wrong(&failure.message))?;
    if kind != PatchKind::Json || decoded.duplicates.is_empty() {
        return Ok(decoded);
    }
    let mut noted = decode::json_given(&call.body)?;
    given::keep_in_values(&mut noted.value);
    Ok(noted)
}

/// What is wrong with the fields of a patch itself.
fn patch_texts(kind: PatchKind, patch: &Decoded) -> Vec<String> {
    const OPERATION: [&str; 4] = ["op", "path", "from", "value"];
    let lead = if kind == PatchKind::Json {
        "json patch "
    } else {
        ""
    };
    let mut unknown = Vec::new();
    if kind == PatchKind::Json {
        let operations = patch.value.as_array().into_iter().flatten().enumerate();
        for (index, operation) in operations {
            let names = operation.as_object().into_iter().flatten();
            let odd = names.filter(|(name, _)| !OPERATION.contains(&name.as_str()));
            unknown.extend(odd.map(|(name, _)| format!("[{index}].{name}")));
        }
    }
    // What an operation does not have is not looked into.
    let is_known = |path: &&String| !unknown.iter().any(|odd| admit::is_within(path, odd));
    let twice = patch.duplicates.iter().filter(is_known);
    let twice = twice.map(|path| format!("{lead}duplicate field {path:?}"));
    let odd = unknown.iter();
    let odd = odd.map(|path| format!("{lead}unknown field {path:?}"));
    twice.chain(odd).take(decode::MAX_ODD_FIELDS).collect()
}

/// A patch of the wrong JSON type is refused only once the object has been found.
fn check_type(kind: PatchKind, patch: &Value) -> Outcome<()> {
    let wrong = |value: &Value, wanted: &str| {
        let found = decode::go_kind(value);
        Err(Failure::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {found} into Go value of type {wanted}"
        )))
    };
    match (kind, patch) {
        (PatchKind::Json, Value::Array(operations)) => {
            let odd = operations.iter().find(|operation| !operation.is_object());
            odd.map_or(Ok(()), |odd| wrong(odd, "handlers.jsonPatchOp"))
        }
        (PatchKind::Json, other) => wrong(other, "[]handlers.jsonPatchOp"),
        (_, Value::Object(_)) => Ok(()),
        (_, other) => wrong(other, "map[string]interface {}"),
    }
}

fn check_same_name(old: &Object, new: &Object) -> Outcome<()> {
    if new.name() == old.name() {
        return Ok(());
    }
    if new.name().is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            old.name()
        )));
    }
    Err(Failure::bad_request(format!(
        "the name of the object ({}) does not match the name on the URL ({})",
        new.name(),
        old.name()
    )))
}

fn patched(resource: &Resource, kind: PatchKind, old: &Object, patch: &Value) -> Outcome<Decoded> {
    check_type(kind, patch)?;
    let mut value = old.to_value();
    match kind {
        PatchKind::Json => json_patch::apply(&mut value, patch).map_err(|error| {
            // The real server hides why an operation does not fit.
            if error.status() == 422 {
                return Failure::rejected();
            }
            Failure::new(error.status(), "BadRequest", error.to_string())
        })?,
        PatchKind::Merge => merge_patch::apply(&mut value, patch),
        PatchKind::Strategic | PatchKind::Apply => {
            let patched = strategic_patch(old, patch, resource)?;
            return Ok(Decoded::converted(Value::Object(patched)));
        }
    }
    Ok(Decoded::of(value))
}

/// A value as Go's `%+v` prints it.
pub(crate) fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            let members: Vec<String> = members
                .into_iter()
                .map(|(key, value)| format!("{key}:{}", go_print(value)))
                .collect();
            format!("map[{}]", members.join(" "))
        }
        other => other.to_string(),
    }
}

fn strategic_patch(
    old: &Object,
    patch: &Value,
    resource: &Resource,
) -> Outcome<Map<String, Value>> {
    let Value::Object(patch) = patch else {
        return Err(Failure::bad_request(
            "error decoding patch: the patch is no map",
        ));
    };
    let schema = resource.schema.as_ref();
    let patched = strategic::apply(old.as_map().clone(), patch.clone(), schema);
    let mut patched = patched.map_err(|error| {
        let code = error.status();
        let reason = match code {
            422 => "Invalid",
            500 => "",
            _ => "BadRequest",
        };
        Failure::new(code, reason, error.to_string())
    })?;
    // What is made goes to a type that is known already, whatever texts these two say.
    for (name, text) in [("apiVersion", old.api_version()), ("kind", old.kind())] {
        if let Some(Value::String(said)) = patched.get_mut(name) {
            text.clone_into(said);
        }
    }
    // On that way a float without a fraction is a whole number where one is wanted.
    patched.values_mut().for_each(normal::settle_numbers);
    Ok(patched)
}

/// The body of an apply as an object of the resource.
pub(crate) fn configuration(api: &Api, call: &Call, resource: &Resource) -> Outcome<Object> {
    let wrong = |why: &str| Failure::bad_request(format!("error decoding YAML: {why}"));
    let yaml = call.header("content-type").contains("yaml");
    let mut value = match decode::json(&call.body) {
        Ok(decoded) => decoded.value,
        Err(_) if yaml => {
            decode::yaml(&call.body)
                .map_err(|failure| {
                    let why = &failure.message;
                    wrong(&format!("error converting YAML to JSON: {why}"))
                })?
                .value
        }
        Err(failure) => return Err(failure),
    };
    // YAML knows no difference between 1 and 1.0, and everything here is read as YAML.
    normal::settle_numbers(&mut value);
    if value.is_null() {
        return Err(Failure::bad_request("invalid object type: /, Kind="));
    }
    if !value.is_object() {
        let found = decode::go_kind(&value);
        return Err(wrong(&format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
        )));
    }
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if kind != resource.kind || api_version != resource.api_version() {
        let GroupVersionKind {
            group,
            version,
            kind,
        } = GroupVersionKind::from_api_version(api_version, kind);
        let text = format!("invalid object type: {group}/{version}, Kind={kind}");
        return Err(Failure::bad_request(text));
    }
    let mut object = Object::from_value(value).map_err(|error| wrong(&error.to_string()))?;
    let wanted = call.info.name.as_str();
    if !object.name().is_empty() && object.name() != wanted {
        return Err(Failure::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({wanted})",
            object.name()
        )));
    }
    write::check_namespace(call, resource, &object)?;
    // A new object must say its name; that is told after what is wrong with its owners.
    let is_text = object
        .at(&["metadata", "name"])
        .is_none_or(|name| name.is_string() || name.is_null());
    if !is_text {
        return Ok(object);
    }
    if !object.name().is_empty() || api.store.get(&read::key(call, resource)).is_some() {
        object.set(&["metadata", "name"], wanted.into());
    }
    Ok(object)
}

async fn apply_new(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    configuration: &Object,
    options: &WriteOptions,
) -> Outcome<Updated> {
    let now = api::now();
    if !configuration.uid().is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {}, and no existing object was found",
            configuration.uid()
        );
        return Err(Failure::conflict(resource, &call.info.name, &why));
    }
    let manager = &options.manager;
    let applied = ownership::apply(
        resource,
        "",
        None,
        configuration,
        manager,
        options.force,
        &now,
    )?;
    if configuration.name().is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            call.info.name
        )));
    }
    let Conformed {
        mut object,
        mut warnings,
    } = conform_applied(resource, applied, configuration, options)?;
    metadata::drop_system_fields(&mut object);
    write::place(call, resource, &mut object)?;
    escalation::check(api, Some(call), resource, None, &object)?;
    lifecycle::check_create(api, resource, &object)?;
    warnings.extend(strategy::early_warnings(resource, &object));
    let inserted = write::insert_owned(api, resource, object, options, Some(call), &now).await;
    let object = write::warned(inserted, &warnings)?;
    warnings.extend(strategy::warnings(resource, "", None, &object));
    warnings.extend(pod_security::warnings(api, resource, "", None, &object));
    Ok(Updated {
        object,
        warnings,
        created: true,
    })
}

fn apply_to(
    resource: &Arc<Resource>,
    subresource: &str,
    old: &Object,
    configuration: &Object,
    options: &WriteOptions,
) -> Outcome<Proposal> {
    let now = api::now();
    let manager = &options.manager;
    let applied = ownership::apply(
        resource,
        subresource,
        Some(old),
        configuration,
        manager,
        options.force,
        &now,
    )?;
    let Conformed { object, warnings } =
        conform_applied(resource, applied, configuration, options)?;
    Ok(Proposal {
        object,
        warnings,
        owned: true,
        whole: false,
    })
}

/// Field validation looks at the configuration; the merged object is only completed.
fn conform_applied(
    resource: &Resource,
    applied: Object,
    configuration: &Object,
    options: &WriteOptions,
) -> Outcome<Conformed> {
    let decoded = |object: &Object| Decoded::of(object.to_value());
    let checked = admit::conform(resource, decoded(configuration), options.validation);
    if resource.custom.is_some() {
        let warnings = checked?.warnings;
        let object = admit::complete_custom(resource, applied)?;
        return Ok(Conformed { object, warnings });
    }
    // What does not fit the types is told of the merged object.
    let warnings = checked.map(|conformed| conformed.warnings);
    let ignore = FieldValidation::Ignore;
    let merged = Decoded::converted(applied.to_value());
    let object = admit::conform(resource, merged, ignore)
        .map_err(|failure| unfit(resource, &applied, &failure))?
        .object;
    Ok(Conformed {
        object,
        warnings: warnings.unwrap_or_default(),
    })
}

/// The refusal of a merged object that the kind's Go type cannot hold.
fn unfit(resource: &Resource, applied: &Object, failure: &Failure) -> Box<Failure> {
    let GroupVersionKind {
        group,
        version,
        kind,
    } = resource.gvk();
    let lead = format!(" cannot be handled as a {kind}: ");
    let message = failure.message.as_str();
    let why = message.split_once(&lead).map_or(message, |(_, why)| why);
    let (namespace, name) = (applied.namespace(), applied.name());
    let gvk = format!("{group}/{version}, Kind={kind}");
    let text = format!(
        "failed to convert new object ({namespace}/{name}; {gvk}) to proper version: unable to convert unstructured object to {gvk}: {why}"
    );
    Failure::new(500, "", text)
}
