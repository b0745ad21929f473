//! Compares `skein helm` with the real helm: the same command lines in the same folders, their output, codes and files.
//!
//! `helm_oracle --helm PROGRAM --registry PROGRAM [--skein PROGRAM]`; `cargo xtask oracle helm --cli` runs it.

mod outcome;
mod scenarios;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use outcome::{Outcome, Step};
use scenarios::{SCENARIOS, write_charts};
use servers::Servers;

/// Scenarios whose text differs for a reason: their first command line and why.
const KNOWN: &[(&str, &str)] = &[];

struct Programs {
    helm: PathBuf,
    registry: PathBuf,
    skein: PathBuf,
}

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything; gives the number of scenarios that differ without a reason.
fn run() -> Result<usize> {
    let programs = programs()?;
    let folder = tempfile::tempdir()?;
    let servers = Servers::start(folder.path(), &programs.helm, &programs.registry)?;
    let (mut equal, mut known, mut different) = (0, 0, 0);
    for scenario in SCENARIOS {
        let place = folder.path().join("scenario");
        let theirs = play(scenario, &place, &servers, &programs, &programs.helm, &[])?;
        let ours = play(
            scenario,
            &place,
            &servers,
            &programs,
            &programs.skein,
            &["helm"],
        )?;
        let differences = outcome::differences(&theirs, &ours);
        if differences.is_empty() {
            equal += 1;
        } else if let Some((_, reason)) = KNOWN.iter().find(|(first, _)| *first == scenario[0]) {
            known += 1;
            println!("differs for a reason: {}: {reason}", scenario[0]);
        } else {
            different += 1;
            println!("differs: {}\n{differences}", scenario.join(" && "));
        }
    }
    println!(
        "{} scenarios: {equal} equal, {known} differ for a reason, {different} differ",
        SCENARIOS.len()
    );
    Ok(different)
}

fn programs() -> Result<Programs> {
    let arguments: Vec<String> = std::env::args().collect();
    let given = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.and_then(|at| arguments.get(at + 1)).map(PathBuf::from)
    };
    let program = |flag: &str| -> Result<PathBuf> {
        let path = given(flag).with_context(|| format!("{flag} PROGRAM is missing"))?;
        Ok(std::path::absolute(path)?)
    };
    // The binary lies above the folder of examples.
    let own = std::env::current_exe()?;
    let built = own
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join("skein"));
    let skein = given("--skein")
        .or(built)
        .context("--skein PROGRAM is missing")?;
    Ok(Programs {
        helm: program("--helm")?,
        registry: program("--registry")?,
        skein: std::path::absolute(skein)?,
    })
}

/// Plays a scenario in a fresh folder with a fresh home, where the repository has the name `local`.
fn play(
    scenario: &[&str],
    place: &Path,
    servers: &Servers,
    programs: &Programs,
    program: &Path,
    prefix: &[&str],
) -> Result<Outcome> {
    let home = place.with_extension("home");
    for folder in [place, &home] {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
    }
    write_charts(place, &servers.repository, &servers.registry)?;
    let command = |program: &Path, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).current_dir(place);
        for (name, folder) in [
            ("HELM_CONFIG_HOME", "config"),
            ("HELM_CACHE_HOME", "cache"),
            ("HELM_DATA_HOME", "data"),
        ] {
            command.env(name, home.join(folder));
        }
        command
    };
    let added = command(
        &programs.helm,
        &["repo", "add", "local", &servers.repository],
    )
    .output()?;
    anyhow::ensure!(added.status.success(), "helm repo add fails");
    let mut steps = vec![];
    for line in scenario {
        let line = line
            .replace("REPO", &servers.repository)
            .replace("OCI", &servers.registry);
        let words: Vec<&str> = prefix.iter().copied().chain(line.split(' ')).collect();
        let output = command(program, &words)
            .output()
            .with_context(|| format!("starting {}", program.display()))?;
        steps.push(Step::new(&output, place));
    }
    Outcome::new(steps, place)
}
