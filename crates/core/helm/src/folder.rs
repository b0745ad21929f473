//! Charts from folders: which files are read, in which order, and within which limits. Reading itself is passed in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;

use crate::archive::{MAX_CHART_BYTES, MAX_FILES, without_mark};
use crate::chart::{File, FileTree};
use crate::ignore::{IgnoreError, IgnoreRules};

/// Deepest nesting of folders, in levels; links that lead back end here.
pub const MAX_FOLDER_LEVELS: usize = 256;

/// What a name in a folder is, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file of this many bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A socket, a device or the like.
    Other,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name alone.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// A folder on a disk or elsewhere. Paths are relative to its root, with `/`; the root is the empty path.
pub trait Folder {
    /// The names in a folder.
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String>;

    /// At most `limit` bytes of a file, and when it was changed.
    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String>;
}

/// Files that were unpacked, as a folder; of two with one name the last is there.
pub struct Unpacked<'a>(pub &'a [File]);

impl Folder for Unpacked<'_> {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        let mut kinds = BTreeMap::new();
        for file in self.0 {
            let below = match path {
                "" => Some(file.name.as_str()),
                path => file
                    .name
                    .strip_prefix(path)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            match below.map(|below| below.split_once('/').ok_or(below)) {
                Some(Ok((folder, _))) => kinds.insert(folder, EntryKind::Folder),
                Some(Err(name)) => kinds.insert(name, EntryKind::File(file.data.len() as u64)),
                None => None,
            };
        }
        let entries = kinds.into_iter().map(|(name, kind)| Entry {
            name: name.to_owned(),
            kind,
        });
        Ok(entries.collect())
    }

    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String> {
        let found = self.0.iter().rfind(|file| file.name == path);
        let file = found.ok_or_else(|| format!("open {path}: no such file or directory"))?;
        let length = usize::try_from(limit).unwrap_or(usize::MAX);
        let data = &file.data[..file.data.len().min(length)];
        Ok((data.to_vec(), file.modified))
    }
}

/// Why a folder was not read; texts as in Helm where it has one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FolderError {
    /// The disk refused.
    #[error("{0}")]
    Disk(String),
    /// .helmignore is wrong.
    #[error("{0}")]
    Ignore(#[from] IgnoreError),
    /// A socket, a device or the like.
    #[error("cannot load irregular file {0} as it has file mode type bits set")]
    Irregular(String),
    /// Too many bytes.
    #[error(
        "error reading {0}: chart exceeds maximum decompressed size of {MAX_CHART_BYTES} bytes"
    )]
    TooLarge(String),
    /// Too many files.
    #[error("the chart has more than {MAX_FILES} files")]
    TooManyFiles,
    /// Folders within folders.
    #[error("{0}: folders are nested more than {MAX_FOLDER_LEVELS} levels deep")]
    TooDeep(String),
}

/// Reads the files of a chart, those left out that .helmignore names. Links are followed, as Helm does.
pub fn read(folder: &dyn Folder) -> Result<FileTree, FolderError> {
    let top = folder.entries("").map_err(FolderError::Disk)?;
    let rules = if top.iter().any(|entry| entry.name == ".helmignore") {
        let (text, _) = folder
            .read(".helmignore", MAX_CHART_BYTES)
            .map_err(FolderError::Disk)?;
        IgnoreRules::parse(&String::from_utf8_lossy(&text))?
    } else {
        IgnoreRules::parse("")?
    };
    let mut walk = Walk {
        folder,
        rules,
        remaining: MAX_CHART_BYTES,
        files: FileTree::new(),
    };
    walk.visit("", top, 0)?;
    Ok(walk.files)
}

struct Walk<'a> {
    folder: &'a dyn Folder,
    rules: IgnoreRules,
    remaining: u64,
    files: FileTree,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        path: &str,
        mut entries: Vec<Entry>,
        level: usize,
    ) -> Result<(), FolderError> {
        if level > MAX_FOLDER_LEVELS {
            return Err(FolderError::TooDeep(path.to_owned()));
        }
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        for entry in entries {
            let full = if path.is_empty() {
                entry.name
            } else {
                format!("{path}/{}", entry.name)
            };
            if self.rules.ignores(&full, entry.kind == EntryKind::Folder) {
                continue;
            }
            match entry.kind {
                EntryKind::Folder => {
                    let entries = self.folder.entries(&full).map_err(FolderError::Disk)?;
                    self.visit(&full, entries, level + 1)?;
                }
                EntryKind::File(size) => self.file(full, size)?,
                EntryKind::Other => return Err(FolderError::Irregular(full)),
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, size: u64) -> Result<(), FolderError> {
        if size > self.remaining {
            return Err(FolderError::TooLarge(name));
        }
        if self.files.len() == MAX_FILES {
            return Err(FolderError::TooManyFiles);
        }
        // One byte more, so that a file that grew is noticed.
        let (data, modified) = self
            .folder
            .read(&name, self.remaining + 1)
            .map_err(FolderError::Disk)?;
        let Some(remaining) = self.remaining.checked_sub(data.len() as u64) else {
            return Err(FolderError::TooLarge(name));
        };
        self.remaining = remaining;
        self.files.push(File {
            name,
            data: without_mark(&data),
            modified,
        });
        Ok(())
    }
}
