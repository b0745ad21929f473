//! Answers written as HTTP responses.

use std::collections::HashSet;

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
    for header in told(warnings)
        .iter()
        .filter_map(|text| warning_header(text))
    {
        if !headers
            .get_all(WARNING)
            .iter()
            .any(|known| *known == header)
        {
            headers.append(WARNING, header);
        }
    }
}

/// The warnings that fit: where all together are too long, each is cut, and the last ones are left out. Limits are in
/// characters and kube-apiserver's own.
fn told(warnings: &[String]) -> Vec<&str> {
    const MAX_CHARACTERS: usize = 4_096;
    const MAX_CHARACTERS_WHEN_CUT: usize = 256;
    let mut seen = HashSet::new();
    let mut texts: Vec<&str> = warnings.iter().map(String::as_str).collect();
    texts.retain(|text| !text.is_empty() && seen.insert(*text));
    let all: usize = texts.iter().map(|text| text.chars().count()).sum();
    if all <= MAX_CHARACTERS {
        return texts;
    }
    let mut written = 0;
    let cut = texts.into_iter().map(|text| {
        let end = text.char_indices().nth(MAX_CHARACTERS_WHEN_CUT);
        &text[..end.map_or(text.len(), |(end, _)| end)]
    });
    cut.take_while(|text| {
        let fits = written < MAX_CHARACTERS;
        written += text.chars().count();
        fits
    })
    .collect()
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

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn warnings_that_are_too_long_together_are_cut() {
        let short: Vec<String> = (0..10).map(|n| format!("{n}{}", "ä".repeat(300))).collect();
        let told_whole = told(&short);
        assert_eq!(
            told_whole,
            short.iter().map(String::as_str).collect::<Vec<_>>()
        );
        let many: Vec<String> = (0..100)
            .map(|n| format!("{n:03}{}", "ä".repeat(300)))
            .collect();
        let cut = told(&many);
        assert_eq!(cut.len(), 16);
        assert!(cut.iter().all(|text| text.chars().count() == 256));
        assert_eq!(told(&["one".into(), "one".into(), String::new()]), ["one"]);
    }
}
