//! Charts of repositories and registries.

use std::sync::Arc;

use jiff::Timestamp;
use skein_api::Artifact;
use skein_helm::{Chart, File};
use skein_registry::chart_repository::MAX_CHART_BYTES;
use skein_registry::index::parse_strict;
use skein_registry::{Access, ChartIndex, ChartVersion, Registry, Repository};
use skein_semver::Constraint;

use super::build::{BuildError, Built, Problem, Resolved, with_metadata};
use super::values_files::{Merged, merge};
use super::{HelmCharts, RepositoryAccess, is_stored};
use crate::helm_repository;
use crate::produced::{Observed, Surroundings};
use crate::registry_access::{certificates, check_provider, for_repository, no_client};

/// Media types of packages, the present one before the old one.
const CHART_LAYERS: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];
/// The values of a chart.
const VALUES_FILE: &str = "values.yaml";
/// Largest stored index that is read, in bytes: JSON is longer than YAML.
const MAX_STORED_INDEX_BYTES: u64 = 4 * skein_registry::chart_repository::MAX_INDEX_BYTES;

type BuildResult = Result<Built, BuildError>;

/// A chart of an index.
pub(super) async fn from_index(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
    artifact: &Artifact,
) -> BuildResult {
    let spec = &observed.source.spec;
    let index = stored_index(kind, surroundings, artifact)
        .await
        .map_err(|reason| BuildError::reference(format!("failed to load index: {reason}")))?;
    let entry = index.find(&spec.chart, &spec.version).map_err(|error| {
        BuildError::reference(format!(
            "failed to get chart version for remote reference: {error}"
        ))
    })?;
    let resolved = resolve(observed, &entry.metadata.name, &entry.metadata.version)?;
    if is_stored(observed, &resolved.name, &resolved.version) {
        return Ok(unchanged(observed, resolved));
    }
    let package = download(access, entry).await.map_err(|reason| {
        BuildError::pull(format!(
            "failed to download chart for remote reference: {reason}"
        ))
    })?;
    package_of(observed, resolved, package).await
}

/// The index of a stored file, from memory if it is there.
pub(super) async fn stored_index(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    artifact: &Artifact,
) -> Result<Arc<ChartIndex>, String> {
    if let Some(index) = kind.indexes.get(&artifact.digest) {
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
        .fetch_chart(url, MAX_CHART_BYTES)
        .await
        .map_err(|error| error.to_string())
}

/// A chart of a registry.
pub(super) async fn from_registry(
    observed: &Observed<HelmCharts>,
    access: &RepositoryAccess,
) -> BuildResult {
    let spec = &observed.source.spec;
    let registry = open_registry(access, &spec.chart)?;
    let version = registry_version(&registry, access, &spec.chart, &spec.version).await?;
    let resolved = resolve(observed, &spec.chart, &version)?;
    if is_stored(observed, &resolved.name, &resolved.version) {
        return Ok(unchanged(observed, resolved));
    }
    let package = pull(&registry, access, &spec.chart, &version)
        .await
        .map_err(|reason| {
            BuildError::pull(format!(
                "failed to download chart for remote reference: {reason}"
            ))
        })?;
    package_of(observed, resolved, package).await
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
    let (spec, metadata) = (&access.object.spec, &access.object.metadata);
    let address = match &access.local {
        Some(local) => format!("{}/{chart}", local.trim_end_matches('/')),
        None => chart_url(access, chart),
    };
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
        let name = |reference: &Option<skein_api::reference::LocalObjectReference>| {
            let name = reference
                .as_ref()
                .map_or("", |reference| reference.name.as_str());
            format!("{}/{name}", metadata.namespace)
        };
        let certificate_name = name(&spec.cert_secret_ref);
        let unknown = |reason: String| BuildError::new(Problem::Unknown, reason);
        reach.tls = certificates(&certificate_name, access.inputs.certificates.as_ref())
            .map_err(|problem| unknown(no_client(&certificate_name, problem).message))?;
        if let Some(secret) = &access.inputs.credentials {
            reach.credentials = for_repository(secret, &repository).map_err(|reason| {
                let name = name(&spec.secret_ref);
                unknown(format!(
                    "failed to get authentication secret '{name}': {reason}"
                ))
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
) -> Result<String, BuildError> {
    if parse_strict(version).is_some() {
        return Ok(version.to_owned());
    }
    const FAILED: &str = "failed to get chart version for remote reference";
    let tags = registry.tags(None).await.map_err(|error| {
        let (url, error) = (chart_url(access, chart), error.in_words_of_helm());
        BuildError::pull(format!(
            "{FAILED}: could not get tags for \"{chart}\": could not fetch tags for \"{url}\": {error}"
        ))
    })?;
    if tags.is_empty() {
        return Err(BuildError::reference(format!(
            "{FAILED}: unable to locate any tags in provided repository: {chart}"
        )));
    }
    // Tags have no plus sign; charts write an underscore for it.
    let mut versions: Vec<_> = tags
        .iter()
        .map(|tag| tag.replace('_', "+"))
        .filter_map(|text| Some((parse_strict(&text)?, text)))
        .collect();
    versions.sort_by(|(a, _), (b, _)| b.precedence(a));
    if let Some((_, exact)) = versions.iter().find(|(_, text)| text == version) {
        return Ok(exact.clone());
    }
    let range = if version.is_empty() { "*" } else { version };
    let constraint = Constraint::parse(range)
        .map_err(|error| BuildError::reference(format!("{FAILED}: {error}")))?;
    let found = versions
        .into_iter()
        .find(|(version, _)| constraint.check(version));
    found.map(|(_, text)| text).ok_or_else(|| {
        BuildError::reference(format!(
            "{FAILED}: could not locate a version matching provided version string {version}"
        ))
    })
}

/// The package of a version.
pub(super) async fn pull(
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
        .blob(layer, MAX_CHART_BYTES)
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
    let has_values_files = !source.spec.values_files.is_empty();
    let metadata = if has_values_files {
        // So that consumers notice a change of the files.
        source.metadata.generation.to_string()
    } else {
        String::new()
    };
    Ok(Resolved {
        name: name.to_owned(),
        version: with_metadata(version, &metadata)?,
        packaged: has_values_files,
        values_files: Vec::new(),
    })
}

/// What is stored is what would be built.
pub(super) fn unchanged(observed: &Observed<HelmCharts>, resolved: Resolved) -> Built {
    let (spec, status) = (&observed.source.spec, &observed.source.status);
    let values_files = if spec.ignore_missing_values_files {
        status.observed_values_files.clone()
    } else {
        spec.values_files.clone()
    };
    Built {
        resolved: Resolved {
            values_files,
            ..resolved
        },
        package: None,
    }
}

/// The package as it came, or with other default values.
async fn package_of(
    observed: &Observed<HelmCharts>,
    resolved: Resolved,
    package: Vec<u8>,
) -> BuildResult {
    let spec = &observed.source.spec;
    let (files, ignore_missing) = (spec.values_files.clone(), spec.ignore_missing_values_files);
    let built = tokio::task::spawn_blocking(move || {
        if files.is_empty() {
            check_package(&package)?;
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
fn check_package(package: &[u8]) -> Result<(), BuildError> {
    let failed = |reason: &dyn std::fmt::Display| {
        BuildError::pull(format!(
            "failed to load chart metadata from written chart: {reason}"
        ))
    };
    let mut files = skein_helm::archive::unpack(package).map_err(|error| failed(&error))?;
    files.retain(|file| file.name == "Chart.yaml");
    skein_helm::load(files)
        .map(drop)
        .map_err(|error| failed(&error))
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
        let path = path.trim_start_matches("./");
        let file = chart.raw.iter().find(|file| file.name == path)?;
        Some(file.data.to_vec())
    };
    let absent = |path: &str| format!("no values file found at path '{path}'");
    let merged = merge(files, ignore_missing, read, absent).map_err(|error| BuildError {
        message: format!("failed to merge chart values: {}", error.message),
        ..error
    })?;
    resolved.values_files = merged.files.clone();
    chart.metadata.version.clone_from(&resolved.version);
    overwrite_values(&mut chart, &merged);
    let packed = skein_helm::pack::pack(&chart, Timestamp::now())
        .map_err(|error| package_error(format!("failed to package chart: {error}")))?;
    Ok(Built {
        resolved,
        package: Some(packed),
    })
}

/// The merged values become values.yaml.
pub(super) fn overwrite_values(chart: &mut Chart, merged: &Merged) {
    let old = chart.raw.iter().find(|file| file.name == VALUES_FILE);
    let modified = old.and_then(|file| file.modified);
    chart.raw.retain(|file| file.name != VALUES_FILE);
    chart.raw.push(File {
        name: VALUES_FILE.to_owned(),
        data: Arc::from(merged.text.as_bytes()),
        // The file keeps its time, as with Helm: packing the same again gives the same.
        modified,
    });
}
