//! The recorded verdicts of Helm's `semverCompare`, and rules that they do not cover.

use std::path::PathBuf;

use serde_json::Value;
use skein_semver::{Constraint, Version};

fn vectors() -> Option<(Value, Value)> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors/semver");
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        serde_json::from_str(&text).ok()
    };
    let found = read("input.json").zip(read("expected.json"));
    if found.is_none() {
        println!("skipped: no shared semver vectors beside the repository");
    }
    found
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn every_recorded_pair_has_the_recorded_verdict() {
    let Some((input, expected)) = vectors() else {
        return;
    };
    let (bad_constraints, bad_versions) = (texts(&expected["badc"]), texts(&expected["badv"]));
    let mut wrong = Vec::new();
    for constraint in texts(&input["c"]) {
        let parsed = Constraint::parse(constraint);
        if parsed.is_err() != bad_constraints.contains(&constraint) {
            wrong.push(format!("constraint {constraint:?}: {:?}", parsed.is_ok()));
        }
    }
    for version in texts(&input["v"]) {
        if Version::parse(version).is_err() != bad_versions.contains(&version) {
            wrong.push(format!("version {version:?}"));
        }
    }
    let pairs = expected["res"].as_object().unwrap();
    for (pair, verdict) in pairs {
        let (constraint, version) = pair.split_once('\t').unwrap();
        let (Ok(c), Ok(v)) = (Constraint::parse(constraint), Version::parse(version)) else {
            wrong.push(pair.clone());
            continue;
        };
        if c.check(&v) != verdict.as_bool().unwrap() {
            wrong.push(pair.replace('\t', " ? "));
        }
    }
    assert!(
        pairs.len() > 2000 && wrong.is_empty(),
        "{} wrong: {wrong:#?}",
        wrong.len()
    );
}

#[test]
fn long_texts_are_refused() {
    assert!(Version::parse(&"1".repeat(2000)).is_err());
    assert!(Constraint::parse(&">1 ".repeat(20_000)).is_err());
}

#[test]
fn precedence_follows_the_specification() {
    let order = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0",
        "1.0.1",
    ];
    for pair in order.windows(2) {
        let (a, b) = (
            Version::parse(pair[0]).unwrap(),
            Version::parse(pair[1]).unwrap(),
        );
        assert_eq!(a.precedence(&b), std::cmp::Ordering::Less, "{pair:?}");
    }
    let (a, b) = (
        Version::parse("1.0.0+a").unwrap(),
        Version::parse("1.0.0+b").unwrap(),
    );
    assert_eq!(a.precedence(&b), std::cmp::Ordering::Equal);
}
