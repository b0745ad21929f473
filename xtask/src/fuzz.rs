//! `fuzz [TARGET..] [--minutes N] [--keep]`: the fuzz targets of fuzz/, each for some minutes; the nightly recipe is `cargo xtask fuzz`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::{process, tree};

/// The targets, in the order in which they run.
const TARGETS: [&str; 3] = ["yaml", "patch", "tree"];
/// Time for each target when none is given, in minutes.
const DEFAULT_MINUTES: u64 = 10;
/// Largest input, in bytes.
const MAX_INPUT_BYTES: &str = "4096";
/// Longest time for one input, in seconds: what takes longer is a finding.
const MAX_INPUT_SECONDS: &str = "20";
/// Most memory of one run, in MiB.
const MAX_MEMORY_MIB: &str = "2048";
/// Lets the stable compiler count what a run covers, so that no other tool chain is needed.
const UNSTABLE_FLAGS: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// `fuzz [TARGET..] [--minutes N] [--keep]`; `--keep` adds to the kept inputs what covers more than they do.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = Arguments::new(arguments);
    let minutes = match arguments.value("--minutes")? {
        None => DEFAULT_MINUTES,
        Some(text) => text.parse().context("--minutes takes a whole number")?,
    };
    let keeps = arguments.switch("--keep");
    let chosen = arguments.rest();
    if let Some(unknown) = chosen.iter().find(|c| !TARGETS.contains(&c.as_str())) {
        bail!("no target {unknown:?}; there are {}", TARGETS.join(", "));
    }
    install()?;
    for target in TARGETS {
        if chosen.is_empty() || chosen.iter().any(|c| c == target) {
            fuzz(target, minutes)?;
            if keeps {
                keep(target)?;
            }
        }
    }
    Ok(())
}

/// Installs cargo-fuzz when it is not there.
fn install() -> Result<()> {
    let found = Command::new("cargo")
        .args(["fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    process::run(&mut process::cargo(&["install", "cargo-fuzz", "--locked"]))
}

/// Where inputs lie that a run found.
fn found(target: &str) -> PathBuf {
    tree::root().join("fuzz/target/found").join(target)
}

/// Where inputs lie that are part of the repository.
fn kept(target: &str) -> PathBuf {
    tree::root().join("fuzz/corpus").join(target)
}

/// The engine has no unsafe code: without a sanitizer a run sees twice as many inputs.
fn command(target: &str, folders: [&Path; 2]) -> Command {
    let mut command = process::command("cargo", &["fuzz", "run", "--sanitizer", "none", target]);
    command.env(UNSTABLE_FLAGS.0, UNSTABLE_FLAGS.1);
    command.args(folders).arg("--").args([
        format!("-max_len={MAX_INPUT_BYTES}"),
        format!("-timeout={MAX_INPUT_SECONDS}"),
        format!("-rss_limit_mb={MAX_MEMORY_MIB}"),
    ]);
    command
}

/// New inputs go to a folder beside the kept ones, which stay as they are; a finding is printed and left in fuzz/artifacts.
fn fuzz(target: &str, minutes: u64) -> Result<()> {
    let found = found(target);
    std::fs::create_dir_all(&found).with_context(|| format!("making {}", found.display()))?;
    println!("{target}: {minutes} minutes");
    let mut command = command(target, [&found, &kept(target)]);
    command.arg(format!("-max_total_time={}", minutes * 60));
    process::run(command.arg("-print_final_stats=1"))
}

fn keep(target: &str) -> Result<()> {
    process::run(command(target, [&kept(target), &found(target)]).arg("-merge=1"))
}
