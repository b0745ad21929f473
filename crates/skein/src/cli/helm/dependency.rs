//! `helm dependency`: what a chart needs and charts/ has, and fetching the rest.

mod list;
mod manager;

use clap::{Args, Subcommand};

pub(super) use manager::{Manager, Mode};

use super::connection::ConnectionArguments;
use super::settings::Settings;
use crate::output::Output;

/// `helm dependency`.
#[derive(Args, Clone, Debug)]
pub struct DependencyArguments {
    #[command(subcommand)]
    command: DependencyCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum DependencyCommand {
    /// List what a chart depends on
    #[command(visible_alias = "ls")]
    List(ListArguments),
    /// Fetch what Chart.yaml asks for into charts/ and write Chart.lock
    #[command(visible_alias = "up")]
    Update(FetchArguments),
    /// Fetch what Chart.lock says into charts/
    Build(FetchArguments),
}

#[derive(Args, Clone, Debug)]
struct ListArguments {
    /// The chart
    #[arg(default_value = ".")]
    chart: String,
    /// Widest column, in characters
    #[arg(long, default_value_t = 80)]
    max_col_width: usize,
}

#[derive(Args, Clone, Debug)]
struct FetchArguments {
    /// The chart's folder
    #[arg(default_value = ".")]
    chart: String,
    /// Do not fetch the indexes of repositories again
    #[arg(long)]
    skip_refresh: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// Runs `helm dependency`.
pub(super) async fn run(
    arguments: &DependencyArguments,
    settings: &Settings,
    debug: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (fetch, mode) = match &arguments.command {
        DependencyCommand::List(list) => {
            return list::list(&clean(&list.chart), list.max_col_width, output);
        }
        DependencyCommand::Update(fetch) => (fetch, Mode::Update),
        DependencyCommand::Build(fetch) => (fetch, Mode::Build),
    };
    fetch.connection.check()?;
    let manager = Manager {
        chart: clean(&fetch.chart).into(),
        skip_refresh: fetch.skip_refresh,
        connection: &fetch.connection,
        settings,
        debug,
    };
    manager.run(mode, output).await
}

/// A path as Go cleans it, for messages that name it.
pub(super) fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    match (is_absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
