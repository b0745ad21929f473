//! The file tree that a build reads: paths and bytes in memory, jailed to its root.

use std::cmp::Ordering;
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

/// Where a build reads. Paths are clean (see [`clean_path`]) and relative to some root that the build never leaves.
pub trait Files {
    /// The content of a file; `None` when there is no file of that path.
    fn read(&self, path: &str) -> Option<Arc<[u8]>>;
    /// Whether there is a file of that path that can be read.
    fn is_file(&self, path: &str) -> bool;
    /// Whether there is a directory of that path.
    fn is_directory(&self, path: &str) -> bool;
    /// The path with all symbolic links resolved. `None` when nothing is there, or it leads out of the root.
    fn resolved(&self, path: &str) -> Option<String>;
    /// Why a path cannot be read as what it is, for people: a link that leads nowhere, a device, a file that is too large. `None` when no more is
    /// known than that nothing is there.
    fn obstacle(&self, _path: &str) -> Option<String> {
        None
    }
    /// A path as people write it.
    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }
    /// Where a file lies here that is named by its absolute path on the disk. `None` where such paths mean nothing.
    fn absolute(&self, _path: &str) -> Option<String> {
        None
    }
}

impl Files for FileTree {
    fn read(&self, path: &str) -> Option<Arc<[u8]>> {
        self.file(path).map(Arc::clone)
    }

    fn is_file(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    fn is_directory(&self, path: &str) -> bool {
        self.is_dir(path)
    }

    /// A tree in memory has no links.
    fn resolved(&self, path: &str) -> Option<String> {
        (self.is_file(path) || self.is_dir(path)).then(|| path.to_owned())
    }
}

/// Files by clean, relative, `/`-separated path. Symbolic links are the caller's to refuse or resolve. Cheap to clone: clones share all
/// files and hold what was changed since, so an overlay (a changed `kustomization.yaml`, say) is a clone with one more
/// [`FileTree::insert`], however large the tree is.
#[derive(Clone, Debug, Default)]
pub struct FileTree {
    shared: Arc<BTreeMap<String, Arc<[u8]>>>,
    /// What stands in for shared files; `None` where there is no file any more.
    changed: BTreeMap<String, Option<Arc<[u8]>>>,
    count: usize,
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
        let known = self.file(&clean);
        let (is_new, old) = (known.is_none(), known.map_or(0, |c| c.len()));
        let bytes = self.bytes - old + content.len();
        if bytes > MAX_TREE_BYTES {
            return Err(TreeError::TooLarge {
                limit: MAX_TREE_BYTES,
            });
        }
        if self.count >= MAX_FILES && is_new {
            return Err(TreeError::TooManyFiles { limit: MAX_FILES });
        }
        self.bytes = bytes;
        self.count += usize::from(is_new);
        self.change(clean, Some(content));
        Ok(())
    }

    /// Removes a file; `None` when it was not there.
    pub fn remove(&mut self, path: &str) -> Option<Arc<[u8]>> {
        let clean = clean_path(path)?;
        let removed = self.file(&clean).cloned()?;
        self.bytes -= removed.len();
        self.count -= 1;
        self.change(clean, None);
        Some(removed)
    }

    fn file(&self, clean: &str) -> Option<&Arc<[u8]>> {
        match self.changed.get(clean) {
            Some(changed) => changed.as_ref(),
            None => self.shared.get(clean),
        }
    }

    /// In place when nobody shares the files, beside them otherwise.
    fn change(&mut self, clean: String, content: Option<Arc<[u8]>>) {
        self.changed.insert(clean, content);
        let Some(files) = Arc::get_mut(&mut self.shared) else {
            return;
        };
        for (path, content) in std::mem::take(&mut self.changed) {
            match content {
                Some(content) => files.insert(path, content),
                None => files.remove(&path),
            };
        }
    }

    /// The content of a file; `None` when there is none, or the path leads out of the tree.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        match self.file(path) {
            Some(content) => Some(content),
            None => self.file(&clean_path(path)?).map(|c| &**c),
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
        self.from("").map(|(path, _)| path)
    }

    /// Files below a directory, at any depth, in order: path (from the tree's root) and content.
    pub fn files_below(&self, directory: &str) -> Vec<(&str, &[u8])> {
        match clean_path(directory) {
            None => Vec::new(),
            Some(clean) if clean.is_empty() => self.from("").collect(),
            Some(clean) => self.below(&clean).collect(),
        }
    }

    fn below<'a>(&'a self, clean: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let prefix = format!("{clean}/");
        self.from(&prefix)
            .take_while(move |(path, _)| path.starts_with(&prefix))
    }

    /// All files from a path on, in order.
    fn from<'a>(&'a self, start: &str) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let bounds = (Bound::Included(start), Bound::Unbounded);
        let mut shared = self.shared.range::<str, _>(bounds).peekable();
        let mut changed = self.changed.range::<str, _>(bounds).peekable();
        std::iter::from_fn(move || {
            loop {
                let order = match (shared.peek(), changed.peek()) {
                    (Some((ours, _)), Some((theirs, _))) => ours.cmp(theirs),
                    (_, None) => Ordering::Less,
                    (None, _) => Ordering::Greater,
                };
                if order == Ordering::Less {
                    return shared.next().map(|(path, file)| (path.as_str(), &**file));
                }
                if order == Ordering::Equal {
                    shared.next();
                }
                if let (path, Some(file)) = changed.next()? {
                    return Some((path.as_str(), &**file));
                }
            }
        })
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests;
