//! `oracle kustomize`: every kustomization below some folders, built by ours and by the real kustomize.

use anyhow::{Context, Result};

use crate::{process, tree, upstream};

/// `oracle kustomize [PATH..] [--legacy] [--root-only] [--verbose]`; without a path, the public Flux repositories beside the clone.
pub fn run(arguments: &[String]) -> Result<()> {
    let kustomize = skein_upstream::find("kustomize")?;
    upstream::build(&[kustomize])?;
    let words = ["run", "--quiet", "--package", "skein-kustomize"];
    let mut command = process::cargo(&words);
    command.args(["--example", "oracle", "--", "--kustomize"]);
    command.arg(kustomize.path()?).args(arguments);
    if arguments.iter().all(|argument| argument.starts_with("--")) {
        let shared = tree::shared_material()
            .context("no inputs: name a folder, or have ../shared beside the clone")?;
        command.arg(shared.join("real/flux-repos"));
    }
    process::run(&mut command)
}
