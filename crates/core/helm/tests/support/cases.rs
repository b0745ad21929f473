//! The corpus of small charts: `cases.json` says how each is rendered.

use std::path::Path;

use serde_json::Value;

use crate::run::Request;

/// One rendering of one chart.
pub struct Case {
    pub name: String,
    /// Path of the chart below the corpus.
    pub chart: String,
    pub request: Request,
}

/// The cases of a corpus.
pub fn read(folder: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("cases.json is readable");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("cases.json is a list");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    cases
        .iter()
        .map(|case| Case {
            name: word(&case["name"]),
            chart: word(&case["chart"]),
            request: Request {
                release: word(&case["release"]),
                flags: case["flags"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(word)
                    .collect(),
                values: case["values"]
                    .as_str()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            },
        })
        .collect()
}
