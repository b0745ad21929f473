//! The artifacts that sources publish, from watch caches, and which Kustomizations each source wakes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use skein_api::Artifact;
use skein_api::kustomization::{CrossNamespaceSourceReference, KustomizationSourceKind};
use skein_cluster::{ApiResource, Cache, Cluster, ListOptions, WatchSpec};
use skein_object::{GroupVersionKind, NamespacedName, Object};

/// Group and version of the source kinds.
const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
const SYNC_LIMIT: Duration = Duration::from_secs(30);

/// What is kept of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The last good artifact.
    pub artifact: Option<Artifact>,
}

impl Source {
    fn of(object: Object) -> Self {
        let artifact = object.at(&["status", "artifact"]).cloned();
        Self {
            artifact: artifact.and_then(|value| serde_json::from_value(value).ok()),
        }
    }
}

/// Watches of the source kinds that the cluster serves.
pub struct Sources {
    caches: HashMap<KustomizationSourceKind, Arc<Cache<Source>>>,
}

/// Told of a source whose artifact changed.
pub type SourceChanged = Arc<dyn Fn(KustomizationSourceKind, &NamespacedName) + Send + Sync>;

impl Sources {
    /// Starts the watches; a kind that is not served is left out.
    pub async fn start(cluster: &Cluster, namespace: &str, changed: SourceChanged) -> Self {
        let kinds = [
            (KustomizationSourceKind::GitRepository, "gitrepositories"),
            (KustomizationSourceKind::OciRepository, "ocirepositories"),
            (KustomizationSourceKind::Bucket, "buckets"),
            (
                KustomizationSourceKind::ExternalArtifact,
                "externalartifacts",
            ),
        ];
        let mut caches = HashMap::new();
        for (kind, plural) in kinds {
            let gvk = GroupVersionKind::new(SOURCE_GROUP, "v1", kind.as_str());
            if cluster.resource(&gvk).await.is_err() {
                continue;
            }
            let scope = ListOptions {
                namespace: namespace.to_owned(),
                ..ListOptions::default()
            };
            let spec = WatchSpec {
                resource: ApiResource::new(&gvk, plural, true),
                scope,
            };
            let changed = changed.clone();
            let cache = Cache::start(cluster.clone(), spec, Source::of, move |change| {
                // A source that has nothing to offer is no reason to look at it.
                let offers = change.after.is_some_and(|source| source.artifact.is_some());
                if change.before != change.after && offers {
                    changed(kind, change.name);
                }
            });
            caches.insert(kind, cache);
        }
        for cache in caches.values() {
            cache.wait_synced(SYNC_LIMIT).await;
        }
        Self { caches }
    }

    /// The source that a reference of an object in `namespace` names; `None` when there is none.
    pub fn get(
        &self,
        reference: &CrossNamespaceSourceReference,
        namespace: &str,
    ) -> Option<Arc<Source>> {
        self.caches
            .get(&reference.kind)?
            .get(&source_name(reference, namespace))
    }
}

/// Namespace and name of the source that a reference of an object in `namespace` names.
pub fn source_name(reference: &CrossNamespaceSourceReference, namespace: &str) -> NamespacedName {
    let namespace = if reference.namespace.is_empty() {
        namespace
    } else {
        &reference.namespace
    };
    NamespacedName::new(namespace, &reference.name)
}
