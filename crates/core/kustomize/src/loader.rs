//! Files and directories as one kustomization sees them: relative to its own directory, within the tree, without cycles.

use std::rc::Rc;
use std::sync::Arc;

use crate::address::RemoteAddress;
use crate::charts::Charts;
use crate::error::{BuildError, Outcome, Problem};
use crate::options::{LoadRestrictions, Options};
use crate::tree::{FileTree, Files, clean_path};
use crate::upstream;

/// Deepest nesting of kustomizations, in levels.
pub(crate) const MAX_KUSTOMIZATION_DEPTH_LEVELS: usize = 64;

/// A tree that is the caller's or came from a remote source.
#[derive(Clone)]
pub(crate) enum Tree<'a> {
    Given(&'a dyn Files),
    Remote(Rc<FileTree>),
}

impl Tree<'_> {
    fn files(&self) -> &dyn Files {
        match self {
            Self::Given(tree) => *tree,
            Self::Remote(tree) => &**tree,
        }
    }
}

/// Reads for one kustomization.
#[derive(Clone)]
pub(crate) struct Loader<'a> {
    tree: Tree<'a>,
    /// Directory of the kustomization in the tree.
    root: String,
    /// Directories of the kustomizations that led here, with this one, in the same tree.
    visited: Vec<String>,
    /// As `visited`, in all trees.
    way: Vec<String>,
    /// Addresses of the remote bases that led here.
    addresses: Vec<String>,
    depth: usize,
    restrictions: LoadRestrictions,
    options: Options<'a>,
    /// Whether objects are read with the places and comments of their nodes.
    detailed: bool,
}

fn missing(message: String) -> BuildError {
    Problem::Missing(message).into()
}

pub(crate) fn is_http(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.starts_with("http:") || lower.starts_with("https:")
}

/// Whether a path lies below a directory.
fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
}

impl<'a> Loader<'a> {
    /// For the kustomization that is built.
    pub(crate) fn new(
        tree: &'a dyn Files,
        root: &str,
        options: Options<'a>,
        detailed: bool,
    ) -> Outcome<Self> {
        let loader = Self {
            tree: Tree::Given(tree),
            root: String::new(),
            visited: Vec::new(),
            way: Vec::new(),
            addresses: Vec::new(),
            depth: 0,
            restrictions: options.load_restrictions,
            options,
            detailed,
        };
        let root = loader.directory(root.trim_start_matches('/'))?;
        Ok(Self {
            visited: vec![root.clone()],
            way: vec![root.clone()],
            root,
            ..loader
        })
    }

    pub(crate) fn is_detailed(&self) -> bool {
        self.detailed
    }

    /// Directories of the kustomizations that led here, with this one.
    pub(crate) fn chain(&self) -> Vec<String> {
        let shown = |directory: &String| match directory.as_str() {
            "" => ".".to_owned(),
            directory => directory.to_owned(),
        };
        self.way.iter().map(shown).collect()
    }

    /// Directory of the kustomization in the tree.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// A path below the kustomization's directory, in the tree.
    pub(crate) fn path_of(&self, path: &str) -> String {
        if let Some(clean) = self.absolute(path) {
            return clean;
        }
        clean_path(&format!("{}/{path}", self.root)).unwrap_or_else(|| path.to_owned())
    }

    fn resolve(&self, path: &str) -> Outcome<String> {
        if path.starts_with('/') {
            let message =
                format!("'{path}' is an absolute path, write it relative to the kustomization");
            return Err(Problem::Refused(message).into());
        }
        clean_path(&format!("{}/{path}", self.root)).ok_or_else(|| {
            Problem::Refused(format!("'{path}' leads out of the root of the files")).into()
        })
    }

    /// Where an absolute path of the disk leads, if it means anything here.
    fn absolute(&self, path: &str) -> Option<String> {
        let is_absolute = path.starts_with('/');
        let in_tree = is_absolute.then(|| self.tree.files().absolute(path))?;
        clean_path(&in_tree?)
    }

    /// Files may be named by absolute paths where those mean something; directories may not.
    fn resolve_file(&self, path: &str) -> Outcome<String> {
        match self.absolute(path) {
            Some(clean) => Ok(clean),
            None => self.resolve(path),
        }
    }

    /// A path in the tree; an absolute one counts from the root of the tree.
    pub(crate) fn resolve_any(&self, path: &str) -> Outcome<String> {
        match path.strip_prefix('/') {
            None => self.resolve(path),
            Some(below_root) => clean_path(below_root).ok_or_else(|| {
                Problem::Refused(format!("'{path}' leads out of the root of the files")).into()
            }),
        }
    }

    /// The files of the tree.
    pub(crate) fn files(&self) -> &dyn Files {
        self.tree.files()
    }

    /// The files of the remote base that this kustomization is part of.
    pub(crate) fn remote_files(&self) -> Option<&FileTree> {
        match &self.tree {
            Tree::Given(_) => None,
            Tree::Remote(files) => Some(files),
        }
    }

    /// The caller's Helm.
    pub(crate) fn charts(&self) -> Option<&'a dyn Charts> {
        self.options.charts
    }

    /// Whether a file of that path can be loaded.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.resolve_file(path)
            .is_ok_and(|clean| self.tree.files().is_file(&clean))
    }

    /// Whether there is a directory of that path.
    pub(crate) fn has_directory(&self, path: &str) -> bool {
        self.resolve(path)
            .is_ok_and(|clean| self.tree.files().is_directory(&clean))
    }

    /// The content of a file.
    pub(crate) fn load(&self, path: &str) -> Outcome<Arc<[u8]>> {
        if is_http(path) {
            let Some(remote) = self.options.remote else {
                let message =
                    format!("'{path}' is a remote file, and remote files are not allowed here");
                return Err(Problem::Refused(message).into());
            };
            return remote
                .file(path)
                .map(Arc::from)
                .map_err(|e| missing(format!("cannot load '{path}': {e}")));
        }
        self.load_clean(path, &self.resolve_file(path)?)
    }

    /// As [`Self::load`], for a path that may be absolute.
    pub(crate) fn load_any(&self, path: &str) -> Outcome<Arc<[u8]>> {
        if is_http(path) {
            return self.load(path);
        }
        self.load_clean(path, &self.resolve_any(path)?)
    }

    fn load_clean(&self, path: &str, clean: &str) -> Outcome<Arc<[u8]>> {
        let files = self.tree.files();
        let real = files.resolved(clean).filter(|_| files.is_file(clean));
        let Some(real) = real else {
            let is_directory = files.is_directory(clean);
            let what = if is_directory {
                "is a directory, not a file".to_owned()
            } else {
                let obstacle = files.obstacle(clean);
                obstacle.unwrap_or_else(|| "no such file".to_owned())
            };
            let error = missing(format!("'{path}': {what}"));
            return Err(if is_directory {
                upstream::directory_as_file(error, clean)
            } else {
                upstream::no_file(error, clean)
            });
        };
        if self.restrictions == LoadRestrictions::RootOnly && !is_below(&real, &self.root) {
            let (real, root) = (files.shown(&real), self.shown(&self.root));
            let message = format!("security; file '{real}' is not in or below '{root}'");
            return Err(Problem::Refused(message).into());
        }
        files.read(clean).ok_or_else(|| {
            let obstacle = files.obstacle(clean);
            let what = obstacle.unwrap_or_else(|| "cannot be read".to_owned());
            missing(format!("'{path}': {what}"))
        })
    }

    /// A directory as people write it.
    pub(crate) fn shown(&self, directory: &str) -> String {
        let shown = self.files().shown(directory);
        if shown.is_empty() {
            ".".to_owned()
        } else {
            shown
        }
    }

    fn directory(&self, path: &str) -> Outcome<String> {
        let clean = self.resolve(path)?;
        let files = self.tree.files();
        if files.is_directory(&clean) {
            return files.resolved(&clean).ok_or_else(|| {
                Problem::Refused(format!("'{path}' leads out of the root of the files")).into()
            });
        }
        let what = if files.is_file(&clean) {
            "is a file, a directory is needed".to_owned()
        } else {
            let obstacle = files.obstacle(&clean);
            obstacle.unwrap_or_else(|| "no such file or directory".to_owned())
        };
        Err(missing(format!("'{path}': {what}")))
    }

    /// The first part of a path that is not there.
    pub(crate) fn first_missing(&self, path: &str) -> String {
        let clean = self.resolve(path).unwrap_or_default();
        let files = self.tree.files();
        let is_there = |p: &str| files.is_directory(p) || files.is_file(p);
        let ends = clean.match_indices('/').map(|(at, _)| at);
        let mut parts = ends.map(|at| &clean[..at]);
        parts.find(|p| !is_there(p)).unwrap_or(&clean).to_owned()
    }

    /// For a base or component of this kustomization.
    pub(crate) fn descend(&self, path: &str) -> Outcome<Self> {
        if path.is_empty() {
            return Err(BuildError::invalid("the path of a base cannot be empty"));
        }
        if self.depth == MAX_KUSTOMIZATION_DEPTH_LEVELS {
            let message =
                format!("more than {MAX_KUSTOMIZATION_DEPTH_LEVELS} levels of kustomizations");
            return Err(Problem::Limit(message).into());
        }
        if RemoteAddress::parse(path).is_some() {
            return self.descend_remote(path);
        }
        let root = self.directory(path)?;
        if let Some(visited) = self
            .visited
            .iter()
            .find(|v| is_below(v, &root) || **v == root)
        {
            let message = format!(
                "cycle detected: candidate root '{}' contains visited root '{}'",
                self.shown(&root),
                self.shown(visited)
            );
            return Err(Problem::Refused(message).into());
        }
        let mut visited = self.visited.clone();
        visited.push(root.clone());
        Ok(Self {
            way: self.way_to(&root),
            root,
            visited,
            depth: self.depth + 1,
            ..self.clone()
        })
    }

    /// The way, and a directory at its end.
    fn way_to(&self, directory: &str) -> Vec<String> {
        let directories = self.way.iter().map(String::as_str);
        let directories = directories.chain(std::iter::once(directory));
        directories.map(str::to_owned).collect()
    }

    fn descend_remote(&self, url: &str) -> Outcome<Self> {
        let Some(remote) = self.options.remote else {
            let message =
                format!("'{url}' is a remote base, and remote bases are not allowed here");
            return Err(Problem::Refused(message).into());
        };
        if let Some(previous) = self.addresses.iter().find(|a| a.starts_with(url)) {
            let message =
                format!("cycle detected: URI '{url}' referenced by previous URI '{previous}'");
            return Err(Problem::Refused(message).into());
        }
        let mut addresses = self.addresses.clone();
        addresses.push(url.to_owned());
        let (tree, root) = remote
            .directory(url)
            .map_err(|e| missing(format!("cannot load '{url}': {e}")))?;
        let loader = Self {
            tree: Tree::Remote(Rc::new(tree)),
            root: String::new(),
            visited: Vec::new(),
            way: Vec::new(),
            addresses,
            depth: self.depth + 1,
            restrictions: LoadRestrictions::RootOnly,
            options: self.options,
            detailed: self.detailed,
        };
        let root = loader.directory(&root)?;
        Ok(Self {
            visited: vec![root.clone()],
            way: self.way_to(&root),
            root,
            ..loader
        })
    }
}
