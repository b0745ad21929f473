//! `oracle template`: the corpus of the template language, rendered by the real Helm engine and compared with what is checked in; or cases at random,
//! rendered by the real engine and by ours.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{process, tree};

const CORPUS: &str = "crates/core/template/tests/corpus";
const MODULE: &str = "e2e/upstream/template";

/// `oracle template [--update] [--generate COUNT [SEED]]`: without a flag, a line that the real engine answers otherwise is an error. Our engine is compared
/// with the same lines by the tests of the crate.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let update = match words.as_slice() {
        [] => false,
        ["--update"] => true,
        ["--generate", count] => return generate(count, "1"),
        ["--generate", count, seed] => return generate(count, seed),
        _ => bail!("usage: oracle template [--update | --generate COUNT [SEED]]"),
    };
    let target = build()?;
    let mut lines = String::new();
    for case in with_data(&read("cases.jsonl")?)? {
        lines.push_str(&format!("{case}\n"));
    }
    let input = skein_upstream::cache_folder()?.join("template-cases.jsonl");
    fs::write(&input, lines).with_context(|| format!("writing {}", input.display()))?;
    let stdin = File::open(&input).with_context(|| format!("reading {}", input.display()))?;
    let answers = process::capture(process::command(&target, &[]).stdin(Stdio::from(stdin)))?;
    if update {
        let path = tree::root().join(CORPUS).join("expected.jsonl");
        return fs::write(&path, answers).with_context(|| format!("writing {}", path.display()));
    }
    compare(&read("cases.jsonl")?, &read("expected.jsonl")?, &answers)
}

/// Builds the real engine.
fn build() -> Result<String> {
    let binary = skein_upstream::cache_folder()?.join("template-oracle");
    let target = binary.to_string_lossy().into_owned();
    process::run(
        process::command("go", &["build", "-o", &target, "."])
            .current_dir(tree::root().join(MODULE)),
    )?;
    Ok(target)
}

fn read(name: &str) -> Result<String> {
    let path = tree::root().join(CORPUS).join(name);
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The cases with the data that all of them share.
fn with_data(cases: &str) -> Result<Vec<Value>> {
    let data: Value = serde_json::from_str(&read("data.json")?).context("data.json")?;
    let cases = cases.lines().map(|line| {
        let mut case: Value = serde_json::from_str(line).context("a case")?;
        case["data"] = data.clone();
        Ok(case)
    });
    cases.collect()
}

/// Cases at random; both engines answer them now.
fn generate(count: &str, seed: &str) -> Result<()> {
    let real = build()?;
    let example = |name: &str, words: &[&str]| {
        let mut all = vec![
            "run",
            "--quiet",
            "--package",
            "skein-template",
            "--example",
            name,
            "--",
        ];
        all.extend(words);
        process::cargo(&all)
    };
    let cases = with_data(&process::capture(&mut example("generate", &[count, seed]))?)?;
    let now = process::capture(&mut process::command(
        "date",
        &["-u", "+%Y-%m-%dT%H:%M:%SZ"],
    ))?;
    let (mut lines, mut ours) = (Vec::new(), Vec::new());
    for mut case in cases {
        lines.push(case.to_string());
        case["chart"] = json!(true);
        case["now"] = json!(now.trim());
        ours.push(case.to_string());
    }
    let expected = answers_of_real(&real, &lines)?;
    let ours = feed(&mut example("jsonl", &[]), &ours)?;
    let ours = String::from_utf8(ours.stdout).context("our answers")?;
    let mut tally = (0, 0);
    for ((case, expected), ours) in lines.iter().zip(&expected).zip(ours.split('\n')) {
        // Some templates end the real engine: maps that hold themselves, for one.
        let Some(expected) = expected else { continue };
        tally.0 += 1;
        let parse = |text: &str| serde_json::from_str::<Value>(text).context("an answer");
        if parse(expected)? != parse(ours)? {
            tally.1 += 1;
            let case = parse(case)?;
            println!("{}\n  helm  {expected}\n  skein {ours}", case["tpl"]);
        }
    }
    let (all, different) = tally;
    println!(
        "template: {} of {all} cases at random answered the same",
        all - different
    );
    Ok(())
}

/// The real engine's answers; nothing for a case that ended it.
fn answers_of_real(real: &str, lines: &[String]) -> Result<Vec<Option<String>>> {
    let mut answers = Vec::new();
    while answers.len() < lines.len() {
        let output = feed(
            process::command(real, &[]).env("TZ", "UTC"),
            &lines[answers.len()..],
        )?;
        let text = String::from_utf8(output.stdout).context("the real engine's answers")?;
        answers.extend(
            text.split_terminator('\n')
                .map(|line| Some(line.to_owned())),
        );
        if answers.len() < lines.len() {
            answers.push(None);
        }
    }
    Ok(answers)
}

/// Runs a program over lines.
fn feed(command: &mut Command, lines: &[String]) -> Result<Output> {
    let path =
        skein_upstream::cache_folder()?.join(format!("template-{}.jsonl", std::process::id()));
    write_lines(&path, lines)?;
    let stdin = File::open(&path).with_context(|| format!("reading {}", path.display()))?;
    let output = command
        .stdin(Stdio::from(stdin))
        .stderr(Stdio::null())
        .output();
    let _ = fs::remove_file(&path);
    output.context("starting an engine")
}

fn write_lines(path: &Path, lines: &[String]) -> Result<()> {
    let mut file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
    for line in lines {
        writeln!(file, "{line}").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
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
