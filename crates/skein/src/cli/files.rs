//! From a directory on disk to the file tree of a build: the directory itself and whatever its kustomizations refer to outside of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;
use skein_kustomize::FileTree;

/// The file names of a kustomization, in the order in which they are looked for.
const KUSTOMIZATION_FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Deepest nesting of directories that is read.
const MAX_DEPTH_LEVELS: usize = 64;

/// Most directories that are read for one build.
const MAX_DIRECTORIES: usize = 20_000;

/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The files of a build and where in them it starts.
#[derive(Debug)]
pub(crate) struct LocalFiles {
    /// The files, by path from the common directory.
    pub tree: FileTree,
    /// Path of the directory to build in the tree; empty for the root.
    pub directory: String,
}

/// Reads a directory and what its kustomizations refer to; `components` are the ones that the Flux object adds.
pub(crate) fn read(directory: &Path, components: &[String]) -> anyhow::Result<LocalFiles> {
    let start = normal(&std::path::absolute(directory)?);
    let mut reader = Reader {
        queue: vec![start.clone()],
        ..Reader::default()
    };
    reader
        .queue
        .extend(components.iter().map(|path| normal(&start.join(path))));
    reader.run()?;
    let root = common_directory(
        reader
            .files
            .iter()
            .map(PathBuf::as_path)
            .chain([start.as_path()]),
    );
    let mut tree = FileTree::new();
    for path in &reader.files {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        tree.insert(&inside(path, &root)?, content)
            .with_context(|| format!("cannot use {}", path.display()))?;
    }
    Ok(LocalFiles {
        tree,
        directory: inside(&start, &root)?,
    })
}

/// Resolves `.` and `..` without looking at the disk.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

fn inside(path: &Path, root: &Path) -> anyhow::Result<String> {
    let relative = path
        .strip_prefix(root)
        .context("a file lies outside of the common directory")?;
    let Some(text) = relative.to_str() else {
        bail!("{} is not UTF-8", path.display())
    };
    Ok(text.to_owned())
}

/// The deepest directory above all paths; a file counts with its directory.
fn common_directory<'a>(paths: impl Iterator<Item = &'a Path>) -> PathBuf {
    paths
        .map(|path| {
            if path.is_dir() {
                path
            } else {
                path.parent().unwrap_or(path)
            }
        })
        .map(Path::to_path_buf)
        .reduce(|common, path| {
            common
                .components()
                .zip(path.components())
                .take_while(|(a, b)| a == b)
                .map(|(part, _)| part)
                .collect()
        })
        .unwrap_or_default()
}

#[derive(Default)]
struct Reader {
    queue: Vec<PathBuf>,
    directories: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

impl Reader {
    fn run(&mut self) -> anyhow::Result<()> {
        while let Some(path) = self.queue.pop() {
            // A reference that leads nowhere is the build's to tell.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_dir() {
                self.directory(&path, 0)?;
            } else {
                self.file(&path, metadata.len())?;
            }
        }
        Ok(())
    }

    fn directory(&mut self, directory: &Path, depth: usize) -> anyhow::Result<()> {
        if !self.directories.insert(directory.to_path_buf()) {
            return Ok(());
        }
        if depth > MAX_DEPTH_LEVELS || self.directories.len() > MAX_DIRECTORIES {
            bail!(
                "{} is too deep or too large: at most {MAX_DEPTH_LEVELS} levels and {MAX_DIRECTORIES} directories",
                directory.display()
            );
        }
        let entries = fs::read_dir(directory)
            .with_context(|| format!("cannot read the directory {}", directory.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    self.directory(&path, depth + 1)?;
                }
            } else if let Ok(metadata) = fs::metadata(&path)
                && metadata.is_file()
            {
                // A link to a file counts as the file; a link to a directory is not followed, so there are no circles.
                self.file(&path, metadata.len())?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, bytes: u64) -> anyhow::Result<()> {
        if bytes > MAX_FILE_BYTES {
            bail!("{} is larger than {MAX_FILE_BYTES} bytes", path.display());
        }
        if !self.files.insert(path.to_path_buf()) {
            return Ok(());
        }
        let is_kustomization = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| KUSTOMIZATION_FILES.contains(&name));
        if is_kustomization && let Some(directory) = path.parent() {
            // What does not parse is the build's to tell.
            let content = fs::read(path).unwrap_or_default();
            if let Ok(value) = skein_yaml::from_slice(&content) {
                self.references(&value, directory, 0);
            }
        }
        Ok(())
    }

    /// Queues every text of a kustomization that leads out of its directory, whatever field it stands in.
    fn references(&mut self, value: &Value, directory: &Path, depth: usize) {
        if depth > MAX_DEPTH_LEVELS {
            return;
        }
        match value {
            Value::String(text) => {
                // Generators name files as `key=path`.
                let path = text.split_once('=').map_or(text.as_str(), |(_, path)| path);
                if path.split('/').any(|part| part == "..") && !path.contains(['\n', ':']) {
                    self.queue.push(normal(&directory.join(path)));
                }
            }
            Value::Array(items) => {
                items
                    .iter()
                    .for_each(|item| self.references(item, directory, depth + 1));
            }
            Value::Object(map) => {
                map.values()
                    .for_each(|item| self.references(item, directory, depth + 1));
            }
            _ => {}
        }
    }
}
