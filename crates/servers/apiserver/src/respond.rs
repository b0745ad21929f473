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

/// The `Status` of a refusal.
pub(crate) fn failure(failure: &Failure, encoding: Encoding) -> Reply {
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

/// Adds `Warning` headers as kube-apiserver writes them.
pub(crate) fn warn(response: &mut Reply, warnings: &[String]) {
    for warning in warnings {
        let escaped = warning
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', " ");
        if let Ok(header) = HeaderValue::from_str(&format!("299 - \"{escaped}\"")) {
            response.headers_mut().append(WARNING, header);
        }
    }
}
