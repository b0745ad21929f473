//! `skein up`: a Flux repository on embedded clusters, in one process.

mod layout;
mod view;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

/// Flags.
#[derive(Args, Clone, Debug)]
pub struct UpArguments {}

/// Runs.
pub async fn run(_arguments: UpArguments) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
