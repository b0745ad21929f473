//! Every route refuses strangers, other hosts and other origins; every answer has the security headers.

use crate::client::TestHub;

/// Every route there is: those of the OpenAPI document, and those that are not API.
fn routes() -> Vec<(String, String)> {
    let document = serde_json::to_value(skein_hub::routes::openapi()).unwrap();
    let mut routes: Vec<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let path = path
                .replace("{cluster}", "staging")
                .replace("{group}", "kustomize.toolkit.fluxcd.io")
                .replace("{kind}", "Kustomization")
                .replace("{namespace}", "flux-system")
                .replace("{name}", "apps");
            let methods = methods.as_object().unwrap().keys();
            methods
                .map(move |method| (method.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(routes.len() >= 8, "{routes:?}");
    for path in [
        "/",
        "/index.html",
        "/assets/x.js",
        "/some/page",
        "/api/openapi.json",
        "/api/v2",
    ] {
        routes.push(("GET".into(), path.into()));
    }
    routes.push(("POST".into(), "/".into()));
    routes.push(("POST".into(), "/login".into()));
    routes
}

#[tokio::test]
async fn no_route_works_without_a_session() {
    let hub = TestHub::start().await;
    let origin = hub.origin();
    for (method, path) in routes() {
        for cookie in [
            "X-None: 1",
            "Cookie: skein_session_1=x; other=y",
            "Authorization: Bearer x",
        ] {
            let answer = hub.send(&method, &path, &[&origin, cookie], "").await;
            assert_eq!(answer.status, 401, "{method} {path} with {cookie}");
        }
    }
    assert!(hub.writer.written.lock().is_empty());
}

#[tokio::test]
async fn no_route_answers_under_another_host_or_to_another_origin() {
    let hub = TestHub::start().await;
    let (host, own) = (hub.host(), hub.origin());
    let port = hub.hub.address().port();
    for (method, path) in routes() {
        for bad in [
            "Host: evil.example",
            &format!("Host: evil.example:{port}"),
            "X-None: 1",
        ] {
            let answer = hub
                .send_raw(&method, &path, &[bad, &hub.cookie, &own], "")
                .await;
            // Without any Host header the HTTP layer itself may refuse.
            assert!(
                [400, 421].contains(&answer.status),
                "{method} {path} with {bad}"
            );
        }
        for bad in ["Origin: https://evil.example", "Origin: null"] {
            let answer = hub
                .send_raw(&method, &path, &[&host, &hub.cookie, bad], "")
                .await;
            assert_eq!(answer.status, 403, "{method} {path} with {bad}");
        }
        if method != "GET" {
            let answer = hub.send(&method, &path, &[&hub.cookie], "").await;
            assert_eq!(answer.status, 403, "{method} {path} without Origin");
        }
    }
    assert!(hub.writer.written.lock().is_empty());
}

#[tokio::test]
async fn the_login_address_works_once() {
    let hub = TestHub::start().await;
    let url = hub.hub.url_with_token();
    let path = format!("/login{}", url.split_once("/login").unwrap().1);
    let first = hub.send("GET", &path, &[], "").await;
    assert_eq!(first.status, 200);
    let cookie = first.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(hub.send("GET", &path, &[], "").await.status, 401);
    assert_eq!(
        hub.send("GET", "/login?token=guess", &[], "").await.status,
        401
    );
    assert_eq!(hub.send("GET", "/login", &[], "").await.status, 401);
    // Who is signed in and comes back to the old address simply goes on.
    assert_eq!(hub.send("GET", &path, &[&hub.cookie], "").await.status, 303);
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let hub = TestHub::start().await;
    assert_eq!(hub.get("/api/v1/clusters").await.status, 200);
    assert_eq!(hub.post("/api/v1/logout", "").await.status, 204);
    assert_eq!(hub.get("/api/v1/clusters").await.status, 401);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let hub = TestHub::start().await;
    for (path, cookie) in [
        ("/", hub.cookie.as_str()),
        ("/", "X: y"),
        ("/api/v1/clusters", &hub.cookie),
        ("/login", "X: y"),
    ] {
        let answer = hub.send("GET", path, &[cookie], "").await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn answers_of_every_route_are_in_the_document() {
    let document = serde_json::to_value(skein_hub::routes::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            for status in ["413", "421"] {
                let known = operation["responses"].get(status).is_some();
                assert!(known, "{method} {path} does not name {status}");
            }
            let known = operation["responses"].get("415").is_some();
            assert_eq!(known, operation.get("requestBody").is_some(), "{path}");
        }
    }
}

#[tokio::test]
async fn large_bodies_are_refused_by_every_route() {
    let hub = TestHub::start().await;
    let origin = hub.origin();
    let large = "x".repeat(skein_hub::server::MAX_BODY_BYTES + 1);
    for (method, path) in routes() {
        let answer = hub
            .send(&method, &path, &[&hub.cookie, &origin], &large)
            .await;
        assert_eq!(answer.status, 413, "{method} {path}");
        assert!(
            answer.header("content-type") == Some("application/problem+json")
                && answer.body.contains("larger than 65536 bytes"),
            "{method} {path}: {}",
            answer.body
        );
        // Who is not signed in learns nothing of limits.
        let answer = hub.send(&method, &path, &[&origin], &large).await;
        assert_eq!(answer.status, 401, "{method} {path} without a session");
    }
    assert!(hub.writer.written.lock().is_empty());
}
