//! Where things lie: the repository and the cache outside of it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Top folder of the repository that this crate was compiled in.
pub fn repository_root() -> &'static Path {
    // crates/testkit/upstream is three folders below the top.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap_or(here)
}

/// `$SKEIN_CACHE`, else `skein` in the user's cache folder.
pub fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = set("SKEIN_CACHE") {
        return Ok(folder);
    }
    if let Some(folder) = set("XDG_CACHE_HOME") {
        return Ok(folder.join("skein"));
    }
    let home = set("HOME").context("neither SKEIN_CACHE nor XDG_CACHE_HOME nor HOME is set")?;
    Ok(home.join(".cache/skein"))
}

fn set(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
