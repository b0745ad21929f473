//! Our own corpus: what Helm 4 renders of 5,003 templates. `cargo xtask oracle template` compares it with the real engine again.

use serde_json::Value as Json;

use crate::support::{answer, chart, difference, lines, report};

/// Templates whose answer is known to differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "{{ \"<&>\\u2028é\\x01\\x7f\" | toYamlPretty }}",
        "control characters, which only toYaml refuses",
    ),
    (
        "{{ \"\\xff\" | toYamlPretty }}",
        "!!binary for text that is no UTF-8",
    ),
];

#[test]
fn the_corpus_renders_as_by_helm() {
    let data: Json = serde_json::from_str(include_str!("../corpus/data.json")).unwrap();
    let cases = lines(include_str!("../corpus/cases.jsonl"));
    let expected = lines(include_str!("../corpus/expected.jsonl"));
    assert_eq!(cases.len(), expected.len());
    let mut different = Vec::new();
    for (case, expected) in cases.iter().zip(&expected) {
        let text = case["tpl"].as_str().unwrap();
        let got = chart(text, &data, case.get("mk").is_some());
        let wanted = answer(expected);
        let known = DIFFERENT.iter().any(|(known, _)| *known == text);
        assert!(!known || got != wanted, "no longer different: {text}");
        if got != wanted && !known {
            different.push(difference(text, &wanted, &got));
        }
    }
    report("corpus", &different, 0);
}
