//! `helm`: charts on the local disk and in repositories, as the helm command works on them.

mod chart_path;
mod cluster;
mod connection;
mod create;
mod dependency;
mod disk;
mod docker_helper;
mod epoch;
mod fetch;
pub(crate) mod inflate;
mod lint;
mod package;
mod password;
mod print;
mod pull;
mod push;
mod registry;
pub(crate) mod remote;
mod repo;
mod repositories;
mod search;
mod settings;
mod show;
mod template;
mod values;
mod world;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::output::Output;

/// `helm`.
#[derive(Args, Clone, Debug)]
pub struct HelmArguments {
    #[command(subcommand)]
    command: HelmCommand,
    /// Print more, such as what was rendered before an error
    #[arg(long, global = true, env = "HELM_DEBUG")]
    debug: bool,
    #[command(flatten)]
    settings: settings::SettingsArguments,
    #[command(flatten)]
    cluster: cluster::ClusterArguments,
}

/// The commands of helm for charts.
#[derive(Subcommand, Clone, Debug)]
enum HelmCommand {
    /// Render templates and print them
    Template(Box<template::TemplateArguments>),
    /// Look for problems in charts
    Lint(Box<lint::LintArguments>),
    /// Show what is in a chart
    #[command(visible_alias = "inspect")]
    Show(Box<show::ShowArguments>),
    /// List and fetch what a chart depends on
    #[command(visible_aliases = ["dep", "dependencies"])]
    Dependency(Box<dependency::DependencyArguments>),
    /// Make the folder of a new chart
    Create(create::CreateArguments),
    /// Pack charts into archives
    Package(Box<package::PackageArguments>),
    /// Download charts
    #[command(visible_alias = "fetch")]
    Pull(Box<pull::PullArguments>),
    /// Upload a package to a registry
    Push(Box<push::PushArguments>),
    /// Chart repositories that have names
    Repo(Box<repo::RepoArguments>),
    /// Search charts
    Search(Box<search::SearchArguments>),
    /// Logins of registries
    Registry(Box<registry::RegistryArguments>),
    /// Refused: signatures of charts are not verified yet
    #[command(hide = true)]
    Verify {
        /// The package
        path: String,
        /// Public keys
        #[arg(long)]
        keyring: Option<String>,
    },
}

/// Runs `helm`. Errors are told as helm tells them.
pub(crate) async fn run(arguments: HelmArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let (settings, debug) = (arguments.settings.settings(), arguments.debug);
    let cluster = &arguments.cluster;
    let outcome = match arguments.command {
        HelmCommand::Template(template) => {
            template::run(&template, &settings, cluster, debug, output).await
        }
        HelmCommand::Lint(lint) => lint::run(&lint, cluster, output).await,
        HelmCommand::Show(show) => show::run(&show, &settings, output).await,
        HelmCommand::Dependency(dependency) => {
            dependency::run(&dependency, &settings, debug, output).await
        }
        HelmCommand::Create(create) => create::run(&create, &settings, output),
        HelmCommand::Package(package) => package::run(&package, &settings, debug, output).await,
        HelmCommand::Pull(pull) => pull::run(&pull, &settings, output).await,
        HelmCommand::Push(push) => push::run(&push, &settings, output).await,
        HelmCommand::Repo(repo) => repo::run(&repo, &settings, output).await,
        HelmCommand::Search(search) => search::run(&search, &settings, output),
        HelmCommand::Registry(registry) => registry::run(&registry, &settings, output).await,
        HelmCommand::Verify { path, .. } => Err(anyhow::anyhow!(
            "verify {path}: signatures of charts are not verified yet; use helm for this step"
        )),
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            output.note_line(&format!("Error: {error:#}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}
