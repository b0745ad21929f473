//! Our verdicts against those of kstatus and of Flux's rule for Jobs, on random objects.

use serde_json::Value;

use super::*;

/// One line per object: the object, and `status`, `message` and `reason` as kstatus 1.2.3 of Flux's cli-utils and the Job reader
/// of Flux's runtime 0.110.3 gave them. Made by a seeded generator over the fields that the rules look at.
const CASES: &str = include_str!("../../tests/kstatus.jsonl");

#[test]
fn verdicts_equal_those_of_kstatus() {
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
    let mut differences = Vec::new();
    let mut count = 0;
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let object = Object::from_value(case["object"].clone()).expect("an object");
        let health = health(&object, now);
        let ours = [health.status.as_str(), &health.message, &health.reason];
        let theirs = ["status", "message", "reason"].map(|key| case[key].as_str().expect("text"));
        if ours != theirs {
            differences.push(format!("{line}\n  ours {ours:?}"));
        }
        count += 1;
    }
    assert_eq!(count, 800);
    assert!(
        differences.is_empty(),
        "{} of {count}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn odd_statuses_are_no_reason_to_fail() {
    for status in [
        "null",
        "7",
        "[]",
        r#"{"conditions": 3}"#,
        r#"{"conditions": [null, 3, {}]}"#,
    ] {
        let text =
            format!(r#"{{"apiVersion": "apps/v1", "kind": "Deployment", "status": {status}}}"#);
        let object =
            Object::from_value(serde_json::from_str(&text).expect("JSON")).expect("object");
        assert_eq!(health(&object, Timestamp::MAX).status, Status::InProgress);
    }
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Odd"}}"#;
    let pod = Object::from_value(serde_json::from_str(pod).expect("JSON")).expect("object");
    assert_eq!(
        health(&pod, Timestamp::MAX),
        Health::unknown("unknown phase Odd")
    );
}
