//! Builds one component into the cache.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::component::{Component, is_built};

/// What `ensure` tells while it works.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The binary is there already.
    Present(&'a Component),
    /// A build starts; this takes from seconds to minutes.
    Building(&'a Component, &'a str),
}

/// The path of the binary, built if it is missing.
pub fn ensure(component: &Component, report: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf> {
    let path = component.path()?;
    if is_built(&path) {
        report(Progress::Present(component));
        return Ok(path);
    }
    let version = component.version()?;
    report(Progress::Building(component, &version));
    let folder = path.parent().context("a cache path has a parent")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    // Built beside the final name and renamed: whoever looks meanwhile never sees half a binary.
    let partial = folder.join(format!("{}.{}", component.name, std::process::id()));
    let status = Command::new("go")
        .current_dir(component.source())
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags"])
        .arg(component.linker_flags(&version))
        .arg("-o")
        .arg(&partial)
        .arg(format!("{}{}", component.module, component.main))
        .status()
        .context("starting go; install Go 1.26 or later")?;
    if !status.success() {
        bail!("building {} {version}: go build {status}", component.name);
    }
    fs::rename(&partial, &path).with_context(|| format!("renaming {}", partial.display()))?;
    Ok(path)
}
