//! Which chart an argument means: a path, or something in a repository.

use std::path::{Path, PathBuf};

use anyhow::bail;
use skein_helm::Chart;

use super::connection::RemoteArguments;
use super::settings::Settings;
use super::{disk, fetch};
use crate::output::Output;

/// A chart that was found.
pub(super) enum Located {
    /// On the disk, by its absolute path.
    Path(PathBuf),
    /// Fetched.
    Package(fetch::Package),
}

impl Located {
    /// Loads it.
    pub(super) fn load(&self) -> anyhow::Result<Chart> {
        match self {
            Self::Path(path) => disk::load(path),
            Self::Package(package) => disk::load_archive(&package.bytes, &package.file_name),
        }
    }

    /// Loads it, of whatever apiVersion.
    pub(super) fn load_as_v2(&self) -> anyhow::Result<Chart> {
        match self {
            Self::Path(path) => disk::load_as_v2(path),
            Self::Package(package) => disk::load_archive_as_v2(&package.bytes, &package.file_name),
        }
    }

    /// Its folder on the disk, if it has one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Path(path) if path.is_dir() => Some(path),
            _ => None,
        }
    }
}

/// Finds a chart: a path that is there, or else what a repository has. What is said on the way goes to the second stream.
pub(super) async fn locate(
    name: &str,
    version: &str,
    remote: &RemoteArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<Located> {
    let name = name.trim();
    if remote.repository().is_none() {
        remote.connection.check()?;
        let path = PathBuf::from(name);
        if path.exists() {
            return Ok(Located::Path(std::path::absolute(path)?));
        }
        if path.is_absolute() || name.starts_with('.') {
            bail!("path {name:?} not found");
        }
    }
    let package = fetch::fetch(name, version, remote, settings, output).await?;
    for line in package.notes.lines() {
        output.note_line(line)?;
    }
    Ok(Located::Package(package))
}
