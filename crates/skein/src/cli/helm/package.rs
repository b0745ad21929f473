//! `helm package`: folders of charts become archives.

use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail};
use clap::Args;
use skein_helm::{Chart, dependencies, pack};
use skein_semver::Version;

use super::connection::ConnectionArguments;
use super::dependency::{Manager, Mode, clean};
use super::settings::Settings;
use super::values::ValueArguments;
use super::{disk, epoch, repositories};
use crate::output::Output;

/// `helm package`.
#[derive(Args, Clone, Debug)]
pub struct PackageArguments {
    /// Folders of charts
    #[arg(value_name = "CHART")]
    charts: Vec<String>,
    /// Set the chart's version
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
    /// Set the version of what the chart installs
    #[arg(long, default_value = "", hide_default_value = true)]
    app_version: String,
    /// Folder for the archives
    #[arg(short, long, default_value = ".")]
    destination: String,
    /// Fetch dependencies before
    #[arg(short = 'u', long)]
    dependency_update: bool,
    /// Sign the package (refused: not built yet)
    #[arg(long, hide = true)]
    sign: bool,
    #[arg(long, hide = true)]
    key: Option<String>,
    #[arg(long, hide = true)]
    passphrase_file: Option<String>,
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Accepted and read as helm does; values do not change a package
    #[command(flatten)]
    values: ValueArguments,
}

/// Runs `helm package`.
pub(super) async fn run(
    arguments: &PackageArguments,
    settings: &Settings,
    debug: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if arguments.charts.is_empty() {
        bail!("need at least one argument, the path to the chart");
    }
    if arguments.sign {
        bail!(
            "--sign: packages are not signed yet; package without it and sign with helm or cosign"
        );
    }
    arguments.connection.check()?;
    arguments.values.merge().await?;
    for chart in &arguments.charts {
        let path = std::path::absolute(clean(chart))?;
        if let Err(error) = fs::metadata(chart) {
            bail!("stat {chart}: {}", disk::in_go_words(&error));
        }
        if arguments.dependency_update {
            let manager = Manager {
                chart: path.clone(),
                skip_refresh: false,
                connection: &arguments.connection,
                settings,
                debug,
            };
            // What is said on the way is of no interest here.
            let mut silent = Output::new(std::io::sink(), std::io::sink());
            manager.run(Mode::Update, &mut silent).await?;
        }
        let saved = package(arguments, &path, output)?;
        output.print(&format!(
            "Successfully packaged chart and saved it to: {saved}\n"
        ))?;
    }
    Ok(())
}

fn package(
    arguments: &PackageArguments,
    path: &Path,
    output: &mut Output,
) -> anyhow::Result<String> {
    if !path.is_dir() {
        bail!(
            "{} is no folder: only unpacked charts are packaged",
            path.display()
        );
    }
    let mut chart = disk::load_folder(path)?;
    for warning in &chart.warnings {
        output.note_line(&warning.to_string())?;
    }
    if chart.metadata.api_version == "v3" {
        bail!("invalid chart apiVersion");
    }
    if !arguments.version.is_empty() {
        chart.metadata.version.clone_from(&arguments.version);
    }
    Version::parse(&chart.metadata.version)?;
    if !arguments.app_version.is_empty() {
        chart
            .metadata
            .app_version
            .clone_from(&arguments.app_version);
    }
    let time = epoch::stamp(&mut chart)?;
    check_dependencies(&chart)?;
    let folder = destination(&arguments.destination)?;
    let file = format!("{folder}/{}-{}.tgz", chart.name(), chart.metadata.version);
    let bytes = pack::pack(&chart, time).map_err(|error| anyhow!("failed to save: {error}"))?;
    repositories::write_atomically(Path::new(&file), &bytes)?;
    Ok(file)
}

fn check_dependencies(chart: &Chart) -> anyhow::Result<()> {
    let missing = dependencies::missing(chart);
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    )
}

/// The folder of the archives, made where it is missing; `.` is told in full.
fn destination(text: &str) -> anyhow::Result<String> {
    let folder = match text {
        "." => std::path::absolute(".")?.display().to_string(),
        text => clean(text),
    };
    match fs::metadata(&folder) {
        Ok(found) if !found.is_dir() => bail!("failed to save: is not a directory: {folder}"),
        Ok(_) => {}
        Err(_) => fs::create_dir_all(&folder).map_err(|error| {
            anyhow!(
                "failed to save: mkdir {folder}: {}",
                disk::in_go_words(&error)
            )
        })?,
    }
    Ok(folder)
}
