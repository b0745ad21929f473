//! Paths that name no resource: version, health, OpenAPI, metrics and the index.

use std::sync::atomic::Ordering;

use http::Method;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde_json::{Value, json};

use crate::api::{Api, Call};
use crate::authn::ISSUER;
use crate::failure::{Failure, Outcome};
use crate::negotiate::Encoding;
use crate::openapi;
use crate::respond::{self, Reply};
use crate::signing;

/// Git version that the server reports: clients compare versions with it.
const GIT_VERSION: &str = "v1.36.3+skein";

/// Where those that check tokens of ServiceAccounts begin.
const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// Where they find the key.
const OPENID_KEYS: &str = "/openid/v1/jwks";

/// Answers a path outside of the resources.
pub(crate) fn answer(api: &Api, call: &Call) -> Outcome<Reply> {
    let path = call.info.path.as_str();
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return Err(Failure::unsupported_method());
    }
    let path = path.trim_end_matches('/');
    if call.method == Method::HEAD
        && matches!(path, "/version" | OPENID_CONFIGURATION | OPENID_KEYS)
    {
        return Err(Failure::unsupported_method());
    }
    let reply = match path {
        "/version" => version(),
        "/healthz" | "/livez" | "/readyz" | "/healthz/ping" | "/livez/ping" | "/readyz/ping"
        | "/healthz/etcd" | "/livez/etcd" | "/readyz/etcd" => health(call),
        "/metrics" => metrics(api),
        OPENID_CONFIGURATION => openid(call, openid_configuration(api), "application/json")?,
        OPENID_KEYS => openid(call, openid_keys(api), "application/jwk-set+json")?,
        "" => index(api),
        _ if call.info.path.starts_with("/openapi/") => return openapi::answer(api, call),
        _ => respond::text(404, "404 page not found\n"),
    };
    Ok(reply)
}

fn version() -> Reply {
    let value = json!({
        "major": "1", "minor": "36",
        "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, architecture()),
    });
    respond::value(200, Encoding::Json, &value)
}

fn openid_configuration(api: &Api) -> Value {
    json!({
        "issuer": ISSUER, "jwks_uri": format!("https://{}{OPENID_KEYS}", api.address),
        "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [signing::ALGORITHM],
    })
}

fn openid_keys(api: &Api) -> Value {
    json!({"keys": [api.authenticator.key.published()]})
}

/// What anybody may keep for an hour.
fn openid(call: &Call, value: Value, content_type: &'static str) -> Outcome<Reply> {
    let accept = call.header("accept");
    let mut wanted = accept
        .split(',')
        .map(|part| part.split(';').next().unwrap_or_default().trim());
    if !wanted.any(|media| matches!(media, "" | "*/*") || media == content_type) {
        return Err(Failure::not_acceptable(&[content_type]));
    }
    let mut reply = respond::raw(200, content_type, value.to_string().into());
    let kept = HeaderValue::from_static("public, max-age=3600");
    reply.headers_mut().insert(CACHE_CONTROL, kept);
    Ok(reply)
}

/// Go's name of the processor architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Healthy, with the headers by which clients see that priority and fairness are on (and need no
/// limit of their own).
fn health(call: &Call) -> Reply {
    let text = if call.query.text("verbose").is_empty() && !call.query.flag("verbose") {
        "ok".to_owned()
    } else {
        let check = call.info.path.trim_start_matches('/');
        format!("[+]ping ok\n[+]etcd ok\n{check} check passed\n")
    };
    let mut reply = respond::text(200, text);
    for name in [
        "x-kubernetes-pf-flowschema-uid",
        "x-kubernetes-pf-prioritylevel-uid",
    ] {
        let uid = HeaderValue::from_static("00000000-0000-0000-0000-000000000000");
        reply.headers_mut().insert(name, uid);
    }
    reply
}

fn metrics(api: &Api) -> Reply {
    let requests = api.requests.load(Ordering::Relaxed);
    let watches = crate::api::MAX_WATCHES - api.watches.available_permits();
    respond::text(
        200,
        format!(
            "# TYPE apiserver_requests_total counter\napiserver_requests_total {requests}\n\
             # TYPE apiserver_longrunning_requests gauge\napiserver_longrunning_requests {watches}\n\
             # TYPE apiserver_store_revision gauge\napiserver_store_revision {}\n",
            api.store.revision()
        ),
    )
}

fn index(api: &Api) -> Reply {
    let mut paths: Vec<String> = [OPENID_CONFIGURATION, "/api", "/api/v1", "/apis", "/apis/"]
        .map(str::to_owned)
        .to_vec();
    for (group, versions) in api
        .registry
        .current()
        .groups
        .iter()
        .filter(|(g, _)| !g.is_empty())
    {
        paths.push(format!("/apis/{group}"));
        paths.extend(
            versions
                .iter()
                .map(|version| format!("/apis/{group}/{version}")),
        );
    }
    for path in [
        "/healthz",
        "/livez",
        "/metrics",
        "/openapi/v2",
        "/openapi/v3",
        OPENID_KEYS,
        "/readyz",
        "/version",
    ] {
        paths.push(path.to_owned());
    }
    respond::value(200, Encoding::Json, &json!({ "paths": paths }))
}
