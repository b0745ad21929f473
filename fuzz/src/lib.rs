//! What the targets share: files in one text, and what must hold for every build.

use std::panic::{set_hook, take_hook};
use std::sync::Once;

use skein_kustomize::{FileTree, Options, build};

/// The crate that scans YAML. It panics on some broken texts, and the reader makes errors of that.
const SCANNER: &str = "libyaml-safer";

/// Most files of one input.
const MAX_FILES: usize = 32;

/// Lets the fuzzer stop at every panic but those that the reader catches.
pub fn expect_panics_of_scanner() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| {
            let is_expected = |file: &str| file.contains(SCANNER);
            if !panic.location().is_some_and(|l| is_expected(l.file())) {
                previous(panic);
            }
        }));
    });
}

/// The files of a text: sections that begin with a line `-- path --`. What stands before the first one is left out.
pub fn files(text: &str) -> FileTree {
    let mut tree = FileTree::new();
    let mut current: Option<(&str, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let head = bare.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
        match (head, &mut current) {
            (Some(path), _) => {
                insert(&mut tree, current.take());
                if tree.len() >= MAX_FILES {
                    return tree;
                }
                current = Some((path, String::new()));
            }
            (None, Some((_, content))) => content.push_str(line),
            (None, None) => {}
        }
    }
    insert(&mut tree, current);
    tree
}

fn insert(tree: &mut FileTree, file: Option<(&str, String)>) {
    if let Some((path, content)) = file {
        // A path out of the tree is refused, and that is all right.
        let _ = tree.insert(path, content.into_bytes());
    }
}

/// Builds twice and compares; what comes out is read again and must be the same.
pub fn check(tree: &FileTree) {
    let options = Options::default();
    let once = build(tree, "", &options);
    let twice = build(tree, "", &options);
    match (once, twice) {
        (Ok(once), Ok(twice)) => {
            let text = once.to_yaml();
            assert_eq!(text, twice.to_yaml(), "two builds differ");
            let again = skein_yaml::documents(text.as_bytes()).expect("what is printed is YAML");
            let again: Vec<_> = again.into_iter().map(|document| document.value).collect();
            let printed: Vec<_> = once.values.into_iter().filter(|v| !v.is_null()).collect();
            assert_eq!(again, printed, "what is printed reads differently:\n{text}");
        }
        (Err(once), Err(twice)) => {
            assert_eq!(once.to_string(), twice.to_string(), "two errors differ");
            // The words for people and those of kustomize are made for every error.
            let _ = once.upstream_message("/root");
        }
        (once, twice) => panic!("one of two builds fails: {once:?}, {twice:?}"),
    }
}
