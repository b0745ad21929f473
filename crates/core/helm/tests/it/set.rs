//! `--set` and its kin against the cases of Helm's own parser.

use std::path::PathBuf;

use serde_json::Value;
use skein_helm::{Values, values};

fn cases() -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/real/template-cases/helm-strvals.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no recorded cases beside the repository");
        return None;
    };
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"));
    Some(lines.collect())
}

/// Whole floats are integers, as Go writes them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default();
            skein_yaml::json_number(float).unwrap_or(Value::Null)
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[test]
fn recorded_cases_are_read_as_helm_reads_them() {
    let Some(cases) = cases() else { return };
    let mut wrong = Vec::new();
    for case in &cases {
        // A typed nil map exists in Go programs only: no file and no flag gives one.
        if case["error"]
            .as_str()
            .is_some_and(|text| text.ends_with("entry in nil map"))
        {
            continue;
        }
        let input = case["input"].as_str().expect("an input");
        let mut into: Values = match case.get("into") {
            Some(Value::Object(map)) => map.clone(),
            _ => Values::new(),
        };
        let result = match case["fn"].as_str().expect("a function") {
            "Parse" | "ParseInto" | "ToYAML" => values::set(input, &mut into),
            "ParseString" | "ParseIntoString" => values::set_string(input, &mut into),
            "ParseLiteral" | "ParseLiteralInto" => values::set_literal(input, &mut into),
            "ParseJSON" => values::set_json(input, &mut into),
            "ParseFile" | "ParseIntoFile" => {
                let mut read = |path: &str| Ok(format!("content of {path}").into_bytes());
                values::set_file(input, &mut into, &mut read)
            }
            other => panic!("unknown function {other}"),
        };
        let error = result.err().map(|error| error.to_string());
        let expected = case.get("error").and_then(Value::as_str);
        let is_same = match (&error, expected) {
            (Some(ours), Some(helms)) => ours == helms,
            (None, None) => case
                .get("result")
                .is_none_or(|result| plain(&Value::Object(into.clone())) == plain(result)),
            _ => false,
        };
        if !is_same {
            wrong.push(format!("{case}\n   ours {error:?} {into:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
