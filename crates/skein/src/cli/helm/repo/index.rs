//! `helm repo index`: the index of a folder of packages.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use clap::Args;
use jiff::Zoned;
use sha2::{Digest as _, Sha256};
use skein_helm::archive::MAX_CHART_BYTES;
use skein_registry::{ChartIndex, ChartVersion};
use skein_semver::Version;

use crate::helm::repositories::{read_index, read_limited, write_atomically};
use crate::helm::{disk, epoch, fetch};
use crate::output::Output;

/// Name of the index.
const INDEX: &str = "index.yaml";

/// `helm repo index`.
#[derive(Args, Clone, Debug)]
pub(super) struct IndexArguments {
    /// The folder
    folder: String,
    /// Address of the folder
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// Add what another index has
    #[arg(long, value_name = "FILE")]
    merge: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Runs `helm repo index`.
pub(super) fn run(arguments: &IndexArguments, output: &mut Output) -> anyhow::Result<()> {
    let folder = std::path::absolute(&arguments.folder)?;
    let mut index = of_folder(&folder, &arguments.url)?;
    if let Some(other) = &arguments.merge {
        let other = Path::new(other);
        if other.exists() {
            let held =
                read_index(other, output).map_err(|error| anyhow!("merge failed: {error:#}"))?;
            merge(&mut index, held, output)?;
        } else {
            write(&empty(), other, arguments.json)?;
        }
    }
    for versions in index
        .entries
        .iter_mut()
        .flat_map(BTreeMap::values_mut)
        .flatten()
    {
        versions.sort_by(newest_first);
    }
    write(&index, &folder.join(INDEX), arguments.json)
}

fn newest_first(left: &ChartVersion, right: &ChartVersion) -> Ordering {
    let number = |held: &ChartVersion| Version::parse(&held.metadata.version);
    match (number(left), number(right)) {
        (Ok(left), Ok(right)) => right.precedence(&left),
        (left, right) => left.is_err().cmp(&right.is_err()),
    }
}

fn empty() -> ChartIndex {
    ChartIndex {
        api_version: "v1".to_owned(),
        generated: epoch::rfc3339(&Zoned::now()),
        entries: Some(BTreeMap::new()),
        ..ChartIndex::default()
    }
}

/// The packages in a folder and in the folders in it; what is no chart is left out.
fn of_folder(folder: &Path, url: &str) -> anyhow::Result<ChartIndex> {
    let mut index = empty();
    let mut below: Vec<String> = disk::names_in(folder);
    below.retain(|name| folder.join(name).is_dir());
    for inner in std::iter::once(String::new()).chain(below) {
        let place = folder.join(&inner);
        for name in disk::names_in(&place)
            .iter()
            .filter(|name| name.ends_with(".tgz"))
        {
            let path = place.join(name);
            let Ok(chart) = disk::load_as_v2(&path) else {
                continue;
            };
            let bytes = read_limited(&path, MAX_CHART_BYTES)?;
            let mut metadata = chart.metadata;
            if metadata.api_version.is_empty() {
                "v1".clone_into(&mut metadata.api_version);
            }
            let base = join(url, &inner);
            let version = ChartVersion {
                urls: Some(vec![join(&base, name)]),
                created: epoch::rfc3339(&Zoned::now()),
                removed: false,
                digest: hex::encode(Sha256::digest(&bytes)),
                metadata,
                ..ChartVersion::default()
            };
            let entries = index.entries.get_or_insert_default();
            let versions = entries.entry(version.metadata.name.clone()).or_default();
            versions.get_or_insert_default().push(version);
        }
    }
    Ok(index)
}

/// An address with one more part, without doubled slashes.
fn join(base: &str, part: &str) -> String {
    let (start, path) = match base.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            (format!("{scheme}://{host}/"), path)
        }
        None if base.starts_with('/') => ("/".to_owned(), base),
        None => (String::new(), base),
    };
    let parts: Vec<&str> = path
        .split('/')
        .chain(part.split('/'))
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return base.to_owned();
    }
    format!("{start}{}", parts.join("/"))
}

/// Adds what the index does not have yet.
fn merge(index: &mut ChartIndex, held: ChartIndex, output: &mut Output) -> anyhow::Result<()> {
    for version in held
        .entries
        .into_iter()
        .flatten()
        .filter_map(|(_, v)| v)
        .flatten()
    {
        let (name, number) = (&version.metadata.name, &version.metadata.version);
        if fetch::find(index, name, number, output)?.is_err() {
            let entries = index.entries.get_or_insert_default();
            let versions = entries.entry(name.clone()).or_default();
            versions.get_or_insert_default().push(version);
        }
    }
    Ok(())
}

fn write(index: &ChartIndex, path: &Path, as_json: bool) -> anyhow::Result<()> {
    let bytes = if as_json {
        index.to_json()?
    } else {
        skein_yaml::to_string(&serde_json::to_value(index)?).into_bytes()
    };
    write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests;
