//! Charts among the files of another source: directories that are packed, and packages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use skein_api::Artifact;
use skein_api::source::helm_chart::{HelmChartSourceKind, ReconcileStrategy};
use skein_artifact::download::MAX_ARTIFACT_BYTES;
use skein_artifact::{Storage, Tree, unpack};
use skein_helm::folder::{Entry, EntryKind, Folder, read as read_folder};
use skein_helm::{Chart, FileTree, load, load_archive};

use super::build::{BuildError, Built, Problem, Resolved, with_metadata};
use super::dependencies;
use super::packing::pack;
use super::remote::unchanged;
use super::values_files::{Merged, merge, overwrite, to_merge};
use super::{ChartLimits, HelmCharts, is_stored};
use crate::produced::{Observed, Surroundings};

/// Characters of a commit or digest that a version carries.
const REVISION_CHARACTERS: usize = 12;
/// What messages call the root of the files.
const ROOT: &str = "source";

/// A chart that is loaded, before its dependencies are there.
struct Loaded {
    resolved: Resolved,
    chart: Chart,
    tree: Tree,
    /// Folder of the chart; `None` for a package.
    folder: Option<String>,
}

/// What the blocking part gives.
enum Prepared {
    Same(Resolved),
    /// A package that is taken as it is.
    Package(Resolved, Vec<u8>),
    Chart(Box<Loaded>),
}

/// What the blocking part works with.
struct Order {
    storage: std::sync::Arc<Storage>,
    artifact: Artifact,
    chart: String,
    values_files: Vec<String>,
    ignore_missing: bool,
    metadata: String,
    limits: ChartLimits,
}

pub(super) async fn build(
    kind: &HelmCharts,
    surroundings: &Surroundings,
    observed: &Observed<HelmCharts>,
    artifact: &Artifact,
) -> Result<Built, BuildError> {
    let spec = &observed.source.spec;
    let order = Order {
        storage: surroundings.storage.clone(),
        artifact: artifact.clone(),
        chart: spec.chart.clone(),
        values_files: to_merge(&spec.values_files).to_vec(),
        ignore_missing: spec.ignore_missing_values_files,
        metadata: version_metadata(observed, &artifact.revision),
        limits: surroundings.options.chart_limits,
    };
    let stored = StoredChart::of(observed);
    let prepared = tokio::task::spawn_blocking(move || order.prepare(&stored))
        .await
        .unwrap_or_else(|error| Err(package_error(error.to_string())))?;
    let mut loaded = match prepared {
        Prepared::Same(resolved) => return Ok(unchanged(observed, resolved)),
        Prepared::Package(resolved, package) => {
            return Ok(Built {
                resolved,
                package: Some(package),
            });
        }
        Prepared::Chart(loaded) => loaded,
    };
    if let Some(folder) = &loaded.folder {
        let scope = dependencies::Scope {
            kind,
            surroundings,
            namespace: &observed.source.metadata.namespace,
            tree: &loaded.tree,
        };
        let added = dependencies::build(&scope, folder, &loaded.chart).await;
        let added = added.map_err(|reason| BuildError::new(Problem::Dependencies, reason))?;
        loaded.resolved.dependencies = added.len();
        loaded.chart.dependencies.extend(added);
    }
    let packed = tokio::task::spawn_blocking(move || {
        let Loaded {
            resolved, chart, ..
        } = *loaded;
        // Files of a folder carry the time of packing.
        let packed = pack(&chart, Timestamp::now());
        let package =
            packed.map_err(|error| package_error(format!("failed to package chart: {error}")))?;
        Ok(Built {
            resolved,
            package: Some(package),
        })
    });
    packed
        .await
        .unwrap_or_else(|error| Err(package_error(error.to_string())))
}

/// What is stored now, for the blocking part.
struct StoredChart {
    name: String,
    version: Option<String>,
}

impl StoredChart {
    fn of(observed: &Observed<HelmCharts>) -> Self {
        let name = observed.source.status.observed_chart_name.clone();
        let version = observed
            .artifact()
            .map(|artifact| artifact.revision.clone())
            .filter(|version| is_stored(observed, &name, version));
        Self { name, version }
    }

    fn is(&self, resolved: &Resolved) -> bool {
        self.name == resolved.name && self.version.as_ref() == Some(&resolved.version)
    }
}

/// Build metadata of the version: the revision of the source, and the generation when values files are merged.
fn version_metadata(observed: &Observed<HelmCharts>, revision: &str) -> String {
    let spec = &observed.source.spec;
    let mut metadata = String::new();
    if spec.reconcile_strategy == ReconcileStrategy::Revision {
        let hash = match spec.source_ref.kind {
            HelmChartSourceKind::Bucket => revision.to_owned(),
            _ => hash_of(revision).to_owned(),
        };
        metadata = hash.chars().take(REVISION_CHARACTERS).collect();
    }
    if !to_merge(&spec.values_files).is_empty() {
        if !metadata.is_empty() {
            metadata.push('.');
        }
        metadata.push_str(&observed.source.metadata.generation.to_string());
    }
    metadata
}

/// `main@sha1:abc` becomes `abc`.
fn hash_of(revision: &str) -> &str {
    revision.rsplit([':', '/']).next().unwrap_or(revision)
}

fn package_error(reason: String) -> BuildError {
    BuildError::new(Problem::Package, reason)
}

impl Order {
    fn prepare(&self, stored: &StoredChart) -> Result<Prepared, BuildError> {
        let tree = self.tree()?;
        if self.chart.is_empty() {
            let message = "no path set for local chart reference";
            return Err(BuildError::reference(message));
        }
        if self.chart.starts_with('/') {
            let message = "local chart reference path is expected to be relative";
            return Err(BuildError::reference(message));
        }
        let path = confined(&self.chart);
        if let Some(package) = tree.file(&path) {
            let package = package.to_vec();
            let name = path.rsplit('/').next().unwrap_or(&path);
            if let Some(problem) = self.limits.package_problem(name, package.len()) {
                return Err(BuildError::reference(problem));
            }
            return self.prepare_package(tree, &package, stored);
        }
        if !tree.is_directory(&path) {
            return Err(BuildError::reference(format!(
                "stat {}: no such file or directory",
                shown(&path)
            )));
        }
        let files = chart_files(&tree, &path).map_err(BuildError::reference)?;
        if let Some(problem) = self.limits.folder_metadata_problem(&files) {
            return Err(BuildError::reference(problem));
        }
        let metadata_only = files
            .iter()
            .filter(|file| file.name == "Chart.yaml")
            .cloned()
            .collect();
        let metadata = load(metadata_only)
            .map_err(|error| {
                let text = error.to_string();
                let text = text.replacen("cannot load Chart.yaml:", "cannot load 'Chart.yaml':", 1);
                // Flux reads the fields at once, where Helm looks at the version first.
                let text = text.replacen("loader.chartBase", "v2.Metadata", 1);
                BuildError::reference(text.replacen("chartBase.", "Metadata.", 1))
            })?
            .metadata;
        let mut resolved = self.resolve(&metadata.name, &metadata.version, true)?;
        if stored.is(&resolved) {
            return Ok(Prepared::Same(resolved));
        }
        let merged = self.merge(&tree)?;
        if let Some(problem) = self.limits.folder_problem(&files) {
            let message = format!("failed to load files from /{path}/: {problem}");
            return Err(package_error(message));
        }
        let mut chart = load(files).map_err(|error| {
            package_error(format!("failed to load chart from /{path}/: {error}"))
        })?;
        change(&mut chart, &mut resolved, merged)?;
        Ok(Prepared::Chart(Box::new(Loaded {
            resolved,
            chart,
            tree,
            folder: Some(path),
        })))
    }

    fn prepare_package(
        &self,
        tree: Tree,
        package: &[u8],
        stored: &StoredChart,
    ) -> Result<Prepared, BuildError> {
        let mut chart = load_archive(package)
            .map_err(|error| BuildError::reference(not_loaded(package, &error)))?;
        let problem = self
            .limits
            .packed_metadata_problem(&chart.metadata.name, &chart.raw);
        if let Some(problem) = problem {
            return Err(BuildError::reference(problem));
        }
        let packaged = !self.metadata.is_empty() || !self.values_files.is_empty();
        let (name, version) = (chart.metadata.name.clone(), chart.metadata.version.clone());
        let mut resolved = self.resolve(&name, &version, packaged)?;
        if stored.is(&resolved) {
            return Ok(Prepared::Same(resolved));
        }
        if !packaged {
            return Ok(Prepared::Package(resolved, package.to_vec()));
        }
        let merged = self.merge(&tree)?;
        change(&mut chart, &mut resolved, merged)?;
        Ok(Prepared::Chart(Box::new(Loaded {
            resolved,
            chart,
            tree,
            folder: None,
        })))
    }

    fn tree(&self) -> Result<Tree, BuildError> {
        let failed = |reason: String| BuildError::pull(format!("artifact error: {reason}"));
        let bytes = self
            .storage
            .read(&self.artifact.path, MAX_ARTIFACT_BYTES)
            .map_err(|error| failed(error.to_string()))?;
        unpack(&bytes, true).map_err(|error| failed(error.to_string()))
    }

    fn resolve(&self, name: &str, version: &str, packaged: bool) -> Result<Resolved, BuildError> {
        Ok(Resolved {
            name: name.to_owned(),
            version: with_metadata(version, &self.metadata)?,
            packaged,
            ..Resolved::default()
        })
    }

    /// Paths of values files are relative to the root of the source.
    fn merge(&self, tree: &Tree) -> Result<Option<Merged>, BuildError> {
        if self.values_files.is_empty() {
            return Ok(None);
        }
        let read = |path: &str| tree.file(&confined(path)).map(<[u8]>::to_vec);
        let absent = |path: &str| {
            let found = confined(path);
            format!("no values file found at path '/{found}' (reference '{path}')")
        };
        merge(&self.values_files, self.ignore_missing, read, absent).map(Some)
    }
}

/// The version and the values that the package has.
fn change(
    chart: &mut Chart,
    resolved: &mut Resolved,
    merged: Option<Merged>,
) -> Result<(), BuildError> {
    chart.metadata.version.clone_from(&resolved.version);
    if let Some(merged) = merged {
        resolved.values_files = overwrite(chart, merged)?;
    }
    Ok(())
}

/// A path as messages show it.
fn shown(path: &str) -> String {
    if path.is_empty() {
        ROOT.to_owned()
    } else {
        format!("{ROOT}/{path}")
    }
}

/// The path below the root: `.`, empty and leading parts go, `..` stops at the root.
pub(super) fn confined(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The files of the chart in a folder, without those that .helmignore names.
pub(super) fn chart_files(tree: &Tree, folder: &str) -> Result<FileTree, String> {
    let below = TreeFolder::of(tree, folder);
    if !below
        .entries
        .get("")
        .is_some_and(|names| names.iter().any(|entry| entry.name == "Chart.yaml"))
    {
        let path = shown(folder);
        return Err(format!("open {path}/Chart.yaml: no such file or directory"));
    }
    read_folder(&below).map_err(|error| error.to_string())
}

/// A folder of a tree, for Helm's reader.
struct TreeFolder<'a> {
    tree: &'a Tree,
    folder: &'a str,
    /// Names by folder, relative to ours.
    entries: BTreeMap<String, Vec<Entry>>,
}

impl<'a> TreeFolder<'a> {
    fn of(tree: &'a Tree, folder: &'a str) -> Self {
        let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (path, entry) in tree.walk() {
            let relative = if folder.is_empty() {
                Some(path)
            } else {
                path.strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/'))
            };
            let Some(relative) = relative else { continue };
            let (parent, name) = relative.rsplit_once('/').unwrap_or(("", relative));
            let kind = match entry {
                skein_artifact::Entry::Directory => EntryKind::Folder,
                skein_artifact::Entry::File { data, .. } => EntryKind::File(data.len() as u64),
            };
            entries.entry(parent.to_owned()).or_default().push(Entry {
                name: name.to_owned(),
                kind,
            });
        }
        Self {
            tree,
            folder,
            entries,
        }
    }
}

impl Folder for TreeFolder<'_> {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        Ok(self.entries.get(path).cloned().unwrap_or_default())
    }

    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String> {
        let full = if self.folder.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.folder)
        };
        let data = self
            .tree
            .file(&full)
            .ok_or_else(|| format!("open {path}: no such file or directory"))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok((data.get(..limit).unwrap_or(data).to_vec(), None))
    }
}

/// Why a package cannot be loaded; of one that is shorter than a header Go says so.
fn not_loaded(package: &[u8], error: &dyn std::fmt::Display) -> String {
    match package.len() {
        0 => "EOF".to_owned(),
        length if length < GZIP_HEADER_BYTES => "unexpected EOF".to_owned(),
        _ => error.to_string(),
    }
}

/// Shortest beginning of a gzip file.
const GZIP_HEADER_BYTES: usize = 10;

#[cfg(test)]
mod tests;
