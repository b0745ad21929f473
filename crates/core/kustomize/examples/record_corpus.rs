//! Writes the expected outputs of the corpus anew with a real kustomize: `record_corpus --kustomize BINARY [FILE...]`.
//!
//! Cases are edited by hand: `=== name`, then `-- path --` sections; this fills in the `-- want root --` sections (format: tests/it/corpus.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_kustomize::RECOGNIZED_FILE_NAMES;

/// One case while it is read: its text without wants, and its files.
#[derive(Default)]
struct Case {
    text: String,
    files: BTreeMap<String, Vec<u8>>,
}

/// A section: its head and its content.
type Section = Option<(String, String)>;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, binary, files @ ..] = arguments.as_slice() else {
        eprintln!("record_corpus --kustomize BINARY [FILE...]");
        return ExitCode::FAILURE;
    };
    if flag != "--kustomize" {
        eprintln!("unknown flag {flag}");
        return ExitCode::FAILURE;
    }
    match run(Path::new(binary), files) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(binary: &Path, files: &[String]) -> Result<()> {
    let shared = std::fs::read_to_string(corpus().join("shared.txt"))?;
    let shared: BTreeMap<&str, &str> = shared
        .split("=== ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .collect();
    let mut paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    if paths.is_empty() {
        for entry in std::fs::read_dir(corpus())? {
            paths.push(entry?.path());
        }
    }
    for path in paths.iter().filter(|p| !p.ends_with("shared.txt")) {
        let cases = parse(&std::fs::read_to_string(path)?, &shared)?;
        let mut out = String::new();
        for case in &cases {
            out.push_str(&case.text);
            out.push_str(&wants(case, binary)?);
        }
        std::fs::write(path, out)?;
        println!("{}: {} cases", path.display(), cases.len());
    }
    Ok(())
}

fn parse(text: &str, shared: &BTreeMap<&str, &str>) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section: Section = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let head = bare.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        if bare.starts_with("=== ") {
            finish(cases.last_mut(), section.take(), shared)?;
            cases.push(Case {
                text: line.to_owned(),
                ..Case::default()
            });
        } else if let Some(head) = head {
            finish(cases.last_mut(), section.take(), shared)?;
            section = Some((head.to_owned(), String::new()));
        } else if let Some((_, content)) = &mut section {
            content.push_str(line);
        }
    }
    finish(cases.last_mut(), section, shared)?;
    Ok(cases)
}

/// Keeps a section of a file; wants are made anew.
fn finish(case: Option<&mut Case>, section: Section, shared: &BTreeMap<&str, &str>) -> Result<()> {
    let (Some(case), Some((head, content))) = (case, section) else {
        return Ok(());
    };
    if head.starts_with("want ") {
        return Ok(());
    }
    case.text.push_str(&format!("-- {head} --\n{content}"));
    let (path, bytes) = if let Some((path, name)) = head.split_once(" = ") {
        let text = shared
            .get(name)
            .ok_or_else(|| Error::other(format!("no shared file {name}")))?;
        (path.to_owned(), text.as_bytes().to_vec())
    } else if let Some(path) = head.strip_suffix(" base64") {
        (
            path.to_owned(),
            STANDARD.decode(content.trim()).map_err(Error::other)?,
        )
    } else {
        (head, content.into_bytes())
    };
    case.files.insert(path, bytes);
    Ok(())
}

/// What the real kustomize makes of each root of a case.
fn wants(case: &Case, binary: &Path) -> Result<String> {
    let folder = std::env::temp_dir().join(format!("record-corpus-{}", std::process::id()));
    let mut roots = BTreeSet::new();
    for (path, content) in &case.files {
        let (root, name) = path.rsplit_once('/').unwrap_or(("", path));
        if RECOGNIZED_FILE_NAMES.contains(&name) {
            roots.insert(root);
        }
        std::fs::create_dir_all(folder.join(root))?;
        std::fs::write(folder.join(path), content)?;
    }
    let mut out = String::new();
    for root in roots {
        let output = Command::new(binary)
            .args([
                "build",
                "--load-restrictor",
                "LoadRestrictionsNone",
                "--reorder",
                "none",
            ])
            .arg(folder.join(root))
            .output()?;
        let shown = if root.is_empty() { "." } else { root };
        if !output.status.success() {
            out.push_str(&format!("-- want error {shown} --\n"));
            continue;
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let is_plain = (text.is_empty() || text.ends_with('\n'))
            && !text.contains(['\r', '\u{FEFF}'])
            && !text
                .lines()
                .any(|l| l.starts_with("-- ") || l.starts_with("=== "));
        if is_plain {
            out.push_str(&format!("-- want {shown} --\n{text}"));
        } else {
            let encoded = STANDARD.encode(&output.stdout);
            out.push_str(&format!("-- want {shown} base64 --\n{encoded}\n"));
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(out)
}
