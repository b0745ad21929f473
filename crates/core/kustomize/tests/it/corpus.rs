//! Our own corpus: small roots for every field, with what the real kustomize 5.8.1 made of them.
//!
//! A file of `tests/corpus` holds cases: `=== name`, then sections. `-- path --` is a file, `-- path base64 --` one with bytes, `-- path = name --`
//! one from `shared.txt`; `-- want root --` is the output for a root, `-- want error root --` says that it must fail.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_kustomize::{FileTree, Options, build};

/// One case: its files, and what each of its roots gives (`None`: an error).
#[derive(Default)]
pub struct Case {
    pub name: String,
    pub files: BTreeMap<String, Vec<u8>>,
    pub wanted: Vec<(String, Option<String>)>,
}

impl Case {
    pub fn tree(&self) -> FileTree {
        let mut tree = FileTree::new();
        for (path, content) in &self.files {
            tree.insert(path, content.clone()).expect("fits");
        }
        tree
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("a corpus file")
}

/// All cases of the corpus.
pub fn cases() -> Vec<Case> {
    let mut shared = BTreeMap::new();
    for part in read("shared.txt").split("=== ").skip(1) {
        let (name, text) = part.split_once('\n').expect("a name line");
        shared.insert(name.to_owned(), text.to_owned());
    }
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the corpus")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "shared.txt")
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| parse(&read(name), &shared))
        .collect()
}

fn parse(text: &str, shared: &BTreeMap<String, String>) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut section: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let head = bare.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        if let Some(name) = bare.strip_prefix("=== ") {
            finish(cases.last_mut(), section.take(), shared);
            cases.push(Case {
                name: name.to_owned(),
                ..Case::default()
            });
        } else if let Some(head) = head {
            finish(cases.last_mut(), section.take(), shared);
            section = Some((head.to_owned(), String::new()));
        } else if let Some((_, content)) = &mut section {
            content.push_str(line);
        }
    }
    finish(cases.last_mut(), section, shared);
    cases
}

fn finish(
    case: Option<&mut Case>,
    section: Option<(String, String)>,
    shared: &BTreeMap<String, String>,
) {
    let (Some(case), Some((head, content))) = (case, section) else {
        return;
    };
    let (head, content) = match head.strip_suffix(" base64") {
        Some(head) => (
            head.to_owned(),
            STANDARD.decode(content.trim()).expect("base64"),
        ),
        None => (head, content.into_bytes()),
    };
    let text = || String::from_utf8(content.clone()).expect("output is UTF-8");
    if let Some(root) = head.strip_prefix("want error ") {
        case.wanted.push((root.to_owned(), None));
    } else if let Some(root) = head.strip_prefix("want ") {
        case.wanted.push((root.to_owned(), Some(text())));
    } else if let Some((path, name)) = head.split_once(" = ") {
        case.files
            .insert(path.to_owned(), shared[name].clone().into_bytes());
    } else {
        case.files.insert(head, content);
    }
}

#[test]
fn every_case_as_kustomize_builds_it() {
    let (mut roots, mut wrong) = (0, Vec::new());
    for case in cases() {
        let tree = case.tree();
        for (root, wanted) in &case.wanted {
            roots += 1;
            let ours = build(&tree, root, &Options::default());
            let equal = match (&ours, wanted) {
                (Ok(ours), Some(wanted)) => ours.to_yaml() == *wanted,
                (Err(_), None) => true,
                _ => false,
            };
            if !equal {
                let ours = ours.map(|b| b.to_yaml()).map_err(|e| e.to_string());
                wrong.push(format!("{} {root}: {ours:?}", case.name));
            }
        }
    }
    eprintln!("{roots} roots of the corpus");
    assert!(roots > 900, "the corpus is whole");
    assert!(
        wrong.is_empty(),
        "{} roots differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn an_error_names_the_file() {
    let mut silent = Vec::new();
    for case in cases() {
        let tree = case.tree();
        for (root, wanted) in &case.wanted {
            if let (Err(error), None) = (build(&tree, root, &Options::default()), wanted) {
                // What fails at the very end concerns objects, what fails at the start the root itself.
                let place = &error.place;
                if place.file.is_none() && place.object.is_none() && place.field.is_none() {
                    silent.push(format!("{} {root}: {error}", case.name));
                }
            }
        }
    }
    silent.retain(|s| {
        !s.contains("multiple kustomization files") && !s.contains("unable to find one of")
    });
    assert!(silent.is_empty(), "{silent:#?}");
}
