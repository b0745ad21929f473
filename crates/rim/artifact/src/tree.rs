//! A tree of files in memory: what a source holds, before packing or after unpacking.

use std::collections::BTreeMap;

use thiserror::Error;

/// Most files and directories in one tree.
pub const MAX_TREE_ENTRIES: usize = 65_536;
/// Largest single file, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Largest sum of all file sizes in one tree, in bytes.
pub const MAX_TREE_BYTES: u64 = 512 * 1024 * 1024;
/// Longest path in a tree, in bytes.
pub const MAX_PATH_BYTES: usize = 4096;

/// Why an entry cannot be put into a tree.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TreeError {
    /// The path is absolute, has empty, `.` or `..` parts, backslashes or NUL.
    #[error("the path {path:?} is not allowed: it must be relative and stay inside the source")]
    Path {
        /// The path, shortened.
        path: String,
    },
    /// A file is where a directory should be, or the other way round.
    #[error("the path {path:?} is both a file and a directory")]
    Conflict {
        /// The path.
        path: String,
    },
    /// One file is larger than the limit.
    #[error(
        "the file {path:?} has {size} bytes, more than the limit of {MAX_FILE_BYTES}; exclude it with .sourceignore or spec.ignore, or keep it elsewhere"
    )]
    FileTooLarge {
        /// The path.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// All files together are larger than the limit.
    #[error(
        "the files have more than {MAX_TREE_BYTES} bytes together, the limit of one source; keep large files elsewhere"
    )]
    TooLarge,
    /// There are more entries than the limit.
    #[error(
        "there are more than {MAX_TREE_ENTRIES} files and directories, the limit of one source; select directories with spec.sparseCheckout"
    )]
    TooMany,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Its content.
        data: Vec<u8>,
        /// Whether any execute bit is set.
        executable: bool,
    },
}

/// Files and directories by path: relative, `/` between parts, no `.` or `..`. Parents of every
/// entry are directories of the tree. Bounded by the limits of this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
    bytes: u64,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file and its missing parents; replaces a file of that path.
    pub fn insert_file(
        &mut self,
        path: &str,
        data: Vec<u8>,
        executable: bool,
    ) -> Result<(), TreeError> {
        check_path(path)?;
        let size = data.len() as u64;
        if size > MAX_FILE_BYTES {
            return Err(TreeError::FileTooLarge {
                path: path.to_owned(),
                size,
            });
        }
        if let Some(parent) = parent(path) {
            self.insert_directory(parent)?;
        }
        let old = match self.entries.get(path) {
            Some(Entry::Directory) => {
                return Err(TreeError::Conflict {
                    path: path.to_owned(),
                });
            }
            Some(Entry::File { data, .. }) => data.len() as u64,
            None => 0,
        };
        if self.bytes - old + size > MAX_TREE_BYTES {
            return Err(TreeError::TooLarge);
        }
        self.check_count()?;
        self.bytes = self.bytes - old + size;
        self.entries
            .insert(path.to_owned(), Entry::File { data, executable });
        Ok(())
    }

    /// Puts a directory and its missing parents.
    pub fn insert_directory(&mut self, path: &str) -> Result<(), TreeError> {
        check_path(path)?;
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let part = &path[..end];
            match self.entries.get(part) {
                Some(Entry::Directory) => {}
                Some(Entry::File { .. }) => {
                    return Err(TreeError::Conflict {
                        path: part.to_owned(),
                    });
                }
                None => {
                    self.check_count()?;
                    self.entries.insert(part.to_owned(), Entry::Directory);
                }
            }
        }
        Ok(())
    }

    /// Copies everything below `from` of another tree (the whole tree when empty) to `to` (the
    /// root when empty). Answers whether `from` is there. Files of the same path are replaced.
    pub fn copy_from(&mut self, other: &Self, from: &str, to: &str) -> Result<bool, TreeError> {
        let join = |rest: &str| match (to.is_empty(), rest.is_empty()) {
            (_, true) => to.to_owned(),
            (true, false) => rest.to_owned(),
            (false, false) => format!("{to}/{rest}"),
        };
        let mut found = from.is_empty();
        for (path, entry) in &other.entries {
            let Some(rest) = below(path, from) else {
                continue;
            };
            found = true;
            let target = join(rest);
            match entry {
                Entry::Directory if target.is_empty() => {}
                Entry::Directory => self.insert_directory(&target)?,
                Entry::File { data, executable } => {
                    self.insert_file(&target, data.clone(), *executable)?;
                }
            }
        }
        Ok(found)
    }

    /// The entry of a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The content of the file of a path.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.entries.get(path)? {
            Entry::File { data, .. } => Some(data),
            Entry::Directory => None,
        }
    }

    /// Whether the path is a directory of the tree.
    pub fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || matches!(self.entries.get(path), Some(Entry::Directory))
    }

    /// Whether the path is a directory with something in it.
    pub fn is_filled_directory(&self, path: &str) -> bool {
        let mut entries = self.entries.keys();
        entries.any(|entry| below(entry, path).is_some_and(|rest| !rest.is_empty()))
    }

    /// Number of files and directories.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is in the tree.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Sum of the file sizes, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Entries in the order of a walk: names sorted in each directory, a directory's content
    /// right after it.
    pub fn walk(&self) -> Vec<(&str, &Entry)> {
        let mut entries: Vec<(&str, &Entry)> = self
            .entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .collect();
        entries.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
        entries
    }

    /// The files alone, by path: what the engines take.
    pub fn into_files(self) -> BTreeMap<String, Vec<u8>> {
        self.entries
            .into_iter()
            .filter_map(|(path, entry)| match entry {
                Entry::File { data, .. } => Some((path, data)),
                Entry::Directory => None,
            })
            .collect()
    }

    fn check_count(&self) -> Result<(), TreeError> {
        if self.entries.len() >= MAX_TREE_ENTRIES {
            Err(TreeError::TooMany)
        } else {
            Ok(())
        }
    }
}

/// Refuses paths that could leave the tree or mean different things on different systems.
pub fn check_path(path: &str) -> Result<(), TreeError> {
    // A backslash is part of a name, as it is for Git; where it separates, it must lead nowhere else either.
    let bad_part =
        |part: &str| part.is_empty() || part.split('\\').any(|p| matches!(p, "." | ".."));
    let bad = path.len() > MAX_PATH_BYTES || path.contains('\0') || path.split('/').any(bad_part);
    if bad {
        Err(TreeError::Path {
            path: path.chars().take(200).collect(),
        })
    } else {
        Ok(())
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// What is left of a path below a directory; the empty rest for the directory itself.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}
