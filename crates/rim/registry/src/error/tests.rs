//! Refusals in the words of two clients.

use serde_json::json;

use super::*;

fn refused(method: &'static str, status: u16, errors: Value, page: &str) -> RegistryError {
    RegistryError::Status {
        method,
        url: "http://r/v2/a/manifests/v1".into(),
        status,
        diagnostics: serde_json::from_value(errors).unwrap(),
        page: page.into(),
    }
}

#[test]
fn refusals_are_told_as_users_know_them() {
    let unknown = json!([{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": "unknown tag=v1"}]);
    let error = refused("GET", 404, unknown, "");
    assert_eq!(
        error.to_string(),
        "GET http://r/v2/a/manifests/v1: MANIFEST_UNKNOWN: manifest unknown; unknown tag=v1"
    );
    assert_eq!(
        error.in_words_of_helm(),
        "GET \"http://r/v2/a/manifests/v1\": response status code 404: manifest unknown: manifest unknown: unknown tag=v1"
    );
    let plain = refused("GET", 503, json!([]), "");
    assert_eq!(
        plain.to_string(),
        "GET http://r/v2/a/manifests/v1: unexpected status code 503 Service Unavailable"
    );
    assert_eq!(
        plain.in_words_of_helm(),
        "GET \"http://r/v2/a/manifests/v1\": response status code 503: Service Unavailable"
    );
    let page = refused("GET", 500, json!([]), "<html>");
    assert!(
        page.to_string()
            .ends_with("500 Internal Server Error: <html>")
    );
    let several = json!([{"code": "A", "message": "a", "detail": {"k": [1, "x"]}}, {"code": "B", "message": "b"}]);
    let several = refused("GET", 400, several, "");
    assert!(
        several
            .to_string()
            .ends_with("multiple errors returned: A: a; map[k:[1 x]]; B: b")
    );
}
