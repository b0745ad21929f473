//! What is read equals what Go's libraries read.

use serde_json::{Value, json};
use skein_yaml::{Dialect, compose, documents, from_slice, from_slice_strict, node_to_json};

use crate::shared::vector;

#[test]
fn scalars_and_keys_as_helm_reads_them() {
    let (Some(input), Some(expected)) = (
        vector("scalars-input.yaml"),
        vector("scalars-expected.json"),
    ) else {
        return;
    };
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let ours = from_slice(input.as_bytes()).unwrap();
    let (Some(expected), Some(ours)) = (expected.as_object(), ours.as_object()) else {
        panic!("both are maps")
    };
    for (key, value) in expected {
        let mine = &ours[key];
        let equal = match (value.as_f64(), mine.as_f64()) {
            (Some(a), Some(b)) => a == b,
            _ => value == mine,
        };
        assert!(equal, "{key}: expected {value}, ours {mine}");
    }
    assert_eq!(expected.len(), ours.len());
}

fn v3(text: &str) -> Result<Value, skein_yaml::YamlError> {
    let node = compose(text.as_bytes(), Dialect::V3)?.expect("a document");
    node_to_json(&node, Dialect::V3)
}

#[test]
fn dialects_differ_in_words_and_timestamps() {
    let text = "a: yes\nb: 2001-1-2\nc: 2001-12-14t21:59:43.10-05:00\n";
    assert_eq!(
        from_slice(text.as_bytes()).unwrap(),
        json!({"a": true, "b": "2001-1-2", "c": "2001-12-14t21:59:43.10-05:00"})
    );
    assert_eq!(
        v3(text).unwrap(),
        json!({"a": "yes", "b": "2001-01-02T00:00:00Z", "c": "2001-12-14T21:59:43.1-05:00"})
    );
}

#[test]
fn duplicate_keys() {
    let text = b"a: 1\nb: 2\na: 3\n";
    assert_eq!(from_slice(text).unwrap(), json!({"a": 3, "b": 2}));
    let error = from_slice_strict(text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3: the key \"a\" is already defined at line 1"
    );
}

#[test]
fn merge_keys() {
    let text = "base: &b {a: 1, b: 2}\nmore: &m {b: 3, c: 4}\nall:\n  b: 9\n  <<: [*b, *m]\n";
    assert_eq!(v3(text).unwrap()["all"], json!({"a": 1, "b": 9, "c": 4}));
    // v2 merges where the key stands, over what came before.
    assert_eq!(
        from_slice(text.as_bytes()).unwrap()["all"],
        json!({"a": 1, "b": 2, "c": 4})
    );
}

/// As go-yaml v2 reads them.
#[test]
fn a_lone_tag_mark_makes_texts_and_merges() {
    let text =
        b"a: ! 12\nb:\n  ! <<: {x: 1}\nc:\n  ! \"<<\": {x: 1}\nd:\n  \"<<\": {x: 1}\ne: ! <<\n";
    assert_eq!(
        from_slice(text).unwrap(),
        json!({"a": "12", "b": {"x": 1}, "c": {"x": 1}, "d": {"<<": {"x": 1}}, "e": "<<"})
    );
}

#[test]
fn keys_that_are_no_strings() {
    assert_eq!(
        from_slice(b"1: a\nyes: b\n1.5: c\n").unwrap(),
        json!({"1": "a", "true": "b", "1.5": "c"})
    );
    assert_eq!(v3("1: a\n").unwrap(), json!({"1": "a"}));
    assert!(
        v3("m:\n  1: a\n")
            .unwrap_err()
            .to_string()
            .contains("line 2")
    );
    assert!(from_slice(b"~: a\n").is_err());
}

#[test]
fn many_documents_with_their_lines() {
    let all = documents(b"# first\na: 1\n---\n---\nb: 2\n...\n").unwrap();
    let lines: Vec<_> = all.iter().map(|d| (d.line, d.value.clone())).collect();
    assert_eq!(lines[0], (2, json!({"a": 1})));
    assert_eq!(lines[1].1, Value::Null);
    assert_eq!(lines[2], (5, json!({"b": 2})));
    assert!(documents(b"# nothing\n").unwrap().is_empty());
}

#[test]
fn byte_order_mark_and_carriage_returns() {
    assert_eq!(
        from_slice(b"\xef\xbb\xbfa: 1\r\nb: x\r\n").unwrap(),
        json!({"a": 1, "b": "x"})
    );
}

#[test]
fn explicit_tags() {
    assert_eq!(
        v3("a: !!str 1\nb: !!float 3\nc: !!binary aGk=\n").unwrap(),
        json!({"a": "1", "b": 3, "c": "hi"})
    );
    assert!(v3("a: !!int x\n").is_err());
}

#[test]
fn block_scalars_without_a_last_line_feed() {
    let value = |text: &str| from_slice(text.as_bytes()).unwrap()["a"].clone();
    assert_eq!(value("a: |\n  x\n  y"), "x\ny");
    assert_eq!(value("a: |+\n  x\n\n"), "x\n\n");
    assert_eq!(value("a: |+\n  x"), "x");
    assert_eq!(value("a: |-\n  x"), "x");
    assert_eq!(value("a: >\n  x\n  y"), "x y");
    assert_eq!(value("a: |\n  x\n  "), "x\n");
    assert_eq!(value("a: |\n  x\n# comment"), "x\n");
    assert_eq!(value("a: |\n  x\nb: 1"), "x\n");
    assert_eq!(value("a: |"), "");
}

#[test]
fn quotes_may_be_escaped_in_double_quotes() {
    let text = r#"
- "endpoint: \'{{ $labels.name }}\' failed \" \\"
- 'kept \''' # \'
- plain \'
- "ä \' in two
  lines \'"
- |
  "\'"
"#;
    let read = [
        json!(r#"endpoint: '{{ $labels.name }}' failed " \"#),
        json!(r"kept \'"),
        json!(r"plain \'"),
        json!("ä ' in two lines '"),
        json!("\"\\'\"\n"),
    ];
    assert_eq!(from_slice(text.as_bytes()).unwrap(), json!(read));
    assert_eq!(v3(text).unwrap(), json!(read));
    assert_eq!(documents(text.as_bytes()).unwrap()[0].value, json!(read));
    assert!(from_slice(br#""\' \q""#).is_err());
}
