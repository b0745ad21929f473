//! Every recorded `flux build kustomization --dry-run` over real repositories must give the same text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use skein_kustomize::FileTree;
use skein_object::Object;
use skein_render::{Request, Variables, render};

use crate::real;

/// Cases that are known to differ, with the reason.
const KNOWN: [(&str, &str); 1] = [(
    "mirceanton__home-ops/apps/ai/github-mcp/app.ks.yaml.0.github-mcp",
    "the real input lacks files/entrypoint.sh, which a generator names",
)];

#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy, Debug)]
enum Verdict {
    EqualBytes,
    BothFail,
    Differs,
    WeFail,
    TheyFail,
}

#[test]
fn equals_flux_build() {
    let (Some(expected), Some(repositories)) = (
        real::folder("expected/flux-build"),
        real::folder("flux-repos"),
    ) else {
        return;
    };
    let mut trees: BTreeMap<String, FileTree> = BTreeMap::new();
    let (mut verdicts, mut report) = (BTreeMap::new(), String::new());
    for path in real::files(&expected) {
        let name = path
            .strip_prefix(&expected)
            .expect("below")
            .to_string_lossy()
            .into_owned();
        let Some(case) = name.strip_suffix(".object.yaml") else {
            continue;
        };
        let repository = case.split('/').next().expect("a repository").to_owned();
        let tree = trees
            .entry(repository.clone())
            .or_insert_with(|| real::tree(&repositories.join(&repository)));
        let (verdict, detail) = judge(&expected, case, tree);
        *verdicts.entry(verdict).or_insert(0) += 1;
        let bad = !matches!(verdict, Verdict::EqualBytes | Verdict::BothFail);
        if bad && !KNOWN.iter().any(|(known, _)| *known == case) {
            let _ = writeln!(report, "{verdict:?} {case}: {detail}");
        }
    }
    println!(
        "flux build: {verdicts:?}, {} known differences",
        KNOWN.len()
    );
    assert!(report.is_empty(), "{report}");
}

fn judge(expected: &Path, case: &str, tree: &FileTree) -> (Verdict, String) {
    let object = read(&expected.join(format!("{case}.object.yaml"))).expect("the Kustomization");
    let value = skein_yaml::from_slice(object.as_bytes()).expect("YAML");
    let kustomization = Object::from_value(value).expect("an object");
    let spec = kustomization.at(&["spec"]).cloned().unwrap_or_default();
    let request = Request {
        tree: tree.clone(),
        spec: &spec,
        variables: Variables::new(),
        strict: false,
        decryptor: None,
        remote: None,
        ignored: None,
    };
    let theirs = read(&expected.join(format!("{case}.out.yaml")));
    match (render(request), theirs) {
        (Err(error), None) => (Verdict::BothFail, error.to_string()),
        (Err(error), Some(_)) => (Verdict::WeFail, error.to_string()),
        (Ok(_), None) => (Verdict::TheyFail, String::new()),
        (Ok(rendered), Some(theirs)) => {
            let objects = rendered.for_display(&kustomization);
            let texts: Vec<String> = objects
                .iter()
                .map(|o| skein_yaml::to_string(&o.to_value()))
                .collect();
            let ours = texts.join("---\n");
            let theirs = theirs.strip_suffix("---\n").unwrap_or(&theirs);
            if ours == theirs {
                (Verdict::EqualBytes, String::new())
            } else {
                (Verdict::Differs, first_difference(&ours, theirs))
            }
        }
    }
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn first_difference(ours: &str, theirs: &str) -> String {
    let mut lines = ours.lines().zip(theirs.lines()).enumerate();
    match lines.find(|(_, (ours, theirs))| ours != theirs) {
        Some((line, (ours, theirs))) => {
            format!("line {}: ours {ours:?}, theirs {theirs:?}", line + 1)
        }
        None => format!(
            "{} and {} lines",
            ours.lines().count(),
            theirs.lines().count()
        ),
    }
}
