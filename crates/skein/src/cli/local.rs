//! The commands on files and charts. Scripts run them often, and what the other commands need (the whole command line, an async runtime) takes longer
//! than their work, so they go without.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Command};

use crate::command::CliCommand;
use crate::envsubst::EnvsubstArguments;
use crate::go_flags::{with_any_values, without_switch_values};
use crate::helm::HelmArguments;
use crate::kustomize::KustomizeArguments;
use crate::output::Output;

/// Runs a line of `envsubst` or `kustomize`, without an async runtime around it. Every other line, and one that cannot be read or asks for help, is left
/// to the whole command line.
pub fn run_on_files(words: &[OsString], output: &mut Output) -> Option<anyhow::Result<ExitCode>> {
    enum Line {
        Envsubst(EnvsubstArguments),
        Kustomize(Box<KustomizeArguments>),
    }
    let line = match name(words)? {
        "envsubst" => Line::Envsubst(read(words)?),
        "kustomize" => Line::Kustomize(Box::new(read(words)?)),
        _ => return None,
    };
    let warned = crate::arguments::warn_of_environment(output);
    Some(warned.and_then(|()| match &line {
        Line::Envsubst(arguments) => {
            crate::envsubst::run(arguments, output).map(|()| ExitCode::SUCCESS)
        }
        Line::Kustomize(arguments) => crate::kustomize::run(arguments, output),
    }))
}

/// The command of a line of `helm`, on the same terms.
pub fn chart_command(words: &[OsString]) -> Option<CliCommand> {
    (name(words)? == "helm")
        .then(|| read::<HelmArguments>(words))?
        .map(|arguments| CliCommand::Helm(Box::new(arguments)))
}

fn name(words: &[OsString]) -> Option<&str> {
    words.get(1)?.to_str()
}

/// The arguments of one command, read by its part of the command line alone.
fn read<A: Args>(words: &[OsString]) -> Option<A> {
    let part = with_any_values(A::augment_args(Command::new("skein")));
    let words = without_switch_values(&part, words.iter().skip(1).cloned());
    A::from_arg_matches(&part.try_get_matches_from(words).ok()?).ok()
}
