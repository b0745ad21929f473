//! Selectors in questions about access.

use serde_json::Value;
use skein_object::names::label_value_problems;
use skein_object::selector::{FieldSelector, LabelSelector};
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::labels;
use crate::spot::{Errors, Spot};

const FIELDS: &str = "fieldSelector";
const LABELS: &str = "labelSelector";

/// What is wrong with the selectors of `spec.resourceAttributes`.
pub fn selector_errors(attributes: &Value) -> Vec<FieldError> {
    let attributes = attributes_at(attributes);
    let mut errors = Errors::default();
    for name in [FIELDS, LABELS] {
        let selector = attributes.get(name);
        if selector.is_set() {
            check(&mut errors, &selector, name == LABELS);
        }
    }
    errors.0
}

/// What is told with the answer when selectors were left out, all or in part; empty when they count.
pub fn ignored_selectors(attributes: &Value) -> String {
    let attributes = attributes_at(attributes);
    let told = [FIELDS, LABELS].into_iter().filter_map(|name| {
        let (good, bad) = readable(&attributes.get(name), name == LABELS);
        let how = match (good, bad) {
            (_, 0) => return None,
            (0, _) => "ignored",
            _ => "partially ignored",
        };
        let path = attributes.get(name).path;
        Some(format!("{path} {how} due to parse error"))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn attributes_at(attributes: &Value) -> Spot<'_> {
    Spot::new(
        Some(attributes),
        FieldPath::new("spec").child("resourceAttributes"),
    )
}

fn check(errors: &mut Errors, selector: &Spot<'_>, of_labels: bool) {
    let (raw, requirements) = (selector.get("rawSelector"), selector.get("requirements"));
    if !raw.is_blank() && requirements.len() > 0 {
        errors.add(raw.invalid("may not specified at the same time as requirements"));
    }
    if raw.is_blank() && requirements.len() == 0 {
        let text = format!(
            "when {} is specified, requirements or rawSelector is required",
            selector.path
        );
        errors.add(requirements.required(&text));
    }
    for requirement in requirements.items() {
        check_requirement(errors, &requirement, of_labels);
    }
}

/// Operators that are not known yet are let through.
fn check_requirement(errors: &mut Errors, requirement: &Spot<'_>, of_labels: bool) {
    let (key, values) = (requirement.get("key"), requirement.get("values"));
    errors.add_if(!of_labels && key.is_blank(), || {
        key.required("must be specified")
    });
    match requirement.get("operator").text() {
        "In" | "NotIn" if values.len() == 0 => {
            errors.add(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if values.len() > 0 => {
            let text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.add(values.forbidden(text));
        }
        _ => {}
    }
    if !of_labels {
        return;
    }
    labels::check_key(errors, &key);
    for value in values.items() {
        errors.problems(&value, label_value_problems(value.text()));
    }
}

/// How many requirements can be used, and how many cannot.
fn readable(selector: &Spot<'_>, of_labels: bool) -> (usize, usize) {
    let requirements = selector.get("requirements");
    if requirements.len() == 0 {
        let raw = selector.get("rawSelector").text();
        let is_good = match of_labels {
            true => LabelSelector::parse(raw).is_ok(),
            false => FieldSelector::parse(raw).is_ok(),
        };
        return (usize::from(is_good), usize::from(!is_good));
    }
    let is_good = |requirement: &Spot<'_>| {
        let operator = requirement.get("operator");
        match operator.text() {
            "In" | "NotIn" => of_labels || requirement.get("values").len() == 1,
            "Exists" | "DoesNotExist" => of_labels,
            _ => false,
        }
    };
    let good = requirements.items().filter(is_good).count();
    (good, requirements.len() - good)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ignored_selectors, selector_errors};

    #[test]
    fn what_cannot_be_used_is_told() {
        let attributes = json!({
            "fieldSelector": {"requirements": [
                {"key": "a", "operator": "In", "values": ["b"]},
                {"key": "a", "operator": "Exists"},
            ]},
            "labelSelector": {"rawSelector": "a in"},
        });
        assert!(selector_errors(&attributes).is_empty());
        assert_eq!(
            ignored_selectors(&attributes),
            "spec.resourceAttributes.fieldSelector partially ignored due to parse error; \
             spec.resourceAttributes.labelSelector ignored due to parse error"
        );
        assert_eq!(ignored_selectors(&json!({"fieldSelector": null})), "");
        let empty = json!({"labelSelector": {}});
        let told: Vec<String> = selector_errors(&empty)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "spec.resourceAttributes.labelSelector.requirements: Required value: when \
              spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required"
            ]
        );
    }
}
