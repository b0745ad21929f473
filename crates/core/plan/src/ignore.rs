//! `spec.ignore`: fields that are left to other managers, by JSON pointer and selector.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use skein_object::selector::SelectorError;
use skein_object::{LabelSelector, Object, pointer};
use thiserror::Error;

/// A rule of `spec.ignore`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct IgnoreRule {
    /// JSON pointers.
    pub paths: Vec<String>,
    /// Which objects; all when absent.
    #[serde(default)]
    pub target: Option<Target>,
}

/// Which objects a rule is for; empty fields match everything, the first five are anchored regular expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Target {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Label selector on annotations.
    pub annotation_selector: String,
    /// Label selector.
    pub label_selector: String,
}

/// A rule that cannot be used.
#[derive(Debug, Error)]
pub enum IgnoreError {
    /// A field of the target is no regular expression.
    #[error("invalid {field} regex: {problem}")]
    Regex {
        /// Field of the target.
        field: &'static str,
        /// Why, in Go's words.
        problem: String,
    },
    /// A selector cannot be read.
    #[error("invalid {field} selector: {source}")]
    Selector {
        /// `label` or `annotation`.
        field: &'static str,
        /// Why.
        source: SelectorError,
    },
    /// A path is no JSON pointer.
    #[error("invalid path in spec.ignore: {0}")]
    Path(#[from] pointer::PointerError),
}

/// Rules ready to be matched.
#[derive(Debug, Default)]
pub struct IgnoreRules(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    paths: Vec<String>,
    patterns: Vec<(Part, Regex)>,
    labels: LabelSelector,
    annotations: LabelSelector,
}

#[derive(Debug)]
enum Part {
    Group,
    Version,
    Kind,
    Name,
    Namespace,
}

impl IgnoreRules {
    /// Compiles the rules.
    pub fn compile(rules: &[IgnoreRule]) -> Result<Self, IgnoreError> {
        rules
            .iter()
            .map(compile)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pointers that are ignored in the object.
    pub fn paths<'r>(&'r self, object: &Object) -> Vec<&'r str> {
        let matching = self.0.iter().filter(|rule| rule.matches(object));
        matching
            .flat_map(|rule| rule.paths.iter().map(String::as_str))
            .collect()
    }
}

fn compile(rule: &IgnoreRule) -> Result<Compiled, IgnoreError> {
    let target = rule.target.clone().unwrap_or_default();
    for path in &rule.paths {
        pointer::tokens(path)?;
    }
    let mut patterns = Vec::new();
    for (part, field, text) in [
        (Part::Group, "group", &target.group),
        (Part::Version, "version", &target.version),
        (Part::Kind, "kind", &target.kind),
        (Part::Name, "name", &target.name),
        (Part::Namespace, "namespace", &target.namespace),
    ] {
        if !text.is_empty() {
            let anchored = format!("^(?:{text})$");
            let pattern = skein_gowords::regex(&anchored)
                .map_err(|problem| IgnoreError::Regex { field, problem })?;
            patterns.push((part, pattern));
        }
    }
    let selector = |field, text: &str| {
        LabelSelector::parse(text).map_err(|source| IgnoreError::Selector { field, source })
    };
    Ok(Compiled {
        paths: rule.paths.clone(),
        patterns,
        labels: selector("label", &target.label_selector)?,
        annotations: selector("annotation", &target.annotation_selector)?,
    })
}

impl Compiled {
    fn matches(&self, object: &Object) -> bool {
        let gvk = object.gvk();
        let text = |part: &Part| match part {
            Part::Group => gvk.group.as_str(),
            Part::Version => gvk.version.as_str(),
            Part::Kind => gvk.kind.as_str(),
            Part::Name => object.name(),
            Part::Namespace => object.namespace(),
        };
        self.patterns
            .iter()
            .all(|(part, pattern)| pattern.is_match(text(part)))
            && self.labels.matches(object.labels())
            && self.annotations.matches(object.annotations())
    }
}

/// A copy of the object without the ignored fields, for comparisons.
pub fn without(object: &Object, paths: &[&str]) -> Object {
    let mut value = object.to_value();
    for path in paths {
        // The pointers were checked when the rules were compiled; what does not exist needs no removal.
        let _ = pointer::remove(&mut value, path);
    }
    Object::from_value(value).unwrap_or_else(|_| object.clone())
}

/// Changes what is sent so that ignored fields that differ in the cluster keep their value: a field that another applier owns is
/// left out, which gives up our ownership; a field that only we own is sent with the value that is there, for leaving it out would
/// remove it.
pub fn yield_fields(
    payload: &Object,
    live: &Object,
    dry_run: &Object,
    paths: &[&str],
    manager: &str,
) -> Object {
    let mut value = payload.to_value();
    let (live_value, dry_value) = (live.to_value(), dry_run.to_value());
    for path in paths {
        let (there, wanted) = (live_value.pointer(path), dry_value.pointer(path));
        if there == wanted {
            continue;
        }
        match (owned_by_another(live, &live_value, path, manager), there) {
            (false, Some(there)) => {
                if let Some(slot) = value.pointer_mut(path) {
                    *slot = there.clone();
                }
            }
            _ => {
                let _ = pointer::remove(&mut value, path);
            }
        }
    }
    Object::from_value(value).unwrap_or_else(|_| payload.clone())
}

/// Whether another manager applied the field.
fn owned_by_another(live: &Object, value: &Value, path: &str, manager: &str) -> bool {
    let Ok(tokens) = pointer::tokens(path) else {
        return false;
    };
    let entries = live
        .at(&["metadata", "managedFields"])
        .and_then(Value::as_array);
    entries.into_iter().flatten().any(|entry| {
        let is = |field: &str, text: &str| {
            entry.get(field).and_then(Value::as_str).unwrap_or_default() == text
        };
        !is("manager", manager)
            && is("operation", "Apply")
            && is("subresource", "")
            && entry
                .get("fieldsV1")
                .is_some_and(|fields| holds(fields, value, &tokens))
    })
}

/// Follows a pointer through a field set; indices are resolved to the keys of their list items.
fn holds(fields: &Value, value: &Value, tokens: &[String]) -> bool {
    let Some((token, rest)) = tokens.split_first() else {
        return true;
    };
    match value {
        Value::Array(items) => {
            let item = token
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index));
            let Some((item, map)) = item.zip(fields.as_object()) else {
                return false;
            };
            let member = map.iter().find(|(key, _)| {
                let key: Option<Value> = key
                    .strip_prefix("k:")
                    .and_then(|k| serde_json::from_str(k).ok());
                key.as_ref().and_then(Value::as_object).is_some_and(|key| {
                    key.iter()
                        .all(|(name, value)| item.get(name) == Some(value))
                })
            });
            member.is_some_and(|(_, fields)| holds(fields, item, rest))
        }
        _ => match fields.get(format!("f:{token}")) {
            Some(fields) => holds(fields, value.get(token).unwrap_or(&Value::Null), rest),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        Object::from_value(value).unwrap()
    }

    fn deployment(replicas: i64, fields: Value) -> Object {
        object(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"a": "b"}, "managedFields": fields},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "main", "image": "i"}]}}}}))
    }

    #[test]
    fn wrong_expressions_are_told_in_the_words_of_go() {
        let rule = |name: &str| IgnoreRule {
            paths: vec!["/data".into()],
            target: Some(Target {
                name: name.into(),
                ..Target::default()
            }),
        };
        let told = |name: &str| IgnoreRules::compile(&[rule(name)]).unwrap_err().to_string();
        assert_eq!(
            told("("),
            "invalid name regex: error parsing regexp: missing closing ): `^(?:()$`"
        );
        assert_eq!(
            told("*"),
            "invalid name regex: error parsing regexp: missing argument to repetition operator: `*`"
        );
    }

    #[test]
    fn rules_select_objects() {
        let rules = IgnoreRules::compile(&[
            IgnoreRule {
                paths: vec!["/spec/replicas".into()],
                target: Some(Target {
                    kind: "Deploy.*".into(),
                    label_selector: "a=b".into(),
                    ..Target::default()
                }),
            },
            IgnoreRule {
                paths: vec!["/data".into()],
                target: Some(Target {
                    kind: "Deploy".into(),
                    ..Target::default()
                }),
            },
            IgnoreRule {
                paths: vec!["/x".into()],
                target: None,
            },
        ])
        .unwrap();
        assert_eq!(
            rules.paths(&deployment(1, json!([]))),
            ["/spec/replicas", "/x"]
        );
        let broken = IgnoreRule {
            paths: vec![],
            target: Some(Target {
                name: "(".into(),
                ..Target::default()
            }),
        };
        assert!(
            IgnoreRules::compile(&[broken])
                .unwrap_err()
                .to_string()
                .starts_with("invalid name regex")
        );
        assert!(
            IgnoreRules::compile(&[IgnoreRule {
                paths: vec!["x".into()],
                target: None
            }])
            .is_err()
        );
    }

    #[test]
    fn fields_are_adopted_or_left_out() {
        let path = ["/spec/replicas", "/spec/template/spec/containers/0/image"];
        let dry_run = deployment(1, json!([]));
        let updated = json!([{"manager": "hpa", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
        let sent = yield_fields(&dry_run, &deployment(3, updated), &dry_run, &path, "us");
        assert_eq!(sent.i64_at(&["spec", "replicas"]), Some(3));
        let applied = json!([{"manager": "hpa", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {},
            "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {"f:image": {}}}}}}}}]);
        let mut live = deployment(3, applied);
        live.as_map_mut()["spec"]["template"]["spec"]["containers"][0]["image"] = "other".into();
        let sent = yield_fields(&dry_run, &live, &dry_run, &path, "us");
        assert_eq!(sent.at(&["spec", "replicas"]), None);
        assert_eq!(
            sent.to_value()["spec"]["template"]["spec"]["containers"],
            json!([{"name": "main"}])
        );
    }
}
