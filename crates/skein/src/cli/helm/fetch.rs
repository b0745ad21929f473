//! Charts from repositories and registries: what a reference means, and the package behind it.

mod oci;

use std::path::Path;

use anyhow::{anyhow, bail};
use skein_helm::Warning;
use skein_helm::archive::MAX_CHART_BYTES;
use skein_registry::chart_repository::{ChartRepository, MAX_INDEX_BYTES};
use skein_registry::{Access, ChartIndex, ChartVersion};
use skein_semver::{Constraint, Version};

use super::connection::{ConnectionArguments, RemoteArguments};
use super::repositories::{self, Entry};
use super::settings::Settings;
use crate::output::Output;

pub(super) use oci::{
    CHART_CONFIG, CHART_LAYERS, OCI_SCHEME, open as open_registry, tags, underscore_note,
};

/// A chart's package as it came.
pub(super) struct Package {
    /// The bytes of the archive.
    pub bytes: Vec<u8>,
    /// Name of the file, without a folder.
    pub file_name: String,
    /// What helm says about it; empty for packages of HTTP repositories.
    pub notes: String,
}

/// Fetches a chart by a reference: `repo/chart`, a full address, `oci://...`, or a name with `--repo`.
pub(super) async fn fetch(
    reference: &str,
    version: &str,
    remote: &RemoteArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Package> {
    remote.connection.check()?;
    let access = remote.connection.access()?;
    if let Some(url) = remote.repository() {
        let client = ChartRepository::new(url, &access, remote.pass_credentials)?;
        let index = fetch_index(&client, url, output).await?;
        let location = location_in(&index, url, reference, version, output)?;
        return if location.starts_with(OCI_SCHEME) {
            oci::pull(&location, version, &remote.connection, settings).await
        } else {
            download(&client, &location).await
        };
    }
    if reference.starts_with(OCI_SCHEME) && reference != OCI_SCHEME {
        return oci::pull(reference, version, &remote.connection, settings).await;
    }
    let repositories = repositories::load(settings)?;
    let path = match Address::parse(reference) {
        Some(address) if address.is_whole() => {
            address.check_scheme()?;
            return from_address(reference, &repositories, &access, remote).await;
        }
        // As Helm: what misses a host or a path is taken for the name of a chart in a repository.
        Some(address) => address.path,
        None => reference,
    };
    let Some((name, chart)) = path.split_once('/') else {
        // Go writes an address without a host without the slashes before it.
        let shown = reference.strip_suffix("//").unwrap_or(reference);
        bail!("non-absolute URLs should be in form of repo_name/path_to_chart, got: {shown}");
    };
    let entry = repositories.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| anyhow!("repo {name} not found"))?;
    if entry.url.is_empty() {
        bail!("no URL found for repository {name}");
    }
    let index = entry
        .cached_index(settings, output)
        .map_err(|error| anyhow!("no cached repo found. (try 'helm repo update'): {error:#}"))?;
    let found = find(&index, chart, version, output)?.map_err(|problem| {
        anyhow!("chart {chart:?} matching {version} not found in {name} index. (try 'helm repo update'): {problem}")
    })?;
    let location =
        first_url(found).ok_or_else(|| anyhow!("chart {reference:?} has no downloadable URLs"))?;
    from_entry(entry, location, "", &remote.connection, settings).await
}

/// An address in parts.
struct Address<'a> {
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
}

impl<'a> Address<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self { scheme, host, path })
    }

    /// Whether something can lie there.
    fn is_whole(&self) -> bool {
        !self.host.is_empty() && !self.path.is_empty()
    }

    fn check_scheme(&self) -> anyhow::Result<()> {
        match self.scheme {
            "http" | "https" => Ok(()),
            scheme => bail!("scheme {scheme:?} not supported"),
        }
    }
}

/// The package at an address of a repository's index, or of a version in a registry.
pub(super) async fn from_entry(
    entry: &Entry,
    location: &str,
    version: &str,
    connection: &ConnectionArguments,
    settings: &Settings,
) -> anyhow::Result<Package> {
    if location.starts_with(OCI_SCHEME) {
        return oci::pull(location, version, connection, settings).await;
    }
    download(&entry.client()?, location).await
}

/// A package by its full address; a known repository at the same place lends its access.
async fn from_address(
    address: &str,
    repositories: &[Entry],
    access: &Access,
    remote: &RemoteArguments,
) -> anyhow::Result<Package> {
    let owner = repositories
        .iter()
        .find(|entry| !entry.url.is_empty() && address.starts_with(entry.url.as_str()));
    match owner {
        Some(entry) if *access == Access::default() => download(&entry.client()?, address).await,
        _ => {
            let client = ChartRepository::new(address, access, remote.pass_credentials)?;
            download(&client, address).await
        }
    }
}

async fn download(client: &ChartRepository, location: &str) -> anyhow::Result<Package> {
    let url = client.resolve(location)?;
    let file_name = file_name(url.path())
        .ok_or_else(|| anyhow!("{url} does not end with the name of a file"))?;
    let bytes = client.fetch_chart(location, MAX_CHART_BYTES).await?;
    Ok(Package {
        bytes,
        file_name,
        notes: String::new(),
    })
}

/// The last part of a path, with its escapes resolved; nothing that could name another folder.
fn file_name(path: &str) -> Option<String> {
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let name = percent_decoded(last)?;
    let is_plain = Path::new(&name)
        .file_name()
        .is_some_and(|plain| plain == name.as_str());
    (is_plain && !name.contains(['\\', '\0'])).then_some(name)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' && tail.len() >= 2 {
            let digits = std::str::from_utf8(&tail[..2]).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

async fn fetch_index(
    client: &ChartRepository,
    url: &str,
    output: &mut Output,
) -> anyhow::Result<ChartIndex> {
    let problem = |error: anyhow::Error| {
        anyhow!(
            "looks like {url:?} is not a valid chart repository or cannot be reached: {error:#}"
        )
    };
    let bytes = client
        .fetch_index(MAX_INDEX_BYTES)
        .await
        .map_err(|error| problem(error.into()))?;
    repositories::parse_index(&bytes, url, output).map_err(problem)
}

/// Where the index of a repository has the package of a chart.
fn location_in(
    index: &ChartIndex,
    url: &str,
    chart: &str,
    version: &str,
    output: &mut Output,
) -> anyhow::Result<String> {
    let mut wanted = format!("chart {chart:?}");
    if !version.is_empty() {
        wanted.push_str(&format!(" version {version:?}"));
    }
    let Ok(found) = find(index, chart, version, output)? else {
        bail!("{wanted} not found in {url} repository");
    };
    let location = first_url(found);
    Ok(location
        .ok_or_else(|| anyhow!("{wanted} has no downloadable URLs"))?
        .to_owned())
}

/// The first address of a package.
pub(super) fn first_url(version: &ChartVersion) -> Option<&str> {
    let mut urls = version.urls.iter().flatten();
    urls.next().map(String::as_str)
}

/// The version that helm takes: the one that is written just so, or the first in the range. A version that is not there and no range is told to be close.
pub(super) fn find<'a>(
    index: &'a ChartIndex,
    chart: &str,
    version: &str,
    output: &mut Output,
) -> anyhow::Result<Result<&'a ChartVersion, String>> {
    let Some(versions) = index.entries.as_ref().and_then(|all| all.get(chart)) else {
        return Ok(Err("no chart name found".to_owned()));
    };
    let versions = versions.as_deref().unwrap_or_default();
    if versions.is_empty() {
        return Ok(Err("no chart version found".to_owned()));
    }
    let range = if version.is_empty() { "*" } else { version };
    let range = match Constraint::parse(range) {
        Ok(range) => range,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let exact = versions
        .iter()
        .find(|found| !version.is_empty() && found.metadata.version == version);
    if let Some(exact) = exact {
        return Ok(Ok(exact));
    }
    let fits = |found: &&ChartVersion| {
        Version::parse(&found.metadata.version).is_ok_and(|parsed| range.check(&parsed))
    };
    let Some(found) = versions.iter().find(fits) else {
        return Ok(Err(format!("no chart version found for {chart}-{version}")));
    };
    if !version.is_empty() && !is_range(version) {
        let line = Warning::warn(
            "unable to find exact version requested; falling back to closest available version",
        );
        let line = line
            .with("chart", chart)
            .with("requested", version)
            .with("selected", &found.metadata.version);
        output.note_line(&line.to_string())?;
    }
    Ok(Ok(found))
}

/// Whether a version is written as a range.
fn is_range(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    version.contains(['^', '~', '<', '>', '=', '!', '*'])
        || version.contains("||")
        || version.contains(" - ")
        || core.contains(['x', 'X'])
}

#[cfg(test)]
mod tests;
