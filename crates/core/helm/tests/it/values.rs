//! Files of values as Helm reads them.

use serde_json::json;
use skein_helm::values::{read_documents, set, set_file};
use skein_helm::{RenderOptions, Values, render};
use skein_template::FixedEnvironment;

use crate::bad_input::chart;

#[test]
fn the_last_line_of_a_file_ends() {
    for (text, expected) in [
        ("a: |\n  x", "x\n"),
        ("a: |\n  x\n  y ", "x\ny \n"),
        ("a: |-\n  x", "x"),
        ("a: |\r\n  x\r\n  y\r\n", "x\ny\n"),
        ("a: x", "x"),
    ] {
        let values = read_documents(text.as_bytes()).expect("the text is YAML");
        assert_eq!(values.get("a"), Some(&json!(expected)), "{text:?}");
    }
}

#[test]
fn an_index_that_does_not_end_ends_the_assignments() {
    let mut values = Values::new();
    set("b=1,a[=true,c=2", &mut values).expect("helm says nothing");
    assert_eq!(serde_json::Value::Object(values), json!({ "b": 1 }));
}

#[test]
fn the_bytes_of_a_file_stay_what_they_are() {
    let chart = chart(&[
        (
            "templates/a.yaml",
            "kind: A\nown: {{ .Values.sub.q | b64enc }}\nsize: {{ len .Values.sub.q }}\njson: {{ toJson .Values.sub }}\n",
        ),
        (
            "charts/sub/Chart.yaml",
            "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
        ),
        (
            "charts/sub/templates/a.yaml",
            "kind: B\nbelow: {{ .Values.q | b64enc }}\n",
        ),
        (
            "values.schema.json",
            "{\"properties\": {\"sub\": {\"properties\": {\"q\": {\"minLength\": 4, \"maxLength\": 4}}}}}",
        ),
    ]);
    let mut values = Values::new();
    let mut read = |_: &str| Ok(b"\xff\x00\xc3\xa9\x80".to_vec());
    set_file("sub.q=x.bin", &mut values, &mut read).expect("is set");
    let options = RenderOptions::default();
    let mut environment = FixedEnvironment::default();
    let rendered = render(&chart, &values, &options, &mut environment).expect("renders");
    for line in [
        "own: /wDDqYA=\n",
        "size: 5\n",
        "json: {\"global\":{},\"q\":\"\\ufffd\\u0000é\\ufffd\"}\n",
        "below: /wDDqYA=\n",
    ] {
        assert!(rendered.manifest.contains(line), "{}", rendered.manifest);
    }
}

#[test]
fn the_last_character_of_utf_16_is_broken_by_the_line_feed_behind_it() {
    let little = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect()
    };
    let big = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_be_bytes);
        [0xFE, 0xFF].into_iter().chain(units).collect()
    };
    let incomplete = "cannot unmarshal yaml document: error converting YAML to JSON: yaml: incomplete UTF-16 character";
    for broken in [little("a: x\nb: y\n"), little("a: x"), big("a: x")] {
        assert_eq!(read_documents(&broken), Err(incomplete.to_owned()));
    }
    let read = read_documents(&big("a: x\nb: z\n")).expect("is YAML");
    assert_eq!(serde_json::Value::Object(read), json!({"a": "x", "b": "z"}));
}
