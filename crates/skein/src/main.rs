//! GitOps for fleets of Kubernetes clusters in one binary: the command line and the wiring of roles.

mod roles;
mod up;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// GitOps for fleets of Kubernetes clusters.
#[derive(Parser)]
#[command(
    name = "skein",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a Flux repository on embedded clusters: sources, builds, applies, health and a web page in one process
    Up(up::UpArguments),
    /// Run controllers against a cluster
    Controllers(Box<roles::controllers::ControllersArguments>),
    /// Run the embedded Kubernetes API alone
    Apiserver(roles::apiserver::ApiserverArguments),
    /// Print the CustomResourceDefinitions of all Flux kinds
    Crds,
    /// The commands of Flux
    #[command(flatten)]
    Flux(skein_cli::CliCommand),
}

fn main() -> ExitCode {
    let typed: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if let [_, command, words @ ..] = &typed[..]
        && command == "__complete"
    {
        return complete(words);
    }
    let words = skein_cli::hoist_global_flags(std::env::args_os());
    let words = skein_cli::without_switch_values(&Arguments::command(), words);
    let parsed = skein_cli::with_any_values(Arguments::command())
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return skein_cli::tell(&error),
    };
    skein_cluster::install_crypto_provider();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("✗ cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(arguments.command));
    // Blocking Git work that is still under way must not hold up the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Answers the scripts of `completion`.
fn complete(words: &[String]) -> ExitCode {
    skein_cluster::install_crypto_provider();
    let whole = Arguments::command();
    let mut output = skein_cli::Output::terminal();
    let answered = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::new)
        .and_then(|runtime| runtime.block_on(skein_cli::complete(&whole, words, &mut output)));
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(arguments) => up::run(arguments).await,
        Command::Controllers(arguments) => roles::controllers::run(*arguments).await,
        Command::Apiserver(arguments) => roles::apiserver::run(arguments).await,
        Command::Crds => roles::crds::run(),
        Command::Flux(command) => {
            let mut output = skein_cli::Output::terminal();
            skein_cli::run(command, Arguments::command(), &mut output).await
        }
    }
}
