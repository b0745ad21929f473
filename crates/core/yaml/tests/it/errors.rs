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
fn an_escaped_slash_is_no_escape_of_go() {
    for text in [
        "a: 1\nb: \"x\\/y\"\n",
        "a: é\nb: \"\\\\\\/\"\n",
        "\u{FEFF}a: é\n\"\\/\": 1\n",
    ] {
        let error = from_slice(text.as_bytes()).expect_err(text);
        assert_eq!(error.line(), 2, "{text}");
        assert_eq!(
            error.go_text(),
            "yaml: line 2: found unknown escape character"
        );
    }
    // Only in double quotes, and not behind an escaped backslash.
    for text in [
        "a: \\/\n",
        "a: '\\/'\n",
        "a: \"\\\\/\"\n",
        "a: |\n  \"\\/\"\n",
    ] {
        assert!(from_slice(text.as_bytes()).is_ok(), "{text}");
    }
    let text = "\u{FEFF}é: \"it\\'s\"\n";
    assert_eq!(from_slice(text.as_bytes()).expect("a quote")["é"], "it's");
}

#[test]
fn a_comma_cannot_follow_a_tag() {
    for text in [
        "a: 1\nb: [!!str, x]\n",
        "\u{FEFF}é: 1\nb: {a: !0, c: d}\n",
        "a: 1\nb: [!<tag:x,y>, x]\n",
        "a: 1\n!, b: c\n",
        "a: 1\nb: {\"x\"!y, c: d}\n",
    ] {
        let error = from_slice(text.as_bytes()).expect_err(text);
        assert_eq!(error.line(), 2, "{text}");
        assert_eq!(
            error.go_text(),
            "yaml: line 2: did not find expected whitespace or line break"
        );
    }
    // Where the scanner looks ahead it stops at the first such tag.
    for text in [
        "1\n{a: !0, b: !1, c\n",
        "[[: [: - !q:-,--[ ![--,--a: -\n[\n",
    ] {
        assert!(from_slice(text.as_bytes()).is_err(), "{text}");
    }
    for text in [
        "a: x !y, z\n",
        "a: \"[ !y, z\"\n",
        "a: | # !y, z\n  !y, z\n",
        "# !y, z\na: [!!str x, !!str , y]\n",
    ] {
        assert!(from_slice(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn utf_16_is_read_as_what_it_means() {
    let text = "a: é 😀\nb: \"it\\'s\"\n";
    let wide = |mark: [u8; 2], to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(to_bytes);
        mark.into_iter().chain(units).collect()
    };
    let wanted = from_slice(text.as_bytes()).expect("UTF-8");
    for wide in [
        wide([0xFE, 0xFF], u16::to_be_bytes),
        wide([0xFF, 0xFE], u16::to_le_bytes),
    ] {
        assert_eq!(from_slice(&wide).expect("UTF-16"), wanted);
        let cut = &wide[..wide.len() - 1];
        assert_eq!(from_slice(cut).expect_err("half a character").line(), 2);
    }
    let lone = b"\xFF\xFEa\0:\0 \0\x2D\xDF";
    assert_eq!(from_slice(lone).expect_err("half a pair").line(), 1);
}

#[test]
fn a_text_may_begin_with_any_letter() {
    for first in ['\u{F000}', '\u{F30F}', '\u{FF01}', '\u{FFFD}'] {
        let text = format!("{first}é: \"it\\'s\"\nb: \"\\\\/\"\n");
        let read = from_slice(text.as_bytes()).expect("a text");
        assert_eq!(read[format!("{first}é")], "it's");
        let error = from_slice(format!("{text}c: [!x, y]\n").as_bytes());
        assert_eq!(error.expect_err("a tag").line(), 3);
    }
}

#[test]
fn unreadable_bytes_have_a_place() {
    for (text, line, column) in [
        (b"a: 1\nb: \xFF\n".as_slice(), 2, 4),
        ("a: é\u{1}\n".as_bytes(), 1, 5),
        ("a: 1\n\n# \u{7F}\n".as_bytes(), 3, 3),
    ] {
        let error = from_slice(text).expect_err("cannot be read");
        let YamlError::Syntax { column: told, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((error.line(), *told), (line, column), "{error}");
    }
}

#[test]
fn invalid_utf8_and_control_characters() {
    assert!(from_slice(b"a: \xff\xfe\n").is_err());
    for (text, wanted) in [
        (
            &b"a: \xf0\x9f\n"[..],
            "yaml: incomplete UTF-8 octet sequence",
        ),
        (b"a: \xe2\x82\n", "yaml: invalid trailing UTF-8 octet"),
        (
            b"a: !!binary '%%'\n",
            "yaml: !!binary value contains invalid base64 data",
        ),
    ] {
        let told = from_slice(text).map_err(|error| error.go_text());
        assert_eq!(told, Err(wanted.to_owned()));
    }
    assert!(from_slice(b"a: \x01\n").is_err());
}

#[test]
fn unknown_and_self_referring_anchors() {
    assert!(matches!(
        from_slice(b"a: *x\n"),
        Err(YamlError::UnknownAnchor { line: 1, .. })
    ));
    assert!(matches!(
        from_slice(b"a: &y 1\nb: &x\n  - *y\n  - &y [*x]\n"),
        Err(YamlError::AnchorInItself { line: 4, .. })
    ));
    assert_eq!(
        from_slice(b"b: &x 1\na: &x [*x]\n").map_err(|error| error.go_text()),
        Err("yaml: anchor 'x' value contains itself".to_owned())
    );
}

#[test]
fn alias_bomb() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    let error = from_slice(text.as_bytes()).unwrap_err();
    assert_eq!(
        error.go_text(),
        "yaml: document contains excessive aliasing"
    );
    let Err(YamlError::ExcessiveAliasing { count, .. }) = compose(text.as_bytes(), Dialect::V3)
    else {
        panic!("a bomb was read");
    };
    assert!(count < 2_000_000, "{count}");
}

/// A list of so many values, and so many aliases of it.
fn aliases(values: usize, times: usize) -> String {
    let (values, aliases) = (vec!["x"; values].join(", "), vec!["*a"; times].join(", "));
    format!("a: &a [{values}]\nb: [{aliases}]\n")
}

#[test]
fn many_aliases_are_no_bomb() {
    for (values, times) in [(8, 12), (8, 80), (8, 40_000), (60, 6_200)] {
        let text = aliases(values, times);
        assert!(compose(text.as_bytes(), Dialect::V2).is_ok(), "{times}");
    }
    // What is too much in one document may stand in two.
    let one = aliases(60, 6_200);
    assert!(skein_yaml::documents(format!("{one}---\n{one}").as_bytes()).is_ok());
    assert!(compose(aliases(60, 12_400).as_bytes(), Dialect::V3).is_err());
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

#[test]
fn plain_scalars_of_flow_collections_end_where_go_ends_them() {
    // What sigs.k8s.io/yaml 1.6 makes of them.
    for (text, wanted) in [
        ("a: {top:}", r#"{"a":{"top:":null}}"#),
        ("a: {top:,b: 1}", r#"{"a":{"b":1,"top:":null}}"#),
        (
            "a: [top:]\nb: [é:, x:y, ^]",
            r#"{"a":["top:"],"b":["é:","x:y","^"]}"#,
        ),
        ("a: [http://x:80/y]", r#"{"a":["http://x:80/y"]}"#),
        (
            "a: {? b, c: \"d?\"}\ne: f?",
            r#"{"a":{"b":null,"c":"d?"},"e":"f?"}"#,
        ),
        ("a: [b:]\nc: |\n  d", r#"{"a":["b:"],"c":"d"}"#),
    ] {
        let value = from_slice(text.as_bytes()).expect(text);
        assert_eq!(value.to_string(), wanted, "{text}");
    }
    for (text, wanted) in [
        ("a: {x:[1]}", "did not find expected ',' or '}'"),
        ("b: 1\na: [a?]", "line 1: did not find expected ',' or ']'"),
        ("a: {b: c?d}", "did not find expected ',' or '}'"),
    ] {
        let error = from_slice(text.as_bytes()).expect_err(text);
        assert_eq!(error.go_text(), format!("yaml: {wanted}"), "{text}");
    }
    let many = format!("a: [{}]", "x:,".repeat(50_000));
    // However many there are, it ends.
    let _ = from_slice(many.as_bytes());
}

#[test]
fn keys_at_the_end_and_tags_that_do_not_fit_are_told_as_in_go() {
    for (text, wanted) in [
        ("a: 1\nx", "yaml: line 3: could not find expected ':'"),
        ("a: 1\nx\n", "yaml: line 3: could not find expected ':'"),
        ("a: |\n x\ny", "yaml: line 4: could not find expected ':'"),
        ("a: !!int", "yaml: cannot decode !!null `` as a !!int"),
        (
            "a: !!float true",
            "yaml: cannot decode !!bool `true` as a !!float",
        ),
        (
            "a: !!int 1.5",
            "yaml: cannot decode !!float `1.5` as a !!int",
        ),
        (
            "a: !!int 2020-01-01",
            "yaml: cannot decode !!str `2020-01-01` as a !!int",
        ),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("a: -.inf", "json: unsupported value: -Inf"),
        ("a: .nan", "json: unsupported value: NaN"),
    ] {
        let error = from_slice(text.as_bytes()).expect_err(text);
        assert_eq!(error.go_text(), wanted, "{text}");
    }
}

#[test]
fn a_quoted_quote_is_read_before_a_block_that_the_text_ends_in() {
    let value = from_slice(b"a: \"it\\'s\"\nb: |\n  it\\'s\n  so").expect("it is YAML");
    assert_eq!(value["a"], "it's");
    assert_eq!(value["b"], "it\\'s\nso");
}
