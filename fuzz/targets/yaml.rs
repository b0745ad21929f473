//! Any bytes as YAML: reading never panics, and what was read is written and read again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use skein_fuzz::expect_panics_of_scanner;
use skein_yaml::{Dialect, compose_all, documents, node_to_string, to_string};

fuzz_target!(|data: &[u8]| {
    expect_panics_of_scanner();
    for dialect in [Dialect::V2, Dialect::V3] {
        if let Ok(nodes) = compose_all(data, dialect) {
            for node in &nodes {
                let _ = node_to_string(node);
            }
        }
    }
    let Ok(read) = documents(data) else {
        return;
    };
    for document in read {
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
