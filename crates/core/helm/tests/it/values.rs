//! Files of values as Helm reads them.

use serde_json::json;
use skein_helm::Values;
use skein_helm::values::{read_documents, set};

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
