//! The chart repositories that helm knows by name, and the indexes of them that lie on the disk.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use skein_registry::chart_repository::{ChartRepository, MAX_INDEX_BYTES};
use skein_registry::{Access, ChartIndex};

use super::connection::{self, Files};
use super::settings::Settings;
use crate::output::Output;

/// Prefix of the names under which helm keeps indexes of repositories that nobody named.
const UNMANAGED: &str = "helm-manager-";

/// A repository of repositories.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    username: String,
    password: String,
    #[serde(rename = "certFile")]
    cert_file: String,
    #[serde(rename = "keyFile")]
    key_file: String,
    #[serde(rename = "caFile")]
    ca_file: String,
    insecure_skip_tls_verify: bool,
    /// Whether other hosts get the credentials too.
    pub pass_credentials_all: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    repositories: Vec<Option<Entry>>,
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

    /// The index that lies on the disk. Entries that are wrong are told and left out.
    pub(super) fn cached_index(
        &self,
        settings: &Settings,
        output: &mut Output,
    ) -> anyhow::Result<ChartIndex> {
        let path = self.index_file(settings)?;
        let bytes = read_limited(&path, MAX_INDEX_BYTES)?;
        parse_index(&bytes, &path.display().to_string(), output)
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
        let list = settings
            .repository_cache
            .join(format!("{}-charts.txt", self.name));
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

/// The repositories of repositories.yaml; none when there is no such file.
pub(super) fn load(settings: &Settings) -> anyhow::Result<Vec<Entry>> {
    let path = &settings.repository_config;
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => bail!(
            "couldn't load repositories file ({}): {error}",
            path.display()
        ),
    };
    let failed = |problem: String| {
        anyhow!(
            "couldn't load repositories file ({}): {problem}",
            path.display()
        )
    };
    let value = skein_yaml::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    if value.is_null() {
        return Ok(vec![]);
    }
    let file: File = serde_json::from_value(value).map_err(|error| failed(error.to_string()))?;
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
        let outcome = repository.refresh(settings, output).await;
        let (name, url) = (&repository.name, &repository.url);
        let line = match (outcome, repository.is_managed()) {
            (Ok(()), true) => {
                format!("...Successfully got an update from the {name:?} chart repository")
            }
            (Ok(()), false) => {
                format!("...Successfully got an update from the {url:?} chart repository")
            }
            (Err(error), true) => {
                format!(
                    "...Unable to get an update from the {name:?} chart repository ({url}):\n\t{error:#}"
                )
            }
            (Err(error), false) => {
                format!(
                    "...Unable to get an update from the {url:?} chart repository:\n\t{error:#}"
                )
            }
        };
        output.print(&format!("{line}\n"))?;
    }
    Ok(())
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
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let failed = || format!("write {}", path.display());
    let mut file = tempfile::Builder::new()
        .prefix(".skein-")
        .permissions(permissions())
        .tempfile_in(folder)
        .with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}
