//! Roots with charts, built as the real kustomize built them with a real helm.

use std::path::{Path, PathBuf};

use super::skein;

#[path = "../../../../../core/kustomize/tests/it/case_file.rs"]
mod case_file;
#[path = "../../../../../core/kustomize/examples/record_corpus/repository.rs"]
mod repository;

use case_file::Case;

/// Fewest roots that the cases have.
const LEAST_ROOTS: usize = 90;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../core/kustomize/tests/charts")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("charts.txt")).expect("the cases");
    case_file::parse(&text, &case_file::shared(&folder()))
}

/// Builds the roots of a case; what differs is told.
fn differences(case: &Case) -> Vec<String> {
    let place = tempfile::tempdir().expect("a folder");
    let files = repository::start(&case.files).expect("a repository");
    for (path, content) in &files {
        let path = place.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }
    let differs = |(root, wanted): &(String, Option<String>)| {
        let ours = build(&place.path().join(root));
        let is_equal = match (&ours, wanted) {
            (Ok(ours), Some(wanted)) => ours == wanted,
            (Err(_), None) => true,
            _ => false,
        };
        (!is_equal).then(|| format!("{} {root}: {ours:?}\n  wanted {wanted:?}", case.name))
    };
    case.wanted.iter().filter_map(differs).collect()
}

fn build(root: &Path) -> Result<String, String> {
    let root = root.display().to_string();
    let (text, error, good) = skein(&[
        "build",
        "--enable-helm",
        "--load-restrictor=LoadRestrictionsNone",
        "--reorder=none",
        &root,
    ]);
    if good { Ok(text) } else { Err(error) }
}

#[test]
fn every_root_with_charts_as_kustomize_and_helm_build_it() {
    let cases = cases();
    let roots: usize = cases.iter().map(|case| case.wanted.len()).sum();
    let differing: Vec<String> = cases.iter().flat_map(differences).collect();
    eprintln!("{roots} roots with charts");
    assert!(roots >= LEAST_ROOTS, "the cases are whole");
    assert!(
        differing.is_empty(),
        "{} of {roots} roots differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}
