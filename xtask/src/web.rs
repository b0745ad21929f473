//! The web page: its npm packages and its build.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::{process, tree};

/// Folders with a `package.json` of their own.
pub fn folders() -> Vec<PathBuf> {
    ["web", "web/e2e", "e2e/web"]
        .into_iter()
        .map(|name| tree::root().join(name))
        .filter(|folder| folder.join("package.json").is_file())
        .collect()
}

/// `npm ci`, unless the installed packages are newer than the lock file.
pub fn install(folder: &Path) -> Result<()> {
    let stamp = modified(&folder.join("node_modules/.package-lock.json"));
    if stamp.is_some() && stamp >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    println!("npm ci in {}", folder.display());
    process::run(process::command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

/// Builds the page into `web/dist`, unless that is newer than all sources.
pub fn build() -> Result<()> {
    let folder = tree::root().join("web");
    if !folder.join("package.json").is_file() {
        println!("no web page in this tree");
        return Ok(());
    }
    install(&folder)?;
    let built = modified(&folder.join("dist/index.html"));
    let newest = ["src", "public", "index.html", "package-lock.json"]
        .into_iter()
        .filter_map(|name| newest_below(&folder.join(name)))
        .max();
    if built.is_some() && built >= newest {
        return Ok(());
    }
    process::run(process::command("npm", &["run", "--silent", "build"]).current_dir(&folder))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    if path.is_file() {
        return modified(path);
    }
    fs::read_dir(path)
        .ok()?
        .flatten()
        .filter_map(|entry| newest_below(&entry.path()))
        .max()
}
