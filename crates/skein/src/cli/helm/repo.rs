//! `helm repo`: the chart repositories that have names, and indexes of folders of packages.

mod index;

use std::fs;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::connection::ConnectionArguments;
use super::password;
use super::print::{self, Format};
use super::repositories::{self, File};
use super::settings::Settings;
use crate::output::Output;

/// Repositories that are gone, and where their charts are now.
const GONE: [(&str, &str); 2] = [
    (
        "//kubernetes-charts.storage.googleapis.com",
        "https://charts.helm.sh/stable",
    ),
    (
        "//kubernetes-charts-incubator.storage.googleapis.com",
        "https://charts.helm.sh/incubator",
    ),
];

/// `helm repo`.
#[derive(Args, Clone, Debug)]
pub struct RepoArguments {
    #[command(subcommand)]
    command: RepoCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum RepoCommand {
    /// Give a chart repository a name
    Add(Box<AddArguments>),
    /// List the repositories that have names
    #[command(visible_alias = "ls")]
    List(ListArguments),
    /// Forget repositories
    #[command(visible_alias = "rm")]
    Remove {
        /// Names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Fetch the indexes of repositories
    #[command(visible_alias = "up")]
    Update {
        /// Names; all repositories when none is given
        names: Vec<String>,
        /// Accepted for compatibility
        #[arg(long, hide = true)]
        timeout: Option<String>,
    },
    /// Write the index of a folder of packages
    Index(index::IndexArguments),
}

#[derive(Args, Clone, Debug)]
struct AddArguments {
    /// Its name
    name: String,
    /// Its address
    url: String,
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Send user name and password to other hosts too
    #[arg(long)]
    pass_credentials: bool,
    /// Replace a repository of the same name
    #[arg(long)]
    force_update: bool,
    /// Allow repositories that are gone
    #[arg(long)]
    allow_deprecated_repos: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    timeout: Option<String>,
}

#[derive(Args, Clone, Debug)]
struct ListArguments {
    /// Print no headings
    #[arg(long)]
    no_headers: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
}

/// Runs `helm repo`.
pub(super) async fn run(
    arguments: &RepoArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    match &arguments.command {
        RepoCommand::Add(add) => self::add(add, settings, output).await,
        RepoCommand::List(list) => self::list(list, settings, output),
        RepoCommand::Remove { names } => remove(names, settings, output),
        RepoCommand::Update { names, .. } => update(names, settings, output).await,
        RepoCommand::Index(arguments) => index::run(arguments, output),
    }
}

async fn add(
    arguments: &AddArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (name, url) = (&arguments.name, &arguments.url);
    if !arguments.allow_deprecated_repos
        && let Some((_, new)) = GONE.iter().find(|(old, _)| url.contains(old))
    {
        bail!("repo {url:?} is no longer available; try {new:?} instead");
    }
    let _lock = lock(settings)?;
    let mut file = File::read(settings)?;
    let mut entry = arguments.connection.entry(name, url);
    entry.pass_credentials_all = arguments.pass_credentials;
    if !entry.username.is_empty() && entry.password.is_empty() {
        entry.password = if arguments.password_stdin {
            password::from_input()?
        } else {
            password::ask("Password: ", true)?
                .context("--username needs --password or --password-stdin")?
        };
    }
    if name.contains('/') {
        bail!("repository name ({name}) contains '/', please specify a different name without '/'");
    }
    if !arguments.force_update
        && let Some(held) = file.find(name)
    {
        if *held != entry {
            bail!("repository name ({name}) already exists, please specify a different name");
        }
        output.print(&format!(
            "{name:?} already exists with the same configuration, skipping\n"
        ))?;
        return Ok(());
    }
    check_scheme(url)?;
    entry.refresh(settings, output).await.map_err(|error| {
        anyhow!(
            "looks like {url:?} is not a valid chart repository or cannot be reached: {error:#}"
        )
    })?;
    file.put(entry);
    file.write(settings)?;
    output.print(&format!("{name:?} has been added to your repositories\n"))?;
    Ok(())
}

fn check_scheme(url: &str) -> anyhow::Result<()> {
    match url.split_once("://") {
        Some(("http" | "https", _)) => Ok(()),
        Some((scheme, _)) => bail!("could not find protocol handler for: {scheme}"),
        None => bail!("could not find protocol handler for: "),
    }
}

/// The lock that helm takes, too, while it changes the file.
fn lock(settings: &Settings) -> anyhow::Result<fs::File> {
    let path = settings.repository_config.with_extension("lock");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("mkdir {}", folder.display()))?;
    }
    let file = fs::File::create(&path).with_context(|| format!("open {}", path.display()))?;
    file.lock()
        .with_context(|| format!("lock {}", path.display()))?;
    Ok(file)
}

#[derive(Serialize)]
struct Row {
    name: String,
    url: String,
}

fn list(arguments: &ListArguments, settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    // What cannot be read has no repositories.
    let held = repositories::load(settings).unwrap_or_default();
    if held.is_empty() && arguments.output == Format::Table {
        return Ok(output.note_line("no repositories to show")?);
    }
    let rows: Vec<Row> = held
        .into_iter()
        .map(|entry| Row {
            name: entry.name,
            url: entry.url,
        })
        .collect();
    let text = print::list(&rows, arguments.output, || {
        let mut lines = vec![];
        if !arguments.no_headers {
            lines.push(vec!["NAME".to_owned(), "URL".to_owned()]);
        }
        lines.extend(
            rows.iter()
                .map(|row| vec![row.name.clone(), row.url.clone()]),
        );
        print::table(&lines, print::WIDEST)
    })?;
    Ok(output.print(&text)?)
}

fn remove(names: &[String], settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let mut file = File::read(settings)?;
    if file.repositories.is_empty() {
        bail!("no repositories configured");
    }
    for name in names {
        let held = file.find(name).cloned();
        let Some(held) = held.filter(|_| file.remove(name)) else {
            bail!("no repo named {name:?} found");
        };
        file.write(settings)?;
        held.forget(settings)?;
        output.print(&format!(
            "{name:?} has been removed from your repositories\n"
        ))?;
    }
    Ok(())
}

async fn update(names: &[String], settings: &Settings, output: &mut Output) -> anyhow::Result<()> {
    let held = File::read(settings).with_context(|| {
        let path = settings.repository_config.display();
        format!("failed loading file: {path}")
    })?;
    let held: Vec<_> = held.repositories.into_iter().flatten().collect();
    if held.is_empty() {
        bail!("no repositories found. You must add one before updating");
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| held.iter().all(|entry| entry.name != **name))
    {
        bail!("no repositories found matching '{unknown}'.  Nothing will be updated");
    }
    output.print("Hang tight while we grab the latest from your chart repositories...\n")?;
    let mut failed: Vec<&str> = vec![];
    for entry in &held {
        let is_wanted = names.is_empty() || names.contains(&entry.name);
        if is_wanted && !repositories::refresh_and_tell(entry, settings, output).await? {
            failed.push(&entry.url);
        }
    }
    if !failed.is_empty() {
        bail!(
            "failed to update the following repositories: [{}]",
            failed.join(" ")
        );
    }
    output.print("Update Complete. ⎈Happy Helming!⎈\n")?;
    Ok(())
}
