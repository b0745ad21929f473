//! Answers of the file server, as Go's gives them.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use tower::ServiceExt;

async fn get(root: &std::path::Path, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let router = skein_artifact::server::router(root.to_owned());
    router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn body(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data/kind/ns/name");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("abc.tar.gz"), "0123456789").unwrap();
    std::fs::write(folder.join("sha256:1.lock"), "").unwrap();
    std::fs::write(root.path().join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink(root.path().join("secret"), folder.join("leak")).unwrap();
    std::os::unix::fs::symlink(folder.join("abc.tar.gz"), folder.join("latest.tar.gz")).unwrap();
    root
}

#[tokio::test]
async fn files_listings_and_redirects() {
    let root = folder();
    let data = root.path().join("data");
    let file = get(&data, "/kind/ns/name/abc.tar.gz", &[]).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(file.headers()[header::CONTENT_TYPE], "application/gzip");
    assert_eq!(file.headers()[header::CONTENT_LENGTH], "10");
    assert_eq!(file.headers()[header::ACCEPT_RANGES], "bytes");
    assert_eq!(body(file).await, "0123456789");
    let link = get(&data, "/kind/ns/name/latest.tar.gz", &[]).await;
    assert_eq!(body(link).await, "0123456789");
    let bare = get(&data, "/kind/ns/name", &[]).await;
    assert_eq!(bare.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(bare.headers()[header::LOCATION], "name/");
    let listing = body(get(&data, "/kind/ns/name/", &[]).await).await;
    assert!(
        listing.starts_with("<!doctype html>\n<meta name=\"viewport\""),
        "{listing}"
    );
    assert!(
        listing.contains("<a href=\"./sha256:1.lock\">sha256:1.lock</a>\n"),
        "{listing}"
    );
    assert_eq!(get(&data, "/", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_and_what_leads_out() {
    let root = folder();
    let data = root.path().join("data");
    for path in [
        "/none",
        "/kind/ns/name/leak",
        "/../secret",
        "/kind/%2e%2e/%2e%2e/secret",
        "/kind/ns/name/..%2f..%2f..%2f..%2fsecret",
        "/%00",
        "/%zz",
    ] {
        let response = get(&data, path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            response.headers()[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff"
        );
        assert_eq!(body(response).await, "404 page not found\n");
    }
}

#[tokio::test]
async fn ranges_and_conditions() {
    let root = folder();
    let data = root.path().join("data");
    let path = "/kind/ns/name/abc.tar.gz";
    for (range, content, part) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-2", "bytes 8-9/10", "89"),
        ("bytes=5-100", "bytes 5-9/10", "56789"),
    ] {
        let response = get(&data, path, &[("range", range)]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(response.headers()[header::CONTENT_RANGE], content);
        assert_eq!(body(response).await, part);
    }
    let outside = get(&data, path, &[("range", "bytes=10-")]).await;
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(outside.headers()[header::CONTENT_RANGE], "bytes */10");
    let whole = get(&data, path, &[]).await;
    let date = whole.headers()[header::LAST_MODIFIED]
        .to_str()
        .unwrap()
        .to_owned();
    let same = get(&data, path, &[("if-modified-since", &date)]).await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    assert_eq!(
        get(&data, path, &[("if-modified-since", old)])
            .await
            .status(),
        StatusCode::OK
    );
    let stale = get(&data, path, &[("range", "bytes=0-1"), ("if-range", old)]).await;
    assert_eq!(stale.status(), StatusCode::OK);
}
