//! The file tree that a build reads: paths and bytes in memory, jailed to its root.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use thiserror::Error;

/// Most files of a tree.
pub const MAX_FILES: usize = 200_000;
/// Most bytes of all files of a tree together.
pub const MAX_TREE_BYTES: usize = 1 << 30;

/// Why a path or file cannot be part of a tree.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TreeError {
    /// The path leads out of the tree.
    #[error("the path '{path}' leads out of the root")]
    Escapes {
        /// The path as given.
        path: String,
    },
    /// The tree has too many files.
    #[error("more than {limit} files")]
    TooManyFiles {
        /// The limit in files.
        limit: usize,
    },
    /// The tree is too large.
    #[error("more than {limit} bytes in all files together")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Files by clean, relative, `/`-separated path. Symbolic links are the caller's to refuse or resolve. Cheap to clone: contents are shared,
/// so an overlay (a changed `kustomization.yaml`, say) is a clone with one more [`FileTree::insert`].
#[derive(Clone, Debug, Default)]
pub struct FileTree {
    files: BTreeMap<String, Arc<[u8]>>,
    bytes: usize,
}

/// Cleans a path: `.`, empty parts and `..` are resolved. `None` when it leads out of the root.
pub fn clean_path(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

impl FileTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, content: impl Into<Arc<[u8]>>) -> Result<(), TreeError> {
        let content = content.into();
        let clean =
            clean_path(path)
                .filter(|p| !p.is_empty())
                .ok_or_else(|| TreeError::Escapes {
                    path: path.to_owned(),
                })?;
        let old = self.files.get(&clean).map_or(0, |c| c.len());
        let bytes = self.bytes - old + content.len();
        if bytes > MAX_TREE_BYTES {
            return Err(TreeError::TooLarge {
                limit: MAX_TREE_BYTES,
            });
        }
        if self.files.len() >= MAX_FILES && !self.files.contains_key(&clean) {
            return Err(TreeError::TooManyFiles { limit: MAX_FILES });
        }
        self.bytes = bytes;
        self.files.insert(clean, content);
        Ok(())
    }

    /// Removes a file; `None` when it was not there.
    pub fn remove(&mut self, path: &str) -> Option<Arc<[u8]>> {
        let removed = self.files.remove(&clean_path(path)?);
        self.bytes -= removed.as_ref().map_or(0, |c| c.len());
        removed
    }

    /// The content of a file; `None` when there is none, or the path leads out of the tree.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        match self.files.get(path) {
            Some(content) => Some(content),
            None => self.files.get(&clean_path(path)?).map(|c| &**c),
        }
    }

    /// Whether any file lies below the path; the root is always a directory.
    pub fn is_dir(&self, path: &str) -> bool {
        match clean_path(path) {
            None => false,
            Some(clean) => clean.is_empty() || self.below(&clean).next().is_some(),
        }
    }

    /// Paths of all files, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files below a directory, at any depth, in order: path (from the tree's root) and content.
    pub fn files_below(&self, directory: &str) -> Vec<(&str, &[u8])> {
        match clean_path(directory) {
            None => Vec::new(),
            Some(clean) if clean.is_empty() => {
                self.files.iter().map(|(p, c)| (p.as_str(), &**c)).collect()
            }
            Some(clean) => self.below(&clean).collect(),
        }
    }

    fn below<'a>(&'a self, clean: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let prefix = format!("{clean}/");
        self.files
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while({
                let prefix = prefix.clone();
                move |(path, _)| path.starts_with(&prefix)
            })
            .map(|(path, content)| (path.as_str(), &**content))
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
