//! `oracle kustomize`: every root below some folders, built with ours and with the real kustomize; the comparison is an example of the crate.

use anyhow::{Context, Result};

use crate::{process, tree};

/// Compares only roots with charts.
const CHARTS_FLAG: &str = "--charts";

/// `oracle kustomize [PATH..] [--legacy] [--root-only] [--verbose] [--words]`: without a path, the examples and the recorded repositories.
/// `oracle kustomize --charts`: the roots with charts, against kustomize with helm.
pub fn run(arguments: &[String]) -> Result<()> {
    let binary = binary("kustomize")?;
    if arguments.iter().any(|argument| argument == CHARTS_FLAG) {
        return charts(&binary);
    }
    // The example runs in the top folder; paths are the caller's.
    let mut words = vec!["--kustomize".to_owned(), binary];
    for argument in arguments {
        words.push(absolute(argument)?);
    }
    if arguments.iter().all(|argument| argument.starts_with("--")) {
        words.extend(default_folders());
    }
    example("oracle", &words)
}

fn binary(name: &str) -> Result<String> {
    let component = skein_upstream::find(name).with_context(|| format!("{name} is not listed"))?;
    let binary = skein_upstream::ensure(component, &mut |_| {})?;
    Ok(binary.to_string_lossy().into_owned())
}

fn example(name: &str, words: &[String]) -> Result<()> {
    let mut all = vec!["run", "--quiet", "--package", "skein-kustomize"];
    all.extend(["--example", name, "--"]);
    all.extend(words.iter().map(String::as_str));
    process::run(&mut process::cargo(&all))
}

/// What is recorded is what kustomize builds with each helm of today; ours is what is recorded.
fn charts(kustomize: &str) -> Result<()> {
    let words = [
        "--check".to_owned(),
        "--kustomize".to_owned(),
        kustomize.to_owned(),
        "--helm".to_owned(),
        binary("helm")?,
    ];
    example("record_corpus", &words)?;
    let test = "kustomize::tests::charts";
    process::run(&mut process::cargo(&[
        "test",
        "--quiet",
        "--package",
        "skein",
        "--lib",
        test,
    ]))
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
