//! The client: digest, absence, retries, and reading our own storage without HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use skein_artifact::{Artifact, DownloadError, Downloader};

use crate::storage::{location, storage};

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn artifact(url: String) -> Artifact {
    // Digest of "right".
    let digest = "sha256:27042f4e6eca7d0b2a7ee4026df2ecfa51d3339e6d122aa099118ecd8563bad9";
    Artifact {
        digest: digest.into(),
        url,
        ..Artifact::default()
    }
}

#[tokio::test]
async fn errors_are_told_apart() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let flaky = get(move || {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if call == 0 {
                Err(StatusCode::SERVICE_UNAVAILABLE)
            } else {
                Ok("wrong")
            }
        }
    });
    let router = Router::new()
        .route("/flaky", flaky)
        .route("/down", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
    let base = serve(router).await;
    let client = Downloader::new(1).unwrap();
    let absent = client.fetch(&artifact(format!("{base}/none"))).await;
    assert!(matches!(absent, Err(DownloadError::NotFound { .. })));
    let wrong = client.fetch(&artifact(format!("{base}/flaky"))).await;
    assert!(matches!(wrong, Err(DownloadError::Digest { .. })));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let down = client.fetch(&artifact(format!("{base}/down"))).await;
    assert!(matches!(down, Err(DownloadError::Request { .. })));
}

#[tokio::test]
async fn a_request_ends_in_time() {
    let router = Router::new().route("/slow", get(std::future::pending::<&'static str>));
    let base = serve(router).await;
    let limit = std::time::Duration::from_millis(50);
    let client = Downloader::new(1).unwrap().with_timeout(limit);
    let slow = client.fetch(&artifact(format!("{base}/slow"))).await;
    assert!(matches!(slow, Err(DownloadError::Request { .. })));
}

#[tokio::test]
async fn our_own_artifacts_are_read_from_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let storage = Arc::new(storage(root.path()));
    let stored = storage
        .store_bytes(&location("a"), "1", b"bytes", skein_api::Time::default())
        .unwrap();
    // The host does not resolve: only the folder can answer.
    let client = Downloader::new(0).unwrap().with_local(Arc::clone(&storage));
    assert_eq!(client.fetch(&stored).await.unwrap(), b"bytes");
    let plain = Downloader::new(0).unwrap();
    assert!(plain.fetch(&stored).await.is_err());
}
