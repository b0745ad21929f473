//! Hundreds of public charts, and values of public HelmReleases, against what Helm 4.3.1 printed for them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compare::{Varies, Verdict, compare, compare_errors, first_difference};
use crate::run::{Request, template};

/// Share of cases that must be equal as objects (errors: fail at the same place), in thousandths.
const OBJECTS_PER_MILLE: usize = 995;
/// Share of the deterministic successes that must be equal byte for byte, in thousandths.
const BYTES_PER_MILLE: usize = 980;

fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/real/charts");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no recorded charts beside the repository");
    None
}

fn words(value: &Value) -> Vec<String> {
    let words = value.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What came of a case.
pub struct Outcome {
    pub verdict: Verdict,
    pub note: String,
}

fn run_case(root: &Path, case: &Value) -> Outcome {
    let text = |key: &str| case[key].as_str();
    let values = text("values").map(|path| {
        std::fs::read_to_string(root.join(path)).expect("recorded values are readable")
    });
    let request = Request {
        release: text("release").unwrap_or_default().to_owned(),
        flags: words(&case["flags"]),
        values: values.into_iter().collect(),
    };
    let chart = root.join(text("chart").unwrap_or_default());
    let ours = template(&chart, &request);
    let expected = root.join(text("expected").unwrap_or_default());
    let read = |suffix: &str| {
        let mut name = expected.clone().into_os_string();
        name.push(suffix);
        std::fs::read_to_string(name).ok()
    };
    match (ours, read(".err")) {
        (Err(ours), Some(helms)) => {
            let (verdict, note) = compare_errors(&ours, &last_lines_whole(&helms));
            Outcome { verdict, note }
        }
        (Ok(_), Some(helms)) => different(format!("Helm fails: {}", last_lines(&helms))),
        (Err(ours), None) => different(format!("we fail: {ours}")),
        (Ok(ours), None) => {
            let helms = read(".yaml").unwrap_or_default();
            let varies = match text("varies") {
                Some("leaves") => Varies::Leaves,
                Some("order") => Varies::Order,
                _ => Varies::Nothing,
            };
            let verdict = compare(&ours, &helms, read(".run2.yaml").as_deref(), varies);
            let note = first_difference(&ours, &helms);
            Outcome { verdict, note }
        }
    }
}

fn different(note: String) -> Outcome {
    Outcome {
        verdict: Verdict::Different,
        note,
    }
}

fn last_lines(text: &str) -> String {
    let at = text.find("Error:").unwrap_or(0);
    text[at..].trim().chars().take(300).collect()
}

fn last_lines_whole(text: &str) -> String {
    let at = text.find("Error: ").map_or(0, |at| at + "Error: ".len());
    text[at..].trim().to_owned()
}

#[test]
fn recorded_charts_render_as_in_helm() {
    let Some(root) = folder() else { return };
    let index = std::fs::read_to_string(root.join("index.jsonl")).expect("the index is readable");
    let wanted = std::env::var("SKEIN_CHART").ok();
    let (mut cases, mut objects, mut stable, mut bytes) = (0, 0, 0, 0);
    let mut report = String::new();
    for line in index.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let id = case["id"].as_str().unwrap_or_default();
        if wanted.as_ref().is_some_and(|wanted| !id.contains(wanted)) {
            continue;
        }
        let outcome = run_case(&root, &case);
        cases += 1;
        let is_stable = case["deterministic"] == true && case["outcome"] == "ok";
        stable += usize::from(is_stable);
        objects += usize::from(outcome.verdict != Verdict::Different);
        bytes += usize::from(is_stable && outcome.verdict == Verdict::Bytes);
        if outcome.verdict == Verdict::Different
            || (is_stable && outcome.verdict == Verdict::Objects)
        {
            report.push_str(&format!("{:?} {id}: {}\n", outcome.verdict, outcome.note));
        }
    }
    println!(
        "{report}{objects} of {cases} equal as objects, {bytes} of {stable} stable ones equal in bytes"
    );
    assert!(
        objects * 1000 >= cases * OBJECTS_PER_MILLE,
        "{objects} of {cases} are equal as objects"
    );
    assert!(
        bytes * 1000 >= stable * BYTES_PER_MILLE,
        "{bytes} of {stable} are equal in bytes"
    );
}
