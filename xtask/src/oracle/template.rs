//! `oracle template`: the corpus of the template language, rendered by the real Helm engine and compared with what is checked in.

use std::fs::{self, File};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{process, tree};

const CORPUS: &str = "crates/core/template/tests/corpus";
const MODULE: &str = "e2e/upstream/template";

/// `oracle template [--update]`: without the flag, a line that the real engine answers otherwise is an error. Our engine is compared with the same
/// lines by the tests of the crate.
pub fn run(arguments: &[String]) -> Result<()> {
    let update = match arguments {
        [] => false,
        [flag] if flag == "--update" => true,
        _ => bail!("usage: oracle template [--update]"),
    };
    let binary = skein_upstream::cache_folder()?.join("template-oracle");
    let target = binary.to_string_lossy().into_owned();
    process::run(
        process::command("go", &["build", "-o", &target, "."])
            .current_dir(tree::root().join(MODULE)),
    )?;
    let corpus = tree::root().join(CORPUS);
    let read = |name: &str| {
        let path = corpus.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let data: Value = serde_json::from_str(&read("data.json")?).context("data.json")?;
    let mut lines = String::new();
    for line in read("cases.jsonl")?.lines() {
        let mut case: Value = serde_json::from_str(line).context("cases.jsonl")?;
        case["data"] = data.clone();
        lines.push_str(&format!("{case}\n"));
    }
    let input = skein_upstream::cache_folder()?.join("template-cases.jsonl");
    fs::write(&input, lines).with_context(|| format!("writing {}", input.display()))?;
    let stdin = File::open(&input).with_context(|| format!("reading {}", input.display()))?;
    let answers = process::capture(process::command(&target, &[]).stdin(Stdio::from(stdin)))?;
    if update {
        let path = corpus.join("expected.jsonl");
        return fs::write(&path, answers).with_context(|| format!("writing {}", path.display()));
    }
    compare(&read("cases.jsonl")?, &read("expected.jsonl")?, &answers)
}

fn compare(cases: &str, expected: &str, answers: &str) -> Result<()> {
    let mut different = 0;
    let both = expected.split('\n').zip(answers.split('\n'));
    for (case, (expected, answer)) in cases.split('\n').zip(both) {
        if case.is_empty() {
            continue;
        }
        let parse = |text: &str| serde_json::from_str::<Value>(text).context("an answer");
        if parse(expected)? != parse(answer)? {
            different += 1;
            println!("{case}\n  checked in {expected}\n  now        {answer}");
        }
    }
    let total = cases.lines().count();
    println!(
        "template: {} of {total} answers as checked in",
        total - different
    );
    if different > 0 {
        bail!("{different} answers differ; `--update` takes the new ones");
    }
    Ok(())
}
