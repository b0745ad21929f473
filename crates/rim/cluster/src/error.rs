//! What an API server answered instead of an object, and what went wrong on the way to it.

use kube::core::Status;
use thiserror::Error;

/// A failed request.
#[derive(Clone, Debug, Error)]
pub enum ApiError {
    /// The server answered with a Status; shown as the server's own words.
    #[error("{}", .0.message)]
    Status(Box<Status>),
    /// No answer: connection, TLS, timeout.
    #[error("{server}: {problem}")]
    Transport {
        /// Address of the API server.
        server: String,
        /// What happened, without credentials.
        problem: String,
    },
    /// No answer to the question what is served.
    #[error("{problem}")]
    NoDiscovery {
        /// Address of the API server.
        server: String,
        /// What happened, with the address.
        problem: String,
    },
    /// An answer that is no object, or a request that cannot be formed.
    #[error("{action}: {problem}")]
    Malformed {
        /// What was being done.
        action: String,
        /// Why it cannot be.
        problem: String,
    },
    /// No resource of that kind is served.
    #[error("no matches for kind {kind:?} in version {api_version:?}")]
    NoMatch {
        /// Kind that was asked for.
        kind: String,
        /// apiVersion that was asked for.
        api_version: String,
    },
}

impl ApiError {
    /// HTTP status code; 0 when there was no answer.
    pub fn code(&self) -> u16 {
        match self {
            Self::Status(status) => status.code,
            _ => 0,
        }
    }

    /// The Status reason (`NotFound`, `Conflict`, `Invalid` …); empty when there was no answer.
    pub fn reason(&self) -> &str {
        match self {
            Self::Status(status) => &status.reason,
            _ => "",
        }
    }

    /// 404.
    pub fn is_not_found(&self) -> bool {
        self.code() == 404
    }

    /// 409 of an update race or of field ownership.
    pub fn is_conflict(&self) -> bool {
        self.code() == 409 && self.reason() != "AlreadyExists"
    }

    /// 409 because the name is taken.
    pub fn is_already_exists(&self) -> bool {
        self.code() == 409 && self.reason() == "AlreadyExists"
    }

    /// 403.
    pub fn is_forbidden(&self) -> bool {
        self.code() == 403
    }

    /// 422: the object was refused by validation.
    pub fn is_invalid(&self) -> bool {
        self.code() == 422
    }

    /// 410: the resource version is too old.
    pub fn is_gone(&self) -> bool {
        self.code() == 410
    }

    /// The server did not answer, or answered that it cannot now: worth a retry without blame.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::NoDiscovery { .. } => true,
            // kube-apiserver answers 500 to an object that its schema cannot read, too: that one stays as it is.
            Self::Status(status) if status.code == 500 => !status
                .message
                .contains("failed to create typed patch object"),
            Self::Status(status) => matches!(status.code, 429 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// No resource of that kind is served.
    pub fn is_no_match(&self) -> bool {
        matches!(self, Self::NoMatch { .. })
    }

    /// Whether a field belongs to another manager.
    pub fn is_field_conflict(&self) -> bool {
        let Self::Status(status) = self else {
            return false;
        };
        let mut causes = status.details.iter().flat_map(|details| &details.causes);
        causes.any(|cause| cause.reason == "FieldManagerConflict")
    }

    /// The answer as Go's clients write such an error into logs: fields in the order of its types. None when the server did not answer.
    pub fn go_text(&self) -> Option<String> {
        let Self::Status(status) = self else {
            return None;
        };
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let field = |name: &str, text: &str| match text {
            "" => String::new(),
            text => format!("\"{name}\":{},", quoted(text)),
        };
        let details = status.details.as_ref().map(|details| {
            let causes: Vec<String> = details
                .causes
                .iter()
                .map(|cause| {
                    let fields = [
                        field("reason", &cause.reason),
                        field("message", &cause.message),
                        field("field", &cause.field),
                    ];
                    format!("{{{}}}", fields.concat().trim_end_matches(','))
                })
                .collect();
            let fields = [
                field("name", &details.name),
                field("group", &details.group),
                field("kind", &details.kind),
                field("uid", &details.uid),
                match causes.is_empty() {
                    true => String::new(),
                    false => format!("\"causes\":[{}],", causes.join(",")),
                },
            ];
            format!("\"details\":{{{}}},", fields.concat().trim_end_matches(','))
        });
        Some(format!(
            "{{\"ErrStatus\":{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",{}{}{}\"code\":{}}}}}",
            field("message", &status.message),
            field("reason", &status.reason),
            details.unwrap_or_default(),
            status.code
        ))
    }

    pub(crate) fn from_kube(server: &str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Status(status),
            kube::Error::SerdeError(error) => Self::Malformed {
                action: format!("reading the answer of {server}"),
                problem: error.to_string(),
            },
            other => Self::Transport {
                server: server.to_owned(),
                problem: refused(server, &other).unwrap_or_else(|| innermost(&other)),
            },
        }
    }
}

/// The words that users know from Go's client where nobody listens.
fn refused(server: &str, error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(current) = next {
        let io = current.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused) {
            let address = server.split_once("://").map_or(server, |(_, rest)| rest);
            let address = address.split('/').next().unwrap_or_default();
            return Some(format!("dial tcp {address}: connect: connection refused"));
        }
        next = current.source();
    }
    None
}

/// The chain of causes without repetition: outer layers of HTTP clients say little.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(current) = next {
        let text = current.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = current.source();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> ApiError {
        ApiError::Status(serde_json::from_str(text).unwrap())
    }

    /// As kube-apiserver 1.36 answers an apply of a field that another manager applied.
    const CONFLICT: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Apply failed with 1 conflict: conflict with \"one\": .data.k","reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"one\"","field":".data.k"}]},"code":409}"#;

    #[test]
    fn a_conflict_of_managers_is_told_apart_from_other_conflicts() {
        let conflict = answer(CONFLICT);
        assert!(conflict.is_field_conflict() && conflict.is_conflict());
        let race = answer(
            r#"{"kind":"Status","status":"Failure","message":"the object has been modified","reason":"Conflict","details":{"name":"a","kind":"configmaps"},"code":409}"#,
        );
        assert!(race.is_conflict() && !race.is_field_conflict());
        let invalid = answer(
            r#"{"kind":"Status","status":"Failure","message":"x","reason":"Invalid","details":{"causes":[{"reason":"FieldValueInvalid","message":"y","field":"z"}]},"code":422}"#,
        );
        assert!(!invalid.is_field_conflict() && !invalid.is_conflict());
        let unanswered = ApiError::Transport {
            server: "https://a".into(),
            problem: "FieldManagerConflict".into(),
        };
        assert!(!unanswered.is_field_conflict());
    }
}
