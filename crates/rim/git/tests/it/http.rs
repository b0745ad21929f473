//! Credentials, errors and deadlines over HTTP, in go-git's words.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect};
use skein_git::serve::{ServedRepositories, router};
use skein_git::{Access, Credentials, FetchRequest};

use crate::fixture::{Repository, branch, checkout, failure, request, serve, serve_router};

/// A server that wants basic authentication `u:right`.
async fn guarded(repository: &Repository) -> String {
    let served = ServedRepositories::new();
    served.insert("app.git", repository.path().to_owned());
    let guard = from_fn(|request: Request, next: Next| async move {
        // `u:right` in base64.
        match request.headers().get("authorization") {
            Some(value) if value == "Basic dTpyaWdodA==" => next.run(request).await,
            _ => (StatusCode::UNAUTHORIZED, "no").into_response(),
        }
    });
    serve_router(router(served).layer(guard)).await
}

fn with(url: &str, credentials: Credentials) -> FetchRequest {
    let access = Access {
        credentials,
        ..Access::default()
    };
    FetchRequest {
        access,
        ..request(url, branch("main"))
    }
}

fn basic(password: &str) -> Credentials {
    Credentials::Basic {
        username: "u".into(),
        password: password.into(),
    }
}

#[tokio::test]
async fn a_password_is_asked_for() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let base = guarded(&repository).await;
    let url = format!("{base}/app.git");
    checkout(&with(&url, basic("right"))).await;
    checkout(&request(
        &url.replace("http://", "http://u:right@"),
        branch("main"),
    ))
    .await;
    for credentials in [
        Credentials::Anonymous,
        basic("wrong"),
        Credentials::Bearer("abc".into()),
    ] {
        let mut request = with(&url, credentials);
        let error = failure(&request).await.to_string();
        assert_eq!(
            error,
            format!("unable to clone '{url}': authentication required: no")
        );
        request.last_revision = Some("main@sha1:0".into());
        let error = failure(&request).await.to_string();
        assert_eq!(
            error,
            format!("unable to list remote for '{url}': authentication required: no")
        );
    }
}

#[tokio::test]
async fn passwords_never_reach_a_message() {
    let url = "http://u:hunter2@127.0.0.1:9/x.git";
    let error = failure(&request(url, branch("main"))).await;
    assert_eq!(
        error.to_string(),
        "unable to clone 'http://u@127.0.0.1:9/x.git': Get \"http://127.0.0.1:9/x.git/info/refs?service=git-upload-pack\": dial tcp 127.0.0.1:9: connect: connection refused"
    );
    let request = with(url, basic("hunter3"));
    for text in [format!("{error:?}"), format!("{:?}", request.access)] {
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[tokio::test]
async fn statuses_and_answers_that_are_no_git() {
    let repository = Repository::new();
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/none.git");
    let error = failure(&request(&url, branch("main"))).await;
    assert_eq!(
        error.to_string(),
        format!("unable to clone '{url}': repository not found: ")
    );
    let down = axum::Router::new().fallback(|| async { StatusCode::SERVICE_UNAVAILABLE });
    let base = serve_router(down).await;
    let url = format!("{base}/app.git");
    let error = failure(&request(&url, branch("main"))).await;
    assert_eq!(
        error.to_string(),
        format!(
            "unable to clone '{url}': unexpected client error: unexpected requesting \"{url}/info/refs?service=git-upload-pack\" status code: 503"
        )
    );
    let page = axum::Router::new().fallback(|| async { "<html>sign in</html>" });
    let base = serve_router(page).await;
    let error = failure(&request(&format!("{base}/app.git"), branch("main"))).await;
    assert!(error.to_string().contains("smart git protocol"), "{error}");
}

#[tokio::test]
async fn the_deadline_ends_a_slow_server() {
    let slow = axum::Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(600)).await;
    });
    let base = serve_router(slow).await;
    let url = format!("{base}/app.git");
    let mut request = request(&url, branch("main"));
    request.timeout = Duration::from_millis(50);
    let error = failure(&request).await.to_string();
    assert_eq!(
        error,
        format!(
            "unable to clone '{url}': Get \"{url}/info/refs?service=git-upload-pack\": context deadline exceeded"
        )
    );
}

#[tokio::test]
async fn a_redirect_is_followed_and_credentials_stay_with_their_host() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let served = ServedRepositories::new();
    served.insert("app.git", repository.path().to_owned());
    let record = from_fn(move |request: Request, next: Next| {
        let authorization = request
            .headers()
            .get("authorization")
            .map(|v| format!("{v:?}"));
        log.lock().unwrap().push(authorization.unwrap_or_default());
        next.run(request)
    });
    let target = serve_router(router(served).layer(record)).await;
    let moved = axum::Router::new().fallback(move |uri: axum::http::Uri| {
        let target = format!("{target}{uri}");
        async move { Redirect::temporary(&target) }
    });
    let base = serve_router(moved).await;
    checkout(&with(&format!("{base}/app.git"), basic("secret"))).await;
    assert_eq!(
        *seen.lock().unwrap(),
        ["", ""],
        "another port is another host"
    );
}

#[tokio::test]
async fn the_conversation_is_one_list_and_one_shallow_pack() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let served = ServedRepositories::new();
    served.insert("app.git", repository.path().to_owned());
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let record = from_fn(move |request: Request, next: Next| {
        log.lock()
            .unwrap()
            .push(describe(request.method(), request.uri(), request.headers()));
        next.run(request)
    });
    let base = serve_router(router(served).layer(record)).await;
    checkout(&with(
        &format!("{base}/app.git"),
        Credentials::Bearer("tok".into()),
    ))
    .await;
    let agent = format!("git/skein/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            format!("GET /app.git/info/refs?service=git-upload-pack {agent} Bearer tok"),
            format!("POST /app.git/git-upload-pack {agent} Bearer tok"),
        ]
    );
}

fn describe(method: &axum::http::Method, uri: &axum::http::Uri, headers: &HeaderMap) -> String {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    };
    format!(
        "{method} {uri} {} {}",
        header("user-agent"),
        header("authorization")
    )
}
