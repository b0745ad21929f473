//! Dependencies of a chart in a directory: other directories of the same source, and charts of repositories.

use std::sync::Arc;

use skein_api::Resource;
use skein_api::source::helm_repository::{HelmRepositorySpec, HelmRepositoryType};
use skein_artifact::Tree;
use skein_helm::{Chart, Dependency, load, load_archive};
use skein_registry::ChartIndex;
use skein_registry::name::OCI_SCHEME;
use skein_semver::{Constraint, Version};

use super::local::{chart_files, confined};
use super::remote::{download, open_registry, pull, registry_version, stored_index};
use super::{ChartLimits, HelmCharts, RepositoryAccess};
use crate::helm_repository;
use crate::produced::Surroundings;

/// Most dependencies of one chart.
const MAX_DEPENDENCIES: usize = 256;
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

/// The charts that the chart in a folder needs and does not hold; those that they need in turn are not looked for.
pub(super) async fn build(
    scope: &Scope<'_>,
    folder: &str,
    chart: &Chart,
) -> Result<Vec<Chart>, String> {
    let wanted = missing(chart);
    if wanted.len() > MAX_DEPENDENCIES {
        return Err(format!(
            "the chart has more than {MAX_DEPENDENCIES} dependencies"
        ));
    }
    let limits = scope.surroundings.options.chart_limits;
    let mut charts = Vec::new();
    for dependency in wanted {
        let is_local =
            dependency.repository.is_empty() || dependency.repository.starts_with(FILE_SCHEME);
        let (what, added) = if is_local {
            ("local", local(limits, scope.tree, folder, dependency))
        } else {
            ("remote", remote(scope, dependency).await)
        };
        let name = known_as(dependency);
        let mut chart = added
            .map_err(|reason| format!("failed to add {what} dependency '{name}': {reason}"))?;
        if !dependency.alias.is_empty() {
            chart.metadata.name.clone_from(&dependency.alias);
        }
        charts.push(chart);
    }
    Ok(charts)
}

/// The name under which its parent knows a chart.
fn known_as(dependency: &Dependency) -> &str {
    if dependency.alias.is_empty() {
        &dependency.name
    } else {
        &dependency.alias
    }
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
        held.any(|held| held.metadata.name == known_as(wanted))
    };
    listed.iter().filter(|wanted| !is_there(wanted)).collect()
}

fn local(
    limits: ChartLimits,
    tree: &Tree,
    folder: &str,
    dependency: &Dependency,
) -> Result<Chart, String> {
    let reference = &dependency.repository;
    let relative = match reference.strip_prefix(FILE_SCHEME) {
        Some(relative) => relative.to_owned(),
        None => format!("charts/{}", dependency.name),
    };
    let path = confined(&format!("{folder}/{relative}"));
    let from = shown_reference(reference);
    let package = tree.file(&path);
    if package.is_none() && !tree.is_directory(&path) {
        return Err(format!("no chart found at '/{path}' (reference '{from}')"));
    }
    let range = &dependency.version;
    let constraint = Constraint::parse(range)
        .map_err(|error| format!("invalid version/constraint format '{range}': {error}"))?;
    let loaded = match package {
        Some(package) => load_archive(package).map_err(|error| error.to_string()),
        None => chart_files(tree, &path).and_then(|files| match limits.folder_problem(&files) {
            Some(problem) => Err(format!("failed to load files from /{path}/: {problem}")),
            None => load(files).map_err(|error| error.to_string()),
        }),
    };
    let chart = loaded.map_err(|error| {
        format!("failed to load chart from '/{path}' (reference '{from}'): {error}")
    })?;
    let version = Version::parse(&chart.metadata.version).map_err(|error| error.to_string())?;
    if !constraint.check(&version) {
        return Err(format!(
            "can't get a valid version for constraint '{range}'"
        ));
    }
    Ok(chart)
}

fn shown_reference(reference: &str) -> String {
    reference.chars().take(200).collect()
}

async fn remote(scope: &Scope<'_>, dependency: &Dependency) -> Result<Chart, String> {
    let url = normal(&dependency.repository)?;
    let (name, range) = (&dependency.name, &dependency.version);
    let access = repository_of(scope, &url).await;
    let limits = scope.surroundings.options.chart_limits;
    let no_repository =
        |reason: String| format!("failed to get chart repository for URL '{url}': {reason}");
    let no_chart = |reason: String| {
        let from = shown_reference(&dependency.repository);
        format!("failed to get chart '{name}' version '{range}' from '{from}': {reason}")
    };
    let (version, package) = if url.starts_with(OCI_SCHEME) {
        let registry =
            open_registry(&access, name).map_err(|error| no_repository(error.message))?;
        let version = registry_version(&registry, &access, name, range)
            .await
            .map_err(no_chart)?;
        let package = pull(limits, &registry, &access, name, &version).await;
        (version, package)
    } else {
        helm_repository::client(&access.object, &access.inputs)
            .map_err(|failure| no_repository(failure.message))?;
        let index = index_of(scope, &access).await.map_err(no_chart)?;
        let entry = index
            .find(name, range)
            .map_err(|error| no_chart(error.to_string()))?;
        let package = download(limits, &access, entry).await;
        (entry.metadata.version.clone(), package)
    };
    let package = package
        .map_err(|reason| format!("chart download of version '{version}' failed: {reason}"))?;
    let loaded = tokio::task::spawn_blocking(move || load_archive(&package)).await;
    loaded.map_err(|error| error.to_string())?.map_err(|error| {
        format!("failed to load downloaded archive of version '{version}': {error}")
    })
}

/// The stored index of a HelmRepository, or the one at its address.
async fn index_of(scope: &Scope<'_>, access: &RepositoryAccess) -> Result<Arc<ChartIndex>, String> {
    const NOT_LOADED: &str = "failed to load index: failed to load index";
    if let Some(artifact) = &access.object.status.artifact {
        let stored = stored_index(scope.kind, scope.surroundings, &access.object, artifact).await;
        return stored.map_err(|reason| format!("{NOT_LOADED}: {reason}"));
    }
    let client = helm_repository::client(&access.object, &access.inputs)
        .map_err(|failure| failure.message)?;
    let limit = scope.surroundings.options.helm_index_max_bytes;
    let bytes = client.fetch_index(limit).await.map_err(|error| {
        let error = error.about_index();
        format!("failed to cache index: failed to cache index to temporary file: {error}")
    })?;
    let parsed = tokio::task::spawn_blocking(move || ChartIndex::parse(&bytes)).await;
    let read = parsed.map_err(|error| error.to_string())?;
    let read = read.map_err(|error| format!("{NOT_LOADED}: {error}"))?;
    Ok(Arc::new(read.index))
}

/// The HelmRepository of the namespace with that address, or the address alone.
async fn repository_of(scope: &Scope<'_>, url: &str) -> RepositoryAccess {
    let found = scope
        .kind
        .helm_repositories
        .list()
        .into_iter()
        .filter(|(name, _)| name.namespace == scope.namespace)
        .filter_map(|(_, object)| Resource::<HelmRepositorySpec>::from_object(&object).ok())
        .find(|object| normal(&object.spec.url).is_ok_and(|own| own == url));
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

/// An address in the form by which they are compared: one slash at the end, none for registries.
fn normal(url: &str) -> Result<String, String> {
    if let Some(problem) = skein_template::url_problem(url) {
        return Err(problem);
    }
    let bare = url.trim_end_matches('/');
    if url.starts_with(OCI_SCHEME) {
        return Ok(bare.to_owned());
    }
    let shown = format!("{}/", shown_reference(bare));
    if url.starts_with('@') {
        return Err(format!(
            "aliased repository dependency is not supported: {shown}"
        ));
    }
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(format!("invalid dependency repository URL: {shown}"));
    }
    Ok(format!("{bare}/"))
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
        let mut aliased = chart(&["a", "b"], &["other"]);
        aliased.metadata.dependencies[0].alias = "other".to_owned();
        assert_eq!(names(&aliased), ["b"]);
    }

    #[test]
    fn addresses_are_compared_in_one_form() {
        for (url, form) in [
            ("http://h/charts", Ok("http://h/charts/")),
            ("http://h/charts//", Ok("http://h/charts/")),
            ("oci://h/charts/", Ok("oci://h/charts")),
            (
                "@stable",
                Err("aliased repository dependency is not supported: @stable/"),
            ),
            ("stable", Err("invalid dependency repository URL: stable/")),
            (
                "http://a b/",
                Err("parse \"http://a b/\": invalid character \" \" in host name"),
            ),
        ] {
            let found = normal(url);
            let found = found.as_deref().map_err(String::as_str);
            assert_eq!(found, form, "{url}");
        }
    }

    #[test]
    fn charts_of_the_same_source() {
        let mut tree = Tree::new();
        for (path, text) in [
            (
                "app/Chart.yaml",
                "apiVersion: v2\nname: app\nversion: 1.0.0\n",
            ),
            (
                "lib/Chart.yaml",
                "apiVersion: v2\nname: lib\nversion: 1.2.0\n",
            ),
        ] {
            tree.insert_file(path, text.as_bytes().to_vec(), false)
                .unwrap();
        }
        let dependency = |repository: &str, version: &str| Dependency {
            name: "lib".into(),
            repository: repository.into(),
            version: version.into(),
            ..Dependency::default()
        };
        let found = |repository: &str, version: &str| {
            let found = local(
                ChartLimits::default(),
                &tree,
                "app",
                &dependency(repository, version),
            );
            found.map(|chart| chart.metadata.version)
        };
        assert_eq!(found("file://../lib", "1.x"), Ok("1.2.0".into()));
        assert_eq!(found("file://../../../lib", "*"), Ok("1.2.0".into()));
        for (repository, version, words) in [
            (
                "",
                "*",
                "no chart found at '/app/charts/lib' (reference '')",
            ),
            (
                "file://../nope",
                "*",
                "no chart found at '/nope' (reference 'file://../nope')",
            ),
            (
                "file://../lib",
                ">2",
                "can't get a valid version for constraint '>2'",
            ),
            (
                "file://../lib",
                "a b",
                "invalid version/constraint format 'a b': improper constraint: \"a b\"",
            ),
        ] {
            assert_eq!(found(repository, version).unwrap_err(), words);
        }
    }
}
