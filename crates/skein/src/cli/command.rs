//! The table of commands.

use std::process::ExitCode;

use clap::Subcommand;

use crate::build::BuildArguments;
use crate::check::CheckArguments;
use crate::completion::CompletionArguments;
use crate::delete::DeleteArguments;
use crate::diff::DiffArguments;
use crate::envsubst::EnvsubstArguments;
use crate::events::EventsArguments;
use crate::export::ExportArguments;
use crate::get::GetArguments;
use crate::helm::HelmArguments;
use crate::kustomize::KustomizeArguments;
use crate::output::Output;
use crate::reconcile::ReconcileArguments;
use crate::stats::StatsArguments;
use crate::suspend::{ResumeArguments, SuspendArguments};
use crate::trace::TraceArguments;
use crate::tree::TreeArguments;
use crate::version::VersionArguments;

/// The commands of Flux.
#[derive(Subcommand, Clone, Debug)]
pub enum CliCommand {
    /// Show objects and their status
    Get(Box<GetArguments>),
    /// Ask for a run now and wait for its end
    Reconcile(Box<ReconcileArguments>),
    /// Pause objects
    Suspend(Box<SuspendArguments>),
    /// Let paused objects go on
    Resume(Box<ResumeArguments>),
    /// Print objects as YAML
    Export(Box<ExportArguments>),
    /// Delete objects
    Delete(Box<DeleteArguments>),
    /// Show what a Kustomization owns
    Tree(Box<TreeArguments>),
    /// Show where an object comes from
    Trace(Box<TraceArguments>),
    /// Show events of Flux objects
    Events(Box<EventsArguments>),
    /// Build local files
    Build(Box<BuildArguments>),
    /// Compare local files with a cluster
    Diff(Box<DiffArguments>),
    /// Count objects
    Stats(Box<StatsArguments>),
    /// Check a cluster and its controllers
    Check(Box<CheckArguments>),
    /// Print versions
    Version(Box<VersionArguments>),
    /// Replace variables in a text
    Envsubst(EnvsubstArguments),
    /// Work on local charts as helm does
    Helm(Box<HelmArguments>),
    /// Build kustomizations as kustomize does, and explain their fields
    Kustomize(Box<KustomizeArguments>),
    /// Print a completion script for a shell
    Completion(CompletionArguments),
}

/// Runs a command; `whole` is the command line that it is a part of. The code is that of the process; an error is told by the
/// caller and makes it 1.
pub async fn run(
    command: CliCommand,
    whole: clap::Command,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    match command {
        CliCommand::Get(arguments) => crate::get::run(*arguments, output).await?,
        CliCommand::Reconcile(arguments) => crate::reconcile::run(*arguments, output).await?,
        CliCommand::Suspend(arguments) => crate::suspend::suspend(*arguments, output).await?,
        CliCommand::Resume(arguments) => crate::suspend::resume(*arguments, output).await?,
        CliCommand::Export(arguments) => crate::export::run(*arguments, output).await?,
        CliCommand::Delete(arguments) => crate::delete::run(*arguments, output).await?,
        CliCommand::Tree(arguments) => crate::tree::run(*arguments, output).await?,
        CliCommand::Trace(arguments) => crate::trace::run(*arguments, output).await?,
        CliCommand::Events(arguments) => crate::events::run(*arguments, output).await?,
        CliCommand::Build(arguments) => crate::build::run(*arguments, output).await?,
        CliCommand::Diff(arguments) => return crate::diff::run(*arguments, output).await,
        CliCommand::Stats(arguments) => crate::stats::run(*arguments, output).await?,
        CliCommand::Check(arguments) => crate::check::run(*arguments, output).await?,
        CliCommand::Version(arguments) => crate::version::run(*arguments, output).await?,
        CliCommand::Envsubst(arguments) => crate::envsubst::run(&arguments, output)?,
        CliCommand::Helm(arguments) => return crate::helm::run(*arguments, output).await,
        CliCommand::Kustomize(arguments) => return crate::kustomize::run(*arguments, output).await,
        CliCommand::Completion(arguments) => crate::completion::run(&arguments, whole, output)?,
    }
    Ok(ExitCode::SUCCESS)
}
