//! `bench kustomize`: builds beside the real kustomize as processes over the corpus, and in process from 50 to 10,000 objects.

use anyhow::{Context, Result};

use crate::process;

/// The corpus of the crate.
const CORPUS: &str = "crates/core/kustomize/tests/corpus";

/// `bench kustomize`: our side of the processes is the shipped binary.
pub fn run(_arguments: &[String]) -> Result<()> {
    let component = skein_upstream::find("kustomize").context("kustomize is not listed")?;
    let binary = skein_upstream::ensure(component, &mut |_| {})?;
    let binary = binary.to_string_lossy();
    example(&["curve"])?;
    println!();
    let skein = process::released()?;
    example(&["processes", &binary, CORPUS, &skein])
}

/// The example does the work, so that a small optimised build is enough.
fn example(words: &[&str]) -> Result<()> {
    let mut all = vec![
        "run",
        "--quiet",
        "--release",
        "--package",
        "skein-kustomize",
    ];
    all.extend(["--example", "bench", "--"]);
    all.extend(words);
    process::run(&mut process::cargo(&all))
}
