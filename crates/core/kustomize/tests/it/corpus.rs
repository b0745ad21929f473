//! Our own corpus: small roots for every field, with what the real kustomize 5.8.1 made of them.
//!
//! The format of its files is told in `case_file.rs`.

use std::path::PathBuf;

use skein_kustomize::{FileTree, Options, build};

use crate::case_file::{Case, SHARED, parse, shared};

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
    let shared = shared(&folder());
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the corpus")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != SHARED)
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| parse(&read(name), &shared))
        .collect()
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
    assert!(roots > 950, "the corpus is whole");
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
            if let (Err(error), None) = (build(&tree, root, &Options::default()), wanted)
                && error.place.file.is_none()
            {
                silent.push(format!("{} {root}: {error}", case.name));
            }
        }
    }
    silent.retain(|s| {
        !s.contains("multiple kustomization files") && !s.contains("unable to find one of")
    });
    assert!(silent.is_empty(), "{silent:#?}");
}
