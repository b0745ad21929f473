//! Sub-resources: status, scale, finalize, approval, tokens, bindings, evictions and logs.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_object::Object;

use crate::api::{Api, Call};
use crate::decode;
use crate::delete;
use crate::failure::{Failure, Outcome};
use crate::negotiate::Encoding;
use crate::options::{DeleteOptions, WriteOptions};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write::{Change, Proposal};
use crate::{logs, patch, read, scale, tokens, write};

/// Answers a request on a sub-resource.
pub(crate) async fn answer(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
) -> Outcome<Reply> {
    let name = call.info.subresource.as_str();
    let sub = resource
        .subresource(name)
        .ok_or_else(|| match resource.custom {
            Some(_) => Failure::not_found(resource, &call.info.name),
            None => Failure::unknown_path(),
        })?;
    let verb = call.info.verb;
    if !sub.verbs.iter().any(|allowed| allowed == verb) {
        return Err(Failure::unsupported_method());
    }
    match (name, verb) {
        ("scale", _) => scale::answer(api, call, resource).await,
        ("token", "create") => tokens::answer(api, call, resource),
        ("eviction", "create") => evict(api, call, resource).await,
        ("binding", "create") => bind(api, call, resource).await,
        ("log", "get") => logs::log(api, call, resource),
        ("exec" | "attach" | "portforward", _) => connect(api, call, resource),
        ("finalize" | "status" | "approval" | "resize" | "ephemeralcontainers", "get") => {
            read::get(api, call, resource)
        }
        (_, "update") => write::update(api, call, resource, Some(name)).await,
        (_, "patch") => patch::patch(api, call, resource, Some(name)).await,
        _ => Err(Failure::unsupported_method()),
    }
}

fn success(code: u16) -> Reply {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code,
    });
    respond::value(code, Encoding::Json, &status)
}

/// The name in the body must be that of the path.
fn check_body_name(call: &Call, body: &Value, kind: &str) -> Outcome<()> {
    let name = body.pointer("/metadata/name").and_then(Value::as_str);
    if name == Some(call.info.name.as_str()) {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "name in URL does not match name in {kind} object"
    )))
}

/// Deletes a pod as its body says. Disruption budgets are not looked at.
async fn evict(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let asked = WriteOptions::parse(call, "CreateOptions", false)?;
    let body = decode::body(call)?.value;
    check_body_name(call, &body, "Eviction")?;
    let wanted = body.get("deleteOptions").cloned().unwrap_or_default();
    let mut options = DeleteOptions::from_value(&wanted)?;
    options.dry_run |= asked.dry_run;
    delete::remove(api, resource, &read::key(call, resource), &options).await?;
    Ok(success(201))
}

/// Puts a pod on a node, as a scheduler does.
async fn bind(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let options = WriteOptions::parse(call, "CreateOptions", false)?;
    let body = decode::body(call)?.value;
    check_body_name(call, &body, "Binding")?;
    let node = body
        .pointer("/target/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let propose = |old: &Object| {
        let mut object = old.clone();
        if let Some(already) = old.str_at(&["spec", "nodeName"]) {
            let why = format!("pod {} is already assigned to node {already:?}", old.name());
            let mut named = (**resource).clone();
            named.plural = "pods/binding".to_owned();
            return Err(Failure::conflict(&named, old.name(), &why));
        }
        object.set(&["spec", "nodeName"], node.as_str().into());
        let conditions = old.at(&["status", "conditions"]).and_then(Value::as_array);
        let mut conditions = conditions.cloned().unwrap_or_default();
        conditions.retain(|condition| condition["type"] != "PodScheduled");
        conditions.push(json!({"type": "PodScheduled", "status": "True",
            "lastProbeTime": null, "lastTransitionTime": crate::api::now()}));
        object.set(&["status", "conditions"], Value::Array(conditions));
        Ok(Proposal {
            object,
            warnings: Vec::new(),
            owned: true,
            whole: false,
        })
    };
    let change = Change {
        resource,
        subresource: "binding",
        options: &options,
        call: Some(call),
    };
    change.run(api, &read::key(call, resource), propose).await?;
    Ok(success(201))
}

/// Whether a pod has been given a node.
fn is_placed(pod: &Object) -> bool {
    pod.str_at(&["spec", "nodeName"])
        .is_some_and(|node| !node.is_empty())
}

/// Nothing runs in pods here, so that there is nothing to connect to.
fn connect(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let stored = read::find(api, call, resource)?;
    let name = &stored.key.name;
    Err(Failure::bad_request(if is_placed(&stored.object) {
        format!("pod {name} is simulated and runs nothing")
    } else {
        format!("pod {name} does not have a host assigned")
    }))
}
