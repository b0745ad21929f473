//! A small Kubernetes client of its own, so that tests do not judge our client by itself.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::certificates::Identity;

/// Longer answers mean that the server hangs.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for a connection, its handshake included: a server that has just started on a busy machine takes seconds for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to one API server as one user.
#[derive(Debug, Clone)]
pub struct Api {
    client: reqwest::Client,
    url: String,
}

/// A refusal by the API server.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// The Status object, or the text where it is none.
    pub body: Value,
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.body["message"].as_str() {
            Some(message) => write!(formatter, "{}: {message}", self.status.as_u16()),
            None => write!(formatter, "{}: {}", self.status.as_u16(), self.body),
        }
    }
}

impl std::error::Error for ApiError {}

impl Api {
    /// With a client certificate.
    pub fn new(url: &str, authority: &str, identity: &Identity) -> Result<Self> {
        let pem = format!("{}{}", identity.certificate, identity.key);
        let identity = reqwest::Identity::from_pem(pem.as_bytes())?;
        let builder = builder(authority)?.identity(identity);
        Self::build(url, builder)
    }

    /// With a bearer token.
    pub fn with_token(url: &str, authority: Option<&str>, token: &str) -> Result<Self> {
        let mut value = http::HeaderValue::from_str(&format!("Bearer {token}"))?;
        value.set_sensitive(true);
        let headers = [(http::header::AUTHORIZATION, value)].into_iter().collect();
        let builder = match authority {
            Some(authority) => builder(authority)?,
            None => reqwest::Client::builder(),
        };
        Self::build(url, builder.default_headers(headers))
    }

    /// As the current context of a kubeconfig whose data is inline says.
    pub fn from_kubeconfig(kubeconfig: &Value) -> Result<Self> {
        let named = |list: &str, name: &Value| {
            let entries = kubeconfig[list].as_array().into_iter().flatten();
            entries
                .into_iter()
                .find(|entry| &entry["name"] == name)
                .cloned()
        };
        let context = named("contexts", &kubeconfig["current-context"])
            .context("the kubeconfig has no current context")?;
        let cluster = named("clusters", &context["context"]["cluster"])
            .context("the context's cluster is missing")?;
        let user =
            named("users", &context["context"]["user"]).context("the context's user is missing")?;
        let (cluster, user) = (&cluster["cluster"], &user["user"]);
        let url = cluster["server"].as_str().context("no server")?;
        let authority = decoded(&cluster["certificate-authority-data"])?;
        if let (Some(certificate), Some(key)) = (
            decoded(&user["client-certificate-data"])?,
            decoded(&user["client-key-data"])?,
        ) {
            let identity = Identity { certificate, key };
            return Self::new(url, &authority.unwrap_or_default(), &identity);
        }
        let token = user["token"].as_str().unwrap_or_default();
        Self::with_token(url, authority.as_deref(), token)
    }

    fn build(url: &str, builder: reqwest::ClientBuilder) -> Result<Self> {
        let client = builder
            .user_agent("tester")
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .context("building a client")?;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Address of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads an object, a list, or anything else that is JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, "", None).await
    }

    /// Reads an object that may be absent.
    pub async fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.get(path).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if status_of(&error) == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates an object below the path of its collection.
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.send(
            Method::POST,
            path,
            "application/json",
            Some(object.to_string()),
        )
        .await
    }

    /// Replaces an object.
    pub async fn replace(&self, path: &str, object: &Value) -> Result<Value> {
        self.send(
            Method::PUT,
            path,
            "application/json",
            Some(object.to_string()),
        )
        .await
    }

    /// Patches an object; the kind of patch is the middle of its media type: `merge`, `json`, `strategic-merge`, `apply`.
    pub async fn patch(&self, path: &str, kind: &str, patch: &Value) -> Result<Value> {
        let media_type = match kind {
            "apply" => "application/apply-patch+yaml".to_owned(),
            _ => format!("application/{kind}-patch+json"),
        };
        self.send(Method::PATCH, path, &media_type, Some(patch.to_string()))
            .await
    }

    /// Deletes an object in the background.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        let options =
            r#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"#;
        self.send(
            Method::DELETE,
            path,
            "application/json",
            Some(options.to_owned()),
        )
        .await
    }

    /// Opens a watch; the answer's body is one JSON event a line.
    pub async fn watch(&self, path: &str) -> Result<reqwest::Response> {
        let response = self.client.get(self.address(path)).send().await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        Err(refusal(status, &response.text().await?).into())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: Option<String>,
    ) -> Result<Value> {
        let mut request = self
            .client
            .request(method.clone(), self.address(path))
            .timeout(REQUEST_TIMEOUT);
        if let Some(body) = body {
            request = request
                .header(http::header::CONTENT_TYPE, media_type)
                .body(body);
        }
        let response = request
            .send()
            .await
            .with_context(|| format!("{method} {path}"))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .with_context(|| format!("reading the answer to {method} {path}"))?;
        if !status.is_success() {
            return Err(refusal(status, &text).into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// Status code of a refusal somewhere in the chain of an error.
pub fn status_of(error: &anyhow::Error) -> Option<StatusCode> {
    error.downcast_ref::<ApiError>().map(|error| error.status)
}

fn refusal(status: StatusCode, text: &str) -> ApiError {
    let body = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    ApiError { status, body }
}

fn decoded(field: &Value) -> Result<Option<String>> {
    let Some(text) = field.as_str() else {
        return Ok(None);
    };
    let bytes = STANDARD.decode(text).context("decoding base64")?;
    Ok(Some(String::from_utf8(bytes)?))
}

fn builder(authority: &str) -> Result<reqwest::ClientBuilder> {
    let certificate = reqwest::Certificate::from_pem(authority.as_bytes())?;
    Ok(reqwest::Client::builder().tls_certs_only([certificate]))
}
