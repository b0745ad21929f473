//! Dependencies of a chart in a directory: other directories of the same source, and charts of repositories.

use std::pin::Pin;

use skein_api::Resource;
use skein_api::source::helm_repository::{HelmRepositorySpec, HelmRepositoryType};
use skein_artifact::Tree;
use skein_helm::{Chart, Dependency, load, load_archive};
use skein_registry::ChartIndex;
use skein_registry::chart_repository::MAX_INDEX_BYTES;
use skein_registry::name::OCI_SCHEME;

use super::local::{chart_files, confined};
use super::remote::{download, open_registry, pull, registry_version, stored_index};
use super::{HelmCharts, RepositoryAccess};
use crate::helm_repository;
use crate::produced::Surroundings;

/// Most dependencies of one chart.
const MAX_DEPENDENCIES: usize = 256;
/// Deepest chain of directories that depend on each other, in levels.
const MAX_LEVELS: usize = 16;
/// Scheme of directories.
const FILE_SCHEME: &str = "file://";

/// Where dependencies are looked for.
pub(super) struct Scope<'a> {
    pub kind: &'a HelmCharts,
    pub surroundings: &'a Surroundings,
    pub namespace: &'a str,
    /// The files of the source.
    pub tree: &'a Tree,
}

/// The charts that the chart in a folder needs and does not hold.
pub(super) async fn build(
    scope: &Scope<'_>,
    folder: &str,
    chart: &Chart,
) -> Result<Vec<Chart>, String> {
    collect(scope, folder, chart, 0).await
}

/// The charts that Chart.yaml, or its lock, lists and charts/ does not have.
fn missing(chart: &Chart) -> Vec<&Dependency> {
    let listed = match &chart.lock {
        Some(lock) => &lock.dependencies,
        None => &chart.metadata.dependencies,
    };
    if listed.len() == chart.dependencies.len() {
        return Vec::new();
    }
    let is_there = |wanted: &&Dependency| {
        let mut held = chart.dependencies.iter();
        held.any(|held| held.metadata.name == wanted.name)
    };
    listed.iter().filter(|wanted| !is_there(wanted)).collect()
}

type Charts<'a> = Pin<Box<dyn Future<Output = Result<Vec<Chart>, String>> + Send + 'a>>;

fn collect<'a>(
    scope: &'a Scope<'_>,
    folder: &'a str,
    chart: &'a Chart,
    level: usize,
) -> Charts<'a> {
    Box::pin(async move {
        if level > MAX_LEVELS {
            return Err(format!(
                "charts depend on each other more than {MAX_LEVELS} levels deep"
            ));
        }
        let wanted = missing(chart);
        if wanted.len() > MAX_DEPENDENCIES {
            return Err(format!(
                "the chart has more than {MAX_DEPENDENCIES} dependencies"
            ));
        }
        let mut charts = Vec::new();
        for dependency in wanted {
            let is_local =
                dependency.repository.is_empty() || dependency.repository.starts_with(FILE_SCHEME);
            let added = if is_local {
                local(scope, folder, dependency, level).await
            } else {
                remote(scope, dependency).await
            };
            let name = &dependency.name;
            charts.push(added.map_err(|reason| {
                let what = if is_local { "local" } else { "remote" };
                format!("failed to add {what} dependency '{name}': {reason}")
            })?);
        }
        Ok(charts)
    })
}

async fn local(
    scope: &Scope<'_>,
    folder: &str,
    dependency: &Dependency,
    level: usize,
) -> Result<Chart, String> {
    let reference = &dependency.repository;
    let relative = reference.strip_prefix(FILE_SCHEME).unwrap_or_default();
    if relative.is_empty() {
        return Err("no repository is named, and charts/ does not have it".to_owned());
    }
    let path = confined(&format!("{folder}/{relative}"));
    let loaded = if let Some(package) = scope.tree.file(&path) {
        load_archive(package).map_err(|error| error.to_string())
    } else if scope.tree.is_directory(&path) {
        chart_files(scope.tree, &path).and_then(|files| load(files).map_err(|e| e.to_string()))
    } else {
        let from = shown_reference(reference);
        return Err(format!("no chart found at '/{path}' (reference '{from}')"));
    };
    let mut chart = loaded.map_err(|error| {
        format!(
            "failed to load chart from '/{path}' (reference '{}'): {error}",
            shown_reference(reference)
        )
    })?;
    let (range, version) = (&dependency.version, &chart.metadata.version);
    if !range.is_empty() && !skein_helm::dependencies::is_compatible(range, version) {
        return Err(format!(
            "can't get a valid version for constraint '{range}'"
        ));
    }
    let added = collect(scope, &path, &chart, level + 1).await?;
    chart.dependencies.extend(added);
    Ok(chart)
}

fn shown_reference(reference: &str) -> String {
    reference.chars().take(200).collect()
}

async fn remote(scope: &Scope<'_>, dependency: &Dependency) -> Result<Chart, String> {
    let url = &dependency.repository;
    if !["http://", "https://", OCI_SCHEME]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(format!(
            "the repository '{}' is no address: write its URL in Chart.yaml",
            shown_reference(url)
        ));
    }
    let access = repository_of(scope, url).await;
    let package = if url.starts_with(OCI_SCHEME) {
        let failed = |error: super::build::BuildError| error.message;
        let registry = open_registry(&access, &dependency.name).map_err(failed)?;
        let version = registry_version(&registry, &access, &dependency.name, &dependency.version)
            .await
            .map_err(failed)?;
        pull(&registry, &access, &dependency.name, &version).await?
    } else {
        from_index(scope, &access, dependency).await?
    };
    tokio::task::spawn_blocking(move || load_archive(&package))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("failed to load downloaded archive: {error}"))
}

async fn from_index(
    scope: &Scope<'_>,
    access: &RepositoryAccess,
    dependency: &Dependency,
) -> Result<Vec<u8>, String> {
    let (name, range) = (&dependency.name, &dependency.version);
    let url = &dependency.repository;
    let index = match &access.object.status.artifact {
        Some(artifact) => stored_index(scope.kind, scope.surroundings, artifact).await?,
        None => {
            let client = helm_repository::client(&access.object, &access.inputs)
                .map_err(|failure| failure.message)?;
            let bytes = client
                .fetch_index(MAX_INDEX_BYTES)
                .await
                .map_err(|error| format!("failed to load index for '{name}': {error}"))?;
            let parsed = tokio::task::spawn_blocking(move || ChartIndex::parse(&bytes))
                .await
                .map_err(|error| error.to_string())?;
            let read = parsed.map_err(|error| format!("failed to load index: {error}"))?;
            std::sync::Arc::new(read.index)
        }
    };
    let entry = index.find(name, range).map_err(|error| {
        format!("failed to get chart '{name}' version '{range}' from '{url}': {error}")
    })?;
    download(access, entry).await.map_err(|error| {
        format!(
            "chart download of version '{}' failed: {error}",
            entry.metadata.version
        )
    })
}

/// The HelmRepository of the namespace with that address, or the address alone.
async fn repository_of(scope: &Scope<'_>, url: &str) -> RepositoryAccess {
    let wanted = normal(url);
    let found = scope
        .kind
        .helm_repositories
        .list()
        .into_iter()
        .filter(|(name, _)| name.namespace == scope.namespace)
        .filter_map(|(_, object)| Resource::<HelmRepositorySpec>::from_object(&object).ok())
        .find(|object| normal(&object.spec.url) == wanted);
    let object = found.unwrap_or_else(|| {
        let mut object = Resource::<HelmRepositorySpec>::default();
        object.metadata.namespace = scope.namespace.to_owned();
        object.spec.url = url.to_owned();
        let is_registry = url.starts_with(OCI_SCHEME);
        object.spec.repository_type = is_registry.then_some(HelmRepositoryType::Oci);
        object
    });
    RepositoryAccess::read(scope.surroundings, object).await
}

/// An address without slashes at its end.
fn normal(url: &str) -> &str {
    url.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(listed: &[&str], held: &[&str]) -> Chart {
        let mut chart = Chart::default();
        chart.metadata.dependencies = listed
            .iter()
            .map(|name| Dependency {
                name: (*name).to_owned(),
                ..Dependency::default()
            })
            .collect();
        chart.dependencies = held
            .iter()
            .map(|name| {
                let mut chart = Chart::default();
                chart.metadata.name = (*name).to_owned();
                chart
            })
            .collect();
        chart
    }

    #[test]
    fn what_is_missing() {
        let names = |chart: &Chart| -> Vec<String> {
            missing(chart)
                .iter()
                .map(|wanted| wanted.name.clone())
                .collect()
        };
        assert_eq!(names(&chart(&["a", "b"], &["a"])), ["b"]);
        assert!(names(&chart(&["a"], &["a"])).is_empty());
        assert_eq!(names(&chart(&["a"], &[])), ["a"]);
    }
}
