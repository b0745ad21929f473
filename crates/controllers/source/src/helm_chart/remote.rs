//! Charts of repositories and registries.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use regex::Regex;
use skein_api::source::helm_chart::HelmChartVerification;
use skein_api::source::helm_repository::HelmRepositorySpec;
use skein_api::{Artifact, Resource};
use skein_registry::{Access, ChartIndex, ChartVersion, Registry, Repository};
use skein_runtime::CacheEvent;
use skein_semver::{Constraint, Version};

use super::build::{BuildError, Built, Problem, Resolved, with_metadata};
use super::packing::pack;
use super::values_files::{clean, merge, names_own_values, overwrite, to_merge};
use super::{ChartLimits, HelmCharts, RepositoryAccess, is_stored};
use crate::helm_repository::{self, FAILED, authentication};
use crate::produced::{Observed, Secret, Surroundings, Then};
use crate::registry_access::{check_provider, for_repository};
use crate::signature_keys;

/// Media types of packages, the present one before the old one.
const CHART_LAYERS: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];
/// The values of a chart.
const VALUES_FILE: &str = "values.yaml";
/// Largest stored index that is read, in bytes: JSON is longer than YAML.
const MAX_STORED_INDEX_BYTES: u64 = 4 * skein_registry::chart_repository::MAX_INDEX_BYTES;
/// What a version could not be chosen for.
const NO_VERSION: &str = "failed to get chart version for remote reference";

/// Names that Flux asks servers for.
static CHART_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([-a-z0-9]+/?\.?)+$").expect("the expression is a constant"));

type BuildResult = Result<Built, BuildError>;

/// A chart of an index.
pub(super) async fn from_index(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
    artifact: &Artifact,
) -> BuildResult {
    helm_repository::client(&access.object, &access.inputs).map_err(BuildError::of_repository)?;
    let built = build_from_index(kind, surroundings, observed, access, artifact).await;
    built.map_err(BuildError::of_server)
}

async fn build_from_index(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
    artifact: &Artifact,
) -> BuildResult {
    let spec = &observed.source.spec;
    check_name(&spec.chart)?;
    let index = stored_index(kind, surroundings, &access.object, artifact)
        .await
        .map_err(|reason| {
            BuildError::pull(format!(
                "{NO_VERSION}: failed to load index: failed to load index: {reason}"
            ))
        })?;
    let entry = index
        .find(&spec.chart, &spec.version)
        .map_err(|error| BuildError::reference(format!("{NO_VERSION}: {error}")))?;
    if spec.verify.is_some() {
        // Nobody signs packages of such repositories in a way that Flux could check.
        return Err(BuildError::new(Problem::Verification, "not implemented"));
    }
    let resolved = resolve(observed, &entry.metadata.name, &entry.metadata.version)?;
    if is_stored(observed, &resolved.name, &resolved.version) {
        return Ok(unchanged(observed, resolved));
    }
    let limits = surroundings.options.chart_limits;
    let package = download(limits, access, entry).await.map_err(|reason| {
        BuildError::pull(format!(
            "failed to download chart for remote reference: {reason}"
        ))
    })?;
    package_of(limits, observed, resolved, package).await
}

fn check_name(name: &str) -> Result<(), BuildError> {
    if name.is_empty() {
        let message = "no name set for remote chart reference";
        return Err(BuildError::reference(message));
    }
    if CHART_NAME.is_match(name) {
        return Ok(());
    }
    Err(BuildError::reference(format!(
        "invalid chart name '{name}': a valid name must be lower case letters and numbers and MAY be separated with dashes (-), slashes (/) or periods (.)"
    )))
}

/// The index that a repository stored, from memory if it is there.
pub(super) async fn stored_index(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    repository: &Resource<HelmRepositorySpec>,
    artifact: &Artifact,
) -> Result<Arc<ChartIndex>, String> {
    let found = kind.indexes.get(&artifact.digest);
    let event = match found {
        Some(_) => CacheEvent::Hit,
        None => CacheEvent::Miss,
    };
    let metadata = &repository.metadata;
    let metrics = &surroundings.metrics;
    metrics.index_looked_for(event, &metadata.namespace, &metadata.name);
    if let Some(index) = found {
        return Ok(index);
    }
    let (storage, indexes) = (surroundings.storage.clone(), kind.indexes.clone());
    let (path, digest) = (artifact.path.clone(), artifact.digest.clone());
    let read = tokio::task::spawn_blocking(move || {
        let bytes = storage
            .read(&path, MAX_STORED_INDEX_BYTES)
            .map_err(|error| error.to_string())?;
        let index = ChartIndex::from_json(&bytes).map_err(|error| error.to_string())?;
        let index = Arc::new(index);
        indexes.put(&digest, index.clone(), bytes.len());
        Ok(index)
    });
    read.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// The package of an entry of an index.
pub(super) async fn download(
    limits: ChartLimits,
    access: &RepositoryAccess,
    entry: &ChartVersion,
) -> Result<Vec<u8>, String> {
    let client = helm_repository::client(&access.object, &access.inputs)
        .map_err(|failure| failure.message)?;
    let urls = entry.urls.as_deref().unwrap_or_default();
    let url = urls
        .first()
        .ok_or_else(|| format!("chart '{}' has no downloadable URLs", entry.metadata.name))?;
    client
        .fetch_chart(url, limits.package_bytes)
        .await
        .map_err(|error| error.to_string())
}

/// A chart of a registry.
pub(super) async fn from_registry(
    limits: ChartLimits,
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
    keys: Option<&Secret>,
) -> BuildResult {
    let spec = &observed.source.spec;
    authentication(&access.object, &access.inputs).map_err(BuildError::of_repository)?;
    if let Some(verify) = &spec.verify {
        check_keys(observed, verify, keys)?;
    }
    check_name(&spec.chart).map_err(BuildError::of_server)?;
    let registry = open_registry(access, &spec.chart)?;
    let built = build_from_registry(limits, observed, access, &registry).await;
    built.map_err(BuildError::of_server)
}

async fn build_from_registry(
    limits: ChartLimits,
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
    registry: &Registry,
) -> BuildResult {
    let spec = &observed.source.spec;
    let version = registry_version(registry, access, &spec.chart, &spec.version)
        .await
        .map_err(|reason| BuildError::pull(format!("{NO_VERSION}: {reason}")))?;
    if spec.verify.is_some() {
        let url = chart_url(access, &spec.chart);
        let message = format!(
            "failed to verify {url}:{version}: signatures cannot be verified yet; leave spec.verify out to use the chart without"
        );
        return Err(BuildError::new(Problem::Verification, message));
    }
    let resolved = resolve(observed, &spec.chart, &version)?;
    if is_stored(observed, &resolved.name, &resolved.version) {
        return Ok(unchanged(observed, resolved));
    }
    let package = pull(limits, registry, access, &spec.chart, &version)
        .await
        .map_err(|reason| {
            BuildError::pull(format!(
                "failed to download chart for remote reference: {reason}"
            ))
        })?;
    package_of(limits, observed, resolved, package).await
}

/// The keys that a signature is checked with must be there.
fn check_keys(
    observed: &Observed<HelmCharts>,
    verify: &HelmChartVerification,
    keys: Option<&Secret>,
) -> Result<(), BuildError> {
    let metadata = &observed.source.metadata;
    let name = verify.secret_ref.as_ref();
    let name = name.map_or("", |reference| reference.name.as_str());
    let name = format!("{}/{name}", metadata.namespace);
    let problem = signature_keys::problem_of_chart(verify.provider, keys, &name, &metadata.name);
    problem.map_or(Ok(()), |reason| {
        let provider = signature_keys::name_of(verify.provider);
        let message =
            format!("failed to verify the signature using provider '{provider}': {reason}");
        Err(BuildError::new(Problem::Keys, message))
    })
}

/// `oci://host/path/chart`, as the user wrote it.
fn chart_url(access: &RepositoryAccess, chart: &str) -> String {
    format!("{}/{chart}", access.object.spec.url.trim_end_matches('/'))
}

/// The repository of a chart with the access of its HelmRepository.
pub(super) fn open_registry(
    access: &RepositoryAccess,
    chart: &str,
) -> Result<Registry, BuildError> {
    let (spec, inputs) = (&access.object.spec, &access.inputs);
    let address = match &access.local {
        Some(local) => format!("{}/{chart}", local.trim_end_matches('/')),
        None => chart_url(access, chart),
    };
    if !address.starts_with(skein_registry::name::OCI_SCHEME) {
        let url = spec.url.trim_end_matches('/');
        let message = format!("failed to construct Helm client: invalid OCI registry URL: {url}/");
        return Err(BuildError::new(
            Problem::Other(FAILED, Then::Stall),
            message,
        ));
    }
    let repository = Repository::parse_url(&address).map_err(|error| {
        BuildError::reference(format!("invalid chart URL '{address}': {error}"))
    })?;
    let refused = |reason: &str| BuildError::pull(reason.to_owned());
    check_provider(spec.provider).map_err(|failure| refused(&failure.message))?;
    let mut reach = Access {
        insecure: spec.insecure,
        // Flux's Helm client speaks plain HTTP only where it is told to; what stands in for a registry here is ours.
        no_plain_guess: access.local.is_none(),
        ..Access::default()
    };
    if access.local.is_none() {
        reach.tls = authentication(&access.object, inputs)
            .map_err(BuildError::of_repository)?
            .1;
        if let (Some(secret), Some(reference)) = (&inputs.credentials, &spec.secret_ref) {
            let credentials = for_repository(&reference.name, secret, &repository);
            reach.credentials = credentials.map_err(|reason| {
                let message = format!("failed to configure OCI registry authentication: {reason}");
                let reason = skein_api::SourceReason::AuthenticationFailed.as_str();
                BuildError::new(Problem::Other(reason, Then::Retry), message)
            })?;
        }
    }
    Registry::new(repository, &reach).map_err(|error| refused(&error.to_string()))
}

/// The version to pull: one that is written in full is taken without a look at the tags.
pub(super) async fn registry_version(
    registry: &Registry,
    access: &RepositoryAccess,
    chart: &str,
    version: &str,
) -> Result<String, String> {
    if Version::parse_dotted(version).is_some() {
        return Ok(version.to_owned());
    }
    let url = chart_url(access, chart);
    let no_tags = |reason: String| format!("could not get tags for \"{chart}\": {reason}");
    let tags = registry.tags(None).await.map_err(|error| {
        let error = error.in_words_of_helm();
        no_tags(format!("could not fetch tags for \"{url}\": {error}"))
    })?;
    // Tags have no plus sign; charts write an underscore for it.
    let mut versions: Vec<_> = tags
        .iter()
        .map(|tag| tag.replace('_', "+"))
        .filter_map(|text| Some((Version::parse_dotted(&text)?, text)))
        .collect();
    if versions.is_empty() {
        return Err(no_tags(format!(
            "unable to locate any tags in provided repository: {url}"
        )));
    }
    versions.sort_by(|(a, _), (b, _)| b.precedence(a));
    if let Some((_, exact)) = versions.iter().find(|(_, text)| text == version) {
        return Ok(exact.clone());
    }
    let range = if version.is_empty() { "*" } else { version };
    let constraint = Constraint::parse(range).map_err(|error| error.to_string())?;
    let found = versions
        .into_iter()
        .find(|(version, _)| constraint.check(version));
    found.map(|(_, text)| text).ok_or_else(|| {
        format!("could not locate a version matching provided version string {version}")
    })
}

/// The package of a version.
pub(super) async fn pull(
    limits: ChartLimits,
    registry: &Registry,
    access: &RepositoryAccess,
    chart: &str,
    version: &str,
) -> Result<Vec<u8>, String> {
    let tag = version.replace('+', "_");
    let url = chart_url(access, chart);
    let failed = |reason: String| format!("failed to get '{url}:{version}': {reason}");
    let manifest = registry.manifest(&tag).await.map_err(|error| {
        let reason = if error.status() == Some(404) {
            let name = url.trim_start_matches(skein_registry::name::OCI_SCHEME);
            format!("{name}:{tag}: not found")
        } else {
            error.in_words_of_helm()
        };
        failed(format!(
            "failed to perform \"FetchReference\" on source: {reason}"
        ))
    })?;
    let layer = CHART_LAYERS
        .iter()
        .find_map(|wanted| {
            manifest
                .layers
                .iter()
                .find(|layer| layer.media_type == *wanted)
        })
        .ok_or_else(|| {
            failed(format!(
                "manifest does not contain a layer with mediatype {}",
                CHART_LAYERS[0]
            ))
        })?;
    registry
        .blob(layer, limits.package_bytes)
        .await
        .map_err(|error| failed(error.in_words_of_helm()))
}

/// Name and version of the package, before it is fetched.
fn resolve(
    observed: &Observed<HelmCharts>,
    name: &str,
    version: &str,
) -> Result<Resolved, BuildError> {
    let source = &observed.source;
    let packaged = !to_merge(&source.spec.values_files).is_empty();
    let metadata = if packaged {
        // So that consumers notice a change of the files.
        source.metadata.generation.to_string()
    } else {
        String::new()
    };
    Ok(Resolved {
        name: name.to_owned(),
        version: with_metadata(version, &metadata)?,
        packaged,
        ..Resolved::default()
    })
}

/// What is stored is what would be built.
pub(super) fn unchanged(observed: &Observed<HelmCharts>, resolved: Resolved) -> Built {
    let (spec, status) = (&observed.source.spec, &observed.source.status);
    let values_files = match status.observed_values_files.as_slice() {
        [] => to_merge(&spec.values_files),
        observed => observed,
    };
    Built {
        resolved: Resolved {
            values_files: values_files.to_vec(),
            ..resolved
        },
        package: None,
    }
}

/// The package as it came, or with other default values.
async fn package_of(
    limits: ChartLimits,
    observed: &Observed<HelmCharts>,
    resolved: Resolved,
    package: Vec<u8>,
) -> BuildResult {
    let spec = &observed.source.spec;
    let (files, ignore_missing) = (spec.values_files.clone(), spec.ignore_missing_values_files);
    let built = tokio::task::spawn_blocking(move || {
        if to_merge(&files).is_empty() {
            check_package(limits, &resolved.name, &package)?;
            return Ok(Built {
                resolved,
                package: Some(package),
            });
        }
        repackage(resolved, &package, &files, ignore_missing)
    });
    built
        .await
        .unwrap_or_else(|error| Err(BuildError::new(Problem::Package, error.to_string())))
}

/// The package must at least have a Chart.yaml that can be read.
fn check_package(limits: ChartLimits, name: &str, package: &[u8]) -> Result<(), BuildError> {
    let failed = |what: &str, reason: &dyn std::fmt::Display| {
        BuildError::pull(format!("failed to {what} of written chart: {reason}"))
    };
    let unreadable = |reason: &dyn std::fmt::Display| {
        BuildError::pull(format!(
            "failed to load chart metadata from written chart: {reason}"
        ))
    };
    let mut files = skein_helm::archive::unpack(package).map_err(|error| unreadable(&error))?;
    if let Some(problem) = limits.packed_metadata_problem(name, &files) {
        return Err(unreadable(&problem));
    }
    files.retain(|file| file.name == "Chart.yaml");
    match skein_helm::load(files) {
        Ok(_) => Ok(()),
        Err(error @ skein_helm::LoadError::Invalid(_)) => Err(failed("validate metadata", &error)),
        Err(skein_helm::LoadError::Missing) => Err(unreadable(&"no 'Chart.yaml' found")),
        Err(error) => Err(unreadable(&error)),
    }
}

fn repackage(
    mut resolved: Resolved,
    package: &[u8],
    files: &[String],
    ignore_missing: bool,
) -> BuildResult {
    let package_error = |reason: String| BuildError::new(Problem::Package, reason);
    let mut chart = skein_helm::load_archive(package)
        .map_err(|error| package_error(format!("failed to load downloaded chart: {error}")))?;
    let read = |path: &str| {
        let of = |files: &[skein_helm::File], name: &str| {
            let file = files.iter().find(|file| file.name == name)?;
            Some(file.data.to_vec())
        };
        if names_own_values(path) {
            return Some(of(&chart.raw, VALUES_FILE).unwrap_or_default());
        }
        of(&chart.files, &clean(path))
    };
    let absent = |path: &str| format!("no values file found at path '{path}'");
    let merged = merge(files, ignore_missing, read, absent).map_err(|error| BuildError {
        message: format!("failed to merge chart values: {}", error.message),
        ..error
    })?;
    resolved.values_files = overwrite(&mut chart, merged)?;
    chart.metadata.version.clone_from(&resolved.version);
    let packed = pack(&chart, Timestamp::now())
        .map_err(|error| package_error(format!("failed to package chart: {error}")))?;
    Ok(Built {
        resolved,
        package: Some(packed),
    })
}

#[cfg(test)]
mod tests;
