//! The two requests of smart HTTP: the list of refs, and a pack.

use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::ReaderStream;

use super::ServedRepositories;
use super::command::git;

/// Largest request, in bytes, compressed or not.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// Most programs that run at a time.
const MAX_PROGRAMS: usize = 16;
/// Longest wait for a free program.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest `Git-Protocol` header that is passed on, in bytes.
const MAX_PROTOCOL_BYTES: usize = 64;
const LIST_SUFFIX: &str = "/info/refs";
const PACK_SUFFIX: &str = "/git-upload-pack";

#[derive(Clone)]
struct Shared {
    repositories: ServedRepositories,
    programs: Arc<Semaphore>,
}

/// The routes for a set of repositories.
pub fn router(repositories: ServedRepositories) -> Router {
    let shared = Shared {
        repositories,
        programs: Arc::new(Semaphore::new(MAX_PROGRAMS)),
    };
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(shared)
}

async fn handle(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path();
    let answer = if let Some(name) = path.strip_suffix(LIST_SUFFIX) {
        match (&method, uri.query()) {
            (&Method::GET, Some("service=git-upload-pack")) => list(&shared, name, &headers).await,
            _ => Err(StatusCode::FORBIDDEN),
        }
    } else if let Some(name) = path.strip_suffix(PACK_SUFFIX) {
        match method {
            Method::POST => pack(&shared, name, &headers, body).await,
            _ => Err(StatusCode::METHOD_NOT_ALLOWED),
        }
    } else {
        Err(StatusCode::NOT_FOUND)
    };
    answer.unwrap_or_else(|status| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        response
    })
}

async fn list(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>, StatusCode> {
    let announcement = b"001e# service=git-upload-pack\n0000";
    let content_type = "application/x-git-upload-pack-advertisement";
    run(
        shared,
        name,
        headers,
        Some(announcement),
        Bytes::new(),
        content_type,
    )
    .await
}

async fn pack(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, StatusCode> {
    let body = match headers
        .get(header::CONTENT_ENCODING)
        .map(HeaderValue::as_bytes)
    {
        None | Some(b"identity") => body,
        Some(b"gzip" | b"x-gzip") => inflate(&body)?,
        Some(_) => return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    };
    run(
        shared,
        name,
        headers,
        None,
        body,
        "application/x-git-upload-pack-result",
    )
    .await
}

fn inflate(body: &[u8]) -> Result<Bytes, StatusCode> {
    let mut plain = Vec::new();
    let mut limited = flate2::read::GzDecoder::new(body).take(MAX_REQUEST_BYTES as u64 + 1);
    limited
        .read_to_end(&mut plain)
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    if plain.len() > MAX_REQUEST_BYTES {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(plain.into())
}

/// Starts `git upload-pack` and streams what it prints; with an announcement it lists refs only.
async fn run(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    announcement: Option<&'static [u8]>,
    input: Bytes,
    content_type: &'static str,
) -> Result<Response<Body>, StatusCode> {
    let folder = shared
        .repositories
        .folder(name)
        .ok_or(StatusCode::NOT_FOUND)?;
    let permit = tokio::time::timeout(QUEUE_TIMEOUT, Arc::clone(&shared.programs).acquire_owned())
        .await
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let mut command = git(&folder);
    command
        .args([
            "-c",
            "uploadpack.allowAnySHA1InWant=true",
            "-c",
            "uploadpack.allowFilter=true",
        ])
        .args(["upload-pack", "--stateless-rpc"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    if announcement.is_some() {
        command.arg("--advertise-refs");
    }
    if let Some(protocol) = protocol(headers) {
        command.env("GIT_PROTOCOL", protocol);
    }
    let mut child = command
        .arg(".")
        .spawn()
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let stdin = child.stdin.take();
    let stdout = child
        .stdout
        .take()
        .ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // A program that ends early closes its input: no error of ours.
            let _ = stdin.write_all(&input).await;
        }
    });
    // Version 2 clients expect no announcement, but accept it.
    let running = Running {
        stdout,
        _child: child,
        _permit: permit,
    };
    let stream = AsyncReadExt::chain(announcement.unwrap_or_default(), running);
    let mut response = Response::new(Body::from_stream(ReaderStream::new(stream)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Output of a program that is killed when nobody reads it any more.
struct Running {
    stdout: tokio::process::ChildStdout,
    _child: tokio::process::Child,
    _permit: OwnedSemaphorePermit,
}

impl tokio::io::AsyncRead for Running {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stdout).poll_read(context, buffer)
    }
}

/// The protocol version that the client asks for, when it is harmless.
fn protocol(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("git-protocol")?.to_str().ok()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "=:".contains(c);
    (value.len() <= MAX_PROTOCOL_BYTES && value.chars().all(allowed)).then_some(value)
}
