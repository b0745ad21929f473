//! The tree that we work on: its top folder, its files, its crates, and the shared material beside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// Top folder of the repository.
pub fn root() -> &'static Path {
    skein_upstream::repository_root()
}

/// Folder of real inputs and recorded outputs beside the clone; a stranger's clone has none.
pub fn shared_material() -> Option<PathBuf> {
    let folder = match std::env::var_os("SKEIN_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => root().parent()?.join("shared"),
    };
    folder.join("real").is_dir().then_some(folder)
}

/// Tracked files, and new ones that are not ignored, relative to the top folder.
pub fn files() -> Result<Vec<PathBuf>> {
    let arguments = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let text = process::capture(&mut process::command("git", &arguments))?;
    let mut files: Vec<PathBuf> = text
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// `packages` of `cargo metadata`, the workspace's own only.
pub fn packages() -> Result<Vec<Value>> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let text = process::capture(&mut process::cargo(&arguments))?;
    let mut metadata: Value = serde_json::from_str(&text).context("reading cargo metadata")?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => anyhow::bail!("cargo metadata lists no packages"),
    }
}

/// Folder of a package relative to the top folder.
pub fn folder_of(package: &Value) -> Result<PathBuf> {
    let manifest = package["manifest_path"]
        .as_str()
        .context("a package has a manifest")?;
    let folder = Path::new(manifest)
        .parent()
        .context("a manifest lies in a folder")?;
    let relative = folder.strip_prefix(root()).unwrap_or(folder);
    Ok(relative.to_owned())
}
