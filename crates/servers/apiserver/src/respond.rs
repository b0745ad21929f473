//! Answers written as HTTP responses.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WARNING};
use http::{Response, StatusCode};
use serde_json::Value;

use crate::failure::Failure;
use crate::negotiate::Encoding;

/// A finished response.
pub(crate) type Reply = Response<Body>;

/// A JSON or YAML response of a value.
pub(crate) fn value(code: u16, encoding: Encoding, value: &Value) -> Reply {
    let body = match encoding {
        Encoding::Json => {
            let mut text = value.to_string();
            text.push('\n');
            Bytes::from(text)
        }
        Encoding::Yaml => Bytes::from(skein_yaml::to_string(value)),
    };
    raw(code, encoding.content_type(), body)
}

/// A response of bytes that are encoded already.
pub(crate) fn raw(code: u16, content_type: &'static str, body: Bytes) -> Reply {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A plain text response, as health endpoints and unknown paths give.
pub(crate) fn text(code: u16, body: impl Into<String>) -> Reply {
    raw(code, "text/plain; charset=utf-8", Bytes::from(body.into()))
}

/// A response of nothing but its code.
pub(crate) fn empty(code: u16) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// The `Status` of a refusal.
pub(crate) fn failure(failure: &Failure, encoding: Encoding) -> Reply {
    if failure.is_plain {
        return text(failure.code, failure.message.as_str());
    }
    let mut response = value(failure.code, encoding, &failure.to_value());
    warn(&mut response, &failure.warnings);
    let seconds = failure
        .details
        .as_ref()
        .map_or(0, |details| details.retry_after_seconds);
    if seconds > 0 {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Adds `Warning` headers as kube-apiserver writes them, each text once.
pub(crate) fn warn(response: &mut Reply, warnings: &[String]) {
    let headers = response.headers_mut();
    for header in warnings.iter().filter_map(|text| warning_header(text)) {
        if !headers
            .get_all(WARNING)
            .iter()
            .any(|known| *known == header)
        {
            headers.append(WARNING, header);
        }
    }
}

/// Adds a `Warning` header before those that are there.
pub(crate) fn warn_first(response: &mut Reply, warning: &str) {
    let headers = response.headers_mut();
    let others: Vec<HeaderValue> = headers.get_all(WARNING).iter().cloned().collect();
    headers.remove(WARNING);
    for header in warning_header(warning).into_iter().chain(others) {
        headers.append(WARNING, header);
    }
}

fn warning_header(warning: &str) -> Option<HeaderValue> {
    let escaped = warning
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', " ");
    HeaderValue::from_str(&format!("299 - \"{escaped}\"")).ok()
}
