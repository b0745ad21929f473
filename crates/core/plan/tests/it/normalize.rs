//! Compares the normal form with what Flux (pkg/ssa 0.76.2) made of generated objects of all built-in kinds.

use serde_json::Value;
use skein_object::Object;
use skein_plan::normalize::normalize;

/// Per line `in` and `out`.
const CASES: &str = include_str!("normalize.jsonl");

#[test]
fn equals_the_recorded_normal_form() {
    let more = std::env::var("SKEIN_NORMALIZE_CASES").ok();
    let cases = more.map(|path| std::fs::read_to_string(path).expect("the file of cases"));
    let (mut equal, mut different) = (0, Vec::new());
    for line in cases.as_deref().unwrap_or(CASES).lines() {
        let mut case: Value = serde_json::from_str(line).expect("a case");
        let mut object = Object::from_value(case["in"].take()).expect("an object");
        normalize(&mut object);
        let mut expected = case["out"].take();
        // Flux sends a null time of creation, which the API server takes for none.
        if let Some(metadata) = expected["metadata"].as_object_mut()
            && metadata.get("creationTimestamp") == Some(&Value::Null)
        {
            metadata.remove("creationTimestamp");
        }
        if object.to_value() == expected {
            equal += 1;
        } else {
            different.push(format!("{line}\n  ours: {}", object.to_value()));
        }
    }
    println!("normal form: {equal} equal, {} different", different.len());
    assert!(
        different.is_empty(),
        "{}",
        different[..different.len().min(5)].join("\n")
    );
}
