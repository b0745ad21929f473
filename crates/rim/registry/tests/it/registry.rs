//! Tags, manifests and blobs.

use skein_registry::registry::digest;
use skein_registry::{Access, Credentials, Descriptor, Registry, Repository};

use crate::server::{Answer, Asked, Server, answer};

const MANIFEST: &str = r#"{"schemaVersion":2,"config":{"mediaType":"c","digest":"sha256:00","size":2},"layers":[{"mediaType":"l","digest":"sha256:11","size":5}],"annotations":{"a":"b"}}"#;

fn access(credentials: Credentials) -> Access {
    Access {
        credentials,
        ..Access::default()
    }
}

fn basic() -> Credentials {
    Credentials::Basic {
        username: "u".into(),
        password: "pw".into(),
    }
}

fn open(server: &Server, credentials: Credentials) -> Registry {
    let name = format!("{}/team/app", server.address);
    Registry::new(Repository::parse(&name).unwrap(), &access(credentials)).unwrap()
}

fn serve(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        "/v2/team/app/manifests/v1" => {
            let sum = digest(MANIFEST.as_bytes());
            answer(200, &[("docker-content-digest", &sum)], MANIFEST)
        }
        "/v2/team/app/tags/list?n=2" => answer(
            200,
            &[("link", "</v2/team/app/tags/list?last=b&n=2>; rel=\"next\"")],
            r#"{"tags":["a","b"]}"#,
        ),
        "/v2/team/app/tags/list?last=b&n=2" => answer(200, &[], r#"{"tags":["c"]}"#),
        "/v2/team/app/blobs/sha256:11" => answer(200, &[], "other"),
        path if path.starts_with("/v2/team/app/blobs/") => answer(200, &[], "hello"),
        _ => answer(
            404,
            &[],
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=v9"}]}"#,
        ),
    }
}

#[tokio::test]
async fn manifests_and_tags() {
    let server = Server::start(serve).await;
    let registry = open(&server, Credentials::Anonymous);
    let sum = registry.digest_of("v1").await.unwrap();
    assert_eq!(sum, digest(MANIFEST.as_bytes()));
    let manifest = registry.manifest("v1").await.unwrap();
    assert_eq!(manifest.layers.len(), 1);
    assert_eq!(manifest.annotations["a"], "b");
    assert_eq!(registry.tags(Some(2)).await.unwrap(), ["a", "b", "c"]);
    let error = registry.digest_of("v9").await.unwrap_err();
    let expected = format!(
        "GET http://{}/v2/team/app/manifests/v9: MANIFEST_UNKNOWN: manifest unknown; unknown tag=v9",
        server.address
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn blobs_are_limited_and_checked() {
    let server = Server::start(serve).await;
    let registry = open(&server, Credentials::Anonymous);
    let blob = |digest: &str, size| Descriptor {
        digest: digest.to_owned(),
        size,
        ..Descriptor::default()
    };
    let good = blob(&digest(b"hello"), 5);
    assert_eq!(registry.blob(&good, 5).await.unwrap(), b"hello");
    // A gigabyte is announced: nothing is asked for.
    let before = server.lines().len();
    let huge = blob("sha256:22", 1 << 30);
    let error = registry.blob(&huge, 1 << 20).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("exceeds the limit of 1048576 bytes")
    );
    assert_eq!(server.lines().len(), before);
    // The size is a lie: the answer is cut off at the limit.
    let error = registry
        .blob(&blob(&digest(b"hello"), 1), 4)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("exceeds the limit of 4 bytes"));
    let error = registry.blob(&blob("sha256:11", 5), 100).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("does not have the digest sha256:11")
    );
}

#[tokio::test]
async fn a_password_is_sent_when_it_is_asked_for() {
    let server = Server::start(|asked: &Asked| match &asked.authorization {
        None => answer(401, &[("www-authenticate", "Basic realm=\"r\"")], "{}"),
        Some(_) => serve(asked),
    })
    .await;
    let registry = open(&server, basic());
    registry.digest_of("v1").await.unwrap();
    registry.manifest("v1").await.unwrap();
    let sent = server.authorizations();
    let expected = Some("Basic dTpwdw==".to_owned());
    assert_eq!(sent, [None, expected.clone(), expected], "asked for once");
    let anonymous = open(&server, Credentials::Anonymous);
    assert_eq!(
        anonymous.manifest("v1").await.unwrap_err().status(),
        Some(401)
    );
}

#[tokio::test]
async fn tokens_are_fetched_from_their_service() {
    let tokens = Server::start(|asked: &Asked| {
        assert_eq!(asked.authorization.as_deref(), Some("Basic dTpwdw=="));
        assert!(asked.path.contains("scope=repository%3Ateam%2Fapp%3Apull"));
        answer(200, &[], r#"{"token":"t1"}"#)
    })
    .await;
    let realm = format!(
        "Bearer realm=\"http://{}/token\",service=\"s\",scope=\"repository:team/app:pull\"",
        tokens.address
    );
    let server = Server::start(move |asked: &Asked| match asked.authorization.as_deref() {
        Some("Bearer t1") => serve(asked),
        _ => answer(401, &[("www-authenticate", &realm)], "{}"),
    })
    .await;
    let registry = open(&server, basic());
    registry.manifest("v1").await.unwrap();
    registry.manifest("v1").await.unwrap();
    assert_eq!(tokens.lines().len(), 1, "the token is used again");
    let sent = server.authorizations();
    assert!(
        sent.iter().flatten().all(|value| value == "Bearer t1"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_no_credentials() {
    let other = Server::start(|_: &Asked| answer(200, &[], "hello")).await;
    let target = format!("http://localhost:{}/blob", other.address.port());
    let server = Server::start(move |asked: &Asked| match &asked.authorization {
        None => answer(401, &[("www-authenticate", "Basic")], "{}"),
        Some(_) => answer(307, &[("location", &target)], ""),
    })
    .await;
    let registry = open(&server, basic());
    let descriptor = Descriptor {
        digest: digest(b"hello"),
        size: 5,
        ..Descriptor::default()
    };
    assert_eq!(registry.blob(&descriptor, 10).await.unwrap(), b"hello");
    assert_eq!(other.authorizations(), [None]);
}

#[tokio::test]
async fn nonsense_is_an_error_in_words() {
    let server = Server::start(|asked: &Asked| match asked.path.as_str() {
        "/v2/team/app/manifests/html" => answer(200, &[], "<html>"),
        "/v2/team/app/manifests/loop" => {
            answer(307, &[("location", "/v2/team/app/manifests/loop")], "")
        }
        _ => answer(503, &[], ""),
    })
    .await;
    let registry = open(&server, Credentials::Anonymous);
    let error = registry.manifest("html").await.unwrap_err().to_string();
    assert!(error.contains("unexpected answer from"), "{error}");
    let error = registry.manifest("loop").await.unwrap_err().to_string();
    assert!(error.contains("too many redirects"), "{error}");
    let error = registry.manifest("v1").await.unwrap_err().to_string();
    assert!(
        error.ends_with("unexpected status code 503 Service Unavailable"),
        "{error}"
    );
}
