//! Schemas that refer to others on other addresses, with what Helm said of them when a proxy gave it the same documents.

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_helm::{RenderError, RenderOptions, render};
use skein_template::{Environment, FixedEnvironment};

use crate::bad_input::chart;
use crate::compare::same_problems;

/// A world in which some documents can be fetched; it counts how often.
struct Web {
    documents: Value,
    fetched: usize,
    clock: FixedEnvironment,
}

impl Environment for Web {
    fn now(&mut self) -> Timestamp {
        self.clock.now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.clock.random(bytes);
    }

    fn schema(&mut self, address: &str) -> Option<Result<Vec<u8>, String>> {
        self.fetched += 1;
        let text = self.documents.get(address).and_then(Value::as_str);
        Some(
            text.map(|text| text.as_bytes().to_vec()).ok_or_else(|| {
                format!("HTTP request to {address} returned status 404 (Not Found)")
            }),
        )
    }
}

/// What is wrong with the values of a chart that has this schema.
fn problem(schema: &str, values: &Value, world: &mut dyn Environment) -> Option<String> {
    let chart = chart(&[("values.schema.json", schema)]);
    let values = values.as_object().cloned().unwrap_or_default();
    match render(&chart, &values, &RenderOptions::default(), world) {
        Ok(_) => None,
        Err(RenderError::Schema(text)) => {
            let (_, text) = text.split_once('\n').expect("the chart comes first");
            Some(text.trim_end_matches('\n').to_owned())
        }
        // No recorded answer reads so.
        Err(other) => Some(other.to_string()),
    }
}

#[test]
fn references_to_other_addresses_are_followed_as_by_helm() {
    let recorded: Value = serde_json::from_str(include_str!("../schemas/remote.json")).unwrap();
    let mut world = Web {
        documents: recorded["documents"].clone(),
        fetched: 0,
        clock: FixedEnvironment::default(),
    };
    let mut wrong = Vec::new();
    let cases = recorded["cases"].as_array().unwrap();
    for case in cases {
        let ours = problem(&case["schema"].to_string(), &case["values"], &mut world);
        let is_same = match (&ours, case["problem"].as_str()) {
            (Some(ours), Some(theirs)) => ours == theirs || same_problems(ours, theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if !is_same {
            wrong.push(format!("{case}\n  skein {ours:?}"));
        }
    }
    assert!(cases.len() > 30 && world.fetched > 30);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_way_to_fetch_such_a_schema_is_refused() {
    let schema = r#"{"$ref": "https://schemas.example/a.json"}"#;
    let refused = problem(schema, &json!({}), &mut FixedEnvironment::default()).unwrap();
    assert!(
        refused.contains("failing loading \"https://schemas.example/a.json\""),
        "{refused}"
    );
}

#[test]
fn chains_of_schemas_end() {
    /// Every document refers to the next.
    struct Endless(FixedEnvironment);
    impl Environment for Endless {
        fn now(&mut self) -> Timestamp {
            self.0.now()
        }
        fn random(&mut self, bytes: &mut [u8]) {
            self.0.random(bytes);
        }
        fn schema(&mut self, address: &str) -> Option<Result<Vec<u8>, String>> {
            Some(Ok(json!({"$ref": format!("{address}x")})
                .to_string()
                .into_bytes()))
        }
    }
    let schema = r#"{"$ref": "https://schemas.example/a"}"#;
    let mut world = Endless(FixedEnvironment::default());
    let refused = problem(schema, &json!({}), &mut world).unwrap();
    assert!(
        refused.contains("leads to more than 64 others"),
        "{refused}"
    );
}
