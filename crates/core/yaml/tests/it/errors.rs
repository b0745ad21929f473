//! Bad text is refused with its place, and bombs do not go off.

use skein_yaml::{Dialect, YamlError, compose, from_slice};

#[test]
fn syntax_errors_name_the_place() {
    let cases: [(&str, u64); 4] = [
        ("a:\n\tb: 1\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: [1, 2\nb: 3\n", 2),
        ("a: \"x\n", 2),
    ];
    for (text, line) in cases {
        let error = from_slice(text.as_bytes()).unwrap_err();
        assert_eq!(error.line(), line, "{text:?}: {error}");
    }
}

#[test]
fn invalid_utf8_and_control_characters() {
    assert!(from_slice(b"a: \xff\xfe\n").is_err());
    assert!(from_slice(b"a: \x01\n").is_err());
}

#[test]
fn unknown_and_self_referring_anchors() {
    assert!(matches!(
        from_slice(b"a: *x\n"),
        Err(YamlError::UnknownAnchor { line: 1, .. })
    ));
    assert!(matches!(
        from_slice(b"a: &x [*x]\n"),
        Err(YamlError::UnknownAnchor { .. })
    ));
}

#[test]
fn alias_bomb() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    assert!(matches!(
        from_slice(text.as_bytes()),
        Err(YamlError::TooManyNodes { .. })
    ));
}

#[test]
fn depth_bomb() {
    let text = "[".repeat(5000);
    assert!(matches!(
        compose(text.as_bytes(), Dialect::V3),
        Err(YamlError::TooDeep { .. })
    ));
}

#[test]
fn infinity_is_no_json() {
    assert!(
        from_slice(b"a: .inf\n")
            .unwrap_err()
            .to_string()
            .contains("quote it")
    );
}
