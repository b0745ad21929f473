//! One watched collection, projected to what its reader needs and kept fresh by list and watch.
//!
//! The projection decides what is kept in memory per object; a change callback wakes readers. The callback runs inside the
//! watch task or the task that wrote, so it must only note the change (put a key into a queue).

mod held;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use kube::core::WatchEvent;
use parking_lot::RwLock;
use serde_json::Value;
use skein_object::{NamespacedName, Object};
use tokio::sync::watch;

use crate::client::{Cluster, ListOptions};
use crate::error::ApiError;
use crate::resource::ApiResource;

use held::HeldObjects;

/// How long one watch request lasts before it is renewed.
const WATCH_TIMEOUT: Duration = Duration::from_secs(290);
/// A watch that ends sooner is followed by a pause.
const SHORTEST_WATCH: Duration = Duration::from_secs(1);
/// First pause after a failed list or watch.
const RETRY_MIN: Duration = Duration::from_millis(200);
/// Longest pause after failed lists or watches.
const RETRY_MAX: Duration = Duration::from_secs(10);

/// What to watch.
#[derive(Clone, Debug, Default)]
pub struct WatchSpec {
    /// The resource.
    pub resource: ApiResource,
    /// Namespace, selectors, and whether only metadata are wanted.
    pub scope: ListOptions,
}

/// A change of one object, as the callback sees it.
pub struct Change<'a, T> {
    /// Which object.
    pub name: &'a NamespacedName,
    /// Before; `None` when it appeared.
    pub before: Option<&'a Arc<T>>,
    /// After; `None` when it went.
    pub after: Option<&'a Arc<T>>,
}

struct Inner<T> {
    held: HeldObjects<T>,
    synced: watch::Sender<bool>,
    away: watch::Sender<bool>,
    contact: RwLock<Contact>,
}

/// When the server was last heard of.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Time of the last list answer or watch event.
    pub at: Option<Instant>,
    /// Why there is no contact now, when there is none.
    pub problem: Option<String>,
}

/// One watched collection; watching stops when the last clone is dropped.
pub struct Cache<T> {
    inner: Arc<Inner<T>>,
    task: tokio::task::JoinHandle<()>,
}

impl<T> Drop for Cache<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// Starts watching in the background. `project` reduces each object to what is kept; `on_change` is told of every
    /// change, those of the first list included.
    pub fn start(
        cluster: Cluster,
        spec: WatchSpec,
        project: impl Fn(Object) -> T + Send + Sync + 'static,
        on_change: impl Fn(Change<'_, T>) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let inner = Arc::new(Inner {
            held: HeldObjects::new(Box::new(project), Box::new(on_change)),
            synced: watch::Sender::new(false),
            away: watch::Sender::new(false),
            contact: RwLock::new(Contact {
                at: None,
                problem: None,
            }),
        });
        let task = tokio::spawn(follow(cluster, spec, inner.clone()));
        Arc::new(Self { inner, task })
    }

    /// The projected object of that name.
    pub fn get(&self, name: &NamespacedName) -> Option<Arc<T>> {
        self.inner.held.get(name)
    }

    /// All projected objects with their names, in name order.
    pub fn list(&self) -> Vec<(NamespacedName, Arc<T>)> {
        self.inner.held.list()
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.inner.held.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the first list has arrived.
    pub fn is_synced(&self) -> bool {
        *self.inner.synced.borrow()
    }

    /// Waits for the first list; `false` when it did not come in time.
    pub async fn wait_synced(&self, limit: Duration) -> bool {
        let mut synced = self.inner.synced.subscribe();
        let outcome = tokio::time::timeout(limit, synced.wait_for(|synced| *synced)).await;
        matches!(outcome, Ok(Ok(_)))
    }

    /// When the server was last heard of, and why not since.
    pub fn contact(&self) -> Contact {
        self.inner.contact.read().clone()
    }

    /// Whether the server does not answer at all; refusals are answers. Ends with the watch.
    pub fn away(&self) -> watch::Receiver<bool> {
        self.inner.away.subscribe()
    }

    /// Puts in an object that a write just returned, so that readers see their own writes before the watch tells them; the
    /// callback is told what changed. Ignored when the watch was faster.
    pub fn put_own_write(&self, written: Object) {
        self.inner.held.put_own_write(written);
    }

    /// The answer to a write of ours after which the object is not one that this cache watches, for example without the labels
    /// that it selects by.
    pub fn leave_by_own_write(&self, written: &Object) {
        self.inner.held.leave_by_own_write(written);
    }
}

impl<T> Inner<T> {
    fn heard(&self) {
        *self.contact.write() = Contact {
            at: Some(Instant::now()),
            problem: None,
        };
        self.set_away(false);
    }

    fn lost(&self, error: &ApiError) {
        self.contact.write().problem = Some(error.to_string());
        self.set_away(error.is_unavailable());
    }

    fn set_away(&self, away: bool) {
        self.away
            .send_if_modified(|was_away| std::mem::replace(was_away, away) != away);
    }
}

async fn follow<T: Send + Sync + 'static>(cluster: Cluster, spec: WatchSpec, inner: Arc<Inner<T>>) {
    let mut pause = RETRY_MIN;
    let mut revision: Option<String> = None;
    loop {
        let begun = Instant::now();
        match follow_once(&cluster, &spec, &inner, &mut revision).await {
            Ok(()) if begun.elapsed() < SHORTEST_WATCH => {
                // A server that ends each watch at once must not be asked without end.
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_MAX);
            }
            Ok(()) => pause = RETRY_MIN,
            Err(error) => {
                if error.is_gone() {
                    revision = None;
                } else {
                    tracing::debug!(resource = %spec.resource.qualified_name(), %error, "watch interrupted");
                    inner.lost(&error);
                    if !error.is_unavailable() {
                        revision = None;
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_MAX);
            }
        }
    }
}

/// One list (unless a revision is known) and one watch; returns when the watch ends.
async fn follow_once<T: Send + Sync + 'static>(
    cluster: &Cluster,
    spec: &WatchSpec,
    inner: &Inner<T>,
    revision: &mut Option<String>,
) -> Result<(), ApiError> {
    let from = match revision {
        Some(revision) => revision.clone(),
        None => {
            let page = cluster.list(&spec.resource, &spec.scope).await?;
            inner.heard();
            inner.held.replace_all(page.items, &page.resource_version);
            inner.synced.send_replace(true);
            *revision = Some(page.resource_version.clone());
            page.resource_version
        }
    };
    let stream = cluster
        .watch(&spec.resource, &spec.scope, &from, WATCH_TIMEOUT)
        .await?;
    let mut stream = std::pin::pin!(stream);
    inner.heard();
    while let Some(event) = stream
        .try_next()
        .await
        .map_err(|e| ApiError::from_kube(cluster.server(), e))?
    {
        inner.heard();
        match event {
            WatchEvent::Added(value) | WatchEvent::Modified(value) => {
                remember_revision(&value, revision);
                if let Some(object) = readable(value, &spec.resource) {
                    inner.held.put(object);
                }
            }
            WatchEvent::Deleted(value) => {
                remember_revision(&value, revision);
                if let Some(object) = readable(value, &spec.resource) {
                    inner.held.remove(&object);
                }
            }
            WatchEvent::Bookmark(bookmark) => {
                inner.held.reached(&bookmark.metadata.resource_version);
                *revision = Some(bookmark.metadata.resource_version);
            }
            WatchEvent::Error(status) => return Err(ApiError::Status(status)),
        }
    }
    Ok(())
}

fn remember_revision(value: &Value, revision: &mut Option<String>) {
    if let Some(text) = value
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str)
    {
        *revision = Some(text.to_owned());
    }
}

/// One unreadable object must not stop the others: it is named in the log and passed over.
fn readable(value: Value, resource: &ApiResource) -> Option<Object> {
    match Object::from_value(value) {
        Ok(object) => Some(object),
        Err(error) => {
            tracing::warn!(resource = %resource.qualified_name(), %error, "unreadable object in a watch");
            None
        }
    }
}
