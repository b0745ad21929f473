//! Compares `skein helm` with the real helm: the same command lines in the same folders, their output, codes and files.
//!
//! `helm_oracle --helm PROGRAM --registry PROGRAM [--skein PROGRAM] [FOLDER..]`; `cargo xtask oracle helm --cli` runs it. With folders, the commands that need
//! nothing but a chart are run with each chart below them, instead of the scenarios.

mod charts;
mod outcome;
mod scenarios;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use outcome::{Outcome, Step};
use scenarios::{SCENARIOS, write_charts};
use servers::Servers;

/// Scenarios whose text differs for a reason: their first command line and why.
const KNOWN: &[(&str, &str)] = &[];

/// When the package that is pushed was written, since 1970.
const PACKED_AT: Duration = Duration::from_secs(1_700_000_000);

struct Programs {
    helm: PathBuf,
    registry: PathBuf,
    skein: PathBuf,
    /// Folders of charts.
    folders: Vec<PathBuf>,
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
    if !programs.folders.is_empty() {
        return run_charts(&programs, folder.path());
    }
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
    let words = arguments.iter().skip(1).scan(false, |is_value, word| {
        let is_folder = !word.starts_with("--") && !*is_value;
        *is_value = word.starts_with("--");
        Some(is_folder.then(|| PathBuf::from(word)))
    });
    Ok(Programs {
        folders: words.flatten().collect(),
        helm: program("--helm")?,
        registry: program("--registry")?,
        skein: std::path::absolute(skein)?,
    })
}

/// Runs the commands with each chart of the folders; gives the number that differ.
fn run_charts(programs: &Programs, folder: &Path) -> Result<usize> {
    let mut found = vec![];
    for folder in &programs.folders {
        charts::find(&std::path::absolute(folder)?, &mut found);
    }
    let place = folder.join("place");
    let (mut equal, mut different) = (0, 0);
    for chart in &found {
        for line in charts::COMMANDS {
            let line = line.replace("CHART", &chart.to_string_lossy());
            let play = |program: &Path, prefix: &[&str]| -> Result<Outcome> {
                fresh(&place)?;
                let step = step(program, prefix, &line, &place)?;
                Outcome::new(vec![step], &place)
            };
            let (theirs, ours) = (
                play(&programs.helm, &[])?,
                play(&programs.skein, &["helm"])?,
            );
            let differences = outcome::differences(&theirs, &ours);
            if differences.is_empty() {
                equal += 1;
            } else {
                different += 1;
                println!("differs: {line}\n{differences}");
            }
        }
    }
    let all = found.len();
    println!("{all} charts: {equal} command lines equal, {different} differ");
    Ok(different)
}

/// Makes a folder and its home empty.
fn fresh(place: &Path) -> Result<()> {
    for folder in [place, &place.with_extension("home")] {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
    }
    Ok(())
}

fn command(program: &Path, words: &[&str], place: &Path) -> Command {
    let home = place.with_extension("home");
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
}

/// One command line.
fn step(program: &Path, prefix: &[&str], line: &str, place: &Path) -> Result<Step> {
    let words: Vec<&str> = prefix.iter().copied().chain(line.split(' ')).collect();
    let output = command(program, &words, place)
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    Ok(Step::new(&output, place))
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
    fresh(place)?;
    write_charts(place, &servers.repository, &servers.registry)?;
    // Its manifest says when the package was written.
    let packed = place.join("packed.tgz");
    std::fs::copy(&servers.package, &packed)?;
    std::fs::File::open(&packed)?.set_modified(SystemTime::UNIX_EPOCH + PACKED_AT)?;
    let words = ["repo", "add", "local", &servers.repository];
    let added = command(&programs.helm, &words, place).output()?;
    anyhow::ensure!(added.status.success(), "helm repo add fails");
    let mut steps = vec![];
    for line in scenario {
        let line = line
            .replace("REPO", &servers.repository)
            .replace("OCI", &servers.registry)
            .replace("HOST", &servers.host);
        steps.push(step(program, prefix, &line, place)?);
    }
    Outcome::new(steps, place)
}
