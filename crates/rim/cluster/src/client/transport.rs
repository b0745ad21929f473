//! One request on its way: identity, time limit, counting, and what came back.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use kube::core::WatchEvent;
use serde_json::Value;

use super::{Cluster, ListOptions};
use crate::error::ApiError;
use crate::metering::{Answer, AnswerCounts};
use crate::resource::{ApiResource, encode};

/// Longest wait for the answer to one request other than a watch.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What a cluster is reached with.
pub(crate) struct Connection {
    pub client: kube::Client,
    /// Address of the API server.
    pub server: String,
    /// Its host and port.
    pub host: Arc<str>,
    pub user_agent: HeaderValue,
    pub default_namespace: String,
    pub answers: AnswerCounts,
}

impl Cluster {
    /// The events of a watch from a revision on, until the server ends it.
    pub(crate) async fn watch(
        &self,
        resource: &ApiResource,
        options: &ListOptions,
        resource_version: &str,
        timeout: Duration,
    ) -> Result<impl futures::Stream<Item = Result<WatchEvent<Value>, kube::Error>> + use<>, ApiError>
    {
        let mut query = Query::default();
        query.add("watch", "true");
        query.add("allowWatchBookmarks", "true");
        query.add("resourceVersion", resource_version);
        query.add("timeoutSeconds", &timeout.as_secs().to_string());
        query.add_unless_empty("labelSelector", &options.label_selector);
        query.add_unless_empty("fieldSelector", &options.field_selector);
        let uri = query.uri(resource.collection_path(&options.namespace));
        self.shared.counts.count("watch", &resource.plural);
        let request = self.finish(options.accept_events(Request::get(uri)), Vec::new())?;
        self.opened(self.shared.connection.client.request_events(request))
            .await
    }

    /// The body of an answer that is no JSON, read as it comes.
    pub(crate) async fn open(
        &self,
        builder: http::request::Builder,
    ) -> Result<impl futures::AsyncBufRead + use<>, ApiError> {
        self.shared.counts.count("get", "log");
        let request = self.finish(builder, Vec::new())?;
        self.opened(self.shared.connection.client.request_stream(request))
            .await
    }

    fn count_answer(&self, method: &http::Method, status: Option<u16>) {
        let connection = &self.shared.connection;
        connection.answers.count(Answer {
            status,
            host: connection.host.clone(),
            method: method_name(method),
        });
    }

    /// Waits for the beginning of an answer whose body comes by and by, and counts it.
    async fn opened<T>(
        &self,
        request: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, ApiError> {
        let opened = match tokio::time::timeout(REQUEST_TIMEOUT, request).await {
            Ok(answer) => answer.map_err(|e| ApiError::from_kube(self.server(), e)),
            Err(_) => Err(self.timed_out()),
        };
        let status = match &opened {
            Ok(_) => Some(http::StatusCode::OK.as_u16()),
            Err(ApiError::Status(status)) => Some(status.code),
            Err(_) => None,
        };
        self.count_answer(&http::Method::GET, status);
        opened
    }

    fn timed_out(&self) -> ApiError {
        ApiError::Transport {
            server: self.server().to_owned(),
            problem: format!("no answer within {} s", REQUEST_TIMEOUT.as_secs()),
        }
    }

    fn finish(
        &self,
        mut builder: http::request::Builder,
        body: Vec<u8>,
    ) -> Result<Request<Vec<u8>>, ApiError> {
        builder = builder.header("user-agent", self.shared.connection.user_agent.clone());
        if let Some(impersonation) = &self.impersonation {
            builder = builder.header("impersonate-user", &impersonation.user);
            for group in &impersonation.groups {
                builder = builder.header("impersonate-group", group);
            }
        }
        builder.body(body).map_err(|error| ApiError::Malformed {
            action: "forming a request".into(),
            problem: error.to_string(),
        })
    }

    pub(crate) async fn send(
        &self,
        verb: &str,
        resource: &str,
        builder: http::request::Builder,
        body: Vec<u8>,
    ) -> Result<Value, ApiError> {
        self.send_telling(verb, resource, builder, body)
            .await
            .map(|(_, value)| value)
    }

    /// Sends a request; returns the HTTP status of success with the JSON answer.
    pub(super) async fn send_telling(
        &self,
        verb: &str,
        resource: &str,
        builder: http::request::Builder,
        body: Vec<u8>,
    ) -> Result<(u16, Value), ApiError> {
        self.shared.counts.count(verb, resource);
        let request = self.finish(builder, body)?;
        let method = request.method().clone();
        let mut told = None;
        let answered = async {
            let client = &self.shared.connection.client;
            let answer = client.send(request.map(kube::client::Body::from)).await;
            let answer = answer.map_err(|e| ApiError::from_kube(self.server(), e))?;
            let status = answer.status();
            told = Some(status.as_u16());
            let bytes = answer.into_body().collect_bytes().await;
            let bytes = bytes.map_err(|e| ApiError::from_kube(self.server(), e))?;
            self.read_answer(status, &bytes)
        };
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, answered).await;
        self.count_answer(&method, told);
        answer.unwrap_or_else(|_| Err(self.timed_out()))
    }

    fn read_answer(
        &self,
        status: http::StatusCode,
        bytes: &[u8],
    ) -> Result<(u16, Value), ApiError> {
        if status.is_success() {
            let value = serde_json::from_slice(bytes).map_err(|error| ApiError::Malformed {
                action: format!("reading the answer of {}", self.server()),
                problem: error.to_string(),
            })?;
            return Ok((status.as_u16(), value));
        }
        let refusal = serde_json::from_slice::<kube::core::Status>(bytes).unwrap_or_else(|_| {
            // A proxy in between, or a server that does not speak Kubernetes: its text may be long.
            let text: String = String::from_utf8_lossy(bytes).chars().take(200).collect();
            let mut made = kube::core::Status::failure(&text, "");
            made.code = status.as_u16();
            made
        });
        Err(ApiError::Status(Box::new(kube::core::Status {
            code: status.as_u16(),
            ..refusal
        })))
    }
}

/// Methods have few names: they are not copied for each request.
fn method_name(method: &http::Method) -> Cow<'static, str> {
    match *method {
        http::Method::GET => "GET".into(),
        http::Method::PATCH => "PATCH".into(),
        http::Method::POST => "POST".into(),
        http::Method::PUT => "PUT".into(),
        http::Method::DELETE => "DELETE".into(),
        _ => method.to_string().into(),
    }
}

/// The query of a request.
#[derive(Default)]
pub(super) struct Query(String);

impl Query {
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(key);
        self.0.push('=');
        self.0.push_str(&encode(value));
    }

    pub(super) fn add_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.add(key, value);
        }
    }

    pub(super) fn uri(self, mut path: String) -> String {
        path.push_str(&self.0);
        path
    }
}
