//! `fuzz [TARGET..] [--minutes N]`: the fuzz targets of fuzz/, each for some minutes; the nightly recipe is `cargo xtask fuzz`.

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

/// `fuzz [TARGET..] [--minutes N]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = Arguments::new(arguments);
    let minutes = match arguments.value("--minutes")? {
        None => DEFAULT_MINUTES,
        Some(text) => text.parse().context("--minutes takes a whole number")?,
    };
    let chosen = arguments.rest();
    if let Some(unknown) = chosen.iter().find(|c| !TARGETS.contains(&c.as_str())) {
        bail!("no target {unknown:?}; there are {}", TARGETS.join(", "));
    }
    check_installed()?;
    for target in TARGETS {
        if chosen.is_empty() || chosen.iter().any(|c| c == target) {
            fuzz(target, minutes)?;
        }
    }
    Ok(())
}

fn check_installed() -> Result<()> {
    let found = Command::new("cargo")
        .args(["fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        bail!(
            "cargo-fuzz is not there: `rustup toolchain install nightly` and `cargo install cargo-fuzz --locked`"
        );
    }
    Ok(())
}

/// New inputs go to a folder beside the kept ones, which stay as they are; a finding is printed and left in fuzz/artifacts.
fn fuzz(target: &str, minutes: u64) -> Result<()> {
    let found = tree::root().join("fuzz/target/found").join(target);
    std::fs::create_dir_all(&found).with_context(|| format!("making {}", found.display()))?;
    let kept = tree::root().join("fuzz/corpus").join(target);
    println!("{target}: {minutes} minutes");
    let mut command = process::command("cargo", &["+nightly", "fuzz", "run", target]);
    command.args([&found, &kept]).arg("--").args([
        format!("-max_total_time={}", minutes * 60),
        format!("-max_len={MAX_INPUT_BYTES}"),
        format!("-timeout={MAX_INPUT_SECONDS}"),
        format!("-rss_limit_mb={MAX_MEMORY_MIB}"),
        "-print_final_stats=1".to_owned(),
    ]);
    process::run(&mut command)
}
