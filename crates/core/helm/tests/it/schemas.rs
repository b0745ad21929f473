//! Values against schemas, with what the library that Helm uses said of them (`e2e/upstream/template`, mode `schema`).

use serde_json::Value;

use crate::compare::same_problems;

const CASES: &str = include_str!("../schemas/cases.jsonl");
const EXPECTED: &str = include_str!("../schemas/expected.jsonl");

fn parse(line: &str) -> Value {
    serde_json::from_str(line).expect("a recorded line is JSON")
}

#[test]
fn problems_of_schemas_read_as_in_helm() {
    let mut wrong = Vec::new();
    for (case, expected) in CASES.lines().map(parse).zip(EXPECTED.lines().map(parse)) {
        let schema = case["schema"].as_str().expect("a case has a schema");
        let ours = skein_helm::check_schema(schema.as_bytes(), &case["data"]).err();
        let theirs = expected["error"].as_str();
        let is_same = match (&ours, theirs) {
            (Some(ours), Some(theirs)) => ours == theirs || same_problems(ours, theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if !is_same {
            wrong.push(format!(
                "{schema} {}\n  helm {theirs:?}\n  skein {ours:?}",
                case["data"]
            ));
        }
    }
    assert_eq!(CASES.lines().count(), EXPECTED.lines().count());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_of_problems_is_the_only_difference_that_is_forgiven() {
    let one =
        "- at '/a': got 1\n  - at '/a': x\n- at '': additional properties 'b', 'c' not allowed";
    let other =
        "- at '': additional properties 'c', 'b' not allowed\n- at '/a': got 1\n  - at '/a': x";
    let wrong =
        "- at '': additional properties 'c', 'b' not allowed\n  - at '/a': x\n- at '/a': got 1";
    assert!(same_problems(one, other));
    assert!(!same_problems(one, wrong));
}
