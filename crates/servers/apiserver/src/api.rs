//! One cluster's API: its state, and the way of a request through authentication, authorisation and handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use skein_store::Cluster;
use tokio::sync::{Semaphore, watch};

use crate::authn::{Authenticator, User};
use crate::failure::{Failure, Outcome};
use crate::request::{Query, RequestInfo};
use crate::resource::{Registry, Resource};
use crate::respond::{self, Reply};
use crate::{
    authz, delete, discovery, negotiate, nonresource, patch, read, reviews, subresources,
    watch as watching, write,
};

/// How many watches one cluster serves at a time.
pub(crate) const MAX_WATCHES: usize = 4_096;

/// One cluster.
pub(crate) struct Api {
    pub(crate) name: String,
    pub(crate) store: Cluster,
    pub(crate) registry: Registry,
    pub(crate) authenticator: Authenticator,
    /// `host:port` that clients use.
    pub(crate) address: String,
    /// The CA certificate in PEM, published in `kube-root-ca.crt`.
    pub(crate) ca_pem: String,
    pub(crate) watches: Arc<Semaphore>,
    pub(crate) requests: AtomicU64,
    /// Becomes true when the server stops; long requests end then.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A request whose body has been read.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) info: RequestInfo,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) user: User,
}

impl Call {
    /// A header as text; empty when absent or not text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// The wall clock, to the second, as object metadata has it.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The wall clock some seconds from now.
pub(crate) fn after(seconds: i64) -> String {
    let then = Timestamp::now().checked_add(jiff::SignedDuration::from_secs(seconds));
    let then = then.unwrap_or_else(|_| Timestamp::now());
    then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Api {
    /// Answers a request. Refusals become `Status` objects.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        method: Method,
        path: &str,
        query: &str,
        headers: HeaderMap,
        body: Outcome<Bytes>,
    ) -> Reply {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let query = Query::parse(query);
        let info = RequestInfo::parse(&method, path, &query);
        let encoding = negotiate::encoding(&headers);
        let result = async {
            let user = self.authenticator.identify(self, &headers)?;
            let user = authz::impersonate(self, user, &headers)?;
            authz::check(self, &user, &info)?;
            let call = Call {
                method,
                info,
                query,
                headers,
                body: body?,
                user,
            };
            self.dispatch(&call).await
        }
        .await;
        result.unwrap_or_else(|failure| respond::failure(&failure, encoding))
    }

    async fn dispatch(self: &Arc<Self>, call: &Call) -> Outcome<Reply> {
        if !call.info.is_resource {
            return match discovery::answer(self, call)? {
                Some(reply) => Ok(reply),
                None => nonresource::answer(self, call),
            };
        }
        let known = self.registry.current().has_group(&call.info.group);
        if !known {
            return Ok(respond::text(404, "404 page not found\n"));
        }
        let resource = self.resource(&call.info)?;
        // Only custom resources are read by whoever asks for their headers.
        let is_head = call.method == http::Method::HEAD && resource.custom.is_none();
        if call.info.verb.is_empty() || is_head {
            return Err(Failure::unsupported_method());
        }
        let outcome = if call.info.subresource.is_empty() {
            self.dispatch_resource(call, &resource).await
        } else {
            subresources::answer(self, call, &resource).await
        };
        let Some(deprecation) = resource.deprecation() else {
            return outcome;
        };
        // What the kind itself warns of comes before what is wrong with the request.
        match outcome {
            Ok(mut reply) => {
                respond::warn_first(&mut reply, &deprecation);
                Ok(reply)
            }
            Err(mut failure) => {
                failure.warnings.insert(0, deprecation);
                Err(failure)
            }
        }
    }

    async fn dispatch_resource(
        self: &Arc<Self>,
        call: &Call,
        resource: &Arc<Resource>,
    ) -> Outcome<Reply> {
        let verb = call.info.verb;
        let named = !call.info.name.is_empty();
        let misplaced = match verb {
            "create" => named,
            "update" | "patch" => !named,
            _ => false,
        };
        // Over all namespaces there are only lists and watches.
        let scattered = resource.namespaced
            && call.info.namespace.is_empty()
            && !matches!(verb, "list" | "watch");
        if misplaced || scattered || !resource.allows(verb) {
            return Err(Failure::unsupported_method());
        }
        if verb == "create" && reviews::is_review(resource) {
            return reviews::answer(self, call, resource);
        }
        match verb {
            "get" => read::get(self, call, resource),
            "list" => read::list(self, call, resource),
            "watch" => watching::watch(self, call, resource),
            "create" => write::create(self, call, resource).await,
            "update" => write::update(self, call, resource, None).await,
            "patch" => patch::patch(self, call, resource, None).await,
            "delete" => delete::delete(self, call, resource).await,
            "deletecollection" => delete::delete_collection(self, call, resource).await,
            _ => Err(Failure::unsupported_method()),
        }
    }

    /// The resource that a path names.
    fn resource(&self, info: &RequestInfo) -> Outcome<Arc<Resource>> {
        let index = self.registry.current();
        let found = index.find(&info.group, &info.version, &info.resource);
        let absent = || index.nothing_there(&info.group);
        let found = found.ok_or_else(absent)?;
        let in_namespace = !info.namespace.is_empty() && info.resource != "namespaces";
        let fits = if found.namespaced {
            // Without a namespace only lists and watches over all of them make sense.
            in_namespace || info.name.is_empty()
        } else {
            !in_namespace
        };
        if fits { Ok(found) } else { Err(absent()) }
    }
}
