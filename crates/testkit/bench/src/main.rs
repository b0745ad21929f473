//! Fleets of Kustomizations and of HelmReleases on a real control plane, measured beside the bare applies in one run.
//!
//! `skein-bench [--count N,..] [--count-at-default-rate N,..] [--namespaces N] [--drifts N] [--program FILE] [--only up|fleet|releases]`

mod arguments;
mod audit;
mod drift;
mod fleet;
mod floor;
mod follow;
mod manifests;
mod meter;
mod process;
mod releases;
mod report;
mod steps;
mod subject;
mod up;

use std::process::ExitCode;

use anyhow::{Context, Result};

use arguments::Arguments;

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .context("starting the async runtime")
        .and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let arguments = Arguments::read()?;
    let up = match arguments.measures("up") {
        true => Some(up::measure(&arguments.program).await?),
        false => None,
    };
    let mut runs = Vec::new();
    if arguments.measures("fleet") {
        for size in &arguments.sizes {
            let run = steps::measure(&arguments, *size).await?;
            report::print_run(&run);
            runs.push(run);
        }
    }
    let mut fleets = Vec::new();
    if arguments.measures("releases") {
        for size in arguments.fast_sizes() {
            let fleet = releases::measure(&arguments, size).await?;
            report::print_releases(&fleet);
            fleets.push(fleet);
        }
    }
    report::print_summary(&runs, &fleets, up.as_ref());
    Ok(())
}
