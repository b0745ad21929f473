//! `kustomize`: builds kustomizations on the local disk, as the kustomize command does, and explains where each field comes from.

mod build;
mod disk;
mod explain;
mod remote;
mod watch;
mod write;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::late_runtime;
use crate::output::Output;

/// `kustomize`.
#[derive(Args, Clone, Debug)]
pub struct KustomizeArguments {
    #[command(subcommand)]
    command: KustomizeCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum KustomizeCommand {
    /// Build a kustomization and print its objects
    Build(build::BuildArguments),
    /// Show where each field of an object comes from
    Explain(explain::ExplainArguments),
}

/// Runs `kustomize`, blocking. Errors are told as kustomize tells them.
pub(crate) fn run(arguments: &KustomizeArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let outcome = match &arguments.command {
        KustomizeCommand::Build(build) if build.is_watching() => {
            late_runtime::handle()?.block_on(watch::run(build, output))
        }
        KustomizeCommand::Build(build) => build::run(build, output),
        KustomizeCommand::Explain(explain) => explain::run(explain, output),
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            output.note_line(&format!("Error: {error:#}"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

#[cfg(test)]
mod tests;
