//! Runs builds over folders and counts how they compare with the recorded answers.

use std::path::{Path, PathBuf};

use serde_json::Value;
use skein_kustomize::{FileTree, Options, build};

/// How ours compares with theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    EqualBytes,
    EqualObjects,
    BothFail,
    Differs,
    OursFails,
    TheirsFails,
}

/// The folder of recorded answers; `None`, with a note, when it is not there.
pub fn real(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/real")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no recorded answers beside the repository ({name})");
    None
}

/// All files below a folder as a tree.
pub fn load_tree(root: &Path) -> FileTree {
    let mut tree = FileTree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .expect("below the root")
                    .to_string_lossy()
                    .into_owned();
                tree.insert(&name, std::fs::read(&path).expect("a file"))
                    .expect("fits");
            }
        }
    }
    tree
}

/// The documents of a text, to compare as objects.
pub fn documents(text: &str) -> Vec<Value> {
    let all = skein_yaml::documents(text.as_bytes()).expect("their output is YAML");
    all.into_iter()
        .map(|d| d.value)
        .filter(|v| !v.is_null())
        .collect()
}

/// Compares a build with the expected text, or with the expected failure. The second is what to show.
pub fn check(
    tree: &FileTree,
    root: &str,
    options: &Options<'_>,
    expected: Option<&str>,
) -> (Verdict, String) {
    match (build(tree, root, options), expected) {
        (Ok(ours), Some(theirs)) => {
            let ours = ours.to_yaml();
            if ours == theirs {
                (Verdict::EqualBytes, String::new())
            } else if documents(&ours) == documents(theirs) {
                (Verdict::EqualObjects, first_difference(&ours, theirs))
            } else {
                (Verdict::Differs, first_difference(&ours, theirs))
            }
        }
        (Err(error), Some(_)) => (Verdict::OursFails, error.to_string()),
        (Err(error), None) => (Verdict::BothFail, error.to_string()),
        (Ok(_), None) => (Verdict::TheirsFails, String::new()),
    }
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let (mut a, mut b) = (ours.lines(), theirs.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (a.next(), b.next()) {
            (None, None) => return String::new(),
            (x, y) if x == y => {}
            (x, y) => return format!("line {number}: ours {x:?}, theirs {y:?}"),
        }
    }
}

/// Counts and prints verdicts; the names of those that are not equal are returned.
pub fn report(title: &str, mut results: Vec<(String, Verdict, String)>) -> Vec<String> {
    results.sort();
    let count = |v: Verdict| results.iter().filter(|r| r.1 == v).count();
    eprintln!(
        "{title}: {} cases: equal bytes {}, equal objects {}, both fail {}, differs {}, ours fails {}, theirs fails {}",
        results.len(),
        count(Verdict::EqualBytes),
        count(Verdict::EqualObjects),
        count(Verdict::BothFail),
        count(Verdict::Differs),
        count(Verdict::OursFails),
        count(Verdict::TheirsFails)
    );
    for (name, verdict, note) in &results {
        if !matches!(verdict, Verdict::EqualBytes | Verdict::BothFail) {
            eprintln!("  {verdict:?} {name}: {note}");
        } else if *verdict == Verdict::BothFail && std::env::var_os("SHOW_ERRORS").is_some() {
            eprintln!("  error {name}: {note}");
        }
    }
    let unequal = |v: Verdict| !matches!(v, Verdict::EqualBytes | Verdict::BothFail);
    results
        .into_iter()
        .filter(|r| unequal(r.1))
        .map(|r| r.0)
        .collect()
}
