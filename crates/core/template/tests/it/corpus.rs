//! Our own corpus: what Helm 4 renders of 5,037 templates. `cargo xtask oracle template` compares it with the real engine again.

use serde_json::Value as Json;

use crate::support::{answer, chart, difference, lines, report};

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
        if got != wanted {
            different.push(difference(text, &wanted, &got));
        }
    }
    report("corpus", &different, 0);
}
