//! What the objects of a controller refer to, and what wakes them: their own news, and those of labelled ConfigMaps and Secrets.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use skein_api::kustomization::ValuesKind;
use skein_api::names::RECONCILE_REQUEST_ANNOTATION;
use skein_cluster::{ApiResource, Cache, Change, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName, Object};

use crate::options::ControllerOptions;

/// How long the first list of ConfigMaps or Secrets may take.
const SYNC_LIMIT: Duration = Duration::from_secs(60);

/// An object as its controller's cache holds it.
#[derive(Debug)]
pub struct Held<R> {
    /// The object without managedFields.
    pub object: Object,
    /// What it refers to.
    pub references: Vec<R>,
}

impl<R> Held<R> {
    /// Reduces an object.
    pub fn of(mut object: Object, references: impl FnOnce(&Object) -> Vec<R>) -> Self {
        object.remove(&["metadata", "managedFields"]);
        let references = references(&object);
        Self { object, references }
    }
}

/// The references of all objects of a controller, by what is referred to.
#[derive(Debug)]
pub struct Index<R>(HashMap<R, BTreeSet<NamespacedName>>);

impl<R> Default for Index<R> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<R: Clone + Eq + Hash> Index<R> {
    /// Takes the change of one object, as its watch tells it.
    pub fn take(&mut self, change: &Change<'_, Held<R>>) {
        let references = |held: Option<&Arc<Held<R>>>| {
            held.map(|held| held.references.clone()).unwrap_or_default()
        };
        let (before, after) = (references(change.before), references(change.after));
        if before != after {
            self.update(change.name, &before, &after);
        }
    }

    fn update(&mut self, name: &NamespacedName, before: &[R], after: &[R]) {
        for reference in before.iter().filter(|reference| !after.contains(reference)) {
            if let Some(names) = self.0.get_mut(reference) {
                names.remove(name);
                if names.is_empty() {
                    self.0.remove(reference);
                }
            }
        }
        for reference in after {
            self.0
                .entry(reference.clone())
                .or_default()
                .insert(name.clone());
        }
    }

    /// Who refers to it.
    pub fn referrers(&self, reference: &R) -> Vec<NamespacedName> {
        self.0
            .get(reference)
            .map(|names| names.iter().cloned().collect())
            .unwrap_or_default()
    }
}

/// A new object, a new spec, a request, or the beginning of its end. Changes of status and metadata wake nobody.
pub fn wants_reconcile<R>(change: &Change<'_, Held<R>>) -> bool {
    let (Some(before), Some(after)) = (change.before, change.after) else {
        return true;
    };
    let (before, after) = (&before.object, &after.object);
    let request = |object: &Object| {
        object
            .annotation(RECONCILE_REQUEST_ANNOTATION)
            .map(str::to_owned)
    };
    before.generation() != after.generation()
        || request(before) != request(after)
        || before.is_deleting() != after.is_deleting()
        || before.uid() != after.uid()
}

/// How ConfigMaps or Secrets are served.
pub fn resource_of(kind: ValuesKind) -> ApiResource {
    let (kind, plural) = match kind {
        ValuesKind::ConfigMap => ("ConfigMap", "configmaps"),
        ValuesKind::Secret => ("Secret", "secrets"),
    };
    ApiResource::new(&GroupVersionKind::new("", "v1", kind), plural, true)
}

/// Watches of labelled ConfigMaps and Secrets, unless a gate forbids them; of the content only the version is kept. The first lists tell nothing
/// new: every object is looked at anyway.
pub async fn watch_configs(
    cluster: &Cluster,
    options: &ControllerOptions,
    changed: impl Fn(ValuesKind, &NamespacedName) + Clone + Send + Sync + 'static,
) -> HashMap<ValuesKind, Arc<Cache<String>>> {
    let mut caches = HashMap::new();
    if options.feature_gates.enabled("DisableConfigWatchers") {
        return caches;
    }
    for kind in [ValuesKind::ConfigMap, ValuesKind::Secret] {
        let scope = ListOptions {
            namespace: options.watched_namespace().to_owned(),
            label_selector: options.watch_configs_label_selector.clone(),
            metadata_only: true,
            ..ListOptions::default()
        };
        let spec = WatchSpec {
            resource: resource_of(kind),
            scope,
        };
        let version = |object: Object| object.resource_version().to_owned();
        let synced = Arc::new(OnceLock::new());
        let (is_synced, changed) = (synced.clone(), changed.clone());
        let cache = Cache::start(cluster.clone(), spec, version, move |change| {
            if is_synced.get().is_some() && change.before != change.after {
                changed(kind, change.name);
            }
        });
        cache.wait_synced(SYNC_LIMIT).await;
        let _ = synced.set(());
        caches.insert(kind, cache);
    }
    caches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_follows_changes() {
        let (app, base) = (
            NamespacedName::new("a", "app"),
            NamespacedName::new("a", "base"),
        );
        let mut index = Index::default();
        index.update(&app, &[], &["one", "two"]);
        index.update(&base, &[], &["two"]);
        assert_eq!(index.referrers(&"one"), std::slice::from_ref(&app));
        assert_eq!(index.referrers(&"two"), [app.clone(), base.clone()]);
        index.update(&app, &["one", "two"], &["one"]);
        assert_eq!(index.referrers(&"two"), [base]);
        index.update(&app, &["one"], &[]);
        assert!(index.referrers(&"one").is_empty());
    }
}
