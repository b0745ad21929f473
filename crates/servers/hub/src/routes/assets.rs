//! The web page, embedded in the binary; without a build of it, a page that says how to make one.

use std::borrow::Cow;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../../web/dist"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";
/// Vite puts fingerprinted files there: a name never gets another content.
const FINGERPRINTED: &str = "assets/";

/// Serves a file of the page; paths without a dot belong to the page's own routing.
pub async fn serve(method: Method, uri: Uri) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "pages can only be read")
            .into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let path = if is_file { path } else { INDEX };
    match Dist::get(path) {
        Some(file) => {
            let mut response = file_response(path, file.data);
            if path.starts_with(FINGERPRINTED) {
                let forever = HeaderValue::from_static("private, max-age=31536000, immutable");
                response
                    .headers_mut()
                    .insert(header::CACHE_CONTROL, forever);
            }
            response
        }
        None if path == INDEX => Html(include_str!("not_built.html")).into_response(),
        None => Problem::not_found("such file").into_response(),
    }
}

fn file_response(path: &str, data: Cow<'static, [u8]>) -> Response {
    let kind = match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        data,
    )
        .into_response()
}
