//! `oracle kustomize`: every root below some folders, built with ours and with the real kustomize; the comparison is an example of the crate.

use anyhow::{Context, Result};

use crate::{process, tree};

/// `oracle kustomize [PATH..] [--legacy] [--root-only] [--verbose] [--words]`: without a path, the examples and the recorded repositories.
pub fn run(arguments: &[String]) -> Result<()> {
    let component = skein_upstream::find("kustomize").context("kustomize is not listed")?;
    let binary = skein_upstream::ensure(component, &mut |_| {})?;
    let binary = binary.to_string_lossy().into_owned();
    let mut words = vec![
        "run",
        "--quiet",
        "--package",
        "skein-kustomize",
        "--example",
        "oracle",
        "--",
    ];
    words.extend(["--kustomize", &binary]);
    // The example runs in the top folder; paths are the caller's.
    let given: Vec<String> = arguments
        .iter()
        .map(|a| absolute(a))
        .collect::<Result<_>>()?;
    words.extend(given.iter().map(String::as_str));
    let folders;
    if arguments.iter().all(|argument| argument.starts_with("--")) {
        folders = default_folders();
        words.extend(folders.iter().map(String::as_str));
    }
    process::run(&mut process::cargo(&words))
}

fn absolute(argument: &str) -> Result<String> {
    if argument.starts_with("--") {
        return Ok(argument.to_owned());
    }
    let path = std::path::absolute(argument).with_context(|| format!("the path {argument}"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// The examples, and the repositories beside the clone when they are there.
fn default_folders() -> Vec<String> {
    let mut folders = vec!["examples".to_owned()];
    if let Some(shared) = tree::shared_material() {
        folders.push(
            shared
                .join("real/flux-repos")
                .to_string_lossy()
                .into_owned(),
        );
    }
    folders
}
