//! Which chart an argument means.

use std::path::PathBuf;

use anyhow::bail;

/// A chart on the disk. What is no path needs a repository, which `pull` reads.
pub(super) fn locate(name: &str) -> anyhow::Result<PathBuf> {
    let name = name.trim();
    let path = PathBuf::from(name);
    if path.exists() {
        return Ok(std::path::absolute(path)?);
    }
    if path.is_absolute() || name.starts_with('.') {
        bail!("path {name:?} not found");
    }
    if name.starts_with("oci://") || name.contains("://") {
        bail!("{name} is not on this disk: fetch it with `skein helm pull` first");
    }
    bail!(
        "no chart at {name}: charts are given as folders or archives; fetch others with `skein helm pull`"
    )
}
