//! The recordings judge the normal form and the comparison: what is in normal form stays as it is and equals itself.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compare::{self, Terms, Verdict};
use crate::expected;
use crate::normal::{self, Names};
use crate::scenario::{self, Scenario};

/// Folder of the recordings; a stranger's clone has none.
pub(crate) fn recordings() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = match std::env::var_os("SKEIN_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => root.ancestors().nth(4)?.join("shared"),
    };
    let folder = shared.join("real/flux-live");
    folder.is_dir().then_some(folder)
}

fn all() -> Vec<Scenario> {
    let Some(folder) = recordings() else {
        eprintln!("no recordings beside this clone: nothing is checked");
        return Vec::new();
    };
    scenario::find(&folder, None, None)
        .unwrap()
        .iter()
        .filter_map(|folder| Scenario::read(folder).ok())
        .collect()
}

#[test]
fn the_areas_that_we_play_are_read() {
    let Some(folder) = recordings() else { return };
    for area in crate::AREAS {
        for folder in scenario::find(&folder, Some(area), None).unwrap() {
            Scenario::read(&folder).unwrap();
        }
    }
}

#[test]
fn recordings_are_in_normal_form() {
    for scenario in all() {
        for step in scenario.steps.iter().filter(|step| step.recorded) {
            let sections = expected::read(&step.expected).unwrap();
            for (name, content) in sections {
                if name == "remote" {
                    continue;
                }
                let normal = normal::value(&content, &Names::default());
                assert_same(&content, &normal, &step.expected);
            }
        }
    }
}

/// Fields whose form we choose anew.
const OWN_FORM: &[&str] = &["managedFields", "nodePort"];

fn assert_same(recorded: &Value, normal: &Value, file: &Path) {
    match (recorded, normal) {
        (Value::Object(left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "{}", file.display());
            for (key, field) in left {
                if !OWN_FORM.contains(&key.as_str()) {
                    assert_same(field, &right[key], file);
                }
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{}", file.display());
            for (left, right) in left.iter().zip(right) {
                assert_same(left, right, file);
            }
        }
        _ => assert_eq!(recorded, normal, "{}", file.display()),
    }
}

#[test]
fn a_recording_equals_itself() {
    for scenario in all() {
        for step in scenario.steps.iter().filter(|step| step.recorded) {
            let sections = expected::read(&step.expected).unwrap();
            let terms = Terms {
                has_requests: true,
                retrying: step.retrying,
                before: &[],
            };
            let compared = compare::step(&sections, &sections, terms);
            for (name, compared) in compared {
                assert_eq!(
                    compared.verdict,
                    Verdict::Equal,
                    "{}: {name}",
                    step.expected.display()
                );
            }
        }
    }
}
