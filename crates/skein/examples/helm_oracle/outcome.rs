//! What a scenario left behind: texts without what changes from run to run, and files, archives by their content.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Output;

use anyhow::Result;

/// Longest part of a text that is shown, in characters.
const MAX_SHOWN_CHARACTERS: usize = 600;

/// One command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Step {
    /// Of a process that ended.
    pub fn new(output: &Output, folder: &Path) -> Self {
        Self {
            code: output.status.code(),
            out: normal(&output.stdout, folder),
            err: normal(&output.stderr, folder),
        }
    }
}

/// All steps and the files after them.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    steps: Vec<Step>,
    files: BTreeMap<String, String>,
}

impl Outcome {
    /// Reads the folder.
    pub fn new(steps: Vec<Step>, folder: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        walk(folder, folder, &mut files)?;
        Ok(Self { steps, files })
    }
}

/// Lines without the folder, times and what helm tells developers.
fn normal(bytes: &[u8], folder: &Path) -> String {
    let text = String::from_utf8_lossy(bytes).replace(&format!("{}/", folder.display()), "");
    let lines = text.lines().filter(|line| !line.starts_with("level=DEBUG"));
    lines
        .map(|line| without_temporary(without_log_time(line)) + "\n")
        .collect()
}

/// Files that are written under another name first, have a number behind their names.
fn without_temporary(line: &str) -> String {
    let Some((start, rest)) = line.split_once(": no such file or directory") else {
        return line.to_owned();
    };
    let plain = start.trim_end_matches(|c: char| c.is_ascii_digit());
    if plain.ends_with(".yaml") || plain.ends_with(".tgz") {
        format!("{plain}: no such file or directory{rest}")
    } else {
        line.to_owned()
    }
}

/// Go's log puts date and time in front.
fn without_log_time(line: &str) -> &str {
    let digits = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || b == b'/' || b == b':')
    };
    let mut words = line.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(date), Some(time), Some(rest))
            if date.len() == 10 && date.contains('/') && digits(date) && digits(time) =>
        {
            rest
        }
        _ => line,
    }
}

fn walk(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.strip_prefix(top)?.display().to_string();
        if path.is_dir() {
            files.insert(format!("{name}/"), String::new());
            walk(top, &path, files)?;
            continue;
        }
        let bytes = fs::read(&path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let text = if bytes.starts_with(&[0x1f, 0x8b]) {
            archive(&bytes).unwrap_or(text)
        } else {
            without_generated(&text)
        };
        files.insert(name, text);
    }
    Ok(())
}

/// The moments in a lock and in an index.
fn without_generated(text: &str) -> String {
    let is_moment = |line: &str| {
        let line = line.trim_start().replacen("\"generated\"", "generated", 1);
        let line = line.replacen("\"created\"", "created", 1);
        line.starts_with("generated: \"20") || line.starts_with("created: \"20")
    };
    let lines = text.lines().filter(|line| !is_moment(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Names, modes and contents in their order.
fn archive(bytes: &[u8]) -> Result<String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let mut text = String::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        let mode = entry.header().mode()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        let content = without_generated(&String::from_utf8_lossy(&content));
        text.push_str(&format!("{name} {mode:o}\n{content}\n"));
    }
    Ok(text)
}

/// What differs, for people; empty when nothing does.
pub fn differences(theirs: &Outcome, ours: &Outcome) -> String {
    let mut text = String::new();
    let mut tell = |what: &str, theirs: &str, ours: &str| {
        if theirs != ours {
            text.push_str(&format!(
                "  {what}\n    helm  {}\n    skein {}\n",
                shown(theirs),
                shown(ours)
            ));
        }
    };
    for (number, (left, right)) in theirs.steps.iter().zip(&ours.steps).enumerate() {
        let step = number + 1;
        tell(
            &format!("step {step}: code"),
            &format!("{:?}", left.code),
            &format!("{:?}", right.code),
        );
        tell(&format!("step {step}: output"), &left.out, &right.out);
        tell(&format!("step {step}: errors"), &left.err, &right.err);
    }
    let names: BTreeSet<&String> = theirs.files.keys().chain(ours.files.keys()).collect();
    for name in names {
        let of = |outcome: &Outcome| {
            outcome
                .files
                .get(name)
                .cloned()
                .unwrap_or_else(|| "(none)".to_owned())
        };
        tell(&format!("file {name}"), &of(theirs), &of(ours));
    }
    text
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(MAX_SHOWN_CHARACTERS).collect();
    format!("{short:?}")
}
