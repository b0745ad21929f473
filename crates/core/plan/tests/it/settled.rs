//! Holds the proof that an apply changes nothing against what a real API server (1.36.3) answered to the dry run.
//!
//! Cases were recorded from objects that were applied and then changed by others in random ways. A proof must never be wrong; that it
//! is not found costs a request.

use serde_json::{Value, json};
use skein_object::Object;
use skein_plan::normalize::normalize;
use skein_plan::owned::is_settled;

/// Per line `desired`, `live`, and `same`: whether the dry run gave `live` again, ownership included.
const CASES: &str = include_str!("settled.jsonl");
const MANAGER: &str = "kustomize-controller";

#[test]
fn a_proof_is_never_wrong() {
    let more = std::env::var("SKEIN_SETTLED_CASES").ok();
    let cases = more.map(|path| std::fs::read_to_string(path).expect("the file of cases"));
    let (mut proved, mut missed, mut refuted, mut wrong) = (0, Vec::new(), 0, Vec::new());
    for line in cases.as_deref().unwrap_or(CASES).lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let object = |field: &str| Object::from_value(case[field].clone()).expect("an object");
        let (desired, live) = (object("desired"), object("live"));
        match (
            is_settled(&desired, &live, MANAGER),
            case["same"] == json!(true),
        ) {
            (true, true) => proved += 1,
            (false, false) => refuted += 1,
            (false, true) => {
                missed.push(format!(
                    "{} ({})",
                    desired.key(),
                    case["note"].as_str().unwrap_or_default()
                ));
            }
            (true, false) => wrong.push(line.to_owned()),
        }
    }
    println!(
        "settled: {proved} proved, {} not proved, {refuted} rightly not",
        missed.len()
    );
    println!("not proved: {}", missed[..missed.len().min(200)].join("; "));
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
    assert!(proved > 0, "nothing was proved");
    // What was just applied and is of a built-in kind must be proved: else each pass over unchanged objects would cost requests.
    let steady: Vec<_> = missed
        .iter()
        .filter(|m| m.ends_with("(fresh)") && !m.starts_with("Thing/"))
        .collect();
    assert!(
        cases.is_some() || steady.is_empty(),
        "not proved: {steady:?}"
    );
}

/// Writes the normal form of objects, one per line, for whoever records cases.
#[test]
fn writes_normal_forms() {
    let (Ok(from), Ok(to)) = (
        std::env::var("SKEIN_NORMALIZE_FROM"),
        std::env::var("SKEIN_NORMALIZE_TO"),
    ) else {
        println!("skipped: SKEIN_NORMALIZE_FROM and SKEIN_NORMALIZE_TO are not set");
        return;
    };
    let text = std::fs::read_to_string(from).expect("objects, one per line");
    let mut lines = String::new();
    for line in text.lines() {
        let mut object: Object = serde_json::from_str(line).expect("an object");
        normalize(&mut object);
        lines.push_str(&object.to_value().to_string());
        lines.push('\n');
    }
    std::fs::write(to, lines).expect("a file");
}
