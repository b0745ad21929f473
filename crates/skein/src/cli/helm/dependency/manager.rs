//! `helm dependency update` and `build`: versions are chosen, charts fetched into charts/, Chart.lock written.

mod resolve;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use jiff::Zoned;
use skein_helm::{Chart, Dependency, Lock, lock, pack};
use skein_semver::{Constraint, Version};

use super::super::connection::ConnectionArguments;
use super::super::fetch::{self, OCI_SCHEME, Package};
use super::super::repositories::{self, Entry, write_atomically};
use super::super::settings::Settings;
use super::super::{disk, epoch};
use crate::output::Output;
use resolve::{FILE_SCHEME, Known};

/// Most dependencies of one chart.
const MAX_DEPENDENCIES: usize = 1000;
/// What helm says when Chart.lock is older than Chart.yaml.
const OUT_OF_SYNC: &str = "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the \
     dependencies with 'helm dependency update'";
/// The same for charts of apiVersion v1.
const OLD_OUT_OF_SYNC: &str = "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). \
     Please update the dependencies";

/// What decides about versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::helm) enum Mode {
    /// Chart.yaml.
    Update,
    /// Chart.lock, where there is one.
    Build,
}

/// The dependencies of one chart on the disk.
pub(in crate::helm) struct Manager<'a> {
    /// Folder of the chart.
    pub chart: PathBuf,
    /// Whether indexes on the disk are taken as they are.
    pub skip_refresh: bool,
    /// How registries are reached.
    pub connection: &'a ConnectionArguments,
    /// Helm's files.
    pub settings: &'a Settings,
    /// Whether more is told.
    pub debug: bool,
}

impl Manager<'_> {
    /// Fetches what is asked for.
    pub(in crate::helm) async fn run(&self, mode: Mode, output: &mut Output) -> anyhow::Result<()> {
        let chart = self.load()?;
        for warning in &chart.warnings {
            output.note_line(&warning.to_string())?;
        }
        if chart.metadata.dependencies.len() > MAX_DEPENDENCIES {
            bail!("the chart has more than {MAX_DEPENDENCIES} dependencies");
        }
        match (mode, &chart.lock) {
            (Mode::Build, Some(lock)) => {
                let lock = lock.clone();
                self.build(&chart, lock, output).await
            }
            _ => self.update(&chart, output).await,
        }
    }

    fn load(&self) -> anyhow::Result<Chart> {
        let shown = self.chart.display();
        match fs::metadata(&self.chart) {
            Err(error) => {
                let problem = disk::in_go_words(&error);
                bail!("could not find {shown}: stat {shown}: {problem}")
            }
            Ok(found) if !found.is_dir() => bail!("only unpacked charts can be updated"),
            Ok(_) => disk::load_as_v2(&self.chart),
        }
    }

    async fn update(&self, chart: &Chart, output: &mut Output) -> anyhow::Result<()> {
        if !chart.metadata.lists_dependencies {
            return Ok(());
        }
        let mut required = chart.metadata.dependencies.clone();
        let mut known = Known::read(self.settings)?;
        self.note_local(&required, output)?;
        known.resolve_names(&mut required, &self.chart)?;
        let unmanaged = known.add_missing(&required);
        if !self.skip_refresh && !unmanaged.is_empty() {
            output.print("Getting updates for unmanaged Helm repositories...\n")?;
            resolve::check_schemes(&unmanaged)?;
            repositories::refresh_all(&unmanaged, self.settings, output).await?;
        }
        self.refresh(&known, output).await?;
        let mut locked = self.resolve(&required, &known, output).await?;
        self.download_all(&mut locked, &known, output).await?;
        let digest = lock::digest(&required, &locked)?;
        if chart
            .lock
            .as_ref()
            .is_some_and(|lock| lock.digest == digest)
        {
            return Ok(());
        }
        self.write_lock(&digest, locked, chart.metadata.api_version == "v1")
    }

    async fn build(&self, chart: &Chart, lock: Lock, output: &mut Output) -> anyhow::Result<()> {
        let mut required = chart.metadata.dependencies.clone();
        let is_old = chart.metadata.api_version == "v1";
        // Helm 2 summed up what was written, aliases included.
        let old_digest = lock::old_digest(&required)?;
        let mut known = Known::read(self.settings)?;
        self.note_local(&required, output)?;
        known.resolve_names(&mut required, &self.chart)?;
        let mut locked: Vec<Option<Dependency>> = lock.dependencies.into_iter().map(Some).collect();
        if lock::digest(&required, &locked)? != lock.digest {
            if !is_old {
                bail!(OUT_OF_SYNC);
            }
            output.note_line(
                "warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...",
            )?;
            if old_digest != lock.digest {
                bail!(OLD_OUT_OF_SYNC);
            }
        }
        known.check_all(locked.iter().flatten())?;
        self.refresh(&known, output).await?;
        self.download_all(&mut locked, &known, output).await
    }

    fn note_local(&self, required: &[Dependency], output: &mut Output) -> anyhow::Result<()> {
        let local = required
            .iter()
            .filter(|one| one.repository.starts_with(FILE_SCHEME));
        for dependency in local.filter(|_| self.debug) {
            output.print(&format!(
                "Repository from local path: {}\n",
                dependency.repository
            ))?;
        }
        Ok(())
    }

    /// Fetches the indexes of the repositories that have names.
    async fn refresh(&self, known: &Known, output: &mut Output) -> anyhow::Result<()> {
        if self.skip_refresh || known.managed.is_empty() {
            return Ok(());
        }
        output.print("Hang tight while we grab the latest from your chart repositories...\n")?;
        repositories::refresh_all(&known.managed, self.settings, output).await?;
        output.print("Update Complete. ⎈Happy Helming!⎈\n")?;
        Ok(())
    }

    /// Fetches everything, and touches charts/ only when all is there.
    async fn download_all(
        &self,
        locked: &mut [Option<Dependency>],
        known: &Known,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let folder = self.chart.join("charts");
        match fs::metadata(&folder) {
            Ok(found) if !found.is_dir() => bail!("\"{}\" is not a directory", folder.display()),
            Ok(_) => {}
            Err(_) => fs::create_dir_all(&folder)
                .with_context(|| format!("mkdir {}", folder.display()))?,
        }
        output.print(&format!("Saving {} charts\n", locked.len()))?;
        let fetched = match self.fetch_all(locked, known, &folder, output).await {
            Ok(fetched) => fetched,
            Err(error) => {
                output.print(&format!("Save error occurred:  {error:#}\n"))?;
                return Err(error);
            }
        };
        let own: BTreeSet<&str> = locked
            .iter()
            .flatten()
            .filter(|dependency| dependency.repository.is_empty())
            .map(|dependency| dependency.name.as_str())
            .collect();
        replace(&folder, fetched, &own, output)
    }

    async fn fetch_all(
        &self,
        locked: &mut [Option<Dependency>],
        known: &Known,
        folder: &Path,
        output: &mut Output,
    ) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut fetched: Vec<(String, Vec<u8>)> = vec![];
        let mut seen = BTreeSet::new();
        for dependency in locked.iter_mut().flatten() {
            let (name, repository) = (dependency.name.clone(), dependency.repository.clone());
            if repository.is_empty() {
                output.print(&format!(
                    "Dependency {name} did not declare a repository. Assuming it exists in the charts directory\n"
                ))?;
                check_held(folder, dependency)?;
                continue;
            }
            if repository.starts_with(FILE_SCHEME) {
                if self.debug {
                    output.print(&format!("Archiving {name} from repo {repository}\n"))?;
                }
                let (file_name, bytes, version) = self.pack_local(dependency)?;
                dependency.version = version;
                fetched.push((file_name, bytes));
                continue;
            }
            let location = self.location(dependency, known, output)?;
            // Registries are asked once more, as helm does.
            if location.version.is_empty() && !seen.insert(location.url.clone()) {
                output.print(&format!(
                    "Already downloaded {name} from repo {repository}\n"
                ))?;
                continue;
            }
            output.print(&format!("Downloading {name} from repo {repository}\n"))?;
            let package = self
                .download(&location)
                .await
                .map_err(|error| anyhow!("could not download {}: {error:#}", location.url))?;
            output.print(&package.notes)?;
            fetched.push((package.file_name, package.bytes));
        }
        Ok(fetched)
    }

    async fn download(&self, location: &Location) -> anyhow::Result<Package> {
        let Location {
            url,
            version,
            entry,
        } = location;
        fetch::from_entry(entry, url, version, self.connection, self.settings).await
    }

    /// Where the package of a chosen version is.
    fn location(
        &self,
        dependency: &Dependency,
        known: &Known,
        output: &mut Output,
    ) -> anyhow::Result<Location> {
        let Dependency {
            name,
            version,
            repository,
            ..
        } = dependency;
        if repository.starts_with(OCI_SCHEME) {
            return Ok(Location {
                url: format!("{repository}/{name}"),
                version: version.clone(),
                entry: Entry::unmanaged(repository),
            });
        }
        let missing = |problem: &str| anyhow!("could not find : {problem}");
        let entry = known
            .by_url(repository)
            .ok_or_else(|| missing(&format!("chart {name} not found in {repository}")))?;
        let index = entry.cached_index(self.settings, output)?;
        let versions = index.entries.as_ref().and_then(|all| all.get(name));
        let versions = versions.ok_or_else(|| missing("entry not found"))?;
        let is_wanted = |found: &&skein_registry::ChartVersion| {
            fetch::first_url(found).is_some()
                && (version.is_empty() || is_equal(version, &found.metadata.version))
        };
        let found = versions.iter().flatten().find(is_wanted);
        let url = found
            .and_then(fetch::first_url)
            .ok_or_else(|| missing("no matching version"))?;
        let url = if url.starts_with(OCI_SCHEME) {
            url.to_owned()
        } else {
            entry.client()?.resolve(url)?.to_string()
        };
        Ok(Location {
            url,
            version: String::new(),
            entry: entry.clone(),
        })
    }

    /// A chart of another folder as a package: file name, bytes and version.
    fn pack_local(&self, dependency: &Dependency) -> anyhow::Result<(String, Vec<u8>, String)> {
        let path = resolve::local_path(&dependency.repository, &self.chart)?;
        let mut chart = disk::load_as_v2(&path)?;
        let name = &dependency.name;
        let range = Constraint::parse(&dependency.version).map_err(|error| {
            anyhow!("dependency {name} has an invalid version/constraint format: {error}")
        })?;
        let version = Version::parse(&chart.metadata.version)?;
        if !range.check(&version) {
            bail!("can't get a valid version for dependency {name}");
        }
        let now = epoch::stamp(&mut chart)?;
        let bytes = pack::pack(&chart, now)?;
        let version = chart.metadata.version.clone();
        Ok((format!("{}-{version}.tgz", chart.name()), bytes, version))
    }

    fn write_lock(
        &self,
        digest: &str,
        locked: Vec<Option<Dependency>>,
        is_old: bool,
    ) -> anyhow::Result<()> {
        let name = if is_old {
            "requirements.lock"
        } else {
            "Chart.lock"
        };
        let path = self.chart.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            let target = fs::read_link(&path)?;
            bail!("the {name} file is a symlink to \"{}\"", target.display());
        }
        let now = Zoned::now();
        let lock = Lock {
            generated: epoch::rfc3339(&now),
            digest: digest.to_owned(),
            dependencies: locked.into_iter().flatten().collect(),
        };
        write_atomically(&path, lock::to_yaml(&lock)?.as_bytes())
    }
}

/// Where a package is, and through which repository.
struct Location {
    url: String,
    /// Version in a registry; empty when the address names it.
    version: String,
    entry: Entry,
}

/// Versions that are equal though written differently, build metadata aside.
fn is_equal(left: &str, right: &str) -> bool {
    match (Version::parse(left), Version::parse(right)) {
        (Ok(left), Ok(right)) => left.precedence(&right).is_eq(),
        (Err(_), _) => left == right,
        (Ok(_), Err(_)) => false,
    }
}

/// A dependency without a repository must lie in charts/ in a version that fits.
fn check_held(folder: &Path, dependency: &Dependency) -> anyhow::Result<()> {
    let name = &dependency.name;
    let path = folder.join(name);
    let held = disk::load_as_v2(&path)
        .map_err(|error| anyhow!("unable to load chart '{}': {error:#}", path.display()))?;
    let range = Constraint::parse(&dependency.version).map_err(|error| {
        anyhow!("dependency {name} has an invalid version/constraint format: {error}")
    })?;
    let held = &held.metadata.version;
    let version = Version::parse(held).map_err(|error| {
        anyhow!(
            "invalid version {} for dependency {name}: {error}",
            dependency.version
        )
    })?;
    if !range.check(&version) {
        bail!(
            "dependency {name} at version {held} does not satisfy the constraint {}",
            dependency.version
        );
    }
    Ok(())
}

/// Puts the fetched packages into charts/ and takes away packages that nobody asks for any more.
fn replace(
    folder: &Path,
    fetched: Vec<(String, Vec<u8>)>,
    own: &BTreeSet<&str>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut kept = BTreeSet::new();
    let old = fs::read_dir(folder).with_context(|| format!("open {}", folder.display()))?;
    let old: Vec<fs::DirEntry> = old.collect::<Result<_, _>>()?;
    for (name, bytes) in fetched {
        if let Err(error) = skein_helm::load_archive(&bytes) {
            output.print(&format!(
                "Could not verify {name} for moving: {error} (Skipping)\n"
            ))?;
        } else {
            write_atomically(&folder.join(&name), &bytes)?;
        }
        kept.insert(name);
    }
    output.print("Deleting outdated charts\n")?;
    for entry in old {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() || kept.contains(&name) {
            continue;
        }
        let path = entry.path();
        match disk::load_as_v2(&path) {
            Err(error) => output.print(&format!(
                "Could not verify {} for deletion: {error:#} (Skipping)\n",
                path.display()
            ))?,
            Ok(chart) if own.contains(chart.name()) => {}
            Ok(_) => {
                fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?
            }
        }
    }
    Ok(())
}
