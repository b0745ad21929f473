//! `helm pull`: packages of charts into a folder, unpacked if wished.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use skein_helm::File;
use skein_helm::archive::unpack;

use super::connection::RemoteArguments;
use super::dependency::clean;
use super::fetch::{self, Package};
use super::settings::Settings;
use super::{disk, repositories};
use crate::output::Output;

/// `helm pull`.
#[derive(Args, Clone, Debug)]
pub struct PullArguments {
    /// Charts: repository/name, an address, or oci://...
    #[arg(required = true, value_name = "CHART")]
    charts: Vec<String>,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Take versions that are no releases too
    #[arg(long)]
    devel: bool,
    /// Unpack the chart
    #[arg(long)]
    untar: bool,
    /// Folder for unpacked charts, below --destination
    #[arg(long, default_value = ".")]
    untardir: String,
    /// Folder for packages
    #[arg(short, long, default_value = ".")]
    destination: String,
    /// Fetch the provenance file (refused: not built yet)
    #[arg(long, hide = true)]
    prov: bool,
}

/// Runs `helm pull`.
pub(super) async fn run(
    arguments: &PullArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    if arguments.prov {
        bail!(
            "--prov: provenance files are not fetched yet; leave it out, or use helm for this step"
        );
    }
    let version = arguments.remote.version_or_devel(arguments.devel);
    for chart in &arguments.charts {
        let package = fetch::fetch(chart, &version, &arguments.remote, settings, output).await?;
        output.print(&package.notes)?;
        if arguments.untar {
            untar(arguments, chart, &package)?;
        } else {
            save(&arguments.destination, &package)?;
        }
    }
    Ok(())
}

fn save(folder: &str, package: &Package) -> anyhow::Result<()> {
    let path = Path::new(folder).join(&package.file_name);
    if !Path::new(folder).is_dir() {
        bail!("open {}: no such file or directory", path.display());
    }
    repositories::write_atomically(&path, &package.bytes)
}

/// Unpacks below a folder that must not have something by the name of the chart yet.
fn untar(arguments: &PullArguments, reference: &str, package: &Package) -> anyhow::Result<()> {
    let folder = if arguments.untardir.starts_with('/') {
        arguments.untardir.clone()
    } else {
        clean(&format!("{}/{}", arguments.destination, arguments.untardir))
    };
    let name = reference.rsplit('/').next().unwrap_or(reference);
    let wanted = if folder == "." {
        name.to_owned()
    } else {
        clean(&format!("{folder}/{name}"))
    };
    if fs::symlink_metadata(&wanted).is_ok() {
        bail!("failed to untar: a file or directory with the name {wanted} already exists");
    }
    fs::create_dir_all(&wanted).with_context(|| format!("failed to untar (mkdir): {wanted}"))?;
    expand(Path::new(&folder), &package.bytes)
}

/// Writes the files of a package into a folder of the chart's name. Nothing is written outside of it, nor through links.
pub(super) fn expand(folder: &Path, package: &[u8]) -> anyhow::Result<()> {
    let files = unpack(package).map_err(|error| anyhow!("{error}"))?;
    let top = folder.join(package_name(&files)?);
    for file in &files {
        let path = confined(&top, &file.name)?;
        let parent = path.parent().unwrap_or(&top);
        make_folders(&top, parent)?;
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            bail!(
                "{} is a link: nothing is written through it",
                path.display()
            );
        }
        fs::write(&path, &file.data)
            .map_err(|error| anyhow!("open {}: {}", path.display(), disk::in_go_words(&error)))?;
    }
    Ok(())
}

/// The name of the chart that a package holds, which must be that of a folder.
pub(super) fn package_name(files: &[File]) -> anyhow::Result<String> {
    let chart_file = files.iter().rfind(|file| file.name == "Chart.yaml");
    let metadata = match chart_file {
        Some(file) => skein_yaml::from_slice(&file.data)
            .map_err(|error| anyhow!("cannot load Chart.yaml: {error}"))?,
        None => serde_json::Value::Null,
    };
    let name = metadata
        .get("name")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    match name {
        "" => bail!("chart name not specified"),
        "." | ".." => bail!("chart name {name:?} is not allowed"),
        name if name.contains(['/', '\\']) => {
            bail!("chart name {name:?} must not contain path separators")
        }
        _ => {}
    }
    Ok(name.to_owned())
}

/// The path of a file of the archive, whose name has plain parts only.
fn confined(top: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let is_plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !is_plain {
        bail!("{name:?} leads out of the chart");
    }
    Ok(top.join(name))
}

/// Makes folders one by one, so that no link on the way is followed.
fn make_folders(top: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(top.parent().unwrap_or(top))?;
    let mut path = top.to_path_buf();
    let below = folder.strip_prefix(top).unwrap_or(Path::new(""));
    for part in std::iter::once(None).chain(below.components().map(Some)) {
        if let Some(part) = part {
            path.push(part);
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() => {
                bail!(
                    "{} is a link: nothing is written through it",
                    path.display()
                )
            }
            Ok(_) => bail!("mkdir {}: not a directory", path.display()),
            Err(_) => fs::create_dir(&path).with_context(|| format!("mkdir {}", path.display()))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
