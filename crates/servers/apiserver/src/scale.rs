//! The scale of a workload: its replicas as a kind of their own, with owners of their own.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{FieldError, FieldPath, builtin};

use crate::admit;
use crate::api::{self, Api, Call};
use crate::decode;
use crate::failure::{Failure, Outcome};
use crate::negotiate;
use crate::options::WriteOptions;
use crate::ownership;
use crate::patch::{self, PatchKind};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write::{self, Change, Proposal};
use crate::{metadata, read};

/// `apiVersion` of every Scale.
const SCALE_VERSION: &str = "autoscaling/v1";

/// Answers requests on `scale`.
pub(crate) async fn answer(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    if call.info.verb == "get" {
        let stored = read::find(api, call, resource)?;
        check_readable(resource, &stored.object)?;
        let scale = scale_of(resource, &stored.object);
        return Ok(respond::value(200, form.encoding, &scale));
    }
    let scales = scale_kind(resource);
    let updated = match call.info.verb {
        "patch" => patched(api, call, resource, &scales).await?,
        _ => replaced(api, call, resource, &scales).await?,
    };
    let mut reply = respond::value(200, form.encoding, &scale_of(resource, &updated.object));
    respond::warn(&mut reply, &updated.warnings);
    Ok(reply)
}

/// Scales as a resource that is stored where the workload is.
fn scale_kind(resource: &Resource) -> Arc<Resource> {
    let gvk = GroupVersionKind::new("autoscaling", "v1", "Scale");
    Arc::new(Resource {
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        kind: gvk.kind.clone(),
        list_kind: "ScaleList".to_owned(),
        schema: builtin::schema(&gvk),
        storage_api_version: SCALE_VERSION.to_owned(),
        subresources: Vec::new(),
        custom: None,
        ..resource.clone()
    })
}

/// A kind whose replicas are nowhere has no scale to show.
fn check_readable(resource: &Resource, object: &Object) -> Outcome<()> {
    let Some(custom) = &resource.custom else {
        return Ok(());
    };
    let path = replicas_path(resource);
    if custom.scale.is_none() || object.at(&path).is_some() {
        return Ok(());
    }
    let text = format!(
        "the spec replicas field \".{}\" does not exist",
        path.join(".")
    );
    Err(Failure::internal(text))
}

/// Where a kind keeps the number of replicas that is wanted.
fn replicas_path(resource: &Resource) -> Vec<&str> {
    match resource.custom.as_ref().and_then(|c| c.scale.as_ref()) {
        Some(scale) => scale.spec_replicas.iter().map(String::as_str).collect(),
        None => vec!["spec", "replicas"],
    }
}

async fn replaced(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    scales: &Arc<Resource>,
) -> Outcome<write::Updated> {
    let options = WriteOptions::parse(call, "UpdateOptions", false)?;
    let body = decode::object_body(call, scales)?;
    let conformed = admit::conform(scales, body, options.validation)?;
    write::check_named(call, scales, &conformed.object)?;
    let propose = |old: &Object| {
        let scale = conformed.object.clone();
        let object = tracked(resource, scales, old, scale, &options.manager)?;
        Ok(proposal(object, conformed.warnings.clone()))
    };
    run(api, call, resource, &options, propose).await
}

async fn patched(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    scales: &Arc<Resource>,
) -> Outcome<write::Updated> {
    let kind = patch::kind(call, resource)?;
    let options = WriteOptions::parse(call, "PatchOptions", kind == PatchKind::Apply)?;
    if kind == PatchKind::Apply {
        let configuration = patch::configuration(api, call, scales)?;
        let propose = |old: &Object| applied(resource, scales, old, &configuration, &options);
        return run(api, call, resource, &options, propose).await;
    }
    let patch = patch::decode_patch(call, kind);
    let propose = |old: &Object| {
        let patch = patch.as_ref().map_err(Clone::clone)?;
        let before = live(resource, old)?;
        let conformed = patch::outcome(call, scales, kind, &before, patch, options.validation)?;
        let (scale, manager) = (conformed.object, &options.manager);
        let object = tracked(resource, scales, old, scale, manager)?;
        Ok(proposal(object, conformed.warnings))
    };
    run(api, call, resource, &options, propose).await
}

async fn run(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    options: &WriteOptions,
    propose: impl Fn(&Object) -> Outcome<Proposal>,
) -> Outcome<write::Updated> {
    let change = Change {
        resource,
        subresource: "scale",
        options,
        call: Some(call),
    };
    change.run(api, &read::key(call, resource), propose).await
}

fn proposal(object: Object, warnings: Vec<String>) -> Proposal {
    Proposal {
        object,
        warnings,
        owned: true,
        whole: false,
    }
}

/// The scale of a workload as it is, without owners.
fn live(resource: &Resource, old: &Object) -> Outcome<Object> {
    Object::from_value(scale_of(resource, old))
        .map_err(|error| Failure::internal(error.to_string()))
}

/// The same with the owners of the replicas.
fn owned(resource: &Resource, old: &Object) -> Outcome<Object> {
    let mut scale = live(resource, old)?;
    let owners = entries(old);
    let owners: Vec<Value> = owners
        .iter()
        .filter_map(|e| to_scale(resource, e))
        .collect();
    scale.set(&["metadata", "managedFields"], Value::Array(owners));
    Ok(scale)
}

/// The workload after an update of its scale by somebody.
fn tracked(
    resource: &Resource,
    scales: &Resource,
    old: &Object,
    mut scale: Object,
    manager: &str,
) -> Outcome<Object> {
    let before = owned(resource, old)?;
    scale.remove(&["metadata", "managedFields"]);
    ownership::track(
        scales,
        "scale",
        Some(&before),
        &mut scale,
        manager,
        &api::now(),
    );
    finished(resource, scales, old, scale)
}

/// The workload with the replicas of a scale and what its owners make of those of the workload.
fn finished(
    resource: &Resource,
    scales: &Resource,
    old: &Object,
    mut scale: Object,
) -> Outcome<Object> {
    let after = entries(&scale);
    scale.remove(&["metadata", "managedFields"]);
    let mut object = with_replicas(resource, scales, old, &scale)?;
    let owners = to_parent(resource, &entries(old), after);
    object.set(&["metadata", "managedFields"], Value::Array(owners));
    Ok(object)
}

/// The workload with the replicas and the revision of a scale.
fn with_replicas(
    resource: &Resource,
    scales: &Resource,
    old: &Object,
    scale: &Object,
) -> Outcome<Object> {
    check(scales, scale)?;
    if !scale.uid().is_empty() && scale.uid() != old.uid() {
        let mut parent = resource.clone();
        parent.plural.push_str("/scale");
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            scale.uid(),
            old.uid()
        );
        return Err(Failure::conflict(&parent, old.name(), &why));
    }
    let replicas = scale.i64_at(&["spec", "replicas"]).unwrap_or_default();
    let mut object = old.clone();
    object.set(&replicas_path(resource), replicas.into());
    if let Some(custom) = &resource.custom {
        // Replicas that the schema does not know are not kept.
        skein_schema::pruning::prune(object.as_map_mut(), &custom.version.schema);
    }
    let version = scale.resource_version().to_owned();
    if !version.is_empty() {
        object.set(&["metadata", "resourceVersion"], version.into());
    }
    Ok(object)
}

fn check(scales: &Resource, scale: &Object) -> Outcome<()> {
    let mut causes = metadata::check(scales, scale);
    let replicas = scale.i64_at(&["spec", "replicas"]).unwrap_or_default();
    if replicas < 0 {
        let at = FieldPath::new("spec.replicas");
        let text = "must be greater than or equal to 0";
        causes.push(admit::cause(&FieldError::invalid(
            at,
            replicas.into(),
            text,
        )));
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Failure::invalid(&scales.gvk(), scale.name(), causes))
}

/// Server-side apply of a scale: the owners of the replicas are those of the scale meanwhile.
fn applied(
    resource: &Resource,
    scales: &Resource,
    old: &Object,
    configuration: &Object,
    options: &WriteOptions,
) -> Outcome<Proposal> {
    let now = api::now();
    let live = owned(resource, old)?;
    let (manager, force) = (&options.manager, options.force);
    let merged = ownership::apply(
        scales,
        "scale",
        Some(&live),
        configuration,
        manager,
        force,
        &now,
    )?;
    let decoded = |object: &Object| decode::Decoded::of(object.to_value());
    let warnings = admit::conform(scales, decoded(configuration), options.validation)?.warnings;
    let ignore = crate::options::FieldValidation::Ignore;
    let scale = admit::conform(scales, decoded(&merged), ignore)?.object;
    let object = finished(resource, scales, old, scale)?;
    Ok(proposal(object, warnings))
}

fn entries(object: &Object) -> Vec<Value> {
    let list = object.at(&["metadata", "managedFields"]);
    list.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// `f:spec`, `f:replicas`: the replicas in the fields of an owner.
fn owned_path(path: &[&str]) -> Vec<String> {
    path.iter().map(|name| format!("f:{name}")).collect()
}

fn owns(entry: &Value, path: &[&str]) -> bool {
    let mut fields = entry.get("fieldsV1");
    for name in owned_path(path) {
        fields = fields.and_then(|fields| fields.get(&name));
    }
    fields.is_some()
}

/// Fields that are nothing but one path.
fn only(path: &[&str]) -> Value {
    let names = owned_path(path);
    names
        .into_iter()
        .rev()
        .fold(json!({}), |inner, name| json!({name: inner}))
}

/// The entry of an owner of replicas as it stands at the scale.
fn to_scale(resource: &Resource, entry: &Value) -> Option<Value> {
    let path = replicas_path(resource);
    if entry.get("apiVersion")?.as_str()? != resource.api_version() || !owns(entry, &path) {
        return None;
    }
    let mut entry = entry.clone();
    entry["apiVersion"] = SCALE_VERSION.into();
    entry["fieldsV1"] = only(&["spec", "replicas"]);
    Some(entry)
}

/// Whether two entries are of the same owner: name, way and place.
fn same_owner(a: &Value, b: &Value) -> bool {
    ["manager", "operation", "subresource"]
        .iter()
        .all(|key| a.get(key) == b.get(key))
}

/// The owners of the workload after those of the scale have changed.
fn to_parent(resource: &Resource, before: &[Value], mut scale: Vec<Value>) -> Vec<Value> {
    let path = replicas_path(resource);
    let mut out = Vec::new();
    for entry in before {
        if !owns(entry, &path) {
            out.push(entry.clone());
            continue;
        }
        match scale.iter().position(|other| same_owner(entry, other)) {
            Some(index) => {
                scale.remove(index);
                out.push(entry.clone());
            }
            None => out.extend(without(entry, &path)),
        }
    }
    for mut entry in scale {
        if !owns(&entry, &["spec", "replicas"]) {
            continue;
        }
        entry["apiVersion"] = resource.api_version().into();
        entry["fieldsV1"] = only(&path);
        // The real server looks for the time among the owners of the workload, where there is none.
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("time");
        }
        out.push(entry);
    }
    out
}

/// The entry without the replicas; nothing when it had nothing else.
fn without(entry: &Value, path: &[&str]) -> Option<Value> {
    let mut entry = entry.clone();
    remove(
        entry.get_mut("fieldsV1")?.as_object_mut()?,
        &owned_path(path),
    );
    let left = entry.get("fieldsV1").and_then(Value::as_object);
    left.is_some_and(|left| !left.is_empty()).then_some(entry)
}

fn remove(fields: &mut Map<String, Value>, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        fields.remove(first);
        return;
    }
    if let Some(Value::Object(inner)) = fields.get_mut(first) {
        remove(inner, rest);
        if inner.is_empty() {
            fields.remove(first);
        }
    }
}

/// Where a kind keeps its replicas: wanted, present, and the selector as text.
fn scale_of(resource: &Resource, object: &Object) -> Value {
    let custom = resource
        .custom
        .as_ref()
        .and_then(|custom| custom.scale.as_ref());
    let at = |path: &[String]| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        object.at(&path).cloned()
    };
    let (wanted, present, selector) = match custom {
        Some(scale) => {
            let selector = at(&scale.selector).and_then(|value| value.as_str().map(str::to_owned));
            (
                at(&scale.spec_replicas),
                at(&scale.status_replicas),
                selector,
            )
        }
        None => (
            object.at(&["spec", "replicas"]).cloned(),
            object.at(&["status", "replicas"]).cloned(),
            object.at(&["spec", "selector"]).map(selector_text),
        ),
    };
    let mut metadata = Map::new();
    for key in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object.at(&["metadata", key]) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    let mut status = json!({"replicas": present.unwrap_or_else(|| 0.into())});
    if let Some(selector) = selector {
        status["selector"] = selector.into();
    }
    let spec = match wanted {
        Some(wanted) if wanted != json!(0) => json!({"replicas": wanted}),
        _ => json!({}),
    };
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec,
        "status": status,
    })
}

/// `a=b,c in (d,e)`: a selector as clients pass it in queries.
pub(crate) fn selector_text(selector: &Value) -> String {
    let mut terms: Vec<String> = Vec::new();
    for (key, value) in selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        terms.push(format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    for expression in expressions.into_iter().flatten() {
        let key = expression
            .get("key")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let values = expression.get("values").and_then(Value::as_array);
        let mut values: Vec<&str> = values
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        terms.push(match expression.get("operator").and_then(Value::as_str) {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.sort();
    terms.join(",")
}
