//! The chart repositories that helm knows by name, and the indexes of them that lie on the disk.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use skein_registry::chart_repository::{ChartRepository, MAX_INDEX_BYTES};
use skein_registry::index::NO_TIME;
use skein_registry::{Access, ChartIndex};

use super::connection::{self, Files};
use super::disk;
use super::settings::Settings;
use crate::output::Output;

/// Prefix of the names under which helm keeps indexes of repositories that nobody named.
const UNMANAGED: &str = "helm-manager-";

/// A repository of repositories.yaml.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Entry {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// File of the client certificate.
    #[serde(rename = "certFile")]
    pub cert_file: String,
    /// File of its key.
    #[serde(rename = "keyFile")]
    pub key_file: String,
    /// File of the certificates to trust.
    #[serde(rename = "caFile")]
    pub ca_file: String,
    /// Whether certificates are not checked.
    pub insecure_skip_tls_verify: bool,
    /// Whether other hosts get the credentials too.
    pub pass_credentials_all: bool,
}

/// repositories.yaml.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct File {
    api_version: String,
    generated: String,
    /// The repositories.
    pub repositories: Vec<Option<Entry>>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            api_version: String::new(),
            generated: NO_TIME.to_owned(),
            repositories: vec![],
        }
    }
}

impl File {
    /// Reads the file; an empty one when there is none.
    pub(super) fn read(settings: &Settings) -> anyhow::Result<Self> {
        let bytes = match fs::read(&settings.repository_config) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => bail!("{error}"),
        };
        match skein_yaml::from_slice(&bytes)? {
            serde_json::Value::Null => Ok(Self::default()),
            value => Ok(serde_json::from_value(value)?),
        }
    }

    /// Writes the file; passwords are in it.
    pub(super) fn write(&self, settings: &Settings) -> anyhow::Result<()> {
        let text = skein_yaml::to_string(&serde_json::to_value(self)?);
        write_private(&settings.repository_config, text.as_bytes())
    }

    /// The repository with a name.
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        let mut entries = self.repositories.iter().flatten();
        entries.find(|entry| entry.name == name)
    }

    /// Puts a repository in the place of the one with its name, or behind all.
    pub(super) fn put(&mut self, entry: Entry) {
        let mut held = self.repositories.iter_mut();
        match held.find(|held| held.as_ref().is_some_and(|held| held.name == entry.name)) {
            Some(held) => *held = Some(entry),
            None => self.repositories.push(Some(entry)),
        }
    }

    /// Takes out the repositories with a name; false when there is none.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let is_there = self.find(name).is_some();
        let is_other = |entry: &Option<Entry>| entry.as_ref().is_some_and(|e| e.name != name);
        self.repositories.retain(is_other);
        is_there
    }
}

impl Entry {
    /// A repository that has only an address.
    pub(super) fn unmanaged(url: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        Self {
            name: format!("{UNMANAGED}{}", hex::encode(Sha256::digest(url))),
            url: url.to_owned(),
            ..Self::default()
        }
    }

    fn is_managed(&self) -> bool {
        !self.name.starts_with(UNMANAGED)
    }

    /// What it is reached with.
    pub(super) fn access(&self) -> anyhow::Result<Access> {
        connection::access(&Files {
            username: &self.username,
            password: &self.password,
            certificate: &self.cert_file,
            key: &self.key_file,
            authority: &self.ca_file,
            insecure: self.insecure_skip_tls_verify,
        })
    }

    /// A client for it.
    pub(super) fn client(&self) -> anyhow::Result<ChartRepository> {
        Ok(ChartRepository::new(
            &self.url,
            &self.access()?,
            self.pass_credentials_all,
        )?)
    }

    fn index_file(&self, settings: &Settings) -> anyhow::Result<PathBuf> {
        if self.name.is_empty() || self.name.contains(['/', '\\']) {
            bail!(
                "repository name {:?} contains '/': it names no file of the cache",
                self.name
            );
        }
        Ok(settings
            .repository_cache
            .join(format!("{}-index.yaml", self.name)))
    }

    fn charts_file(&self, settings: &Settings) -> PathBuf {
        settings
            .repository_cache
            .join(format!("{}-charts.txt", self.name))
    }

    /// Takes away what is kept of it on the disk.
    pub(super) fn forget(&self, settings: &Settings) -> anyhow::Result<()> {
        for path in [self.charts_file(settings), self.index_file(settings)?] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    bail!("can't remove index file {}: {error}", path.display())
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The index that lies on the disk. Entries that are wrong are told and left out.
    pub(super) fn cached_index(
        &self,
        settings: &Settings,
        output: &mut Output,
    ) -> anyhow::Result<ChartIndex> {
        read_index(&self.index_file(settings)?, output)
    }

    /// Fetches the index and keeps it where helm does.
    pub(super) async fn refresh(
        &self,
        settings: &Settings,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let bytes = self.client()?.fetch_index(MAX_INDEX_BYTES).await?;
        let index = parse_index(&bytes, &self.url, output)?;
        let path = self.index_file(settings)?;
        let names: Vec<String> = index
            .entries
            .into_iter()
            .flatten()
            .map(|(name, _)| format!("{name}\n"))
            .collect();
        let list = self.charts_file(settings);
        fs::create_dir_all(&settings.repository_cache)
            .with_context(|| format!("mkdir {}", settings.repository_cache.display()))?;
        write_atomically(&list, names.concat().as_bytes())?;
        write_atomically(&path, &bytes)
    }
}

/// Reads an index; what is wrong with single entries is told.
pub(super) fn parse_index(
    bytes: &[u8],
    source: &str,
    output: &mut Output,
) -> anyhow::Result<ChartIndex> {
    let read = ChartIndex::parse(bytes)?;
    for warning in &read.warnings {
        output.note_line(&format!(
            "level=WARN msg=\"skipping loading invalid entry for chart\" source={source} error={warning:?}"
        ))?;
    }
    Ok(read.index)
}

/// The index in a file. Entries that are wrong are told and left out.
pub(super) fn read_index(path: &Path, output: &mut Output) -> anyhow::Result<ChartIndex> {
    let shown = path.display().to_string();
    let bytes = read_limited(path, MAX_INDEX_BYTES)?;
    parse_index(&bytes, &shown, output).with_context(|| format!("error loading {shown}"))
}

/// The repositories of repositories.yaml; none when there is no such file.
pub(super) fn load(settings: &Settings) -> anyhow::Result<Vec<Entry>> {
    let file = File::read(settings).map_err(|error| {
        let path = settings.repository_config.display();
        anyhow!("couldn't load repositories file ({path}): {error:#}")
    })?;
    Ok(file.repositories.into_iter().flatten().collect())
}

/// Whether two addresses mean the same repository: the path is cleaned.
pub(super) fn is_same(left: &str, right: &str) -> bool {
    normal(left) == normal(right)
}

fn normal(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.trim_end_matches('/').to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    format!("{scheme}://{host}/{}", parts.join("/"))
}

/// Refreshes repositories one after the other and says what came of it.
pub(super) async fn refresh_all(
    repositories: &[Entry],
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut seen: Vec<&str> = vec![];
    for repository in repositories {
        let url = repository.url.trim_end_matches('/');
        if seen.contains(&url) {
            continue;
        }
        seen.push(url);
        refresh_and_tell(repository, settings, output).await?;
    }
    Ok(())
}

/// Refreshes one repository and says what came of it; false when it failed.
pub(super) async fn refresh_and_tell(
    repository: &Entry,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<bool> {
    let outcome = repository.refresh(settings, output).await;
    let (name, url) = (&repository.name, &repository.url);
    let (shown, place) = if repository.is_managed() {
        (name, format!(" ({url})"))
    } else {
        (url, String::new())
    };
    let line = match &outcome {
        Ok(()) => format!("...Successfully got an update from the {shown:?} chart repository"),
        Err(error) => format!(
            "...Unable to get an update from the {shown:?} chart repository{place}:\n\t{error:#}"
        ),
    };
    output.print(&format!("{line}\n"))?;
    Ok(outcome.is_ok())
}

/// Reads a file of at most so many bytes.
pub(super) fn read_limited(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = fs::File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("open {}: no such file or directory", path.display()),
        _ => anyhow!("open {}: {error}", path.display()),
    })?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        bail!("{} is larger than {limit} bytes", path.display());
    }
    Ok(bytes)
}

/// Writes a file so that nobody sees a half of it.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_with_mode(path, bytes, 0o644)
}

/// The same for a file that only its owner may read; its folder is made where it is missing.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("mkdir {}", folder.display()))?;
    }
    write_with_mode(path, bytes, 0o600)
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let failed =
        |error: &std::io::Error| anyhow!("open {}: {}", path.display(), disk::in_go_words(error));
    let mut file = tempfile::Builder::new()
        .prefix(".skein-")
        .permissions(permissions(mode))
        .tempfile_in(folder)
        .map_err(|error| failed(&error))?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

#[cfg(unix)]
fn permissions(mode: u32) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(mode)
}
