//! The table of commands.

use std::process::ExitCode;

use clap::Subcommand;
use tokio::task::block_in_place;

use crate::artifact::{ListArguments, PullArguments, PushArguments, TagArguments};
use crate::build::BuildArguments;
use crate::check::CheckArguments;
use crate::completion::CompletionArguments;
use crate::create::CreateArguments;
use crate::debug::DebugArguments;
use crate::delete::DeleteArguments;
use crate::diff::DiffArguments;
use crate::envsubst::EnvsubstArguments;
use crate::events::EventsArguments;
use crate::export::ExportArguments;
use crate::get::GetArguments;
use crate::helm::HelmArguments;
use crate::kustomize::KustomizeArguments;
use crate::logs::LogsArguments;
use crate::migrate::MigrateArguments;
use crate::output::Output;
use crate::reconcile::ReconcileArguments;
use crate::stats::StatsArguments;
use crate::suspend::{ResumeArguments, SuspendArguments};
use crate::trace::TraceArguments;
use crate::tree::TreeArguments;
use crate::trigger::TriggerArguments;
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
    /// Create or update objects
    Create(Box<CreateArguments>),
    /// Delete objects
    Delete(Box<DeleteArguments>),
    /// Show what a Kustomization owns
    Tree(Box<TreeArguments>),
    /// Show where an object comes from
    Trace(Box<TraceArguments>),
    /// Show events of Flux objects
    Events(Box<EventsArguments>),
    /// Show what a controller works with
    Debug(Box<DebugArguments>),
    /// Show what the controllers log
    Logs(Box<LogsArguments>),
    /// Call webhooks
    Trigger(Box<TriggerArguments>),
    /// Build local files
    Build(Box<BuildArguments>),
    /// Push to registries
    Push(Box<PushArguments>),
    /// Pull from registries
    Pull(Box<PullArguments>),
    /// Tag what is in registries
    Tag(Box<TagArguments>),
    /// Show what is in registries
    List(Box<ListArguments>),
    /// Compare local files with a cluster
    Diff(Box<DiffArguments>),
    /// Count objects
    Stats(Box<StatsArguments>),
    /// Bring Flux objects to their newest API version, in a cluster or in files
    Migrate(Box<MigrateArguments>),
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

/// Runs a command; `whole` gives the command line that it is a part of. The code is that of the process; an error is told by the
/// caller and makes it 1.
pub async fn run(
    command: CliCommand,
    whole: fn() -> clap::Command,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    crate::arguments::warn_of_environment(output)?;
    match command {
        CliCommand::Get(arguments) => crate::get::run(*arguments, output).await?,
        CliCommand::Reconcile(arguments) => crate::reconcile::run(*arguments, output).await?,
        CliCommand::Suspend(arguments) => crate::suspend::suspend(*arguments, output).await?,
        CliCommand::Resume(arguments) => crate::suspend::resume(*arguments, output).await?,
        CliCommand::Export(arguments) => crate::export::run(*arguments, output).await?,
        CliCommand::Create(arguments) => crate::create::run(*arguments, output).await?,
        CliCommand::Delete(arguments) => crate::delete::run(*arguments, output).await?,
        CliCommand::Tree(arguments) => crate::tree::run(*arguments, output).await?,
        CliCommand::Trace(arguments) => crate::trace::run(*arguments, output).await?,
        CliCommand::Events(arguments) => crate::events::run(*arguments, output).await?,
        CliCommand::Debug(arguments) => crate::debug::run(*arguments, output).await?,
        CliCommand::Logs(arguments) => crate::logs::run(*arguments, output).await?,
        CliCommand::Trigger(arguments) => crate::trigger::run(*arguments, output).await?,
        CliCommand::Build(arguments) => crate::build::run(*arguments, output).await?,
        CliCommand::Push(arguments) => crate::artifact::push(*arguments, output).await?,
        CliCommand::Pull(arguments) => crate::artifact::pull(*arguments, output).await?,
        CliCommand::Tag(arguments) => crate::artifact::tag(*arguments, output).await?,
        CliCommand::List(arguments) => crate::artifact::list(*arguments, output).await?,
        CliCommand::Diff(arguments) => return crate::diff::run(*arguments, output).await,
        CliCommand::Stats(arguments) => crate::stats::run(*arguments, output).await?,
        CliCommand::Migrate(arguments) => crate::migrate::run(*arguments, output).await?,
        CliCommand::Check(arguments) => crate::check::run(*arguments, output).await?,
        CliCommand::Version(arguments) => crate::version::run(*arguments, output).await?,
        CliCommand::Envsubst(arguments) => crate::envsubst::run(&arguments, output)?,
        CliCommand::Helm(arguments) => return crate::helm::run(*arguments, output).await,
        CliCommand::Kustomize(arguments) => {
            return block_in_place(|| crate::kustomize::run(&arguments, output));
        }
        CliCommand::Completion(arguments) => crate::completion::run(&arguments, whole(), output)?,
    }
    Ok(ExitCode::SUCCESS)
}
