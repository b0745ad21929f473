//! Charts on the disk: folders and archives.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use skein_helm::archive::{ArchiveError, MAX_CHART_BYTES, unpack};
use skein_helm::folder::{self, Entry, EntryKind, Folder};
use skein_helm::load::LoadError;
use skein_helm::{Chart, FileTree};

/// Largest archive that is read, in bytes.
const MAX_ARCHIVE_BYTES: u64 = MAX_CHART_BYTES;

/// A folder on the disk.
struct Disk(PathBuf);

impl Folder for Disk {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        let full = self.0.join(path);
        let read = fs::read_dir(&full).map_err(|e| format!("open {}: {e}", full.display()))?;
        let mut entries = Vec::new();
        for entry in read {
            let entry = entry.map_err(|e| format!("read {}: {e}", full.display()))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(format!("{}: the name is not UTF-8", entry.path().display()));
            };
            let metadata = fs::metadata(entry.path())
                .map_err(|e| format!("lstat {}: {e}", entry.path().display()))?;
            let kind = if metadata.is_dir() {
                EntryKind::Folder
            } else if metadata.is_file() {
                EntryKind::File(metadata.len())
            } else {
                EntryKind::Other
            };
            entries.push(Entry { name, kind });
        }
        Ok(entries)
    }

    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String> {
        let full = self.0.join(path);
        let problem = |e: std::io::Error| format!("open {}: {e}", full.display());
        let file = fs::File::open(&full).map_err(problem)?;
        let changed = file.metadata().and_then(|metadata| metadata.modified());
        let mut data = Vec::new();
        file.take(limit).read_to_end(&mut data).map_err(problem)?;
        let changed = changed.ok().and_then(|time| Timestamp::try_from(time).ok());
        Ok((data, changed))
    }
}

/// Loads a chart from a folder or an archive.
pub(super) fn load(path: &Path) -> anyhow::Result<Chart> {
    if path.is_dir() {
        return load_folder(path);
    }
    let bytes = read_archive(path)?;
    let chart = match unpack(&bytes) {
        Ok(files) => skein_helm::load(files),
        Err(ArchiveError::NotGzip) => bail!(
            "file '{}' does not appear to be a valid chart file (details: gzip: invalid header)",
            path.display()
        ),
        Err(error) => bail!("unable to load chart archive: {error}"),
    };
    chart.map_err(|error| match error {
        LoadError::Missing => anyhow!("unable to detect chart version, no Chart.yaml found"),
        error => error.into(),
    })
}

fn load_folder(path: &Path) -> anyhow::Result<Chart> {
    let top = std::path::absolute(path)?;
    let name = top.join("Chart.yaml");
    if let Err(error) = fs::metadata(&name) {
        let name = name.display();
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            _ => error.to_string(),
        };
        bail!("unable to detect chart at {name}: open {name}: {problem}");
    }
    let files = folder::read(&Disk(top))?;
    Ok(skein_helm::load(files)?)
}

/// Reads an archive, and refuses other files with what they seem to be.
fn read_archive(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = fs::File::open(path).map_err(|error| anyhow!("open {shown}: {error}"))?;
    let mut bytes = Vec::new();
    file.take(MAX_ARCHIVE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_ARCHIVE_BYTES {
        bail!("{shown} is larger than {MAX_ARCHIVE_BYTES} bytes");
    }
    if bytes.starts_with(&[0x1f, 0x8b, 8]) {
        return Ok(bytes);
    }
    if path
        .extension()
        .is_some_and(|end| end == "yml" || end == "yaml")
    {
        bail!("file '{shown}' seems to be a YAML file, but expected a gzipped archive");
    }
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0'));
    let kind = if is_text {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    };
    bail!("file '{shown}' does not appear to be a gzipped archive; got '{kind}'")
}

/// The files of a chart and its absolute path, without loading it.
pub(super) fn files_of(path: &str) -> anyhow::Result<(FileTree, String)> {
    if path.ends_with(".tgz") || path.ends_with(".tar.gz") {
        let bytes = fs::read(path).map_err(|error| anyhow!("unable to open tarball: {error}"))?;
        let files =
            unpack(&bytes).map_err(|error| anyhow!("unable to extract tarball: {error}"))?;
        return Ok((files, path.to_owned()));
    }
    let top = std::path::absolute(path)?;
    let chart_file = Path::new(path).join("Chart.yaml");
    if !chart_file.exists() {
        bail!(
            "unable to check Chart.yaml file in chart: stat {}: no such file or directory",
            chart_file.display()
        );
    }
    let files = folder::read(&Disk(top.clone()))?;
    Ok((files, top.display().to_string()))
}

/// Charts and archives somewhere below charts/ of a chart.
pub(super) fn charts_below(path: &str) -> anyhow::Result<Vec<String>> {
    let (files, _) = files_of(path)?;
    let below = files.iter().filter(|file| file.name.starts_with("charts/"));
    Ok(below
        .filter_map(|file| {
            let name = &file.name;
            match name.strip_suffix("/Chart.yaml") {
                Some(folder) => Some(format!("{path}/{folder}")),
                None if name.ends_with(".tgz") || name.ends_with(".tar.gz") => {
                    Some(format!("{path}/{name}"))
                }
                None => None,
            }
        })
        .collect())
}
