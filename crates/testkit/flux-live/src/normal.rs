//! Normal form: what differs between two right runs is replaced by a name.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

/// Texts that are replaced wherever they stand, longest first by the caller.
#[derive(Debug, Default, Clone)]
pub struct Names {
    pairs: Vec<(String, String)>,
}

impl Names {
    /// `text` is written as `name` from now on.
    pub fn add(&mut self, text: impl Into<String>, name: impl Into<String>) {
        self.pairs.push((text.into(), name.into()));
    }

    fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.pairs {
            text = text.replace(from, to);
        }
        text
    }
}

struct Pattern {
    expression: LazyLock<Option<Regex>>,
    replacement: &'static str,
}

macro_rules! pattern {
    ($expression:expr, $replacement:expr) => {
        Pattern {
            // A pattern that does not compile is found by the test that normalises a text for each.
            expression: LazyLock::new(|| Regex::new($expression).ok()),
            replacement: $replacement,
        }
    };
}

static PATTERNS: [Pattern; 6] = [
    pattern!(
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "<uid>"
    ),
    pattern!(
        r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} [A-Z]+( m=[+-][\d.]+)?",
        "<gotime>"
    ),
    pattern!(
        r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
        "<time>"
    ),
    pattern!(
        r"\b(finished in|passed in|failed after) (\d+(\.\d+)?(ns|us|µs|ms|h|m|s))+",
        "$1 <dur>"
    ),
    // Folders for one run: the part below is kept.
    pattern!(r#"/tmp/[^/\s:'"]+"#, "<tmp>"),
    pattern!(r"\b127\.0\.0\.1:\d{4,}", "127.0.0.1:<port>"),
];

/// Fields whose value is chance, whatever object they stand in.
const FIELDS: &[(&str, &str)] = &[
    ("resourceVersion", "<rv>"),
    ("clusterIP", "<clusterIP>"),
    ("nodePort", "<nodePort>"),
    ("lastReconciledDuration", "<dur>"),
    ("lastAttemptedReleaseActionDuration", "<dur>"),
    ("reportingInstance", "<instance>"),
];

/// A text in normal form.
pub fn text(text: &str, names: &Names) -> String {
    let mut text = names.apply(text);
    for pattern in &PATTERNS {
        if let Some(expression) = pattern.expression.as_ref() {
            text = expression
                .replace_all(&text, pattern.replacement)
                .into_owned();
        }
    }
    text
}

/// A value in normal form; applied to what is in normal form it changes nothing.
pub fn value(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(string) => Value::String(text(string, names)),
        Value::Array(items) => items.iter().map(|item| self::value(item, names)).collect(),
        Value::Object(fields) => {
            let is_snapshot = fields.contains_key("configDigest");
            let fields = fields.iter().map(|(key, field)| match key.as_str() {
                // It covers the times of a release.
                "digest" if is_snapshot => (key.clone(), json!("<digest>")),
                _ => (text(key, names), self::field(key, field, names)),
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn field(key: &str, content: &Value, names: &Names) -> Value {
    if key == "managedFields" {
        return managed_fields(content);
    }
    if key == "clusterIPs" {
        return json!(["<clusterIP>"]);
    }
    let fixed = FIELDS.iter().find(|(name, _)| *name == key);
    match fixed {
        // A Service without address says "None", which is no chance.
        Some((_, replacement)) if !content.is_object() && content != "None" => json!(replacement),
        _ => value(content, names),
    }
}

/// Managers whose entries are not recorded: they are no part of Flux.
const OTHER_MANAGERS: &[&str] = &[
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
];

/// Entries without times, sorted, with the fields as a value, so that the order of keys does not count.
fn managed_fields(entries: &Value) -> Value {
    let mut entries: Vec<Value> = entries
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| {
            let manager = entry["manager"].as_str().unwrap_or_default();
            !OTHER_MANAGERS.contains(&manager)
        })
        .map(|entry| {
            let mut kept = Map::new();
            for key in ["manager", "operation", "apiVersion", "subresource"] {
                if entry[key].is_string() {
                    kept.insert(key.to_owned(), entry[key].clone());
                }
            }
            let fields = match &entry["fieldsV1"] {
                Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                other => other.clone(),
            };
            kept.insert("fieldsV1".to_owned(), fields);
            Value::Object(kept)
        })
        .collect();
    entries.sort_by_key(|entry| {
        ["manager", "operation", "subresource", "apiVersion"]
            .map(|key| crate::scenario::text(&entry[key]))
    });
    Value::Array(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_replaced_by_names() {
        let mut names = Names::default();
        names.add("127.0.0.1:4000", "${GIT}");
        for (raw, normal) in [
            ("http://127.0.0.1:4000/a", "http://${GIT}/a"),
            ("to 127.0.0.1:4001", "to 127.0.0.1:<port>"),
            ("8f14e45f-ceea-467f-a0e6-5e3a1b2c3d4e", "<uid>"),
            ("2026-01-01T00:00:00.25Z", "<time>"),
            ("2026-01-01 00:00:00.1 +0000 UTC m=+1.5", "<gotime>"),
            (
                "Reconciliation finished in 1m2.5s, next run in 1h0m0s",
                "Reconciliation finished in <dur>, next run in 1h0m0s",
            ),
            (
                "open /tmp/kustomization-12/a/b.yaml: no",
                "open <tmp>/a/b.yaml: no",
            ),
        ] {
            assert_eq!(text(raw, &names), normal);
            assert_eq!(text(normal, &names), normal);
        }
    }

    #[test]
    fn managers_are_sorted_and_their_fields_are_values() {
        let object = json!({"managedFields": [
            {"manager": "z", "operation": "Apply", "time": "t", "fieldsType": "FieldsV1", "fieldsV1": {"f:a": {}}},
            {"manager": "a", "operation": "Apply", "fieldsV1": "{\"f:b\":{}}"},
            {"manager": "kwok", "fieldsV1": {}},
        ]});
        let expected = json!({"managedFields": [
            {"manager": "a", "operation": "Apply", "fieldsV1": {"f:b": {}}},
            {"manager": "z", "operation": "Apply", "fieldsV1": {"f:a": {}}},
        ]});
        let names = Names::default();
        assert_eq!(value(&object, &names), expected);
        assert_eq!(value(&expected, &names), expected);
    }
}
