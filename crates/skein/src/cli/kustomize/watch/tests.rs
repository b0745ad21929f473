//! What a change looks like.

use serde_json::json;

use super::{difference, objects};

#[test]
fn only_what_became_different_is_printed() {
    let object = |name: &str, value: &str| json!({"kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}});
    let before = objects(&[object("one", "1"), object("two", "1")]);
    let now = objects(&[object("one", "2"), object("three", "1")]);
    let text = difference(&before, &now);
    assert!(
        text.contains("~ ConfigMap/one\n  -   a: \"1\"\n  +   a: \"2\"\n"),
        "{text}"
    );
    assert!(text.contains("+ ConfigMap/three\n"), "{text}");
    assert!(text.contains("- ConfigMap/two\n"), "{text}");
    assert_eq!(difference(&now, &now), "= nothing changed\n");
}
