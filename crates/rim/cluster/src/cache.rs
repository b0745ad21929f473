//! One watched collection, projected to what its reader needs and kept fresh by list and watch.
//!
//! The projection decides what is kept in memory per object; a change callback wakes readers. The callback runs inside the
//! watch task, so it must only note the change (put a key into a queue).

use std::collections::HashMap;
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

/// How long one watch request lasts before it is renewed.
const WATCH_TIMEOUT: Duration = Duration::from_secs(290);
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

type Project<T> = Box<dyn Fn(Object) -> T + Send + Sync>;
type OnChange<T> = Box<dyn Fn(Change<'_, T>) + Send + Sync>;

/// One object with its revision: an older event that comes late must not replace a newer state.
struct Held<T> {
    revision: Option<u64>,
    value: Arc<T>,
}

/// The revision as a number, as far as the server writes it so (all that keep Kubernetes' promise of comparable revisions do).
fn revision_of(object: &Object) -> Option<u64> {
    object.resource_version().parse().ok()
}

impl<T> Held<T> {
    fn is_newer_than(&self, revision: Option<u64>) -> bool {
        matches!((self.revision, revision), (Some(held), Some(other)) if held > other)
    }
}

struct Inner<T> {
    items: RwLock<HashMap<NamespacedName, Held<T>>>,
    project: Project<T>,
    on_change: OnChange<T>,
    synced: watch::Sender<bool>,
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
            items: RwLock::new(HashMap::new()),
            project: Box::new(project),
            on_change: Box::new(on_change),
            synced: watch::Sender::new(false),
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
        self.inner
            .items
            .read()
            .get(name)
            .map(|held| held.value.clone())
    }

    /// All projected objects with their names, in name order.
    pub fn list(&self) -> Vec<(NamespacedName, Arc<T>)> {
        let mut list: Vec<_> = self
            .inner
            .items
            .read()
            .iter()
            .map(|(k, v)| (k.clone(), v.value.clone()))
            .collect();
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.inner.items.read().len()
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

    /// Puts in an object that a write just returned, so that readers see their own writes before the watch tells them. Ignored
    /// when the watch was faster and has told something newer.
    pub fn put_own_write(&self, written: Object) {
        let (name, revision) = (written.namespaced_name(), revision_of(&written));
        let value = Arc::new((self.inner.project)(written));
        let mut items = self.inner.items.write();
        if items
            .get(&name)
            .is_some_and(|held| held.is_newer_than(revision) || revision.is_none())
        {
            return;
        }
        items.insert(name, Held { revision, value });
    }
}

impl<T> Inner<T> {
    fn heard(&self) {
        *self.contact.write() = Contact {
            at: Some(Instant::now()),
            problem: None,
        };
    }

    fn lost(&self, problem: String) {
        self.contact.write().problem = Some(problem);
    }

    fn put(&self, object: Object) {
        let (name, revision) = (object.namespaced_name(), revision_of(&object));
        let after = Arc::new((self.project)(object));
        let before = {
            let mut items = self.items.write();
            if items
                .get(&name)
                .is_some_and(|held| held.is_newer_than(revision))
            {
                return;
            }
            let held = Held {
                revision,
                value: after.clone(),
            };
            items.insert(name.clone(), held).map(|held| held.value)
        };
        (self.on_change)(Change {
            name: &name,
            before: before.as_ref(),
            after: Some(&after),
        });
    }

    /// Removes an object; with a revision only when nothing newer is held: the object was made again.
    fn remove(&self, name: &NamespacedName, revision: Option<u64>) {
        let before = {
            let mut items = self.items.write();
            if items
                .get(name)
                .is_some_and(|held| held.is_newer_than(revision))
            {
                return;
            }
            items.remove(name).map(|held| held.value)
        };
        if before.is_some() {
            (self.on_change)(Change {
                name,
                before: before.as_ref(),
                after: None,
            });
        }
    }

    fn replace_all(&self, objects: Vec<Object>) {
        // A list is the truth, also when the server was set back to an older state.
        for held in self.items.write().values_mut() {
            held.revision = None;
        }
        let mut gone: std::collections::HashSet<NamespacedName> =
            self.items.read().keys().cloned().collect();
        for object in objects {
            gone.remove(&object.namespaced_name());
            self.put(object);
        }
        for name in gone {
            self.remove(&name, None);
        }
    }
}

async fn follow<T: Send + Sync + 'static>(cluster: Cluster, spec: WatchSpec, inner: Arc<Inner<T>>) {
    let mut pause = RETRY_MIN;
    let mut revision: Option<String> = None;
    loop {
        match follow_once(&cluster, &spec, &inner, &mut revision).await {
            Ok(()) => pause = RETRY_MIN,
            Err(error) => {
                if error.is_gone() {
                    revision = None;
                } else {
                    tracing::debug!(resource = %spec.resource.qualified_name(), %error, "watch interrupted");
                    inner.lost(error.to_string());
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
            inner.replace_all(page.items);
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
                    inner.put(object);
                }
            }
            WatchEvent::Deleted(value) => {
                remember_revision(&value, revision);
                if let Some(object) = readable(value, &spec.resource) {
                    inner.remove(&object.namespaced_name(), revision_of(&object));
                }
            }
            WatchEvent::Bookmark(bookmark) => {
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
