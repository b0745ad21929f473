//! HelmChart: one chart of a repository, a registry or the files of another source, as a package.

mod build;
mod dependencies;
mod limits;
mod local;
mod packing;
mod remote;
mod values_files;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skein_api::source::helm_chart::{HelmChartSourceKind, HelmChartSpec, HelmChartStatus};
use skein_api::source::helm_repository::{HelmRepositorySpec, HelmRepositoryType};
use skein_api::{
    Artifact, ConditionStatus, ConditionType, GitRepository, KindSpec, OciRepository, Resource,
    SourceReason, StatusConditions as _, SummaryRules, Time,
};
use skein_artifact::ArtifactLocation;
use skein_cluster::Cache;
use skein_object::{NamespacedName, Object};
use skein_runtime::Severity;

use crate::event::event;
use crate::helm_repository::{IndexCache, Inputs as RepositoryInputs};
use crate::produced::{
    Failure, Found, Observed, Outcome, Rules, Secret, SecretReader, SourceKind, Stored,
    Surroundings, Then, Told, Verified,
};
pub use limits::ChartLimits;

use build::{BuildError, Built, Resolved};

/// Time that fetching a chart with its dependencies may take when the repository names none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// Link to the newest package.
const LATEST: &str = "latest.tar.gz";

/// The kind, with the watched sources of charts.
pub(crate) struct HelmCharts {
    pub git_repositories: Arc<Cache<Object>>,
    pub oci_repositories: Arc<Cache<Object>>,
    pub helm_repositories: Arc<Cache<Object>>,
    /// Indexes by digest of the stored file.
    pub indexes: Arc<IndexCache>,
}

/// A HelmRepository with what it refers to.
#[derive(Clone)]
pub(crate) struct RepositoryAccess {
    pub object: Resource<HelmRepositorySpec>,
    pub inputs: Arc<RepositoryInputs>,
    /// The registry on this machine that stands for the one in the address, if one does.
    pub local: Option<String>,
}

impl RepositoryAccess {
    async fn read(surroundings: &Surroundings, object: Resource<HelmRepositorySpec>) -> Self {
        let local = surroundings
            .options
            .rewrites
            .local_registry(&object.spec.url);
        let inputs = Arc::new(RepositoryInputs::read(surroundings, &object).await);
        Self {
            object,
            inputs,
            local,
        }
    }
}

/// Where the chart comes from.
pub(crate) enum ChartSource {
    /// There is no such object.
    Absent(String),
    /// A kind that cannot be used.
    Unsupported,
    /// It was not looked at yet: it will wake us.
    Starting,
    /// It has no artifact.
    NoArtifact,
    /// A repository with an index.
    Index(RepositoryAccess, Artifact),
    /// A registry, and the Secret with the keys that signatures are checked with.
    Registry(RepositoryAccess, Option<Secret>),
    /// Files.
    Files(Artifact),
}

impl SourceKind for HelmCharts {
    type Spec = HelmChartSpec;
    type Inputs = ChartSource;
    type Plan = ();

    const CONTROLLER: &'static str = "helmchart";
    const RULES: Rules = Rules {
        summary: SummaryRules {
            summarized: &[
                ConditionType::StorageOperationFailed,
                ConditionType::BuildFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::SourceVerified,
                ConditionType::ArtifactInStorage,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
            negative: &[
                ConditionType::StorageOperationFailed,
                ConditionType::BuildFailed,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::Stalled,
                ConditionType::Reconciling,
            ],
        },
        failures: &[
            ConditionType::BuildFailed,
            ConditionType::FetchFailed,
            ConditionType::StorageOperationFailed,
        ],
    };

    fn is_suspended(spec: &Self::Spec) -> bool {
        spec.suspend
    }

    fn interval(spec: &Self::Spec) -> Duration {
        spec.interval.as_std()
    }

    async fn observe(
        &self,
        surroundings: &Surroundings,
        source: &Resource<Self::Spec>,
    ) -> ChartSource {
        let reference = &source.spec.source_ref;
        let name = NamespacedName::new(&source.metadata.namespace, &reference.name);
        match reference.kind {
            HelmChartSourceKind::HelmRepository => {
                let Some(object) = self.helm_repositories.get(&name) else {
                    return absent(&name, "HelmRepository");
                };
                let Ok(object) = Resource::<HelmRepositorySpec>::from_object(&object) else {
                    return ChartSource::NoArtifact;
                };
                if object.spec.repository_type == Some(HelmRepositoryType::Oci) {
                    let keys = match &source.spec.verify {
                        Some(verify) => {
                            let reader = SecretReader::new(&surroundings.cluster, &name.namespace);
                            reader.read_optional(verify.secret_ref.as_ref()).await
                        }
                        None => None,
                    };
                    let access = RepositoryAccess::read(surroundings, object).await;
                    return ChartSource::Registry(access, keys);
                }
                match object.status.artifact.clone() {
                    Some(artifact) => {
                        let access = RepositoryAccess::read(surroundings, object).await;
                        ChartSource::Index(access, artifact)
                    }
                    None => without_artifact(&object),
                }
            }
            HelmChartSourceKind::GitRepository => match self.git_repositories.get(&name) {
                Some(object) => match GitRepository::from_object(&object) {
                    Ok(object) => match object.status.artifact.clone() {
                        Some(artifact) => ChartSource::Files(artifact),
                        None => without_artifact(&object),
                    },
                    Err(_) => ChartSource::NoArtifact,
                },
                None => absent(&name, "GitRepository"),
            },
            HelmChartSourceKind::OciRepository => match self.oci_repositories.get(&name) {
                Some(object) => match OciRepository::from_object(&object) {
                    Ok(object) => match object.status.artifact.clone() {
                        Some(artifact) => ChartSource::Files(artifact),
                        None => without_artifact(&object),
                    },
                    Err(_) => ChartSource::NoArtifact,
                },
                None => absent(&name, "OCIRepository"),
            },
            HelmChartSourceKind::Bucket => ChartSource::Unsupported,
        }
    }

    fn decide(&self, observed: &Observed<Self>) -> Result<(), Failure> {
        let spec = &observed.source.spec;
        let (kind, name) = (kind_name(spec.source_ref.kind), &spec.source_ref.name);
        match &observed.inputs {
            ChartSource::Absent(reason) => Err(Failure::fetch(
                SourceReason::SourceUnavailable,
                format!("failed to get source: {reason}"),
            )),
            ChartSource::Unsupported => Err(Failure::fetch(
                SourceReason::UnsupportedSourceKind,
                format!("failed to get source: source kind '{kind}' is not supported yet"),
            )
            .stalled()),
            ChartSource::NoArtifact => {
                let mut failure = Failure::fetch(
                    SourceReason::NoSourceArtifact,
                    format!("no artifact available for {kind} source '{name}'"),
                );
                // Its artifact wakes us; the pause is for a change that was missed.
                failure.then = Then::Wait(WAIT_FOR_SOURCE);
                Err(failure)
            }
            _ => Ok(()),
        }
    }

    async fn act(
        &self,
        surroundings: &Surroundings,
        observed: &Observed<Self>,
        _plan: (),
    ) -> Outcome<Self> {
        let build = async {
            match &observed.inputs {
                ChartSource::Index(access, artifact) => {
                    Some(remote::from_index(self, surroundings, observed, access, artifact).await)
                }
                ChartSource::Registry(access, keys) => {
                    let limits = surroundings.options.chart_limits;
                    Some(remote::from_registry(limits, observed, access, keys.as_ref()).await)
                }
                ChartSource::Files(artifact) => {
                    Some(local::build(self, surroundings, observed, artifact).await)
                }
                _ => None,
            }
        };
        let revision = match &observed.inputs {
            ChartSource::Index(_, artifact) | ChartSource::Files(artifact) => {
                artifact.revision.clone()
            }
            _ => String::new(),
        };
        let built = match tokio::time::timeout(timeout(observed), build).await {
            Ok(Some(built)) => built,
            Ok(None) => return Outcome::wait(WAIT_FOR_SOURCE),
            Err(_) => Err(BuildError::pull(
                "failed to download chart for remote reference: context deadline exceeded",
            )),
        };
        finish(surroundings, observed, built, revision).await
    }
}

/// Pause before a chart whose source is not ready is looked at without being woken.
const WAIT_FOR_SOURCE: Duration = Duration::from_secs(30);

fn timeout(observed: &Observed<HelmCharts>) -> Duration {
    let named = match &observed.inputs {
        ChartSource::Index(access, _) | ChartSource::Registry(access, _) => {
            access.object.spec.timeout
        }
        _ => None,
    };
    named.map_or(DEFAULT_TIMEOUT, |timeout| timeout.as_std())
}

fn absent(name: &NamespacedName, kind: &str) -> ChartSource {
    ChartSource::Absent(format!(
        "{kind}.source.toolkit.fluxcd.io \"{}\" not found",
        name.name
    ))
}

/// A source that nobody looked at yet is no failure.
fn without_artifact<S: KindSpec>(object: &Resource<S>) -> ChartSource {
    let conditions = object.status.conditions();
    let ready = skein_api::conditions::find(conditions, ConditionType::Ready.as_str());
    match ready {
        Some(ready) if ready.status == ConditionStatus::False => ChartSource::NoArtifact,
        _ => ChartSource::Starting,
    }
}

/// Name of a kind of source.
pub(crate) fn kind_name(kind: HelmChartSourceKind) -> &'static str {
    match kind {
        HelmChartSourceKind::HelmRepository => "HelmRepository",
        HelmChartSourceKind::GitRepository => "GitRepository",
        HelmChartSourceKind::Bucket => "Bucket",
        HelmChartSourceKind::OciRepository => "OCIRepository",
    }
}

fn found_of(observed: &Observed<HelmCharts>, resolved: &Resolved) -> Option<Found> {
    let status = &observed.source.status;
    let same = status.observed_chart_name == resolved.name
        && observed
            .artifact()
            .is_some_and(|artifact| artifact.revision == resolved.version);
    (!same).then(|| Found {
        reason: Some(SourceReason::NewChart),
        message: resolved.summary(),
    })
}

async fn finish(
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    built: Result<Built, BuildError>,
    source_revision: String,
) -> Outcome<HelmCharts> {
    let (resolved, package) = match built {
        Ok(Built { resolved, package }) => (resolved, package),
        Err(error) => {
            return Outcome::failed(error.failure()).with_change(
                move |status: &mut HelmChartStatus| {
                    status.observed_source_artifact_revision = source_revision;
                },
            );
        }
    };
    let told = Told::new(resolved.reason(), resolved.summary());
    let Some(package) = package else {
        let unchanged = Outcome::unchanged(told).with_verified(Verified::Forget);
        return unchanged.with_change(move |status: &mut HelmChartStatus| {
            status.observed_source_artifact_revision = source_revision;
        });
    };
    if resolved.dependencies > 0 {
        let count = resolved.dependencies;
        let message = format!("resolved {count} chart dependencies");
        let reason = SourceReason::ResolvedDependencies.as_str();
        let event = event(&observed.object, Severity::Trace, reason, message);
        surroundings.events.record(event);
    }
    let found = found_of(observed, &resolved);
    let ignores_missing = observed.source.spec.ignore_missing_values_files;
    match store(surroundings, observed, &resolved, package).await {
        Ok((artifact, url)) => {
            let stored = Stored {
                artifact,
                url,
                event: told.clone(),
            };
            let outcome = Outcome::stored(stored, told).with_verified(Verified::Forget);
            outcome.with_change(move |status: &mut HelmChartStatus| {
                status.observed_source_artifact_revision = source_revision;
                status.observed_chart_name = resolved.name;
                // Only where files may be missing does the list say something that the spec does not.
                status.observed_values_files = if ignores_missing {
                    resolved.values_files
                } else {
                    Vec::new()
                };
            })
        }
        Err(failure) => Outcome::failed(failure).with_found(found),
    }
}

async fn store(
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    resolved: &Resolved,
    package: Vec<u8>,
) -> Result<(Artifact, String), Failure> {
    let metadata = &observed.source.metadata;
    let base = resolved.name.rsplit('/').next().unwrap_or_default();
    let location = ArtifactLocation {
        kind: "HelmChart".into(),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        file: format!("{base}-{}.tgz", resolved.version),
    };
    let (storage, revision) = (surroundings.storage.clone(), resolved.version.clone());
    let failed = |reason: &dyn std::fmt::Display| {
        let message = format!("unable to copy Helm chart to storage: {reason}");
        Failure::storage(SourceReason::ArchiveOperationFailed, message)
    };
    let stored = tokio::task::spawn_blocking(move || {
        let now = Time::new(Timestamp::now());
        let artifact = storage.store_bytes(&location, &revision, &package, now)?;
        let url = storage.link(&artifact, LATEST)?;
        Ok::<_, skein_artifact::StorageError>((artifact, url))
    })
    .await;
    stored
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))
}

/// The version and package that are stored now, when a build that is not forced need not be made again.
fn is_stored(observed: &Observed<HelmCharts>, name: &str, version: &str) -> bool {
    let source = &observed.source;
    // A new generation forces a build.
    let forced = source.status.observed_generation() != Some(source.metadata.generation);
    !forced
        && source.status.observed_chart_name == name
        && observed
            .artifact()
            .is_some_and(|artifact| artifact.revision == version)
}
