//! The cases of kustomize's own tests.

use std::path::Path;

use serde_json::Value;
use skein_kustomize::{LoadRestrictions, Options, Reorder};

use crate::compare::{check, load_tree, real, report};

/// Cases that are not equal, with the reason. The list may only shrink.
const KNOWN: [(&str, &str); 0] = [];

#[test]
fn cases_of_kustomize() {
    let Some(root) = real("kustomize-cases") else {
        return;
    };
    let mut results = Vec::new();
    for area in ["builtin", "krusty"] {
        for entry in std::fs::read_dir(root.join(area)).expect("recorded files are whole") {
            let path = entry.expect("recorded files are whole").path();
            let name = format!(
                "{area}/{}",
                path.file_name()
                    .expect("recorded files are whole")
                    .to_string_lossy()
            );
            let (verdict, note) = run(&path);
            results.push((name, verdict, note));
        }
    }
    let mut unequal = report("kustomize's own cases", results);
    unequal.retain(|name| !KNOWN.iter().any(|(known, _)| known == name));
    assert!(unequal.is_empty(), "not equal: {unequal:#?}");
}

fn run(path: &Path) -> (crate::compare::Verdict, String) {
    let text = std::fs::read_to_string(path.join("case.json")).expect("recorded files are whole");
    let case: Value = serde_json::from_str(&text).expect("recorded files are whole");
    let flags: Vec<&str> = case["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let has = |a: &str, b: &str| flags.windows(2).any(|w| w[0] == a && w[1] == b);
    let options = Options {
        reorder: if has("--reorder", "none") {
            Reorder::None
        } else {
            Reorder::Legacy
        },
        load_restrictions: if has("--load-restrictor", "LoadRestrictionsNone") {
            LoadRestrictions::None
        } else {
            LoadRestrictions::RootOnly
        },
        managed_by_label: flags.contains(&"--enable-managedby-label"),
        remote: None,
        ..Options::default()
    };
    let expected = std::fs::read_to_string(path.join("expected.yaml")).ok();
    let tree = load_tree(&path.join("in"));
    check(
        &tree,
        case["path"].as_str().unwrap_or("."),
        &options,
        expected.as_deref(),
    )
}
