//! Public Flux repositories, built as Flux builds.

use std::path::{Path, PathBuf};

use skein_kustomize::Options;

use crate::compare::{check, load_tree, real, report};

/// Roots that are not equal, with the reason. The list may only shrink.
const KNOWN: [(&str, &str); 1] = [(
    "mirceanton__home-ops/apps/ai/github-mcp/app",
    "a shell script that the root needs is not among the recorded files",
)];

#[test]
fn roots_of_real_repositories() {
    let (Some(expected), Some(repositories)) = (real("expected/kustomize"), real("flux-repos"))
    else {
        return;
    };
    let mut results = Vec::new();
    for entry in std::fs::read_dir(&expected).expect("recorded files are whole") {
        let folder = entry.expect("recorded files are whole").path();
        let name = folder
            .file_name()
            .expect("recorded files are whole")
            .to_string_lossy()
            .into_owned();
        let tree = load_tree(&repositories.join(&name));
        for answer in answers(&folder) {
            let root = answer
                .parent()
                .expect("recorded files are whole")
                .strip_prefix(&folder)
                .expect("recorded files are whole")
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&answer).expect("recorded files are whole");
            let theirs = answer
                .extension()
                .is_some_and(|e| e == "yaml")
                .then_some(text.as_str());
            let (verdict, note) = check(&tree, &root, &Options::default(), theirs);
            results.push((format!("{name}/{root}"), verdict, note));
        }
    }
    let mut unequal = report("roots of real repositories", results);
    unequal.retain(|name| !KNOWN.iter().any(|(known, _)| known == name));
    assert!(unequal.is_empty(), "not equal: {unequal:#?}");
}

/// The answers for Flux's way of building below a folder.
fn answers(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("recorded files are whole") {
            let path = entry.expect("recorded files are whole").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .file_name()
                .is_some_and(|n| n.to_string_lossy().starts_with("_.flux."))
            {
                found.push(path);
            }
        }
    }
    found
}
