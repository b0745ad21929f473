//! `bench`: measures ours beside the real thing in one run. One module per subject; each prints a table of ratios.

mod fleet;
mod helm;
mod kustomize;

use anyhow::{Result, bail};

type Run = fn(&[String]) -> Result<()>;

/// Name, what it measures, where it runs.
const BENCHES: &[(&str, &str, Run)] = &[
    (
        "fleet",
        "N Kustomizations, and N HelmReleases, on a real control plane beside the bare writes: time, CPU, memory, requests",
        fleet::run,
    ),
    (
        "helm",
        "recorded charts rendered in process, and as processes beside the real helm: time, memory",
        helm::run,
    ),
    (
        "kustomize",
        "builds beside the real kustomize: time and memory over the corpus, and the curve to 10,000 objects",
        kustomize::run,
    ),
];

/// `bench [NAME] [ARG..]`; without a name the fleet is measured.
pub fn run(arguments: &[String]) -> Result<()> {
    let named = arguments.first().filter(|first| !first.starts_with("--"));
    let (name, rest) = match named {
        Some(name) => (name.as_str(), &arguments[1..]),
        None => ("fleet", arguments),
    };
    if name == "list" {
        for (name, what, _) in BENCHES {
            println!("{name:<12} {what}");
        }
        return Ok(());
    }
    match BENCHES.iter().find(|(known, _, _)| *known == name) {
        Some((_, _, run)) => run(rest),
        None => bail!("no bench {name:?}; `cargo xtask bench list` lists them"),
    }
}
