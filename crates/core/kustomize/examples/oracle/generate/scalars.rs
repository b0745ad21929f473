//! Scalars in the many ways that YAML can write and mistake them.

use super::Numbers;

/// Values as they stand behind a key.
const VALUES: [&str; 74] = [
    "plain",
    "two words",
    "\"quoted\"",
    "'single'",
    "yes",
    "\"yes\"",
    "'no'",
    "on",
    "Off",
    "y",
    "N",
    "true",
    "True",
    "\"true\"",
    "null",
    "~",
    "\"null\"",
    "''",
    "\"\"",
    "0",
    "1",
    "-1",
    "+1",
    "007",
    "0o17",
    "0x1F",
    "\"0x1F\"",
    "1_000",
    "1e3",
    "1e21",
    "1.0",
    "1.10",
    "\"1.10\"",
    ".5",
    "5.",
    ".inf",
    "-.inf",
    ".nan",
    "9007199254740993",
    "18446744073709551616",
    "12:30:45",
    "190:20:30",
    "2001-01-01",
    "\"2001-01-01\"",
    "2001-12-14t21:59:43.10-05:00",
    "\"a: b\"",
    "'- x'",
    "\"# no comment\"",
    "a#b",
    "a:b",
    "http://example.com:80/x?y=z",
    "\"{{ .Values.x }}\"",
    "'@at'",
    "\"*star\"",
    "'&amp'",
    "\"!bang\"",
    "\"%pct\"",
    "\"tab\\there\"",
    "\"uni \\u00e9\"",
    "é ü 日本",
    "\"😀\"",
    "\"trailing \"",
    "\" leading\"",
    "\"back\\\\slash\"",
    "'it''s'",
    "\"new\\nline\"",
    "\"new\\nline\\n\"",
    "1.2.3",
    "=",
    "\"=\"",
    "<<x",
    "!!str 5",
    "!!int \"5\"",
    "a  # with a comment",
];

/// A value behind a key; `indent` is where the key stands.
pub fn value(numbers: &mut Numbers, indent: &str) -> String {
    if numbers.percent(12) {
        let head = numbers.pick(&["|", "|-", "|+", ">", ">-", "|2"]);
        let pad = if head == "|2" {
            "  ".to_owned()
        } else {
            " ".repeat(1 + numbers.below(4))
        };
        let texts = [
            "first\nsecond",
            "one\n\ntwo\n",
            "a: b\nc: d",
            "#!/bin/sh\nset -e\n  echo \"$X\"\n",
            "trailing space \nnext",
            "a very long line that goes on and on and on, well beyond the eighty columns at which some emitters fold\nx",
            "{\"json\": [1, 2]}",
        ];
        let text = numbers.pick(&texts);
        let body: Vec<String> = text
            .split('\n')
            .map(|l| {
                if l.is_empty() {
                    String::new()
                } else {
                    format!("{indent}{pad}{l}")
                }
            })
            .collect();
        return format!("{head}\n{}", body.join("\n"));
    }
    if numbers.percent(3) {
        return "a very long plain text that goes on and on and on, well beyond the eighty columns at which some emitters fold their lines".to_owned();
    }
    (numbers.pick(&VALUES)).to_owned()
}

/// A value that is a text for sure, on one line.
pub fn text(numbers: &mut Numbers) -> &'static str {
    numbers.pick(&[
        "plain",
        "\"yes\"",
        "'no'",
        "\"1\"",
        "\"true\"",
        "two words",
        "\"null\"",
        "\"\"",
        "'a: b'",
        "\"é\"",
        "\"0x10\"",
        "\"1e3\"",
        "\"2001-01-01\"",
        "x-y_z",
        "\"-\"",
        "\"~\"",
    ])
}

/// A literal of a generator, as an item of a list.
pub fn literal(numbers: &mut Numbers, at: usize) -> String {
    let list = [
        "a=b",
        "\"quoted='x y'\"",
        "'double=\"z\"'",
        "url=http://x:80/?q=1&r=2",
        "empty=",
        "n=1",
        "\"json={\\\"a\\\": 1}\"",
        "\"multi=one\\ntwo\\n\"",
        "yes=no",
        "uni=é",
        "\"space= lead\"",
        "eq=a=b",
    ];
    let text = numbers.pick(&list);
    match text.find('=') {
        Some(split) if at > 0 => {
            let (key, value) = text.split_at(split);
            format!("{key}{at}{value}")
        }
        _ => text.to_owned(),
    }
}

/// Content of a file for a generator.
pub fn file(numbers: &mut Numbers) -> String {
    (numbers.pick(&[
        "x=1\ny=2\n",
        "no newline at the end",
        "",
        "\n\n",
        "trailing space \nx\n",
        "tab\there\n",
        "# comment\nkey: value\nlist:\n- 1\n",
        "windows\r\nlines\r\n",
        " leading\n",
        "é 日本 😀\n",
        "line\u{2028}separator\n",
        "bell\u{7}\n",
    ]))
    .to_owned()
}

/// Content of an environment file.
pub fn environment(numbers: &mut Numbers) -> String {
    (numbers.pick(&[
        "A=1\nB=two words\n",
        "# comment\n\n  C=spaced \nD=\"quoted\"\n",
        "E=a=b\r\nF=\r\n",
        "G=é\n",
        "\u{FEFF}H=1",
    ]))
    .to_owned()
}
