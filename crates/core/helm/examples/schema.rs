//! Checks values against schemas as a filter: a line `{"schema": TEXT, "data": ...}` in, a line `{"output": ""}` or `{"error": ...}` out, so that the same lines
//! can be given to the library that Helm uses.

use std::io::{BufRead, Write};

use serde_json::{Value, json};

fn answer(line: &str) -> Value {
    let case: Value = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(problem) => return json!({ "error": format!("the line: {problem}") }),
    };
    let schema = case["schema"].as_str().unwrap_or_default();
    match skein_helm::check_schema(schema.as_bytes(), &case["data"]) {
        Ok(()) => json!({ "output": "" }),
        Err(problem) => json!({ "error": problem }),
    }
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&line?))?;
    }
    Ok(())
}
