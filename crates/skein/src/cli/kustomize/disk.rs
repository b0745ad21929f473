//! The disk as a build sees it: read on demand, links resolved, every file that was read remembered.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use skein_kustomize::{BuildError, Files};

/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Paths of a build are those of the disk, without the slash in front.
#[derive(Default)]
pub(super) struct Disk {
    /// Every path that the build asked for, whether or not something is there.
    seen: RefCell<BTreeSet<PathBuf>>,
}

impl Disk {
    fn full(&self, path: &str) -> PathBuf {
        let full = Path::new("/").join(path);
        self.seen.borrow_mut().insert(full.clone());
        full
    }

    /// What the build depends on.
    pub(super) fn seen(&self) -> BTreeSet<PathBuf> {
        self.seen.borrow().clone()
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Option<Arc<[u8]>> {
        let file = fs::File::open(self.full(path)).ok()?;
        let mut content = Vec::new();
        let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content);
        (read.ok()? as u64 <= MAX_FILE_BYTES).then(|| content.into())
    }

    fn is_file(&self, path: &str) -> bool {
        self.full(path).is_file()
    }

    fn is_directory(&self, path: &str) -> bool {
        self.full(path).is_dir()
    }

    fn resolved(&self, path: &str) -> Option<String> {
        let real = fs::canonicalize(self.full(path)).ok()?;
        Some(real.to_str()?.trim_start_matches('/').to_owned())
    }

    fn obstacle(&self, path: &str) -> Option<String> {
        let full = self.full(path);
        let found = match fs::metadata(&full) {
            Ok(found) => found,
            Err(error) => return unreachable(&full, &error),
        };
        if found.is_dir() {
            return None;
        }
        if !found.is_file() {
            return Some("is a pipe, socket or device, not a file".to_owned());
        }
        if found.len() > MAX_FILE_BYTES {
            let bytes = found.len();
            return Some(format!(
                "has {bytes} bytes, the limit of a file is {MAX_FILE_BYTES}"
            ));
        }
        let error = fs::File::open(&full).err()?;
        Some(format!("cannot be read: {error}"))
    }

    fn shown(&self, path: &str) -> String {
        shown(path)
    }

    fn absolute(&self, path: &str) -> Option<String> {
        Some(path.trim_start_matches('/').to_owned())
    }
}

/// Why nothing is found at a path, where more is known than that it is not there.
fn unreachable(full: &Path, error: &io::Error) -> Option<String> {
    let is_nothing = error.kind() == io::ErrorKind::NotFound;
    match fs::read_link(full) {
        Ok(target) if is_nothing => Some(format!(
            "is a link to '{}', where nothing is",
            target.display()
        )),
        Ok(target) => Some(format!(
            "is a link to '{}' that cannot be followed: {error}",
            target.display()
        )),
        Err(_) if is_nothing || error.kind() == io::ErrorKind::NotADirectory => None,
        Err(_) => Some(format!("cannot be read: {error}")),
    }
}

/// The directory to build, as a path of [`Disk`].
pub(super) fn root(directory: &Path) -> anyhow::Result<String> {
    let real = fs::canonicalize(directory).with_context(|| {
        format!(
            "must build at directory: not a valid directory: '{}'",
            directory.display()
        )
    })?;
    if !real.is_dir() {
        bail!(
            "must build at directory: '{}': file is not directory",
            directory.display()
        );
    }
    match real.to_str() {
        Some(text) => Ok(text.trim_start_matches('/').to_owned()),
        None => bail!("{} is not UTF-8", real.display()),
    }
}

/// A path of the disk as people of the working directory write it.
pub(super) fn shown(path: &str) -> String {
    let full = format!("/{path}");
    let Ok(here) = std::env::current_dir().and_then(fs::canonicalize) else {
        return full;
    };
    let (mut up, mut base) = (String::new(), here.as_path());
    // More than a few levels up, the full path says more.
    for _ in 0..4 {
        if let Ok(rest) = Path::new(&full).strip_prefix(base) {
            let text = format!("{up}{}", rest.display());
            return if text.is_empty() {
                ".".to_owned()
            } else {
                text
            };
        }
        up.push_str("../");
        match base.parent() {
            Some(parent) if parent.parent().is_some() => base = parent,
            _ => break,
        }
    }
    full
}

/// An error with paths as people write them.
pub(super) fn told(mut error: BuildError) -> anyhow::Error {
    let place = &mut error.place;
    place.file = place.file.as_deref().map(shown);
    place.chain = place.chain.iter().map(|path| shown(path)).collect();
    error.into()
}
