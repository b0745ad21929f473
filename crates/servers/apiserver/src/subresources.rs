//! Sub-resources: status, scale, finalize, approval, tokens, bindings, evictions and logs.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use skein_object::Object;

use crate::api::{Api, Call};
use crate::authn::{AccountClaims, Claims, ISSUER, KubernetesClaims};
use crate::decode::{self, Decoded};
use crate::delete;
use crate::failure::{Failure, Outcome};
use crate::negotiate::{self, Encoding};
use crate::options::{DeleteOptions, WriteOptions};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write::{Change, Proposal};
use crate::{patch, read, write};

/// How long a token lasts when nothing is asked for, in seconds.
const TOKEN_SECONDS: i64 = 3_600;
/// The shortest life of a token, in seconds.
const MIN_TOKEN_SECONDS: i64 = 600;

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
        ("scale", _) => scale(api, call, resource).await,
        ("token", "create") => token(api, call, resource),
        ("eviction", "create") => evict(api, call, resource).await,
        ("binding", "create") => bind(api, call, resource).await,
        ("log", "get") => log(api, call, resource),
        ("finalize" | "status" | "approval" | "resize" | "ephemeralcontainers", "get") => {
            read::get(api, call, resource)
        }
        (_, "update") => write::update(api, call, resource, Some(name)).await,
        (_, "patch") => patch::patch(api, call, resource, Some(name)).await,
        _ => Err(Failure::unsupported_method()),
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

async fn scale(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    if call.info.verb == "get" {
        let stored = read::find(api, call, resource)?;
        return Ok(respond::value(
            200,
            form.encoding,
            &scale_of(resource, &stored.object),
        ));
    }
    let patching = call.info.verb == "patch";
    let options = WriteOptions::parse(
        call,
        if patching {
            "PatchOptions"
        } else {
            "UpdateOptions"
        },
        false,
    )?;
    let body = match call.header("content-type") {
        media if media.contains("yaml") => decode::yaml(&call.body)?,
        _ => decode::json(&call.body)?,
    };
    let propose = |old: &Object| {
        let mut scale = scale_of(resource, old);
        let Decoded { value, .. } = &body;
        if !patching {
            scale = value.clone();
        } else if value.is_array() {
            skein_merge::json_patch::apply(&mut scale, value)
                .map_err(|error| Failure::new(422, "Invalid", error.to_string()))?;
        } else {
            skein_merge::merge_patch::apply(&mut scale, value);
        }
        let wanted = scale
            .pointer("/spec/replicas")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let mut object = old.clone();
        let path: Vec<&str> = match resource.custom.as_ref().and_then(|c| c.scale.as_ref()) {
            Some(scale) => scale.spec_replicas.iter().map(String::as_str).collect(),
            None => vec!["spec", "replicas"],
        };
        object.set(&path, wanted.into());
        if let Some(version) = scale
            .pointer("/metadata/resourceVersion")
            .filter(|_| !patching)
        {
            object.set(&["metadata", "resourceVersion"], version.clone());
        }
        Ok(Proposal {
            object,
            warnings: Vec::new(),
            owned: false,
            whole: false,
        })
    };
    let change = Change {
        resource,
        subresource: "scale",
        options: &options,
    };
    let updated = change.run(api, &read::key(call, resource), propose).await?;
    Ok(respond::value(
        200,
        form.encoding,
        &scale_of(resource, &updated.object),
    ))
}

fn token(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let stored = read::find(api, call, resource)?;
    let account = &stored.object;
    let mut request = decode::body(call)?.value;
    let audiences = request.pointer("/spec/audiences").and_then(Value::as_array);
    let audiences: Vec<String> = audiences
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let audiences = if audiences.is_empty() {
        vec![ISSUER.to_owned()]
    } else {
        audiences
    };
    let asked = request
        .pointer("/spec/expirationSeconds")
        .and_then(Value::as_i64);
    let seconds = asked.unwrap_or(TOKEN_SECONDS).max(MIN_TOKEN_SECONDS);
    let now = Timestamp::now().as_second();
    let claims = Claims {
        aud: audiences.clone(),
        exp: now + seconds,
        iat: now,
        nbf: now,
        iss: ISSUER.to_owned(),
        jti: uuid::Uuid::new_v4().to_string(),
        sub: format!(
            "system:serviceaccount:{}:{}",
            account.namespace(),
            account.name()
        ),
        kubernetes: KubernetesClaims {
            namespace: account.namespace().to_owned(),
            serviceaccount: AccountClaims {
                name: account.name().to_owned(),
                uid: account.uid().to_owned(),
            },
        },
    };
    let token = api.authenticator.sign(&claims)?;
    let expires = Timestamp::from_second(claims.exp)
        .map(|t| t.to_string())
        .unwrap_or_default();
    request["kind"] = "TokenRequest".into();
    request["apiVersion"] = "authentication.k8s.io/v1".into();
    request["metadata"] = json!({
        "name": account.name(), "namespace": account.namespace(), "creationTimestamp": crate::api::now(),
    });
    request["spec"] =
        json!({"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": null});
    request["status"] = json!({"token": token, "expirationTimestamp": expires});
    Ok(respond::value(201, Encoding::Json, &request))
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
    };
    change.run(api, &read::key(call, resource), propose).await?;
    Ok(success(201))
}

/// There is no container, so there is one line that says so.
fn log(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let stored = read::find(api, call, resource)?;
    let text = format!("pod {} is simulated and writes no log\n", stored.key.name);
    Ok(respond::text(200, text))
}
