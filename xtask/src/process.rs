//! Running other programs: inherited, captured, or tee'd with each line looked at.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::tree;

/// A command in the top folder of the repository.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(tree::root());
    command
}

/// Cargo, the one that runs us.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    command(&program, arguments)
}

/// A binary of the workspace, built like the one that runs now.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program")?;
    Ok(own.with_file_name(name))
}

/// Builds a program of the workspace with the features of its dependencies that `cargo test --workspace` gives them, and returns its path: what
/// either of them compiled serves the other, which `cargo run --package` would compile once more for each program.
pub fn program(name: &str) -> Result<PathBuf> {
    build_with_all_features_of_tests(&["--bin", name])?;
    built(name)
}

/// The same for an example.
pub fn example(name: &str) -> Result<PathBuf> {
    build_with_all_features_of_tests(&["--example", name])?;
    Ok(built("examples")?.join(name))
}

/// Cargo counts features of dev-dependencies as soon as one target is an example or a test: a small example goes along.
fn build_with_all_features_of_tests(target: &[&str]) -> Result<()> {
    const SMALL_EXAMPLE: &[&str] = &["--example", "jsonl"];
    run(cargo(&["build", "--quiet", "--workspace"])
        .args(target)
        .args(SMALL_EXAMPLE))
}

/// Builds the shipped binary, optimised, and returns its path.
pub fn released() -> Result<String> {
    run(&mut cargo(&["build", "--release", "--package", "skein"]))?;
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    Ok(target + "/release/skein")
}

/// Runs with our own input and output; a failure is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command
        .status()
        .with_context(|| format!("starting {shown}"))?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Standard output as text; a failure is an error.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {shown}"))?;
    if !output.status.success() {
        bail!("{shown}: {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown}: output is not UTF-8"))
}

/// Passes standard output through line by line and shows each line to `look`; true when the program succeeded.
pub fn watch(command: &mut Command, look: &mut dyn FnMut(&str)) -> Result<bool> {
    let shown = show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {shown}"))?;
    let output = child.stdout.take().context("standard output is piped")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.with_context(|| format!("reading output of {shown}"))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        look(&line);
    }
    Ok(child.wait()?.success())
}

/// Processor time of all programs that were started and have ended, theirs included; zero where the system does not tell.
pub fn time_of_children() -> Duration {
    /// Places of `cutime` and `cstime` after the name of the program, which may hold spaces (proc(5)).
    const PLACES: std::ops::Range<usize> = 13..15;
    /// What these two count in: `USER_HZ` is 100 on every machine that Linux runs on today.
    const MILLISECONDS_A_TICK: u64 = 10;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: u64 = fields
        .split(' ')
        .take(PLACES.end)
        .skip(PLACES.start)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * MILLISECONDS_A_TICK)
}

/// Whether a program of this name is on the path.
pub fn exists(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
