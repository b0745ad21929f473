//! Where the chart of a HelmRelease comes from: the sources in watch caches, their readiness, and the charts of their artifacts.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use skein_api::helm_release::{ChartReferenceKind, HelmRelease};
use skein_api::{Artifact, ConditionType};
use skein_artifact::{DownloadError, Downloader};
use skein_cluster::{ApiResource, Cache, Cluster, ListOptions, WatchSpec};
use skein_helm::{Chart, load_archive};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_semver::Version;
use thiserror::Error;

/// Group of the source kinds.
const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
const SYNC_LIMIT: Duration = Duration::from_secs(30);
/// Charts kept loaded.
const CHARTS_MAX: usize = 64;
/// Bytes of archives of charts kept loaded.
const CHART_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How much of a digest stands in a chart version.
const DIGEST_CHARS: usize = 12;

/// Kinds that can have a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SourceKind {
    /// A HelmChart.
    HelmChart,
    /// An OCIRepository.
    OciRepository,
    /// An ExternalArtifact.
    ExternalArtifact,
}

impl SourceKind {
    const ALL: [Self; 3] = [Self::HelmChart, Self::OciRepository, Self::ExternalArtifact];

    /// The kind.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::HelmChart => "HelmChart",
            Self::OciRepository => "OCIRepository",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }

    /// The resource.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::HelmChart => "helmcharts",
            Self::OciRepository => "ocirepositories",
            Self::ExternalArtifact => "externalartifacts",
        }
    }
}

/// The source of a HelmRelease's chart: kind, namespace and name.
pub(crate) fn source_of(release: &HelmRelease) -> Option<(SourceKind, NamespacedName)> {
    let own = &release.metadata.namespace;
    let or_own = |namespace: &str| {
        if namespace.is_empty() {
            own.clone()
        } else {
            namespace.to_owned()
        }
    };
    if let Some(reference) = &release.spec.chart_ref {
        let kind = match reference.kind {
            ChartReferenceKind::HelmChart => SourceKind::HelmChart,
            ChartReferenceKind::OciRepository => SourceKind::OciRepository,
            ChartReferenceKind::ExternalArtifact => SourceKind::ExternalArtifact,
        };
        let name = NamespacedName::new(or_own(&reference.namespace), &reference.name);
        return Some((kind, name));
    }
    let template = release.spec.chart.as_ref()?;
    let namespace = or_own(&template.spec.source_ref.namespace);
    Some((
        SourceKind::HelmChart,
        NamespacedName::new(namespace, format!("{own}-{}", release.metadata.name)),
    ))
}

/// What is kept of a source.
pub(crate) struct Source {
    /// The object; its managedFields tell what of a HelmChart is ours.
    pub(crate) object: Object,
    /// The last good artifact.
    pub(crate) artifact: Option<Artifact>,
}

impl Source {
    fn of(object: Object) -> Self {
        let artifact = object.at(&["status", "artifact"]).cloned();
        Self {
            artifact: artifact.and_then(|value| serde_json::from_value(value).ok()),
            object,
        }
    }

    /// Whether there is something new to use: what only tells of trouble is read at the next look.
    fn is_news(&self, before: Option<&Self>, kind: SourceKind) -> bool {
        let is_ready = |source: &Self| source.object.condition_status("Ready") == Some("True");
        self.problem(kind).is_none()
            && before.is_none_or(|before| {
                before.artifact != self.artifact
                    || before.problem(kind).is_some()
                    || (is_ready(self) && !is_ready(before))
            })
    }

    /// Whether a HelmRelease that is ready was made of this very revision: the same content in another archive is no news to it.
    pub(crate) fn is_what_made(&self, release: &Object, kind: SourceKind) -> bool {
        let made_of = |field: &str| release.str_at(&["status", field]).unwrap_or_default();
        let revision = self.artifact.as_ref().map(|a| a.revision.as_str());
        let (now, then) = match kind {
            SourceKind::HelmChart => (revision, made_of("lastAttemptedRevision")),
            SourceKind::OciRepository | SourceKind::ExternalArtifact => {
                let digest = revision.and_then(|text| text.rsplit('@').next());
                (digest, made_of("lastAttemptedRevisionDigest"))
            }
        };
        release.condition_status("Ready") == Some("True") && !then.is_empty() && now == Some(then)
    }

    /// What stands in the way of using it; `None` when nothing does.
    pub(crate) fn problem(&self, kind: SourceKind) -> Option<String> {
        let name = self.object.namespaced_name();
        let told = |text: &str| Some(format!("{} '{name}' is not ready: {text}", kind.as_str()));
        let message = |condition: ConditionType| {
            let condition = self.object.condition(condition.as_str());
            let message = condition.and_then(|c| c.get("message"));
            message.and_then(|m| m.as_str()).unwrap_or_default()
        };
        if kind != SourceKind::ExternalArtifact {
            let observed = self.object.i64_at(&["status", "observedGeneration"]);
            if observed != Some(self.object.generation()) {
                if self.object.condition_status("Ready") == Some("False") {
                    return told(message(ConditionType::Ready));
                }
                return told("latest generation of object has not been reconciled");
            }
            if self.object.condition_status("Stalled") == Some("True") {
                return told(message(ConditionType::Stalled));
            }
        }
        if self.artifact.is_none() {
            return told("does not have an artifact");
        }
        None
    }
}

/// Watches of the source kinds that the cluster serves.
pub(crate) struct Sources {
    caches: HashMap<SourceKind, Arc<Cache<Source>>>,
}

/// Told of a source that changed, as it is now.
pub(crate) type SourceChanged = Arc<dyn Fn(SourceKind, &NamespacedName, &Source) + Send + Sync>;

impl Sources {
    /// Starts the watches; a kind that is not served is left out.
    pub(crate) async fn start(cluster: &Cluster, namespace: &str, changed: SourceChanged) -> Self {
        let mut caches = HashMap::new();
        for kind in SourceKind::ALL {
            let gvk = GroupVersionKind::new(SOURCE_GROUP, "v1", kind.as_str());
            if cluster.resource(&gvk).await.is_err() {
                continue;
            }
            let scope = ListOptions {
                namespace: namespace.to_owned(),
                ..ListOptions::default()
            };
            let spec = WatchSpec {
                resource: ApiResource::new(&gvk, kind.plural(), true),
                scope,
            };
            let changed = changed.clone();
            let cache = Cache::start(cluster.clone(), spec, Source::of, move |change| {
                let before = change.before.map(Arc::as_ref);
                if let Some(after) = change.after
                    && after.is_news(before, kind)
                {
                    changed(kind, change.name, after);
                }
            });
            caches.insert(kind, cache);
        }
        for cache in caches.values() {
            cache.wait_synced(SYNC_LIMIT).await;
        }
        Self { caches }
    }

    /// A source.
    pub(crate) fn get(&self, kind: SourceKind, name: &NamespacedName) -> Option<Arc<Source>> {
        self.caches.get(&kind)?.get(name)
    }

    /// Notes what a write returned.
    pub(crate) fn wrote(&self, kind: SourceKind, object: Object) {
        if let Some(cache) = self.caches.get(&kind) {
            cache.put_own_write(object);
        }
    }
}

/// Why there is no chart. The texts are Flux's.
#[derive(Debug, Error)]
pub(crate) enum ChartError {
    /// The artifact is not where its address says.
    #[error("artifact not found")]
    NotFound,
    /// It cannot be had, or is no chart.
    #[error("{0}")]
    Load(String),
    /// Its version cannot take up the digest of its artifact.
    #[error("{0}")]
    Version(String),
}

/// A chart with the digest of its artifact, when it comes from one.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The chart.
    pub(crate) chart: Arc<Chart>,
    /// Digest of the OCI artifact; empty when there is none.
    pub(crate) oci_digest: String,
}

/// Loads charts; keeps those that were used a moment ago.
pub(crate) struct Charts {
    downloader: Downloader,
    recent: Mutex<VecDeque<(String, usize, Arc<Chart>)>>,
    track_digests: bool,
}

impl Charts {
    /// A loader; `track_digests` puts the digest of OCI artifacts into the version.
    pub(crate) fn new(downloader: Downloader, track_digests: bool) -> Self {
        Self {
            downloader,
            recent: Mutex::default(),
            track_digests,
        }
    }

    /// The chart of an artifact.
    pub(crate) async fn load(
        &self,
        kind: SourceKind,
        artifact: &Artifact,
    ) -> Result<Loaded, ChartError> {
        let chart = match self.remembered(&artifact.digest) {
            Some(chart) => chart,
            None => self.fetch(artifact).await?,
        };
        let has_digest = match kind {
            SourceKind::HelmChart => false,
            SourceKind::OciRepository => true,
            SourceKind::ExternalArtifact => artifact.revision.contains(':'),
        };
        if !has_digest {
            return Ok(Loaded {
                chart,
                oci_digest: String::new(),
            });
        }
        let (version, digest) = digested_version(&chart.metadata.version, &artifact.revision)
            .map_err(ChartError::Version)?;
        let chart = if self.track_digests {
            let mut changed = (*chart).clone();
            changed.metadata.version = version;
            Arc::new(changed)
        } else {
            chart
        };
        Ok(Loaded {
            chart,
            oci_digest: digest,
        })
    }

    async fn fetch(&self, artifact: &Artifact) -> Result<Arc<Chart>, ChartError> {
        let bytes = match self.downloader.fetch(artifact).await {
            Ok(bytes) => bytes,
            Err(DownloadError::NotFound { .. }) => return Err(ChartError::NotFound),
            Err(error) => return Err(ChartError::Load(error.to_string())),
        };
        let size = bytes.len();
        let loaded = tokio::task::spawn_blocking(move || load_archive(&bytes)).await;
        let chart = match loaded {
            Ok(Ok(chart)) => Arc::new(chart),
            Ok(Err(error)) => return Err(ChartError::Load(error.to_string())),
            Err(error) => return Err(ChartError::Load(error.to_string())),
        };
        self.remember(&artifact.digest, size, &chart);
        Ok(chart)
    }

    fn remembered(&self, digest: &str) -> Option<Arc<Chart>> {
        let mut recent = self.recent.lock();
        let at = recent.iter().position(|(held, _, _)| held == digest)?;
        let entry = recent.remove(at)?;
        let chart = entry.2.clone();
        recent.push_back(entry);
        Some(chart)
    }

    fn remember(&self, digest: &str, size: usize, chart: &Arc<Chart>) {
        let mut recent = self.recent.lock();
        recent.push_back((digest.to_owned(), size, chart.clone()));
        let mut total: usize = recent.iter().map(|(_, size, _)| size).sum();
        while recent.len() > CHARTS_MAX || (total > CHART_BYTES_MAX && recent.len() > 1) {
            let Some((_, size, _)) = recent.pop_front() else {
                return;
            };
            total -= size;
        }
    }
}

/// The version with the digest of the revision in it, and the digest. A tag that is a version must be the chart's.
fn digested_version(version: &str, revision: &str) -> Result<(String, String), String> {
    let parsed = Version::parse(version).map_err(|_| format!("invalid chart version {version}"))?;
    let tag = revision.split('@').next().unwrap_or_default();
    let tagged = Version::parse(&tag.replace('_', "+")).ok();
    let digest = match tagged {
        Some(tagged) => {
            let parts: Vec<&str> = revision.split('@').collect();
            match parts.as_slice() {
                [_, digest] if tagged.precedence(&parsed).is_eq() => (*digest).to_owned(),
                _ => {
                    return Err(format!(
                        "artifact revision {tag} does not match chart version {version}"
                    ));
                }
            }
        }
        None => revision.to_owned(),
    };
    let invalid = || format!("invalid artifact revision {digest}");
    let (_, sum) = digest.split_once(':').ok_or_else(invalid)?;
    if sum.len() < DIGEST_CHARS || sum.contains(':') {
        return Err(invalid());
    }
    let short: String = sum.chars().take(DIGEST_CHARS).collect();
    let core = parsed.to_string();
    let bare = core.split('+').next().unwrap_or_default();
    Ok((format!("{bare}+{short}"), digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_goes_into_the_version() {
        let digest = "sha256:0123456789abcdef";
        assert_eq!(
            digested_version("1.2.3", &format!("1.2.3@{digest}")).unwrap(),
            ("1.2.3+0123456789ab".into(), digest.into())
        );
        assert_eq!(
            digested_version("1.2.3+x", &format!("1.2.3_x@{digest}"))
                .unwrap()
                .0,
            "1.2.3+0123456789ab"
        );
        assert_eq!(
            digested_version("1.2.3", digest).unwrap().0,
            "1.2.3+0123456789ab"
        );
        assert!(
            digested_version("1.2.3", &format!("1.2.4@{digest}"))
                .unwrap_err()
                .contains("does not match")
        );
        assert!(digested_version("1.2.3", "latest@sha256:0").is_err());
    }

    #[test]
    fn a_ready_release_of_the_same_revision_has_seen_its_source() {
        let source = |revision: &str| {
            let artifact = serde_json::json!({"revision": revision, "url": "u", "path": "p", "digest": "sha256:ab",
                "lastUpdateTime": "2026-01-01T00:00:00Z"});
            let value = serde_json::json!({"apiVersion": "v1", "kind": "OCIRepository", "metadata": {"name": "a"},
                "status": {"artifact": artifact}});
            Source::of(Object::from_value(value).unwrap())
        };
        let release = |ready: &str| {
            let value = serde_json::json!({"apiVersion": "v2", "kind": "HelmRelease", "metadata": {"name": "a"}, "status": {
                "conditions": [{"type": "Ready", "status": ready}],
                "lastAttemptedRevision": "1.0.0", "lastAttemptedRevisionDigest": "sha256:12"}});
            Object::from_value(value).unwrap()
        };
        let (ready, failed) = (release("True"), release("False"));
        for (kind, revision, is_known) in [
            (SourceKind::OciRepository, "1.0.0@sha256:12", true),
            (SourceKind::OciRepository, "sha256:12", true),
            (SourceKind::OciRepository, "1.0.0@sha256:13", false),
            (SourceKind::HelmChart, "1.0.0", true),
            (SourceKind::HelmChart, "1.0.0+2", false),
        ] {
            let source = source(revision);
            assert_eq!(source.is_what_made(&ready, kind), is_known, "{revision}");
            assert!(!source.is_what_made(&failed, kind));
        }
    }
}
