//! Paths that name no resource: version, health, OpenAPI, metrics and the index.

use std::sync::atomic::Ordering;

use http::Method;
use http::header::HeaderValue;
use serde_json::json;

use crate::api::{Api, Call};
use crate::failure::{Failure, Outcome};
use crate::negotiate::Encoding;
use crate::openapi;
use crate::respond::{self, Reply};

/// Git version that the server reports: clients compare versions with it.
const GIT_VERSION: &str = "v1.36.3+skein";

/// Answers a path outside of the resources.
pub(crate) fn answer(api: &Api, call: &Call) -> Outcome<Reply> {
    let path = call.info.path.as_str();
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return Err(Failure::unsupported_method());
    }
    let reply = match path.trim_end_matches('/') {
        "/version" => version(),
        "/healthz" | "/livez" | "/readyz" | "/healthz/ping" | "/livez/ping" | "/readyz/ping"
        | "/healthz/etcd" | "/livez/etcd" | "/readyz/etcd" => health(call),
        "/metrics" => metrics(api),
        "" => index(api),
        _ if path.starts_with("/openapi/") => return openapi::answer(api, call),
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
    let mut paths: Vec<String> = ["/api", "/api/v1", "/apis", "/apis/"]
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
        "/readyz",
        "/version",
    ] {
        paths.push(path.to_owned());
    }
    respond::value(200, Encoding::Json, &json!({ "paths": paths }))
}
