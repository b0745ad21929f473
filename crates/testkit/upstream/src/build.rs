//! Builds one component into the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::component::{Completion, Component, is_built};

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
    let (source, package) = match &component.completed {
        None => (
            component.source(),
            format!("{}{}", component.module, component.main),
        ),
        Some(completion) => {
            let copy = folder.join(format!("source.{}", std::process::id()));
            complete(component, completion, &copy)?;
            (copy, format!(".{}", component.main))
        }
    };
    let status = Command::new("go")
        .current_dir(&source)
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-ldflags"])
        .arg(component.linker_flags(&version))
        .arg("-o")
        .arg(&partial)
        .arg(package)
        .status()
        .context("starting go; install Go 1.26 or later")?;
    if component.completed.is_some() {
        fs::remove_dir_all(&source).with_context(|| format!("removing {}", source.display()))?;
    }
    if !status.success() {
        bail!("building {} {version}: go build {status}", component.name);
    }
    fs::rename(&partial, &path).with_context(|| format!("renaming {}", partial.display()))?;
    Ok(path)
}

/// Copies the module out of Go's cache, which is read-only, and adds the file that it lacks.
fn complete(component: &Component, completion: &Completion, copy: &Path) -> Result<()> {
    let go = |arguments: &[&str]| {
        Command::new("go")
            .current_dir(component.source())
            .args(arguments)
            .output()
            .context("starting go; install Go 1.26 or later")
    };
    let fetched = go(&["mod", "download", component.module])?;
    let folder = go(&["list", "-m", "-f", "{{.Dir}}", component.module])?;
    let folder = String::from_utf8_lossy(&folder.stdout).trim().to_owned();
    if !fetched.status.success() || folder.is_empty() {
        let error = String::from_utf8_lossy(&fetched.stderr).into_owned();
        bail!("fetching {}: {error}", component.module);
    }
    copy_writable(Path::new(&folder), copy)?;
    let file = copy.join(completion.file);
    let parent = file.parent().context("a file has a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    fs::write(&file, completion.text).with_context(|| format!("writing {}", file.display()))
}

/// Copies files and folders; the modes of the read-only cache stay behind.
fn copy_writable(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("reading {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_writable(&source, &target)?;
        } else {
            let bytes =
                fs::read(&source).with_context(|| format!("reading {}", source.display()))?;
            fs::write(&target, bytes).with_context(|| format!("writing {}", target.display()))?;
        }
    }
    Ok(())
}
