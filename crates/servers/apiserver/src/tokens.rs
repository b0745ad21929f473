//! Tokens of ServiceAccounts: requests for them are checked, answered and not stored.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{FieldError, FieldPath, builtin};
use skein_store::{Key, ResourceId};

use crate::admit;
use crate::api::{self, Api, Call};
use crate::authn::{AccountClaims, Claims, ISSUER, KubernetesClaims};
use crate::decode;
use crate::failure::{Failure, Outcome};
use crate::lifecycle;
use crate::negotiate::Encoding;
use crate::options::{FieldValidation, WriteOptions};
use crate::ownership;
use crate::read;
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write;

/// How long a token lasts when nothing is asked for, in seconds.
const TOKEN_SECONDS: i64 = 3_600;
/// The shortest and the longest life of a token, in seconds.
const MIN_TOKEN_SECONDS: i64 = 600;
const MAX_TOKEN_SECONDS: i64 = 1 << 32;

/// Answers a request for a token of an account.
pub(crate) fn answer(api: &Arc<Api>, call: &Call, accounts: &Arc<Resource>) -> Outcome<Reply> {
    let options = WriteOptions::parse(call, "CreateOptions", false)?;
    let kind = request_kind(accounts);
    let body = decode::object_body(call, &kind)?;
    let mut request = admit::conform(&kind, body, FieldValidation::Ignore)?.object;
    if request.i64_at(&["spec", "expirationSeconds"]).is_none() {
        request.set(&["spec", "expirationSeconds"], TOKEN_SECONDS.into());
    }
    ownership::track(
        &kind,
        "token",
        None,
        &mut request,
        &options.manager,
        &api::now(),
    );
    write::place(call, &kind, &mut request)?;
    lifecycle::check_create(api, &kind, &request)?;
    check_name(call, &kind, &request)?;
    let stored = read::find(api, call, accounts)?;
    let account = &stored.object;
    check_uid(call, &kind, &request, account)?;
    let audiences = audiences(&request);
    request.set(&["spec", "audiences"], json!(audiences));
    for (key, value) in [
        ("name", account.name()),
        ("namespace", account.namespace()),
        ("uid", account.uid()),
    ] {
        request.set(&["metadata", key], value.into());
    }
    request.set(&["metadata", "creationTimestamp"], api::now().into());
    let seconds = check_seconds(&kind, &request)?;
    check_bound(api, call, &kind, &request)?;
    if request.at(&["spec", "boundObjectRef"]).is_none() {
        request.set(&["spec", "boundObjectRef"], Value::Null);
    }
    let claims = claims(account, audiences, seconds);
    let token = api.authenticator.sign(&claims)?;
    let expires = Timestamp::from_second(claims.exp);
    let expires = expires.map(|time| time.to_string()).unwrap_or_default();
    request.set(
        &["status"],
        json!({"token": token, "expirationTimestamp": expires}),
    );
    Ok(respond::value(201, Encoding::Json, &request.to_value()))
}

/// Requests as a resource of the accounts' namespaces.
fn request_kind(accounts: &Resource) -> Resource {
    let gvk = GroupVersionKind::new("authentication.k8s.io", "v1", "TokenRequest");
    Resource {
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        kind: gvk.kind.clone(),
        schema: builtin::schema(&gvk),
        subresources: Vec::new(),
        ..accounts.clone()
    }
}

fn refused(kind: &Resource, name: &str, field: &str, value: Value, text: &str) -> Box<Failure> {
    let error = FieldError::invalid(FieldPath::new(field), value, text);
    Failure::invalid(&kind.gvk(), name, vec![admit::cause(&error)])
}

/// The name of a request is that of the account, if it has any.
fn check_name(call: &Call, kind: &Resource, request: &Object) -> Outcome<()> {
    let (given, name) = (request.name(), call.info.name.as_str());
    if !given.is_empty() && given != name {
        let text = "must match the service account name if specified";
        return Err(refused(kind, name, "metadata.name", given.into(), text));
    }
    Ok(())
}

fn check_uid(call: &Call, kind: &Resource, request: &Object, account: &Object) -> Outcome<()> {
    if request.uid().is_empty() || request.uid() == account.uid() {
        return Ok(());
    }
    let mut named = kind.clone();
    named.plural.clone_from(&kind.kind);
    let why = format!(
        "the UID in the token request ({}) does not match the UID of the service account ({})",
        request.uid(),
        account.uid()
    );
    Err(Failure::conflict(&named, &call.info.name, &why))
}

fn audiences(request: &Object) -> Vec<String> {
    let list = request.at(&["spec", "audiences"]).and_then(Value::as_array);
    let list: Vec<String> = list
        .into_iter()
        .flatten()
        .filter_map(|audience| audience.as_str().map(str::to_owned))
        .collect();
    if list.is_empty() {
        vec![ISSUER.to_owned()]
    } else {
        list
    }
}

fn check_seconds(kind: &Resource, request: &Object) -> Outcome<i64> {
    let seconds = request
        .i64_at(&["spec", "expirationSeconds"])
        .unwrap_or(TOKEN_SECONDS);
    let text = if seconds < MIN_TOKEN_SECONDS {
        "may not specify a duration less than 10 minutes"
    } else if seconds > MAX_TOKEN_SECONDS {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(seconds);
    };
    let field = "spec.expirationSeconds";
    Err(refused(kind, "", field, seconds.into(), text))
}

/// The object that a token is bound to must be there.
fn check_bound(api: &Api, call: &Call, kind: &Resource, request: &Object) -> Outcome<()> {
    let text = |key: &str| {
        request
            .str_at(&["spec", "boundObjectRef", key])
            .unwrap_or_default()
    };
    if request
        .at(&["spec", "boundObjectRef"])
        .is_none_or(Value::is_null)
    {
        return Ok(());
    }
    let gvk = GroupVersionKind::from_api_version(text("apiVersion"), text("kind"));
    let namespace = read::namespace(call, kind).unwrap_or_default();
    let (plural, namespace) = match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => ("pods", namespace),
        ("", "Secret") => ("secrets", namespace),
        ("", "Node") => ("nodes", ""),
        _ => {
            let GroupVersionKind {
                group,
                version,
                kind,
            } = gvk;
            return Err(Failure::bad_request(format!(
                "cannot bind token to object of type {group}/{version}, Kind={kind}"
            )));
        }
    };
    let key = Key::new(&ResourceId::new("", plural), namespace, text("name"));
    let Some(bound) = api.store.get(&key) else {
        return Err(Failure::named_not_found("", plural, text("name")));
    };
    let account = bound.object.str_at(&["spec", "serviceAccountName"]);
    if plural == "pods" && account != Some(call.info.name.as_str()) {
        return Err(Failure::bad_request(format!(
            "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
            call.info.name
        )));
    }
    if text("uid").is_empty() || text("uid") == bound.object.uid() {
        return Ok(());
    }
    let mut named = kind.clone();
    named.group = String::new();
    named.plural = gvk.kind;
    let why = format!(
        "the UID in the bound object reference ({}) does not match the UID in record. The object might have been deleted and then recreated",
        text("uid")
    );
    Err(Failure::conflict(&named, text("name"), &why))
}

fn claims(account: &Object, audiences: Vec<String>, seconds: i64) -> Claims {
    let now = Timestamp::now().as_second();
    let (namespace, name) = (account.namespace(), account.name());
    Claims {
        aud: audiences,
        exp: now + seconds,
        iat: now,
        nbf: now,
        iss: ISSUER.to_owned(),
        jti: uuid::Uuid::new_v4().to_string(),
        sub: format!("system:serviceaccount:{namespace}:{name}"),
        kubernetes: KubernetesClaims {
            namespace: namespace.to_owned(),
            serviceaccount: AccountClaims {
                name: name.to_owned(),
                uid: account.uid().to_owned(),
            },
        },
    }
}
