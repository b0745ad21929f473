//! The applied objects of one cluster as watches show them: compact, with a fingerprint that tells drift from noise.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use skein_cluster::{ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_health::{Health, health};
use skein_object::{NamespacedName, Object};
use tokio::sync::watch;

use crate::presence::{self, Presence};

/// The labels by which applied objects name their owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerLabels {
    /// Label with the owner's name.
    pub name: &'static str,
    /// Label with the owner's namespace.
    pub namespace: &'static str,
}

/// Kinds watched in one cluster; objects of further kinds are read from the API server.
const WATCHED_KINDS_MAX: usize = 500;
/// How long a cluster may be away before the owners of its objects are told: a server that is started anew comes back sooner.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// One applied object, as small as it can be kept.
#[derive(Debug)]
pub struct Observed {
    /// The owner that the labels name.
    pub owner: NamespacedName,
    /// resourceVersion.
    pub resource_version: String,
    /// Hash of everything but status and bookkeeping.
    pub content: u64,
    /// How it is doing, at the time of the event.
    pub health: Health,
    /// The object as JSON text.
    text: Box<[u8]>,
}

impl Observed {
    /// Reduces an object.
    pub fn of(object: Object, labels: OwnerLabels) -> Self {
        let owner = NamespacedName::new(
            object.label(labels.namespace).unwrap_or_default(),
            object.label(labels.name).unwrap_or_default(),
        );
        Self {
            owner,
            resource_version: object.resource_version().to_owned(),
            content: content_hash(&object),
            health: health(&object, Timestamp::now()),
            text: serde_json::to_vec(object.as_map())
                .unwrap_or_default()
                .into(),
        }
    }

    /// The object again.
    pub fn object(&self) -> Option<Object> {
        let value: Value = serde_json::from_slice(&self.text).ok()?;
        Object::from_value(value).ok()
    }
}

/// Hash of what matters for drift: everything but status, resourceVersion, generation and managedFields.
pub fn content_hash(object: &Object) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (key, value) in object.as_map() {
        match key.as_str() {
            "status" => {}
            "metadata" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if !matches!(
                        key.as_str(),
                        "resourceVersion" | "generation" | "managedFields"
                    ) {
                        key.hash(&mut hasher);
                        value.hash(&mut hasher);
                    }
                }
            }
            _ => {
                key.hash(&mut hasher);
                value.hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

/// Told of an owner whose object changed in a way that matters.
pub type Wake = Arc<dyn Fn(&NamespacedName, WakeReason) + Send + Sync>;

/// Why an owner is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// Somebody else changed or deleted an object.
    Drift,
    /// The health of an object changed.
    Health,
    /// The cluster of its objects does not answer any more.
    Lost,
}

type KindCache = Arc<Cache<Observed>>;
type OwnWrites = Arc<Mutex<HashMap<NamespacedName, Option<u64>>>>;

struct Kind {
    cache: KindCache,
    /// Which objects of the kind exist at all, labelled or not.
    presence: Arc<Presence>,
    own_writes: OwnWrites,
}

/// Watches of all kinds that were applied to one cluster, started at first use.
pub struct ObservedSet {
    cluster: Cluster,
    namespace: String,
    labels: OwnerLabels,
    wake: Wake,
    tells_of_loss: bool,
    kinds: Mutex<HashMap<ApiResource, Arc<Kind>>>,
}

impl ObservedSet {
    /// No watch yet. `namespace` is the only one that is watched, unless empty.
    pub fn new(cluster: Cluster, namespace: String, labels: OwnerLabels, wake: Wake) -> Self {
        Self {
            cluster,
            namespace,
            labels,
            wake,
            tells_of_loss: false,
            kinds: Mutex::new(HashMap::new()),
        }
    }

    /// Tells owners when the cluster does not answer any more; of use where they live in another one.
    pub fn telling_of_loss(mut self) -> Self {
        self.tells_of_loss = true;
        self
    }

    fn kind(&self, resource: &ApiResource) -> Option<Arc<Kind>> {
        if !resource.offers("watch") || (!self.namespace.is_empty() && !resource.namespaced) {
            return None;
        }
        let mut kinds = self.kinds.lock();
        if let Some(kind) = kinds.get(resource) {
            return Some(kind.clone());
        }
        if kinds.len() >= WATCHED_KINDS_MAX {
            return None;
        }
        let own_writes = OwnWrites::default();
        let (seen, wake) = (own_writes.clone(), self.wake.clone());
        let scope = ListOptions {
            namespace: self.namespace.clone(),
            label_selector: self.labels.name.to_owned(),
            ..ListOptions::default()
        };
        let spec = WatchSpec {
            resource: resource.clone(),
            scope,
        };
        let labels = self.labels;
        let project = move |object| Observed::of(object, labels);
        let cache = Cache::start(self.cluster.clone(), spec, project, move |change| {
            react(&change, &seen, &wake);
        });
        if self.tells_of_loss {
            let told = tell_of_loss(cache.away(), Arc::downgrade(&cache), self.wake.clone());
            tokio::spawn(told);
        }
        let scope = ListOptions {
            namespace: self.namespace.clone(),
            metadata_only: true,
            ..ListOptions::default()
        };
        let spec = WatchSpec {
            resource: resource.clone(),
            scope,
        };
        let presence = Presence::new(self.cluster.clone(), spec);
        let kind = Arc::new(Kind {
            cache,
            presence,
            own_writes,
        });
        kinds.insert(resource.clone(), kind.clone());
        Some(kind)
    }

    /// What is known of an object: `None` when it has to be read from the API server.
    pub async fn look(&self, resource: &ApiResource, name: &NamespacedName) -> Option<Seen> {
        let kind = self.synced_kind(resource, name).await?;
        if let Some(observed) = kind.cache.get(name) {
            return Some(Seen::Ours(observed));
        }
        match kind.presence.exists(name).await? {
            true => Some(Seen::NotLabelled),
            false => Some(Seen::Absent),
        }
    }

    /// A labelled object, when a watch shows it.
    pub async fn ours(
        &self,
        resource: &ApiResource,
        name: &NamespacedName,
    ) -> Option<Arc<Observed>> {
        self.synced_kind(resource, name).await?.cache.get(name)
    }

    async fn synced_kind(
        &self,
        resource: &ApiResource,
        name: &NamespacedName,
    ) -> Option<Arc<Kind>> {
        if !self.namespace.is_empty() && name.namespace != self.namespace {
            return None;
        }
        let kind = self.kind(resource)?;
        presence::is_synced(&kind.cache).await.then_some(kind)
    }

    /// Notes an object that we just wrote, so that its watch event is not taken for drift.
    pub fn wrote(&self, resource: &ApiResource, object: &Object) {
        let Some(kind) = self.kinds.lock().get(resource).cloned() else {
            return;
        };
        let name = object.namespaced_name();
        if object.label(self.labels.name).is_some() {
            let content = content_hash(object);
            kind.own_writes.lock().insert(name, Some(content));
            kind.cache.put_own_write(object.clone());
            return;
        }
        // The watch selects by the label: held, the object would never change again.
        if kind.cache.get(&name).is_some() {
            kind.own_writes.lock().insert(name, None);
        }
        kind.cache.leave_by_own_write(object);
    }

    /// Notes an object that we are about to delete.
    pub fn deleting(&self, resource: &ApiResource, name: &NamespacedName) {
        let Some(kind) = self.kinds.lock().get(resource).cloned() else {
            return;
        };
        kind.own_writes.lock().insert(name.clone(), None);
    }
}

/// Wakes the owners of all objects each time the cluster goes away; ends with the watch.
async fn tell_of_loss(mut away: watch::Receiver<bool>, objects: Weak<Cache<Observed>>, wake: Wake) {
    while away.wait_for(|away| *away).await.is_ok() {
        let back = away.wait_for(|away| !*away);
        let is_back = tokio::time::timeout(LOST_AFTER, back).await.is_ok();
        if is_back {
            continue;
        }
        let Some(known) = objects.upgrade().map(|objects| objects.list()) else {
            return;
        };
        let owners: BTreeSet<&NamespacedName> =
            known.iter().map(|(_, object)| &object.owner).collect();
        for owner in owners {
            wake(owner, WakeReason::Lost);
        }
        if away.wait_for(|away| !*away).await.is_err() {
            return;
        }
    }
}

/// What a watch of labelled objects tells about one object.
pub enum Seen {
    /// It exists and carries owner labels.
    Ours(Arc<Observed>),
    /// It exists without owner labels.
    NotLabelled,
    /// It does not exist.
    Absent,
}

fn react(change: &Change<'_, Observed>, own_writes: &OwnWrites, wake: &Wake) {
    let content = change.after.map(|after| after.content);
    let is_own = {
        let mut own_writes = own_writes.lock();
        let is_own = own_writes.get(change.name) == Some(&content);
        if content.is_none() {
            // What is gone needs no memory; made again, it is written again.
            own_writes.remove(change.name);
        }
        is_own
    };
    let Some(known) = change.after.or(change.before) else {
        return;
    };
    let changed = change.before.map(|before| before.content) != content;
    // An object that another owner took over is the other's: taking it back at once would never end.
    let taken_over = change
        .before
        .is_some_and(|before| before.owner != known.owner);
    if changed && !is_own && change.before.is_some() && !taken_over {
        wake(&known.owner, WakeReason::Drift);
        return;
    }
    let status = |observed: Option<&Arc<Observed>>| observed.map(|o| o.health.status);
    if status(change.before) != status(change.after) {
        wake(&known.owner, WakeReason::Health);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn status_and_bookkeeping_are_no_drift() {
        let object = |rv: &str, replicas: u64, ready: u64| {
            Object::from_value(json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "a", "resourceVersion": rv, "managedFields": [rv]},
                "spec": {"replicas": replicas}, "status": {"readyReplicas": ready},
            }))
            .unwrap()
        };
        assert_eq!(
            content_hash(&object("1", 1, 0)),
            content_hash(&object("2", 1, 1))
        );
        assert_ne!(
            content_hash(&object("1", 1, 0)),
            content_hash(&object("1", 2, 0))
        );
    }

    const LABELS: OwnerLabels = OwnerLabels {
        name: "example.com/name",
        namespace: "example.com/namespace",
    };

    #[test]
    fn an_object_survives_the_cache() {
        let object = Object::from_value(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "labels": {LABELS.name: "app", LABELS.namespace: "ns"}},
        }))
        .unwrap();
        let observed = Observed::of(object.clone(), LABELS);
        assert_eq!(observed.object(), Some(object));
        assert_eq!(observed.owner, NamespacedName::new("ns", "app"));
    }
}
