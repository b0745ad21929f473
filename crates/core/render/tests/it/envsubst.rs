//! Compares substitution with what Flux's evaluator (pkg/envsubst 1.7.1) made of generated expressions.

use serde_json::{Map, Value};
use skein_render::envsubst::substitute;

/// First line: the variables. Then per line `in` and `out`, `hex` (a result that is no UTF-8) or `err`.
const CASES: &str = include_str!("envsubst.jsonl");

#[test]
fn equals_the_recorded_evaluator() {
    let more = std::env::var("SKEIN_ENVSUBST_CASES").ok();
    let cases = more.map(|path| std::fs::read_to_string(path).expect("the file of cases"));
    let mut lines = cases.as_deref().unwrap_or(CASES).lines();
    let variables: Map<String, Value> =
        serde_json::from_str(lines.next().expect("variables")).expect("a map");
    let (mut equal, mut different) = (0, Vec::new());
    for line in lines {
        let case: Value = serde_json::from_str(line).expect("a case");
        let strict = case.get("strict").is_some();
        let lookup = |name: &str| {
            variables
                .get(name)
                .and_then(Value::as_str)
                .or((!strict).then_some(""))
        };
        let input = case["in"].as_str().expect("an input");
        let (key, value) = match substitute(input, &lookup) {
            Err(error) => ("err", error.to_string()),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => ("out", text),
                Err(e) => (
                    "hex",
                    e.as_bytes().iter().map(|b| format!("{b:02x}")).collect(),
                ),
            },
        };
        if case.get(key).and_then(Value::as_str) == Some(&value) {
            equal += 1;
        } else {
            different.push(format!("{line}\n  ours: {key} {value:?}"));
        }
    }
    println!("envsubst: {equal} equal, {} different", different.len());
    assert!(
        different.is_empty(),
        "{}",
        different[..different.len().min(20)].join("\n")
    );
}
