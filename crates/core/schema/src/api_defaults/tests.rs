//! The tables themselves.

use serde_json::Value;

use super::{TABLES, pods};

#[test]
fn every_line_is_json() {
    let lines = TABLES
        .iter()
        .flat_map(|(_, lines)| lines.iter())
        .chain(pods::TABLES.iter().copied().flatten());
    for (path, field, value) in lines {
        assert!(
            serde_json::from_str::<Value>(value).is_ok(),
            "{path}.{field}: {value}"
        );
    }
}
