//! The charts of a folder, packed. Blocks.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use skein_helm::Metadata;
use skein_helm::folder::{Entry, EntryKind, Folder, read};

use crate::chart_repository::MAX_CHART_BYTES;

/// Most names of a folder that are looked at.
const MAX_NAMES: usize = 10_000;
const CONFIG_TYPE: &str = "application/vnd.cncf.helm.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// Ending of packages.
const PACKAGE_ENDING: &str = "tgz";

/// A packed chart, or another packed directory.
pub(super) struct Packed {
    pub version: String,
    /// Every tag names it: it has no version of its own.
    pub has_every_tag: bool,
    pub config_type: &'static str,
    /// Chart.yaml as JSON.
    pub config: Vec<u8>,
    pub layer_type: &'static str,
    pub package: Vec<u8>,
}

impl Packed {
    /// Tags have no plus sign; charts write an underscore for it.
    pub fn tag(&self) -> String {
        self.version.replace('+', "_")
    }
}

/// The charts of that name in a folder. What is no chart is passed over.
pub(super) fn charts(folder: &Path, name: &str) -> Result<Vec<Packed>, String> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?
        .take(MAX_NAMES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let packed = if path.is_dir() {
            from_folder(&path, name)?
        } else if path
            .extension()
            .is_some_and(|ending| ending == PACKAGE_ENDING)
        {
            from_package(&path, name)?
        } else {
            None
        };
        found.extend(packed);
    }
    Ok(found)
}

fn from_folder(path: &Path, name: &str) -> Result<Option<Packed>, String> {
    if !path.join("Chart.yaml").is_file() {
        return Ok(None);
    }
    let wrong = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let files = read(&DiskFolder(path)).map_err(|error| wrong(&error))?;
    let chart = skein_helm::load(files).map_err(|error| wrong(&error))?;
    if chart.metadata.name != name {
        return Ok(None);
    }
    // The same files give the same package: its digest is asked for again and again.
    let package =
        skein_helm::pack::pack(&chart, Timestamp::UNIX_EPOCH).map_err(|error| wrong(&error))?;
    packed(&chart.metadata, package).map(Some)
}

fn from_package(path: &Path, name: &str) -> Result<Option<Packed>, String> {
    let wrong = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let package = read_file(path, MAX_CHART_BYTES).map_err(|error| wrong(&error))?;
    let mut files = skein_helm::archive::unpack(&package).map_err(|error| wrong(&error))?;
    files.retain(|file| file.name == "Chart.yaml");
    let metadata = skein_helm::load(files)
        .map_err(|error| wrong(&error))?
        .metadata;
    if metadata.name != name {
        return Ok(None);
    }
    packed(&metadata, package).map(Some)
}

fn packed(metadata: &Metadata, package: Vec<u8>) -> Result<Packed, String> {
    Ok(Packed {
        version: metadata.version.clone(),
        has_every_tag: false,
        config_type: CONFIG_TYPE,
        layer_type: LAYER_TYPE,
        config: serde_json::to_vec(metadata).map_err(|error| error.to_string())?,
        package,
    })
}

fn read_file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(std::io::Error::other(format!("more than {limit} bytes")));
    }
    Ok(bytes)
}

/// A folder on the disk, for Helm's reader. Files have no time, so that packages do not change.
struct DiskFolder<'a>(&'a Path);

impl Folder for DiskFolder<'_> {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        let folder = self.0.join(path);
        let names = fs::read_dir(&folder).map_err(|error| error.to_string())?;
        let mut entries = Vec::new();
        for name in names.take(MAX_NAMES) {
            let name = name.map_err(|error| error.to_string())?;
            let metadata = fs::metadata(name.path()).map_err(|error| error.to_string())?;
            let kind = if metadata.is_dir() {
                EntryKind::Folder
            } else if metadata.is_file() {
                EntryKind::File(metadata.len())
            } else {
                EntryKind::Other
            };
            entries.push(Entry {
                name: name.file_name().to_string_lossy().into_owned(),
                kind,
            });
        }
        Ok(entries)
    }

    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String> {
        let bytes = read_file(&self.0.join(path), limit).map_err(|error| error.to_string())?;
        Ok((bytes, None))
    }
}
