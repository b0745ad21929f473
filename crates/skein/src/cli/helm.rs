//! `helm`: charts on the local disk, as the helm command works on them, without a cluster.

mod chart_path;
mod disk;
mod lint;
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
    #[arg(long, global = true)]
    debug: bool,
}

/// The commands of helm that need no cluster.
#[derive(Subcommand, Clone, Debug)]
enum HelmCommand {
    /// Render templates and print them
    Template(Box<template::TemplateArguments>),
    /// Look for problems in charts
    Lint(lint::LintArguments),
    /// Show what is in a chart
    Show(show::ShowArguments),
}

/// Runs `helm`. Errors are told as helm tells them.
pub(crate) async fn run(arguments: HelmArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let outcome = match arguments.command {
        HelmCommand::Template(template) => template::run(&template, arguments.debug, output),
        HelmCommand::Lint(lint) => lint::run(&lint, output),
        HelmCommand::Show(show) => show::run(&show, output),
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            output.note_line(&format!("Error: {error:#}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}
