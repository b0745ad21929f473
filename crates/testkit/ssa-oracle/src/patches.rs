//! Creation of strategic and three-way JSON merge patches, compared with Kubernetes' own library.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use skein_merge::merge_patch;
use skein_merge::strategic::{self, StrategicError};
use skein_object::GroupVersionKind;
use skein_schema::builtin;

use crate::compare::differences;
use crate::kinds::{Body, Kind, kinds};
use crate::random::Random;

/// The Go program, relative to this package.
const PROGRAM: &str = "go/patches.go";

/// Compares patches between random objects; `module` is a Go module that requires Kubernetes' libraries.
pub fn run(module: &str, seeds: std::ops::Range<u64>) -> Result<bool> {
    let mut lines = Vec::new();
    let all = kinds()?;
    for kind in &all {
        let ("Deployment" | "Service", Body::Made(make)) = (kind.title.as_str(), &kind.body) else {
            continue;
        };
        for seed in seeds.clone() {
            let mut random = Random::new(seed);
            let mut body = || Value::Object(make(&mut random));
            lines.push((kind, json!({ "kind": kind.name, "original": body(), "modified": body(), "current": body() })));
        }
    }
    let answers = ask(module, &lines)?;
    let mut equal = 0;
    for ((kind, line), answer) in lines.iter().zip(&answers) {
        let ours = ours(kind, line);
        let found = differences(answer, &ours);
        if found.is_empty() {
            equal += 1;
            continue;
        }
        println!("--- {} {line}", kind.name);
        found.iter().take(8).for_each(|line| println!("    {line}"));
    }
    let refused = answers
        .iter()
        .filter(|answer| answer.get("error").is_some())
        .count();
    println!(
        "{equal} of {} patches equal, {refused} of them refusals",
        lines.len()
    );
    Ok(equal == lines.len())
}

fn ask(module: &str, lines: &[(&Kind, Value)]) -> Result<Vec<Value>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM);
    let mut child = Command::new("go")
        .arg("run")
        .arg(program)
        .current_dir(module)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("running go")?;
    let mut input = child.stdin.take().context("go has no input")?;
    let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    if writer.join().is_err() || !output.status.success() {
        bail!("go run failed");
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| serde_json::from_str(line).context("no JSON from go"))
        .collect()
}

fn ours(kind: &Kind, line: &Value) -> Value {
    match create(kind, line) {
        Ok((two, three)) => {
            let (original, modified, current) =
                (&line["original"], &line["modified"], &line["current"]);
            let plain = merge_patch::create_three_way(original, modified, current);
            json!({ "two": two, "three": three, "plain": plain })
        }
        Err(error) => json!({ "error": error.to_string() }),
    }
}

type Fields = Map<String, Value>;

fn create(kind: &Kind, line: &Value) -> Result<(Fields, Fields), StrategicError> {
    let schema = builtin::schema(&GroupVersionKind::from_api_version(
        kind.api_version(),
        &kind.name,
    ));
    let part = |name: &str| line[name].as_object().cloned().unwrap_or_default();
    let (original, modified, current) = (part("original"), part("modified"), part("current"));
    let two = strategic::create_two_way(&original, &modified, schema.as_ref())?;
    let three = strategic::create_three_way(&original, &modified, &current, schema.as_ref())?;
    Ok((two, three))
}
