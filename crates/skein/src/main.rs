//! GitOps for fleets of Kubernetes clusters in one binary: the command line and the wiring of roles.

mod roles;
mod up;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

/// The YAML parser panics on some broken texts. That is caught and told as an error; the panic itself is not told besides.
fn quiet_parser_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location();
        if !place.is_some_and(|place| place.file().contains("libyaml-safer")) {
            usual(panic);
        }
    }));
}

fn main() -> ExitCode {
    quiet_parser_panics();
    let typed: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if let [_, command, words @ ..] = &typed[..]
        && command == "__complete"
    {
        return complete(words);
    }
    let words = skein_cli::hoist_global_flags(std::env::args_os());
    if let Some(outcome) = skein_cli::run_on_files(&words, &mut skein_cli::Output::terminal()) {
        return told(outcome);
    }
    let mut builder = Builder::new_multi_thread();
    let command = match skein_cli::chart_command(&words) {
        Some(command) => {
            // A rendering blocks its thread and lets others wait for the cluster: that needs a second thread, and one is enough.
            builder.worker_threads(1);
            Ok(Command::Flux(command))
        }
        None => parsed(words),
    };
    let command = match command {
        Ok(command) => command,
        Err(error) => return skein_cli::tell(&error),
    };
    skein_cluster::install_crypto_provider();
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("✗ cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(command));
    // Blocking Git work that is still under way must not hold up the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    told(outcome)
}

/// The code of the process; an error is told.
fn told(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("✗ {error:#}");
        ExitCode::FAILURE
    })
}

/// The command of a line, by the whole command line.
fn parsed(words: Vec<OsString>) -> Result<Command, clap::Error> {
    let whole = skein_cli::with_any_values(Arguments::command());
    let words = skein_cli::without_switch_values(&whole, words);
    let matches = whole.try_get_matches_from(words)?;
    Ok(Arguments::from_arg_matches(&matches)?.command)
}

/// Answers the scripts of `completion`.
fn complete(words: &[String]) -> ExitCode {
    skein_cluster::install_crypto_provider();
    let whole = Arguments::command();
    let mut output = skein_cli::Output::terminal();
    let answered = Builder::new_current_thread()
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
            skein_cli::run(command, Arguments::command, &mut output).await
        }
    }
}
