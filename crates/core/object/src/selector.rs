//! Label and field selectors, read from their text and JSON forms and matched against objects.

use serde_json::{Map, Value};
use thiserror::Error;

mod text;

/// A selector that cannot be read; the message says which part, in the words of the API.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct SelectorError(String);

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The label has one of the values.
    In(String, Vec<String>),
    /// The label is absent or has none of the values.
    NotIn(String, Vec<String>),
    /// The label is present.
    Exists(String),
    /// The label is absent.
    DoesNotExist(String),
    /// The label is an integer greater than.
    GreaterThan(String, i64),
    /// The label is an integer less than.
    LessThan(String, i64),
}

impl Requirement {
    /// The label's key.
    pub fn key(&self) -> &str {
        match self {
            Self::In(key, _)
            | Self::NotIn(key, _)
            | Self::Exists(key)
            | Self::DoesNotExist(key)
            | Self::GreaterThan(key, _)
            | Self::LessThan(key, _) => key,
        }
    }
}

/// All requirements must hold; no requirement matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Reads the text form: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let mut requirements = text::requirements(text).map_err(SelectorError)?;
        requirements.sort_by(|one, other| one.key().cmp(other.key()));
        Ok(Self { requirements })
    }

    /// Reads the JSON form with `matchLabels` and `matchExpressions`.
    pub fn from_value(value: &Value) -> Result<Self, SelectorError> {
        let mut requirements = Vec::new();
        if let Some(labels) = value.get("matchLabels").and_then(Value::as_object) {
            for (key, value) in labels {
                let value = value
                    .as_str()
                    .ok_or_else(|| SelectorError(format!("matchLabels.{key} must be a string")))?;
                requirements.push(Requirement::In(key.clone(), vec![value.to_owned()]));
            }
        }
        let expressions = value.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            requirements.push(expression_requirement(expression)?);
        }
        Ok(Self { requirements })
    }

    /// Whether every requirement holds for the labels (`None` is no label at all).
    pub fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let get = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
        self.requirements
            .iter()
            .all(|requirement| match requirement {
                Requirement::In(key, values) => {
                    get(key).is_some_and(|v| values.iter().any(|wanted| wanted == v))
                }
                Requirement::NotIn(key, values) => {
                    get(key).is_none_or(|v| values.iter().all(|unwanted| unwanted != v))
                }
                Requirement::Exists(key) => get(key).is_some(),
                Requirement::DoesNotExist(key) => get(key).is_none(),
                Requirement::GreaterThan(key, bound) => get(key)
                    .and_then(|v| v.parse::<i64>().ok())
                    .is_some_and(|v| v > *bound),
                Requirement::LessThan(key, bound) => get(key)
                    .and_then(|v| v.parse::<i64>().ok())
                    .is_some_and(|v| v < *bound),
            })
    }

    /// Whether the selector matches everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The requirements.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }
}

fn expression_requirement(expression: &Value) -> Result<Requirement, SelectorError> {
    let field = |name: &str| {
        expression
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| SelectorError(format!("matchExpressions: {name} is missing")))
    };
    let key = field("key")?;
    let values: Vec<String> = expression
        .get("values")
        .and_then(Value::as_array)
        .map(|list| {
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    match field("operator")?.as_str() {
        "In" => Ok(Requirement::In(key, values)),
        "NotIn" => Ok(Requirement::NotIn(key, values)),
        "Exists" => Ok(Requirement::Exists(key)),
        "DoesNotExist" => Ok(Requirement::DoesNotExist(key)),
        other => Err(SelectorError(format!(
            "{other:?} is not a valid label selector operator"
        ))),
    }
}

/// A field selector: `metadata.name=x,status.phase!=Running`. All terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<FieldTerm>,
}

/// One term of a field selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTerm {
    /// Dotted path of the field.
    pub field: String,
    /// Value compared with; an absent field is the empty string.
    pub value: String,
    /// Whether the field must have the value (or must not).
    pub equal: bool,
}

impl FieldSelector {
    /// Reads the text form; in values a backslash keeps `,`, `=` and itself.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let terms = text::terms(text).map_err(SelectorError)?;
        Ok(Self { terms })
    }

    /// One field that must have one value.
    pub fn exactly(field: &str, value: &str) -> Self {
        let term = FieldTerm {
            field: field.to_owned(),
            value: value.to_owned(),
            equal: true,
        };
        Self { terms: vec![term] }
    }

    /// The terms.
    pub fn terms(&self) -> &[FieldTerm] {
        &self.terms
    }

    /// Whether the selector matches everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether every term holds for the object.
    pub fn matches(&self, object: &Map<String, Value>) -> bool {
        self.terms.iter().all(|term| {
            let mut keys = term.field.split('.');
            let first = keys.next().and_then(|key| object.get(key));
            let value = keys
                .try_fold(first, |value, key| Some(value?.get(key)))
                .flatten();
            let text = match value {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            (text == term.value) == term.equal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn label_selectors() {
        let labels = json!({"app": "web", "tier": "front", "n": "5"});
        let labels = labels.as_object();
        for (text, wanted) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app in (web, api)", true),
            ("app notin (web)", false),
            ("other notin (web)", true),
            ("tier", true),
            ("!tier", false),
            ("!absent", true),
            ("n>4,n<6", true),
            ("n>5", false),
        ] {
            assert_eq!(
                LabelSelector::parse(text).unwrap().matches(labels),
                wanted,
                "{text}"
            );
        }
        for text in ["a in (b", "a b", ",", "a=b,,c", "a=b c"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn json_form() {
        let selector = LabelSelector::from_value(&json!({"matchLabels": {"a": "b"},
            "matchExpressions": [{"key": "c", "operator": "Exists"}]}))
        .unwrap();
        assert!(selector.matches(json!({"a": "b", "c": ""}).as_object()));
        assert!(!selector.matches(json!({"a": "b"}).as_object()));
    }

    #[test]
    fn field_selectors() {
        let object = json!({"metadata": {"name": "x"}, "status": {"phase": "Running"}});
        let object = object.as_object().unwrap();
        for (text, wanted) in [
            ("metadata.name=x", true),
            ("metadata.name!=x", false),
            ("status.phase==Running,metadata.name=x", true),
            ("spec.nodeName=", true),
        ] {
            assert_eq!(
                FieldSelector::parse(text).unwrap().matches(object),
                wanted,
                "{text}"
            );
        }
    }
}
