//! One API server seen with one identity: typed verbs over untyped objects.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use kube::core::WatchEvent;
use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};

use crate::discovery::Discovery;
use crate::error::ApiError;
use crate::metering::{Answer, AnswerCounts, RequestCounts};
use crate::resource::{ApiResource, encode};

/// Longest wait for the answer to one request other than a watch.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Objects asked for in one page of a list.
pub const LIST_PAGE_OBJECTS: u32 = 500;

/// Who a request is made as, on top of the connection's own identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Impersonation {
    /// `Impersonate-User`.
    pub user: String,
    /// `Impersonate-Group`, any number.
    pub groups: Vec<String>,
}

/// One API server seen with one identity. Clones share connections, discovery and counters.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
    impersonation: Option<Arc<Impersonation>>,
}

struct Shared {
    connection: Connection,
    discovery: Discovery,
    counts: RequestCounts,
}

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

/// Options of a server-side apply.
#[derive(Clone, Debug, Default)]
pub struct ApplyOptions<'a> {
    /// Name that will own the fields.
    pub field_manager: &'a str,
    /// Take over fields that others own.
    pub force: bool,
    /// Let the server compute the result and store nothing.
    pub dry_run: bool,
    /// Refuse fields that the schema does not know.
    pub strict: bool,
    /// Subresource, for example `status`.
    pub subresource: Option<&'a str>,
}

/// What happens to the objects that an object owns when it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Owned objects are deleted afterwards.
    Background,
    /// Owned objects are deleted first.
    Foreground,
    /// Owned objects stay.
    Orphan,
}

/// Patches that merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// By the merge keys of the kind; built-in kinds only.
    Strategic,
    /// RFC 7386.
    Merge,
}

impl PatchKind {
    fn content_type(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
        }
    }
}

/// Options of a deletion.
#[derive(Clone, Debug, Default)]
pub struct DeleteOptions<'a> {
    /// What happens to owned objects; the server's default when absent.
    pub propagation: Option<Propagation>,
    /// Delete only the object with this uid.
    pub uid: Option<&'a str>,
}

/// Options of a list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Namespace; empty for all.
    pub namespace: String,
    /// Label selector; empty for all.
    pub label_selector: String,
    /// Field selector; empty for all.
    pub field_selector: String,
    /// Ask for metadata alone: objects come as PartialObjectMetadata.
    pub metadata_only: bool,
}

impl ListOptions {
    /// Asks for a list in the form that is wanted.
    fn accept_list(&self, request: http::request::Builder) -> http::request::Builder {
        self.accept(request, "PartialObjectMetadataList")
    }

    /// Asks for events. A kube-apiserver that is asked for lists here ends the watch at its first event.
    fn accept_events(&self, request: http::request::Builder) -> http::request::Builder {
        self.accept(request, "PartialObjectMetadata")
    }

    fn accept(&self, request: http::request::Builder, form: &str) -> http::request::Builder {
        if !self.metadata_only {
            return request;
        }
        let form = format!("application/json;as={form};g=meta.k8s.io;v=v1,application/json");
        request.header("accept", form)
    }
}

/// One complete list and the revision that it shows.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// The objects.
    pub items: Vec<Object>,
    /// Revision to watch from.
    pub resource_version: String,
}

impl Cluster {
    pub(crate) fn new(connection: Connection) -> Self {
        let shared = Shared {
            connection,
            discovery: Discovery::default(),
            counts: RequestCounts::default(),
        };
        Self {
            shared: Arc::new(shared),
            impersonation: None,
        }
    }

    /// The same server, acting as another user; connections, discovery and counters stay shared.
    /// An empty user is refused by falling back to no rights at all, never to the connection's own:
    /// the request carries the user name `system:anonymous`.
    pub fn impersonate(&self, mut impersonation: Impersonation) -> Self {
        if impersonation.user.is_empty() {
            impersonation.user = "system:anonymous".into();
        }
        Self {
            shared: self.shared.clone(),
            impersonation: Some(Arc::new(impersonation)),
        }
    }

    /// Who requests are made as, when not as the connection's own identity.
    pub fn impersonation(&self) -> Option<&Impersonation> {
        self.impersonation.as_deref()
    }

    /// Address of the API server.
    pub fn server(&self) -> &str {
        &self.shared.connection.server
    }

    /// Namespace of the kubeconfig's context, `default` when it names none.
    pub fn default_namespace(&self) -> &str {
        &self.shared.connection.default_namespace
    }

    /// Requests made so far.
    pub fn counts(&self) -> &RequestCounts {
        &self.shared.counts
    }

    /// How requests of this connection, and of all that share the counts, were answered.
    pub fn answers(&self) -> &AnswerCounts {
        &self.shared.connection.answers
    }

    /// The resource that serves a kind; asks discovery again when the kind is unknown.
    pub async fn resource(&self, gvk: &GroupVersionKind) -> Result<Arc<ApiResource>, ApiError> {
        self.shared.discovery.resource(self, gvk).await
    }

    /// All served resources (preferred and other versions).
    pub async fn resources(&self) -> Result<Vec<Arc<ApiResource>>, ApiError> {
        self.shared.discovery.resources(self).await
    }

    /// Forgets what discovery said: call after a CustomResourceDefinition changed.
    pub fn forget_discovery(&self) {
        self.shared.discovery.forget();
    }

    /// Lets [`Cluster::resources`] ask discovery again: call when definitions may have changed.
    pub fn renew_discovery(&self) {
        self.shared.discovery.mark_stale();
    }

    /// The same, if what discovery said is older than this.
    pub async fn renew_discovery_after(&self, age: Duration) {
        self.shared.discovery.mark_stale_after(age).await;
    }

    /// The server's version, as `/version` tells it.
    pub async fn version(&self) -> Result<Value, ApiError> {
        self.send("get", "version", Request::get("/version"), Vec::new())
            .await
    }

    /// One object, or `None` when there is none.
    pub async fn get(
        &self,
        resource: &ApiResource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Object>, ApiError> {
        let path = resource.object_path(namespace, name, None);
        match self
            .send("get", &resource.plural, Request::get(path), Vec::new())
            .await
        {
            Ok(value) => object(value, "get").map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects that match, fetched page by page at one revision.
    pub async fn list(
        &self,
        resource: &ApiResource,
        options: &ListOptions,
    ) -> Result<ListPage, ApiError> {
        let mut page = ListPage::default();
        let mut token = String::new();
        loop {
            let mut query = Query::default();
            query.add_unless_empty("labelSelector", &options.label_selector);
            query.add_unless_empty("fieldSelector", &options.field_selector);
            query.add("limit", &LIST_PAGE_OBJECTS.to_string());
            query.add_unless_empty("continue", &token);
            let uri = query.uri(resource.collection_path(&options.namespace));
            let request = options.accept_list(Request::get(uri));
            let mut answer = self
                .send("list", &resource.plural, request, Vec::new())
                .await?;
            if let Some(items) = answer.get_mut("items").and_then(Value::as_array_mut) {
                for item in std::mem::take(items) {
                    page.items.push(list_item(item, resource)?);
                }
            }
            let metadata = |field: &str| {
                answer
                    .pointer(&format!("/metadata/{field}"))
                    .and_then(Value::as_str)
                    .unwrap_or("")
            };
            page.resource_version = metadata("resourceVersion").to_owned();
            token = metadata("continue").to_owned();
            if token.is_empty() {
                return Ok(page);
            }
        }
    }

    /// Server-side apply of an object; returns what the server stored (or would store).
    pub async fn apply(
        &self,
        resource: &ApiResource,
        desired: &Object,
        options: &ApplyOptions<'_>,
    ) -> Result<Object, ApiError> {
        self.apply_telling(resource, desired, options)
            .await
            .map(|applied| applied.object)
    }

    /// Server-side apply that also tells whether the object was made by it.
    pub async fn apply_telling(
        &self,
        resource: &ApiResource,
        desired: &Object,
        options: &ApplyOptions<'_>,
    ) -> Result<Applied, ApiError> {
        let mut query = Query::default();
        if options.dry_run {
            query.add("dryRun", "All");
        }
        query.add("fieldManager", options.field_manager);
        if options.strict {
            query.add("fieldValidation", "Strict");
        }
        if options.force {
            query.add("force", "true");
        }
        let path = resource.object_path(desired.namespace(), desired.name(), options.subresource);
        let request =
            Request::patch(query.uri(path)).header("content-type", "application/apply-patch+yaml");
        let verb = if options.dry_run {
            "dryrun-apply"
        } else {
            "apply"
        };
        let body = json_bytes(desired)?;
        let (status, answer) = self
            .send_telling(verb, &resource.plural, request, body)
            .await?;
        Ok(Applied {
            status,
            object: object(answer, "apply")?,
        })
    }

    /// Creates an object.
    pub async fn create(
        &self,
        resource: &ApiResource,
        new: &Object,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let mut query = Query::default();
        query.add_unless_empty("fieldManager", field_manager);
        let request = Request::post(query.uri(resource.collection_path(new.namespace())))
            .header("content-type", "application/json");
        let answer = self
            .send("create", &resource.plural, request, json_bytes(new)?)
            .await?;
        object(answer, "create")
    }

    /// Replaces an object; its resourceVersion, when set, must be the stored one.
    pub async fn replace(
        &self,
        resource: &ApiResource,
        new: &Object,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let mut query = Query::default();
        query.add_unless_empty("fieldManager", field_manager);
        let path = resource.object_path(new.namespace(), new.name(), None);
        let request = Request::put(query.uri(path)).header("content-type", "application/json");
        let answer = self
            .send("update", &resource.plural, request, json_bytes(new)?)
            .await?;
        object(answer, "update")
    }

    /// JSON merge patch of an object or of a subresource.
    pub async fn merge_patch(
        &self,
        resource: &ApiResource,
        target: (&str, &str),
        subresource: Option<&str>,
        patch: &Value,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let request = PatchRequest {
            target,
            subresource,
            field_manager,
            dry_run: false,
        };
        self.patch(resource, &request, "application/merge-patch+json", patch)
            .await
    }

    /// JSON patch (RFC 6902) of an object or of a subresource.
    pub async fn json_patch(
        &self,
        resource: &ApiResource,
        target: (&str, &str),
        subresource: Option<&str>,
        patch: &Value,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let request = PatchRequest {
            target,
            subresource,
            field_manager,
            dry_run: false,
        };
        self.patch(resource, &request, "application/json-patch+json", patch)
            .await
    }

    /// A strategic or JSON merge patch of an object.
    pub async fn patch_as(
        &self,
        resource: &ApiResource,
        target: (&str, &str),
        kind: PatchKind,
        patch: &Value,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let request = PatchRequest {
            target,
            subresource: None,
            field_manager,
            dry_run: false,
        };
        self.patch(resource, &request, kind.content_type(), patch)
            .await
    }

    async fn patch(
        &self,
        resource: &ApiResource,
        request: &PatchRequest<'_>,
        content_type: &'static str,
        patch: &Value,
    ) -> Result<Object, ApiError> {
        let mut query = Query::default();
        if request.dry_run {
            query.add("dryRun", "All");
        }
        query.add_unless_empty("fieldManager", request.field_manager);
        let (namespace, name) = request.target;
        let path = resource.object_path(namespace, name, request.subresource);
        let verb = if request.subresource == Some("status") {
            "patch-status"
        } else {
            "patch"
        };
        let http = Request::patch(query.uri(path)).header("content-type", content_type);
        let answer = self
            .send(verb, &resource.plural, http, patch.to_string().into_bytes())
            .await?;
        object(answer, "patch")
    }

    /// Deletes an object; `false` when there was none.
    pub async fn delete(
        &self,
        resource: &ApiResource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions<'_>,
    ) -> Result<bool, ApiError> {
        let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        if let Some(propagation) = options.propagation {
            body["propagationPolicy"] = match propagation {
                Propagation::Background => "Background",
                Propagation::Foreground => "Foreground",
                Propagation::Orphan => "Orphan",
            }
            .into();
        }
        if let Some(uid) = options.uid {
            body["preconditions"] = json!({"uid": uid});
        }
        let request = Request::delete(resource.object_path(namespace, name, None))
            .header("content-type", "application/json");
        let bytes = body.to_string().into_bytes();
        match self.send("delete", &resource.plural, request, bytes).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A request of any kind with a JSON answer; `path` starts with a slash and may have a query.
    pub async fn raw(
        &self,
        method: http::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        let bytes = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        self.send("raw", "", request, bytes).await
    }

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
        let opened = tokio::time::timeout(
            REQUEST_TIMEOUT,
            self.shared.connection.client.request_events(request),
        );
        let opened = match opened.await {
            Ok(stream) => stream.map_err(|e| ApiError::from_kube(self.server(), e)),
            Err(_) => Err(self.timed_out()),
        };
        self.count_opened(&opened);
        opened
    }

    /// The body of an answer that is no JSON, read as it comes.
    pub(crate) async fn open(
        &self,
        builder: http::request::Builder,
    ) -> Result<impl futures::AsyncBufRead + use<>, ApiError> {
        self.shared.counts.count("get", "log");
        let request = self.finish(builder, Vec::new())?;
        let opened = tokio::time::timeout(
            REQUEST_TIMEOUT,
            self.shared.connection.client.request_stream(request),
        );
        let opened = match opened.await {
            Ok(body) => body.map_err(|e| ApiError::from_kube(self.server(), e)),
            Err(_) => Err(self.timed_out()),
        };
        self.count_opened(&opened);
        opened
    }

    fn count_answer(&self, method: &http::Method, status: Option<u16>) {
        let connection = &self.shared.connection;
        connection.answers.count(Answer {
            status,
            host: connection.host.clone(),
            method: method_name(method),
        });
    }

    /// Counts the answer to a request whose body comes by and by.
    fn count_opened<T>(&self, opened: &Result<T, ApiError>) {
        let status = match opened {
            Ok(_) => Some(http::StatusCode::OK.as_u16()),
            Err(ApiError::Status(status)) => Some(status.code),
            Err(_) => None,
        };
        self.count_answer(&http::Method::GET, status);
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
    async fn send_telling(
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

/// The answer to an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// HTTP status: 201 when the object was made, 200 when it was there.
    pub status: u16,
    /// The object as stored.
    pub object: Object,
}

struct PatchRequest<'a> {
    target: (&'a str, &'a str),
    subresource: Option<&'a str>,
    field_manager: &'a str,
    dry_run: bool,
}

#[derive(Default)]
struct Query(String);

impl Query {
    fn add(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(key);
        self.0.push('=');
        self.0.push_str(&encode(value));
    }

    fn add_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.add(key, value);
        }
    }

    fn uri(self, mut path: String) -> String {
        path.push_str(&self.0);
        path
    }
}

fn json_bytes(object: &Object) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(object.as_map()).map_err(|error| ApiError::Malformed {
        action: format!("writing {} as JSON", object.key()),
        problem: error.to_string(),
    })
}

fn object(value: Value, action: &str) -> Result<Object, ApiError> {
    Object::from_value(value).map_err(|error| ApiError::Malformed {
        action: format!("reading the answer to {action}"),
        problem: error.to_string(),
    })
}

/// Items of a list come without apiVersion and kind.
fn list_item(mut item: Value, resource: &ApiResource) -> Result<Object, ApiError> {
    if let Some(map) = item.as_object_mut() {
        map.entry("apiVersion")
            .or_insert_with(|| resource.gvk().api_version().into());
        map.entry("kind")
            .or_insert_with(|| resource.kind.clone().into());
    }
    object(item, "list")
}

#[cfg(test)]
mod tests {
    use super::ListOptions;

    #[test]
    fn watches_ask_for_events_and_lists_for_lists() {
        let options = ListOptions {
            metadata_only: true,
            ..ListOptions::default()
        };
        let accepted = |request: http::request::Builder| {
            let headers = request.headers_ref().expect("headers");
            headers["accept"].to_str().expect("a text").to_owned()
        };
        let events = accepted(options.accept_events(http::Request::get("/")));
        let list = accepted(options.accept_list(http::Request::get("/")));
        assert!(events.contains("as=PartialObjectMetadata;"), "{events}");
        assert!(!events.contains("List"), "a server ends such a watch");
        assert!(list.contains("as=PartialObjectMetadataList;"), "{list}");
    }
}
