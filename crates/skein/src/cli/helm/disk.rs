//! Charts on the disk: folders and archives.

use std::cell::RefCell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use skein_helm::archive::{ArchiveError, MAX_CHART_BYTES, unpack};
use skein_helm::folder::{self, Entry, EntryKind, Folder, FolderError};
use skein_helm::lint::{LintInput, Place};
use skein_helm::load::LoadError;
use skein_helm::{Chart, FileTree, Warning};

use super::dependency::clean;
use super::{pull, repositories};

/// Largest archive that is read, in bytes.
const MAX_ARCHIVE_BYTES: u64 = MAX_CHART_BYTES;

/// How much of a file tells what it is.
const SNIFFED_BYTES: usize = 512;

/// A folder on the disk.
struct Disk {
    top: PathBuf,
    /// The links on the way, as Helm logs them.
    links: RefCell<Vec<Warning>>,
}

impl Disk {
    fn new(top: PathBuf) -> Self {
        let links = RefCell::default();
        Self { top, links }
    }

    /// The files of the chart. What cannot be one is named by its whole path, as Helm names it.
    fn files(&self) -> anyhow::Result<FileTree> {
        folder::read(self).map_err(|error| match error {
            FolderError::Irregular(name) => {
                let full = self.top.join(name).display().to_string();
                in_full(FolderError::Irregular(full))
            }
            error => in_full(error),
        })
    }

    fn note_link(&self, entry: &fs::DirEntry) {
        const LINE: &str = "found symbolic link in path. Contents of linked file included and used";
        if entry.file_type().is_ok_and(|kind| kind.is_symlink())
            && let Ok(resolved) = fs::canonicalize(entry.path())
        {
            let warning = Warning::info(LINE)
                .with("path", entry.path().display().to_string())
                .with("resolved", resolved.display().to_string());
            self.links.borrow_mut().push(warning);
        }
    }
}

impl Folder for Disk {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        let full = self.top.join(path);
        let read = fs::read_dir(&full).map_err(|e| format!("open {}: {e}", full.display()))?;
        let read: Result<Vec<fs::DirEntry>, std::io::Error> = read.collect();
        let mut read = read.map_err(|e| format!("read {}: {e}", full.display()))?;
        // Of several links that lead nowhere the first is told.
        read.sort_by_key(fs::DirEntry::file_name);
        let mut entries = Vec::new();
        for entry in read {
            self.note_link(&entry);
            let Ok(name) = entry.file_name().into_string() else {
                return Err(format!("{}: the name is not UTF-8", entry.path().display()));
            };
            let metadata = fs::metadata(entry.path()).map_err(|error| {
                let (path, missing) = (entry.path(), first_missing(&entry.path()));
                format!(
                    "error evaluating symlink {}: lstat {}: {}",
                    path.display(),
                    missing.display(),
                    in_go_words(&error)
                )
            })?;
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
        let full = self.top.join(path);
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
    load_archive(&read_archive(path)?, &path.display().to_string())
}

/// Loads a chart as Helm does where it neither renders nor packs: of whatever apiVersion.
pub(super) fn load_as_v2(path: &Path) -> anyhow::Result<Chart> {
    if path.is_dir() {
        let disk = Disk::new(std::path::absolute(path)?);
        let files = disk.files()?;
        let mut chart = skein_helm::load_as_v2(files).map_err(in_full)?;
        chart.warnings.splice(0..0, disk.links.take());
        return Ok(chart);
    }
    load_archive_as_v2(&read_archive(path)?, &path.display().to_string())
}

/// As [`load_as_v2`], from the bytes of an archive.
pub(super) fn load_archive_as_v2(bytes: &[u8], shown: &str) -> anyhow::Result<Chart> {
    match unpack(bytes) {
        Ok(files) => skein_helm::load_as_v2(files).map_err(in_full),
        Err(ArchiveError::NotGzip) => bail!(
            "file '{shown}' does not appear to be a valid chart file (details: gzip: invalid header)"
        ),
        Err(error) => Err(in_full(error)),
    }
}

/// Loads a chart from the bytes of an archive.
pub(super) fn load_archive(bytes: &[u8], shown: &str) -> anyhow::Result<Chart> {
    let chart = match unpack(bytes) {
        Ok(files) => skein_helm::load(files),
        Err(ArchiveError::NotGzip) => bail!(
            "file '{shown}' does not appear to be a valid chart file (details: gzip: invalid header)"
        ),
        Err(error) => bail!("unable to load chart archive: {error}"),
    };
    chart.map_err(|error| match error {
        LoadError::Missing => anyhow!("unable to detect chart version, no Chart.yaml found"),
        error => in_full(error),
    })
}

/// Loads a chart from a folder.
pub(super) fn load_folder(path: &Path) -> anyhow::Result<Chart> {
    let top = std::path::absolute(path)?;
    let name = top.join("Chart.yaml");
    if let Err(error) = fs::metadata(&name) {
        let name = name.display();
        bail!(
            "unable to detect chart at {name}: open {name}: {}",
            in_go_words(&error)
        );
    }
    let disk = Disk::new(top);
    let files = disk.files()?;
    let mut chart = skein_helm::load(files).map_err(in_full)?;
    chart.warnings.splice(0..0, disk.links.take());
    Ok(chart)
}

/// An error whose text has all that it comes from.
fn in_full(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error}")
}

/// Where a link leads nowhere: the first part of its target that is not there.
fn first_missing(link: &Path) -> PathBuf {
    let target = fs::read_link(link).unwrap_or_default();
    let folder = link.parent().unwrap_or(Path::new("/"));
    let full = folder.join(target).display().to_string();
    let mut path = PathBuf::new();
    for part in Path::new(&clean(&full)).components() {
        path.push(part);
        if fs::symlink_metadata(&path).is_err() {
            break;
        }
    }
    path
}

/// The names in a folder, sorted; none when there is no such folder.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// What went wrong with a file, in the words of Go.
pub(super) fn in_go_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// Reads an archive, and refuses other files with what they seem to be.
fn read_archive(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file =
        fs::File::open(path).map_err(|error| anyhow!("open {shown}: {}", in_go_words(&error)))?;
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
    // Helm looks at a block, which zeros fill when the file is shorter.
    let is_text =
        bytes.len() >= SNIFFED_BYTES && !bytes[..SNIFFED_BYTES].iter().any(|byte| is_binary(*byte));
    let kind = if is_text {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    };
    bail!("file '{shown}' does not appear to be a gzipped archive; got '{kind}'")
}

/// Whether a byte is in no text: control characters but for white space and the escape.
fn is_binary(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b'\x1b')
}

/// A chart as the linter looks at it.
pub(super) fn lint_input(path: &str) -> anyhow::Result<LintInput> {
    if is_archive(path) {
        let bytes = fs::read(path).map_err(|error| {
            anyhow!(
                "unable to open tarball: open {path}: {}",
                in_go_words(&error)
            )
        })?;
        let files =
            unpack(&bytes).map_err(|error| anyhow!("unable to extract tarball: {error}"))?;
        pull::package_name(&files)
            .map_err(|error| anyhow!("unable to extract tarball: {error:#}"))?;
        return Ok(LintInput::of_files(path.to_owned(), files));
    }
    let top = std::path::absolute(path)?;
    let chart_file = Path::new(path).join("Chart.yaml");
    if let Err(error) = fs::metadata(&chart_file) {
        let problem = in_go_words(&error);
        let name = clean(&chart_file.display().to_string());
        bail!("unable to check Chart.yaml file in chart: stat {name}: {problem}");
    }
    let content = |name: &str| repositories::read_limited(&top.join(name), MAX_CHART_BYTES).ok();
    let place = |name: &str| match fs::metadata(top.join(name)) {
        Ok(found) if found.is_dir() => Place::Folder,
        Ok(_) => Place::File,
        Err(_) => Place::Absent,
    };
    Ok(LintInput {
        path: top.display().to_string(),
        chart_file: content("Chart.yaml").unwrap_or_default(),
        values: content("values.yaml"),
        schema: content("values.schema.json"),
        templates: place("templates"),
        crds: place("crds"),
        files: Disk::new(top.clone())
            .files()
            .map_err(|error| error.to_string()),
    })
}

fn is_archive(path: &str) -> bool {
    path.ends_with(".tgz") || path.ends_with(".tar.gz")
}

/// Charts and archives somewhere below charts/ of a chart, in the order of a walk that follows no links.
pub(super) fn charts_below(path: &str) -> Vec<String> {
    let mut found = vec![];
    walk(
        &format!("{}/charts", path.trim_end_matches('/')),
        0,
        &mut found,
    );
    found
}

fn walk(folder: &str, level: usize, found: &mut Vec<String>) {
    if level > folder::MAX_FOLDER_LEVELS {
        return;
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<(String, bool)> = entries
        .filter_map(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            Some((entry.file_name().into_string().ok()?, is_folder))
        })
        .collect();
    entries.sort();
    for (name, is_folder) in entries {
        let path = format!("{folder}/{name}");
        if name == "Chart.yaml" {
            found.push(folder.to_owned());
        } else if is_archive(&path) {
            found.push(path.clone());
        }
        if is_folder {
            walk(&path, level + 1, found);
        }
    }
}
