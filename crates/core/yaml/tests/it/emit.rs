//! What is written equals what `sigs.k8s.io/yaml` writes.

use serde_json::{Value, json};
use skein_yaml::{Dialect, compose, node_to_string, to_string};

use crate::shared::vector;

#[test]
fn nasty_strings_and_keys_as_helm_writes_them() {
    let (Some(input), Some(expected)) =
        (vector("toyaml-input.json"), vector("toyaml-expected.yaml"))
    else {
        return;
    };
    let value: Value = serde_json::from_str(&input).unwrap();
    let ours = to_string(&value);
    let (mut ours, mut expected): (Vec<_>, Vec<_>) =
        (ours.lines().collect(), expected.lines().collect());
    // Go's order of keys that begin with digits is not total ("0777" < "0b101" < "123" < "0777"), and it sorts from a random order.
    let digits = |l: &&str| {
        l.strip_prefix("  ").is_some_and(|l| {
            l.trim_start_matches('"')
                .starts_with(|c: char| c.is_ascii_digit())
        })
    };
    let (mut a, mut b): (Vec<_>, Vec<_>) = (
        ours.extract_if(.., |l| digits(l)).collect(),
        expected.extract_if(.., |l| digits(l)).collect(),
    );
    a.sort_unstable();
    b.sort_unstable();
    assert_eq!(a, b);
    let mut wrong = 0;
    for (at, line) in expected.iter().enumerate() {
        if ours.get(at) != Some(line) {
            wrong += 1;
            if wrong < 20 {
                eprintln!(
                    "line {}: expected {line:?}, ours {:?}",
                    at + 1,
                    ours.get(at)
                );
            }
        }
    }
    assert_eq!(wrong, 0, "lines differ");
}

fn check(value: &Value, expected: &str) {
    assert_eq!(to_string(value), expected);
}

#[test]
fn collections_are_compact() {
    check(
        &json!({"b": [1, {"x": [], "a": {}}], "a": [[1, 2], []]}),
        "a:\n- - 1\n  - 2\n- []\nb:\n- 1\n- a: {}\n  x: []\n",
    );
    check(&json!({}), "{}\n");
    check(&json!([]), "[]\n");
    check(&json!("text"), "text\n");
}

#[test]
fn numbers_as_go_prints_them() {
    check(
        &json!([
            1.0,
            0.5,
            1e21,
            1e20,
            1234567.5,
            0.00001,
            12345678901234567890u64,
            -3
        ]),
        "- 1\n- 0.5\n- 1e+21\n- 1e+20\n- 1.2345675e+06\n- 1e-05\n- 12345678901234567890\n- -3\n",
    );
}

#[test]
fn ambiguous_strings_are_double_quoted() {
    check(
        &json!(["yes", "12:30:45", "0x1f", "2001-01-01", "a: b", "=", "<<"]),
        "- \"yes\"\n- \"12:30:45\"\n- \"0x1f\"\n- \"2001-01-01\"\n- 'a: b'\n- =\n- <<\n",
    );
}

#[test]
fn long_text_is_folded_at_eighty_columns() {
    let words = "word ".repeat(30);
    let text = to_string(&json!({ "k": words.trim_end() }));
    assert!(
        text.lines().count() > 1 && text.lines().all(|l| l.len() <= 86),
        "{text}"
    );
    assert_eq!(
        skein_yaml::from_slice(text.as_bytes()).unwrap(),
        json!({ "k": words.trim_end() })
    );
}

#[test]
fn node_trees_keep_their_styles() {
    for text in [
        "a: 'x'\nb: \"y\"\nc: {d: [1, 2], e: \"\"}\n",
        "list:\n- a: 1\n  b: |\n    x\n    y\n- - 1\n  - 2\n",
        "n: null\nt: !!str 5\nf: 1.50\n",
    ] {
        let node = compose(text.as_bytes(), Dialect::V3).unwrap().unwrap();
        assert_eq!(node_to_string(&node), text);
    }
}
