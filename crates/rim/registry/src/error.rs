//! Why a registry did not give what was asked for, in the words of the clients that Flux uses.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// Longest part of an unknown error page that is told, in characters.
const MAX_PAGE_CHARACTERS: usize = 512;

/// One error that a registry tells.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Diagnostic {
    /// For example `MANIFEST_UNKNOWN`.
    #[serde(default)]
    pub code: String,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// More of it.
    #[serde(default)]
    pub detail: Value,
}

/// What went wrong.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The address names no repository.
    #[error(transparent)]
    Name(#[from] crate::name::NameError),
    /// No client could be made of the TLS material or the proxy.
    #[error(transparent)]
    Client(#[from] skein_http::ClientError),
    /// The registry cannot be reached.
    #[error("{} \"{url}\": {reason}", go_method(method))]
    Request {
        /// HTTP method.
        method: &'static str,
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The registry refused.
    #[error("{method} {url}: {}", refusal(*status, diagnostics, page))]
    Status {
        /// HTTP method.
        method: &'static str,
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
        /// What the registry tells.
        diagnostics: Vec<Diagnostic>,
        /// The beginning of an answer that is no list of errors.
        page: String,
    },
    /// The answer could not be read, or is too large.
    #[error("failed to read {url}: {source}")]
    Body {
        /// The address.
        url: String,
        /// What is wrong.
        source: skein_http::BodyError,
    },
    /// The bytes are not those that were asked for.
    #[error("content of {url} does not have the digest {expected}")]
    Digest {
        /// The address.
        url: String,
        /// The digest that was expected.
        expected: String,
    },
    /// The answer is not what the protocol wants.
    #[error("unexpected answer from {url}: {reason}")]
    Protocol {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The way of authentication that the registry asks for is refused.
    #[error("refused to authenticate to {host}: {reason}")]
    Challenge {
        /// The registry.
        host: String,
        /// Why.
        reason: String,
    },
}

impl RegistryError {
    /// HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The refusal as Helm's client tells it; the other errors as they are.
    pub fn in_words_of_helm(&self) -> String {
        let Self::Status {
            method,
            url,
            status,
            diagnostics,
            ..
        } = self
        else {
            return self.to_string();
        };
        let start = format!("{method} \"{url}\": response status code {status}");
        if diagnostics.is_empty() {
            return format!("{start}: {}", status_text(*status));
        }
        let told: Vec<String> = diagnostics
            .iter()
            .map(|diagnostic| {
                let code = diagnostic.code.to_lowercase().replace('_', " ");
                match (diagnostic.message.as_str(), &diagnostic.detail) {
                    ("", _) => code,
                    (message, Value::Null) => format!("{code}: {message}"),
                    (message, detail) => format!("{code}: {message}: {}", go_text(detail)),
                }
            })
            .collect();
        format!("{start}: {}", told.join("; "))
    }
}

/// Go's client writes `Get "url": reason`.
fn go_method(method: &str) -> String {
    let mut characters = method.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let rest = characters.as_str().to_ascii_lowercase();
    first.map_or_else(String::new, |first| format!("{first}{rest}"))
}

fn refusal(status: u16, diagnostics: &[Diagnostic], page: &str) -> String {
    let texts: Vec<String> = diagnostics.iter().map(text_of).collect();
    match (texts.as_slice(), page) {
        ([], "") => format!("unexpected status code {status} {}", status_text(status)),
        ([], page) => {
            let page: String = page.chars().take(MAX_PAGE_CHARACTERS).collect();
            let status_text = status_text(status);
            format!("unexpected status code {status} {status_text}: {page}")
        }
        ([one], _) => one.clone(),
        (several, _) => format!("multiple errors returned: {}", several.join("; ")),
    }
}

fn text_of(diagnostic: &Diagnostic) -> String {
    let text = format!("{}: {}", diagnostic.code, diagnostic.message);
    match &diagnostic.detail {
        Value::Null => text,
        detail => format!("{text}; {}", go_text(detail)),
    }
}

/// A value as Go prints it with `%v`.
fn go_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, field)| format!("{key}:{}", go_text(field)))
                .collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}

/// `Not Found`.
pub(crate) fn status_text(status: u16) -> &'static str {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
