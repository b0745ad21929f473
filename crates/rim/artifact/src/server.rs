//! The file server of the storage: what Go's file server answers, confined to the storage.

mod conditional;
mod listing;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use conditional::{ByteRange, http_date, not_modified, requested_range};
use listing::list_directory;

/// Serves the files below a folder. Only GET and HEAD are answered; links out of the folder are
/// not followed.
pub fn router(root: PathBuf) -> Router {
    Router::new().fallback(serve).with_state(root)
}

async fn serve(
    State(root): State<PathBuf>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed\n");
    }
    let head = method == Method::HEAD;
    answer(&root, uri.path(), &headers, head)
        .await
        .unwrap_or_else(not_found)
}

/// The answer for a path; `None` when nothing is there.
async fn answer(
    root: &Path,
    url_path: &str,
    headers: &HeaderMap,
    head: bool,
) -> Option<Response<Body>> {
    let path = decode(url_path)?;
    let relative = path.trim_matches('/');
    let full = resolve(root, relative).await?;
    let metadata = tokio::fs::metadata(&full).await.ok()?;
    let last_name = url_path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match (metadata.is_dir(), path.ends_with('/')) {
        (true, false) => Some(redirect(&format!("{last_name}/"))),
        (false, true) => Some(redirect(&format!("../{last_name}"))),
        (true, true) => {
            let modified = metadata.modified().ok()?;
            if not_modified(headers, modified) {
                return Some(empty(StatusCode::NOT_MODIFIED, modified));
            }
            let mut response = html(list_directory(&full).await?, head);
            set(&mut response, header::LAST_MODIFIED, &http_date(modified));
            Some(response)
        }
        (false, false) => file(&full, &metadata, headers, head).await,
    }
}

/// The canonical path, when it is inside the root.
async fn resolve(root: &Path, relative: &str) -> Option<PathBuf> {
    if !relative.is_empty() {
        crate::tree::check_path(relative).ok()?;
    }
    let root = tokio::fs::canonicalize(root).await.ok()?;
    let full = tokio::fs::canonicalize(root.join(relative)).await.ok()?;
    full.starts_with(&root).then_some(full)
}

async fn file(
    path: &Path,
    metadata: &std::fs::Metadata,
    headers: &HeaderMap,
    head: bool,
) -> Option<Response<Body>> {
    let modified = metadata.modified().ok()?;
    let size = metadata.len();
    if not_modified(headers, modified) {
        return Some(empty(StatusCode::NOT_MODIFIED, modified));
    }
    let mut opened = tokio::fs::File::open(path).await.ok()?;
    let (status, start, length) = match requested_range(headers, size, modified) {
        ByteRange::Whole => (StatusCode::OK, 0, size),
        ByteRange::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
        ByteRange::Unsatisfiable => {
            let mut response = text(StatusCode::RANGE_NOT_SATISFIABLE, "invalid range\n");
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{size}"),
            );
            return Some(response);
        }
    };
    let body = if head {
        Body::empty()
    } else {
        opened.seek(std::io::SeekFrom::Start(start)).await.ok()?;
        Body::from_stream(ReaderStream::new(opened.take(length)))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, content_type(path));
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::LAST_MODIFIED, &http_date(modified));
    if status == StatusCode::PARTIAL_CONTENT {
        let last = start + length - 1;
        set(
            &mut response,
            header::CONTENT_RANGE,
            &format!("bytes {start}-{last}/{size}"),
        );
    }
    Some(response)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz" | "tgz") => "application/gzip",
        Some("yaml" | "yml") => "application/yaml",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// Percent-decoding; `None` for broken escapes and text that is not UTF-8.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn text(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn not_found() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

fn html(body: String, head: bool) -> Response<Body> {
    let length = body.len();
    let mut response = Response::new(if head {
        Body::empty()
    } else {
        Body::from(body)
    });
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/html; charset=utf-8",
    );
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    response
}

fn redirect(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    set(&mut response, header::LOCATION, location);
    response
}

fn empty(status: StatusCode, modified: SystemTime) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    set(&mut response, header::LAST_MODIFIED, &http_date(modified));
    response
}
