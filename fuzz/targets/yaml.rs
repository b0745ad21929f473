//! Any bytes as YAML: reading never panics, the reader of simple texts sees what the parser sees, and what was read is written and read again as the
//! same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use skein_fuzz::expect_panics_of_scanner;
use skein_yaml::{
    Dialect, compose, compose_all, compose_detailed, documents, node_fields_to_json,
    node_to_string, to_string,
};

fuzz_target!(|data: &[u8]| {
    expect_panics_of_scanner();
    for dialect in [Dialect::V2, Dialect::V3] {
        if let Ok(nodes) = compose_all(data, dialect) {
            for node in &nodes {
                let _ = node_to_string(node);
            }
            // Only the parser reads several documents.
            let first = compose(data, dialect).ok().flatten();
            assert_eq!(first.as_ref(), nodes.first());
        }
    }
    if let Ok(Some(node)) = compose_detailed(data, 0) {
        let _ = node_fields_to_json(&node);
    }
    let Ok(read) = documents(data) else {
        return;
    };
    for document in read {
        if is_read_otherwise(&document.value) {
            continue;
        }
        let text = to_string(&document.value);
        let again = documents(text.as_bytes()).unwrap_or_else(|e| panic!("{e}:\n{text}"));
        let same = match again.as_slice() {
            [] => document.value.is_null(),
            [one] => one.value == document.value,
            _ => false,
        };
        assert!(same, "reads differently:\n{text}\n{:?}", document.value);
    }
});

/// Whether go-yaml reads otherwise what it wrote of a value, to which our text is equal: line breaks that are no line feed, and keys that look like a merge.
fn is_read_otherwise(value: &Value) -> bool {
    let has_breaks = |text: &str| text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
    match value {
        Value::String(text) => has_breaks(text),
        Value::Array(list) => list.iter().any(is_read_otherwise),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key == "<<" || has_breaks(key) || is_read_otherwise(value)),
        _ => false,
    }
}
