//! `completion`: what shells need to complete commands and flags.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::Output;

/// `completion`.
#[derive(Args, Clone, Debug)]
pub struct CompletionArguments {
    /// The shell
    shell: Shell,
}

/// Runs `completion` for the whole command line.
pub(crate) fn run(
    arguments: &CompletionArguments,
    mut whole: Command,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut script = Vec::new();
    let name = whole.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut whole, name, &mut script);
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(())
}
