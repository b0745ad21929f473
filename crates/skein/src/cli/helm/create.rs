//! `helm create`: the folder of a new chart, of our own scaffold or of a starter.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use jiff::Timestamp;
use skein_helm::{Chart, Metadata, pack};

use super::dependency::clean;
use super::disk;
use super::epoch;
use super::settings::Settings;
use crate::output::Output;

/// Longest name of a chart, in bytes, as in Helm.
const MAX_NAME_BYTES: usize = 250;
/// Stands for the chart's name in our scaffold.
const OWN_PLACEHOLDER: &str = "CHART_NAME";
/// Stands for the chart's name in starters, as in Helm.
const STARTER_PLACEHOLDER: &str = "<CHARTNAME>";

/// The files of a new chart, in the order in which they are written.
const SCAFFOLD: [(&str, &str); 12] = [
    ("Chart.yaml", include_str!("create/scaffold/Chart.yaml")),
    ("values.yaml", include_str!("create/scaffold/values.yaml")),
    (".helmignore", include_str!("create/scaffold/helmignore")),
    (
        "templates/ingress.yaml",
        include_str!("create/scaffold/templates/ingress.yaml"),
    ),
    (
        "templates/httproute.yaml",
        include_str!("create/scaffold/templates/httproute.yaml"),
    ),
    (
        "templates/deployment.yaml",
        include_str!("create/scaffold/templates/deployment.yaml"),
    ),
    (
        "templates/service.yaml",
        include_str!("create/scaffold/templates/service.yaml"),
    ),
    (
        "templates/serviceaccount.yaml",
        include_str!("create/scaffold/templates/serviceaccount.yaml"),
    ),
    (
        "templates/hpa.yaml",
        include_str!("create/scaffold/templates/hpa.yaml"),
    ),
    (
        "templates/NOTES.txt",
        include_str!("create/scaffold/templates/NOTES.txt"),
    ),
    (
        "templates/_helpers.tpl",
        include_str!("create/scaffold/templates/_helpers.tpl"),
    ),
    (
        "templates/tests/test-connection.yaml",
        include_str!("create/scaffold/templates/tests/test-connection.yaml"),
    ),
];

/// `helm create`.
#[derive(Args, Clone, Debug)]
pub struct CreateArguments {
    /// Folder of the new chart; its last part is the chart's name
    name: String,
    /// Chart to start from: a name below helm's folder of starters, or an absolute path
    #[arg(short = 'p', long, default_value = "", hide_default_value = true)]
    starter: String,
}

/// Runs `helm create`.
pub(super) fn run(
    arguments: &CreateArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    output.print(&format!("Creating {}\n", arguments.name))?;
    let path = Path::new(&arguments.name);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if arguments.starter.is_empty() {
        from_scaffold(name, parent, output)
    } else {
        let starter = settings.starters.join(&arguments.starter);
        let starter = clean(&starter.to_string_lossy());
        from_starter(name, parent, Path::new(&starter))
    }
}

fn from_scaffold(name: &str, parent: &Path, output: &mut Output) -> anyhow::Result<()> {
    check_name(name)?;
    let parent = std::path::absolute(parent)?;
    if !parent.exists() {
        bail!("stat {}: no such file or directory", parent.display());
    }
    if !parent.is_dir() {
        bail!("no such directory {}", parent.display());
    }
    let folder = parent.join(name);
    refuse_file(&folder)?;
    for (path, text) in SCAFFOLD {
        let file = folder.join(path);
        if file.exists() {
            output.print(&format!(
                "WARNING: File {:?} already exists. Overwriting.\n",
                file.display().to_string()
            ))?;
        }
        write(&file, text.replace(OWN_PLACEHOLDER, name).as_bytes())?;
    }
    make_folder(&folder.join("charts"))
}

/// Writes the starter's files with its name in them; what its Chart.yaml says is not taken over.
fn from_starter(name: &str, parent: &Path, starter: &Path) -> anyhow::Result<()> {
    if !starter.exists() {
        let starter = starter.display();
        bail!("could not load {starter}: stat {starter}: no such file or directory");
    }
    let chart = disk::load_as_v2(starter)
        .with_context(|| format!("could not load {}", starter.display()))?;
    check_name(name)?;
    let folder = parent.join(name);
    refuse_file(&folder)?;
    make_folder(&folder)?;
    let metadata = Metadata {
        name: name.to_owned(),
        description: "A Helm chart for Kubernetes".to_owned(),
        kind: "application".to_owned(),
        version: "0.1.0".to_owned(),
        app_version: "0.1.0".to_owned(),
        api_version: "v2".to_owned(),
        ..Metadata::default()
    };
    let text = skein_yaml::to_string(&serde_json::to_value(&metadata)?);
    write(&folder.join("Chart.yaml"), text.as_bytes())?;
    let named = |data: &[u8]| String::from_utf8_lossy(data).replace(STARTER_PLACEHOLDER, name);
    for file in chart.raw.iter().filter(|file| file.name == "values.yaml") {
        write(&folder.join(&file.name), named(&file.data).as_bytes())?;
    }
    if let Some(schema) = &chart.schema {
        write(&folder.join("values.schema.json"), schema)?;
    }
    for file in &chart.templates {
        write(&folder.join(&file.name), named(&file.data).as_bytes())?;
    }
    for file in &chart.files {
        write(&folder.join(&file.name), &file.data)?;
    }
    for mut dependency in chart.dependencies {
        let time = epoch::stamp(&mut dependency)?;
        write_archive(&dependency, time, &folder.join("charts"))?;
    }
    Ok(())
}

fn write_archive(chart: &Chart, time: Timestamp, folder: &Path) -> anyhow::Result<()> {
    let name = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
    let bytes = pack::pack(chart, time).with_context(|| format!("saving {}", chart.name()))?;
    write(&folder.join(name), &bytes)
}

fn check_name(name: &str) -> anyhow::Result<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        bail!("chart name must be between 1 and {MAX_NAME_BYTES} characters");
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(is_allowed) {
        bail!("chart name must match the regular expression \"^[a-zA-Z0-9._-]+$\"");
    }
    Ok(())
}

fn refuse_file(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        bail!(
            "file {} already exists and is not a directory",
            folder.display()
        );
    }
    Ok(())
}

fn write(path: &Path, data: &[u8]) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    fs::write(path, data)
        .map_err(|error| anyhow!("open {}: {}", path.display(), disk::in_go_words(&error)))
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path)
        .map_err(|error| anyhow!("mkdir {}: {}", path.display(), disk::in_go_words(&error)))
}
