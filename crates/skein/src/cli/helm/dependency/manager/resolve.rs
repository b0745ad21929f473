//! Which repository a dependency means, and which version of it is taken.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use skein_helm::Dependency;
use skein_semver::{Constraint, Version};

use super::Manager;
use crate::helm::disk;
use crate::helm::fetch::{self, OCI_SCHEME};
use crate::helm::repositories::{self, Entry, is_same};
use crate::helm::settings::Settings;
use crate::output::Output;

/// Scheme of charts in other folders.
pub(super) const FILE_SCHEME: &str = "file://";
/// What helm says to those who name a repository by its bare name.
const NO_ADDRESS: &str = "\nNote that repositories must be URLs or aliases. For example, to refer to the \"example\"\n\
    repository, use \"https://charts.example.com/\" or \"@example\" instead of\n\
    \"example\". Don't forget to add the repo, too ('helm repo add').";

/// The repositories that can be asked.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those of repositories.yaml.
    pub managed: Vec<Entry>,
    /// Those that only Chart.yaml names.
    unmanaged: Vec<Entry>,
}

impl Known {
    pub(super) fn read(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            managed: repositories::load(settings)?,
            unmanaged: vec![],
        })
    }

    /// The repository with an address.
    pub(super) fn by_url(&self, url: &str) -> Option<&Entry> {
        let mut all = self.managed.iter().chain(&self.unmanaged);
        all.find(|entry| is_same(&entry.url, url))
    }

    /// Puts addresses in place of aliases, and refuses what cannot be a repository.
    pub(super) fn resolve_names(
        &mut self,
        required: &mut [Dependency],
        chart: &Path,
    ) -> anyhow::Result<()> {
        let mut missing: Vec<String> = vec![];
        for dependency in required {
            let repository = dependency.repository.clone();
            if repository.is_empty() || repository.starts_with(OCI_SCHEME) {
                continue;
            }
            if repository.starts_with(FILE_SCHEME) {
                local_path(&repository, chart)?;
                continue;
            }
            let alias = repository
                .strip_prefix('@')
                .or(repository.strip_prefix("alias:"));
            let by_alias = self
                .managed
                .iter()
                .find(|entry| alias == Some(entry.name.as_str()));
            if let Some(entry) = by_alias {
                dependency.repository.clone_from(&entry.url);
            } else if self.by_url(&repository).is_none() && !is_address(&repository) {
                missing.push(repository);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let is_bare = |name: &String| {
            !name.contains("//") && !name.starts_with('@') && !name.starts_with("alias:")
        };
        let note = if missing.iter().any(is_bare) {
            NO_ADDRESS
        } else {
            ""
        };
        bail!(
            "no repository definition for {}. Please add them via 'helm repo add'{note}",
            missing.join(", ")
        )
    }

    /// Takes up the repositories that only Chart.yaml names.
    pub(super) fn add_missing(&mut self, required: &[Dependency]) -> Vec<Entry> {
        for dependency in required {
            let url = &dependency.repository;
            let needs_index = !url.is_empty()
                && !url.starts_with(OCI_SCHEME)
                && !url.starts_with(FILE_SCHEME)
                && self.by_url(url).is_none();
            if needs_index {
                self.unmanaged.push(Entry::unmanaged(url));
            }
        }
        self.unmanaged.clone()
    }

    /// A build fetches nothing from repositories that nobody added.
    pub(super) fn check_all<'a>(
        &self,
        locked: impl Iterator<Item = &'a Dependency>,
    ) -> anyhow::Result<()> {
        let missing: Vec<&str> = locked
            .map(|dependency| dependency.repository.as_str())
            .filter(|url| {
                !url.is_empty()
                    && !url.starts_with(FILE_SCHEME)
                    && !url.starts_with(OCI_SCHEME)
                    && self.by_url(url).is_none()
            })
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        bail!(
            "no repository definition for {}. Please add the missing repos via 'helm repo add'",
            missing.join(", ")
        )
    }
}

/// Refuses repositories that nobody can be asked for.
pub(super) fn check_schemes(entries: &[Entry]) -> anyhow::Result<()> {
    let known = ["http", "https", OCI_SCHEME.trim_end_matches("://")];
    let mut schemes = entries.iter().map(|entry| scheme(&entry.url));
    match schemes.find(|scheme| !known.contains(scheme)) {
        Some(scheme) => bail!("could not find protocol handler for: {scheme}"),
        None => Ok(()),
    }
}

/// What stands before the first colon.
fn scheme(text: &str) -> &str {
    text.split_once(':').map_or("", |(scheme, _)| scheme)
}

/// Whether text can stand for itself as an address: a scheme, or an absolute path.
fn is_address(text: &str) -> bool {
    let scheme = scheme(text);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme || text.starts_with('/')
}

/// The folder that a `file://` repository means.
pub(super) fn local_path(repository: &str, chart: &Path) -> anyhow::Result<PathBuf> {
    let text = repository.strip_prefix(FILE_SCHEME).unwrap_or(repository);
    let path = if text.starts_with('/') {
        super::super::clean(text)
    } else {
        super::super::clean(&format!("{}/{text}", chart.display()))
    };
    let path = PathBuf::from(path);
    if !path.exists() {
        bail!("directory {} not found", path.display());
    }
    Ok(path)
}

impl Manager<'_> {
    /// One version for every dependency; nothing for a local chart whose own version cannot be read.
    pub(super) async fn resolve(
        &self,
        required: &[Dependency],
        known: &Known,
        output: &mut Output,
    ) -> anyhow::Result<Vec<Option<Dependency>>> {
        let mut locked = vec![];
        let mut missing: Vec<String> = vec![];
        for dependency in required {
            let (name, repository) = (&dependency.name, &dependency.repository);
            let range = Constraint::parse(&dependency.version).map_err(|error| {
                anyhow!("dependency {name:?} has an invalid version/constraint format: {error}")
            })?;
            let version = if repository.is_empty() {
                local_path(&format!("charts/{name}"), &self.chart)?;
                Some(dependency.version.clone())
            } else if repository.starts_with(FILE_SCHEME) {
                let chart = disk::load_as_v2(&local_path(repository, &self.chart)?)?;
                let Ok(version) = Version::parse(&chart.metadata.version) else {
                    locked.push(None);
                    continue;
                };
                range.check(&version).then_some(chart.metadata.version)
            } else if repository.starts_with(OCI_SCHEME) {
                Some(self.registry_version(dependency, &range).await?)
            } else {
                self.indexed_version(dependency, &range, known, output)?
            };
            let Some(version) = version else {
                let range = &dependency.version;
                missing.push(format!(
                    "{name:?} (repository {repository:?}, version {range:?})"
                ));
                continue;
            };
            locked.push(Some(Dependency {
                name: name.clone(),
                repository: repository.clone(),
                version,
                ..Dependency::default()
            }));
        }
        if missing.is_empty() {
            return Ok(locked);
        }
        bail!(
            "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the \
             version constraint in Chart.yaml",
            missing.len(),
            missing.join(", ")
        )
    }

    fn indexed_version(
        &self,
        dependency: &Dependency,
        range: &Constraint,
        known: &Known,
        output: &mut Output,
    ) -> anyhow::Result<Option<String>> {
        let (name, repository) = (&dependency.name, &dependency.repository);
        let entry = known.by_url(repository);
        let entry = entry.ok_or_else(|| anyhow!("no repository at {repository}"))?;
        let index = entry.cached_index(self.settings, output).map_err(|error| {
            anyhow!(
                "no cached repository for {} found. (try 'helm repo update'): {error:#}",
                entry.name
            )
        })?;
        let versions = index.entries.as_ref().and_then(|all| all.get(name));
        let versions =
            versions.ok_or_else(|| anyhow!("{name} chart not found in repo {repository}"))?;
        let fits = |found: &&skein_registry::ChartVersion| {
            fetch::first_url(found).is_some()
                && Version::parse(&found.metadata.version)
                    .is_ok_and(|version| range.check(&version))
        };
        let found = versions.iter().flatten().find(fits);
        Ok(found.map(|found| found.metadata.version.clone()))
    }

    /// A version that is written in full is taken as it is; others are looked for among the tags.
    async fn registry_version(
        &self,
        dependency: &Dependency,
        range: &Constraint,
    ) -> anyhow::Result<String> {
        if Version::parse(&dependency.version).is_ok() {
            return Ok(dependency.version.clone());
        }
        let repository = &dependency.repository;
        let bare = repository.strip_prefix(OCI_SCHEME).unwrap_or(repository);
        let name = format!("{bare}/{}", dependency.name);
        let registry = fetch::open_registry(&name, self.connection, self.settings)?;
        let tags = fetch::tags(&registry).await.map_err(|error| {
            anyhow!("could not retrieve list of tags for repository {repository}: {error:#}")
        })?;
        let fits = |tag: &&String| Version::parse(tag).is_ok_and(|version| range.check(&version));
        // Helm goes on without a version when none fits, and fails to fetch it.
        Ok(tags
            .iter()
            .find(fits)
            .cloned()
            .unwrap_or(dependency.version.clone()))
    }
}
