//! One API server seen with one identity: typed verbs over untyped objects.

mod options;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};

use crate::discovery::Discovery;
use crate::error::ApiError;
use crate::metering::{AnswerCounts, RequestCounts};
use crate::resource::ApiResource;
pub use options::{ApplyOptions, DeleteOptions, ListOptions, PatchKind, Propagation};
pub(crate) use transport::Connection;
use transport::Query;
pub use transport::REQUEST_TIMEOUT;

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
        let what = (PatchKind::Merge, subresource);
        self.patch(resource, target, what, patch, field_manager)
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
        let what = (PatchKind::Json, subresource);
        self.patch(resource, target, what, patch, field_manager)
            .await
    }

    /// A patch of any kind of an object itself.
    pub async fn patch_as(
        &self,
        resource: &ApiResource,
        target: (&str, &str),
        kind: PatchKind,
        patch: &Value,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        self.patch(resource, target, (kind, None), patch, field_manager)
            .await
    }

    async fn patch(
        &self,
        resource: &ApiResource,
        (namespace, name): (&str, &str),
        (kind, subresource): (PatchKind, Option<&str>),
        patch: &Value,
        field_manager: &str,
    ) -> Result<Object, ApiError> {
        let mut query = Query::default();
        query.add_unless_empty("fieldManager", field_manager);
        let path = resource.object_path(namespace, name, subresource);
        let verb = if subresource == Some("status") {
            "patch-status"
        } else {
            "patch"
        };
        let http = Request::patch(query.uri(path)).header("content-type", kind.content_type());
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
}

/// The answer to an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// HTTP status: 201 when the object was made, 200 when it was there.
    pub status: u16,
    /// The object as stored.
    pub object: Object,
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
