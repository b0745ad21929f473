//! Clones that share files, against a plain map.

use std::collections::BTreeMap;

use super::FileTree;

fn files(tree: &FileTree) -> Vec<(String, Vec<u8>)> {
    let files = tree.files_below("");
    files
        .into_iter()
        .map(|(path, content)| (path.to_owned(), content.to_vec()))
        .collect()
}

/// Any row of changes to a clone leaves the original alone and gives what the same changes give to a map.
#[test]
fn a_clone_is_a_tree_of_its_own() {
    const PATHS: [&str; 6] = ["a", "a/b", "a/c", "b", "b/a", "c"];
    let mut original = FileTree::new();
    for path in ["a/b", "b", "c"] {
        original.insert(path, path.as_bytes()).unwrap();
    }
    let before = files(&original);
    for seed in 0..500_usize {
        let mut map: BTreeMap<String, Vec<u8>> = before.iter().cloned().collect();
        let mut clone = original.clone();
        // A second clone in between makes the first share its own changes.
        let mut kept = None;
        for step in 0..6 {
            let number = seed.wrapping_mul(31).wrapping_add(step * 7 + seed / 5);
            let path = PATHS[number % PATHS.len()];
            if number % 3 == 0 {
                assert_eq!(clone.remove(path).map(|c| c.to_vec()), map.remove(path));
            } else {
                let content = format!("{seed}-{step}").into_bytes();
                clone.insert(path, content.clone()).unwrap();
                map.insert(path.to_owned(), content);
            }
            if number % 5 == 0 {
                kept = Some((clone.clone(), files(&clone)));
            }
        }
        let expected: Vec<_> = map.clone().into_iter().collect();
        assert_eq!(files(&clone), expected);
        assert_eq!(clone.len(), map.len());
        assert_eq!(
            clone.is_dir("a"),
            map.keys().any(|path| path.starts_with("a/"))
        );
        for path in PATHS {
            assert_eq!(clone.get(path), map.get(path).map(Vec::as_slice), "{path}");
        }
        if let Some((kept, were)) = kept {
            assert_eq!(files(&kept), were);
        }
    }
    assert_eq!(files(&original), before);
}
