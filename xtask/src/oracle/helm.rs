//! `oracle helm`: charts rendered with ours and with a real Helm 4, or (`--cli`) the commands of both; the comparisons are examples of the crates.

use anyhow::{Context, Result};

use crate::{process, tree};

/// Our own charts, each with a quirk.
const CORPUS: &str = "crates/core/helm/tests/charts";

/// `oracle helm [PATH..] [--verbose] [--generate] [--mutate COUNT] [--trees COUNT] [--seed NUMBER] [--record]`: without a path and without `--trees`, our own
/// charts and the recorded ones. `--generate` renders charts with values made from their own by rule, too, `--mutate` with values changed at random; `--trees`
/// makes whole charts at random. `--record` writes the answers of our own.
/// With `--cli`, the commands instead; with `--cli PATH..`, those that need a chart alone, with each chart below the paths.
pub fn run(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == "--cli") {
        return commands(arguments);
    }
    let component = skein_upstream::find("helm").context("helm is not listed")?;
    let binary = skein_upstream::ensure(component, &mut |_| {})?;
    let binary = binary.to_string_lossy().into_owned();
    let mut words: Vec<String> = [
        "run",
        "--quiet",
        "--package",
        "skein-helm",
        "--example",
        "charts_oracle",
        "--",
    ]
    .map(str::to_owned)
    .to_vec();
    words.extend(["--helm".to_owned(), binary]);
    for argument in arguments {
        match argument.as_str() {
            "--record" => words.extend(["--record".to_owned(), CORPUS.to_owned()]),
            word if is_option(word) => words.push(word.to_owned()),
            // The example runs in the top folder; paths are the caller's.
            path => {
                let path = std::path::absolute(path).with_context(|| format!("the path {path}"))?;
                words.push(path.to_string_lossy().into_owned());
            }
        }
    }
    let makes_charts = arguments.iter().any(|argument| argument == "--trees");
    if !makes_charts && arguments.iter().all(|argument| is_option(argument)) {
        words.push(CORPUS.to_owned());
        if let Some(shared) = tree::shared_material() {
            let charts = shared.join("real/charts/charts");
            words.push(charts.to_string_lossy().into_owned());
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    process::run(&mut process::cargo(&words))
}

/// Whether a word is a flag or the number of one.
fn is_option(word: &str) -> bool {
    word.starts_with("--") || word.parse::<u64>().is_ok()
}

/// The same command lines with `skein helm` and with the real helm, over a chart repository and a real registry.
fn commands(arguments: &[String]) -> Result<()> {
    let program = |name: &str| -> Result<String> {
        let component = skein_upstream::find(name).context("it is not listed")?;
        let path = skein_upstream::ensure(component, &mut |_| {})?;
        Ok(path.to_string_lossy().into_owned())
    };
    let (helm, registry) = (program("helm")?, program("registry")?);
    process::run(&mut process::cargo(&[
        "build",
        "--quiet",
        "--package",
        "skein",
    ]))?;
    let mut words = vec![
        "run",
        "--quiet",
        "--package",
        "skein",
        "--example",
        "helm_oracle",
        "--",
        "--helm",
        &helm,
        "--registry",
        &registry,
    ];
    let folders: Vec<String> = arguments
        .iter()
        .filter(|word| !word.starts_with("--"))
        .map(|path| Ok(std::path::absolute(path)?.to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    words.extend(folders.iter().map(String::as_str));
    process::run(&mut process::cargo(&words))
}
