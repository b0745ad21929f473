//! The disk, read on demand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use skein_kustomize::Files;

/// Paths are those of the disk, without the slash in front.
pub struct Disk;

fn full(path: &str) -> PathBuf {
    Path::new("/").join(path)
}

impl Files for Disk {
    fn read(&self, path: &str) -> Option<Arc<[u8]>> {
        std::fs::read(full(path)).ok().map(Arc::from)
    }

    fn is_file(&self, path: &str) -> bool {
        full(path).is_file()
    }

    fn is_directory(&self, path: &str) -> bool {
        full(path).is_dir()
    }

    fn resolved(&self, path: &str) -> Option<String> {
        let real = std::fs::canonicalize(full(path)).ok()?;
        Some(real.to_str()?.trim_start_matches('/').to_owned())
    }

    fn absolute(&self, path: &str) -> Option<String> {
        Some(path.trim_start_matches('/').to_owned())
    }
}
