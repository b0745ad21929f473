//! Each limit refuses what is above it, and says which limit it is.

use std::sync::Arc;

use skein_kustomize::{
    FileTree, Files, MAX_FILES, MAX_TREE_BYTES, Options, Problem, TreeError, build,
};

/// The limits on objects and kustomizations, which only messages tell.
const MAX_OBJECTS: usize = 200_000;
const MAX_OBJECTS_PER_FILE: usize = 100_000;
const MAX_KUSTOMIZATIONS: usize = 20_000;

fn tree(files: &[(&str, String)]) -> FileTree {
    let mut tree = FileTree::new();
    for (path, text) in files {
        tree.insert(path, text.clone().into_bytes()).expect("fits");
    }
    tree
}

/// The limit that a build runs into, in its words.
fn limit(files: &dyn Files, root: &str) -> String {
    let error = build(files, root, &Options::default()).expect_err("above the limit");
    assert!(matches!(error.problem, Problem::Limit(_)), "{error}");
    error.problem.to_string()
}

#[test]
fn a_tree_has_so_many_files() {
    let mut tree = FileTree::new();
    let content: Arc<[u8]> = Arc::from(&b"x"[..]);
    for number in 0..MAX_FILES {
        tree.insert(&number.to_string(), Arc::clone(&content))
            .expect("fits");
    }
    let refused = TreeError::TooManyFiles { limit: MAX_FILES };
    assert_eq!(refused.to_string(), "more than 200000 files");
    assert_eq!(
        tree.insert("more", Arc::clone(&content)),
        Err(refused.clone())
    );
    assert_eq!(
        tree.clone().insert("more", Arc::clone(&content)),
        Err(refused)
    );
    assert_eq!(tree.len(), MAX_FILES);
    tree.insert("7", Arc::clone(&content))
        .expect("replaces one");
    tree.remove("8").expect("is there");
    tree.insert("more", content).expect("fits again");
}

#[test]
fn a_tree_has_so_many_bytes() {
    // One content, as often as is needed.
    const PART_BYTES: usize = 1 << 20;
    let content: Arc<[u8]> = vec![b' '; PART_BYTES].into();
    let mut tree = FileTree::new();
    for number in 0..MAX_TREE_BYTES / PART_BYTES {
        tree.insert(&number.to_string(), Arc::clone(&content))
            .expect("fits");
    }
    let refused = TreeError::TooLarge {
        limit: MAX_TREE_BYTES,
    };
    assert_eq!(
        refused.to_string(),
        "more than 1073741824 bytes in all files together"
    );
    assert_eq!(tree.insert("more", &b"x"[..]), Err(refused.clone()));
    let longer = vec![b' '; PART_BYTES + 1];
    assert_eq!(tree.insert("7", longer), Err(refused));
    tree.insert("7", &b"x"[..]).expect("is smaller");
    tree.insert("more", &b"x"[..]).expect("fits again");
}

/// A list of objects, which are lists themselves: those need no names.
fn many(prefix: &str, count: usize) -> String {
    let items = (0..count).map(|number| format!("- {{kind: {prefix}{number}List}}\n"));
    format!("kind: List\nitems:\n{}", items.collect::<String>())
}

#[test]
fn a_file_has_so_many_objects() {
    let files = |count: usize| {
        tree(&[
            ("kustomization.yaml", "resources: [a.yaml]\n".to_owned()),
            ("a.yaml", many("A", count)),
        ])
    };
    let words = limit(&files(MAX_OBJECTS_PER_FILE + 1), "");
    assert_eq!(words, "more than 100000 objects in one file");
}

#[test]
fn a_build_has_so_many_objects() {
    let each = MAX_OBJECTS / 4;
    let files = tree(&[
        (
            "kustomization.yaml",
            "resources: [a.yaml, b.yaml, c.yaml, d.yaml, e.yaml]\n".to_owned(),
        ),
        ("a.yaml", many("A", each)),
        ("b.yaml", many("B", each)),
        ("c.yaml", many("C", each)),
        ("d.yaml", many("D", each)),
        ("e.yaml", many("E", 1)),
    ]);
    assert_eq!(limit(&files, ""), "more than 200000 objects");
}

#[test]
fn a_build_has_so_many_kustomizations() {
    // Each base counts as often as it is used.
    let wide = MAX_KUSTOMIZATIONS.isqrt() + 1;
    let files = tree(&[
        (
            "top/kustomization.yaml",
            format!("resources:\n{}", "- ../middle\n".repeat(wide)),
        ),
        (
            "middle/kustomization.yaml",
            format!("resources:\n{}", "- ../base\n".repeat(wide)),
        ),
        ("base/kustomization.yaml", "namePrefix: x-\n".to_owned()),
    ]);
    assert_eq!(
        limit(&files, "top"),
        "more than 20000 kustomizations in one build"
    );
}
