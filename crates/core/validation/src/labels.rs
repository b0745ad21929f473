//! Labels, annotations and selectors.

use serde_json::{Map, Value};
use skein_object::LabelSelector;
use skein_schema::FieldError;

use crate::names::{label_value_problems, qualified_name_problems};
use crate::spot::{Errors, Spot, go_struct};

/// Most bytes of all annotations of an object, keys included.
const MAX_ANNOTATIONS_BYTES: u64 = 256 * 1_024;

/// Keys and values of a map of labels; all errors are told at the map.
pub(crate) fn check(errors: &mut Errors, labels: &Spot<'_>) {
    for (key, value) in labels.members() {
        let problems = qualified_name_problems(key);
        errors.add_all(
            problems
                .into_iter()
                .map(|text| labels.invalid_as(key, text)),
        );
        let problems = label_value_problems(value.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| labels.invalid_as(value.text(), text)),
        );
    }
}

/// Keys and total size of annotations.
pub(crate) fn check_annotations(errors: &mut Errors, annotations: &Spot<'_>) {
    let mut size = 0;
    for (key, value) in annotations.members() {
        let problems = qualified_name_problems(&key.to_lowercase());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| annotations.invalid_as(key, text)),
        );
        size += (key.len() + value.text().len()) as u64;
    }
    if size > MAX_ANNOTATIONS_BYTES {
        errors.add(FieldError::too_long(
            annotations.path.clone(),
            MAX_ANNOTATIONS_BYTES,
        ));
    }
}

/// A label key on its own.
pub(crate) fn check_key(errors: &mut Errors, key: &Spot<'_>) {
    let problems = qualified_name_problems(key.text());
    errors.add_all(
        problems
            .into_iter()
            .map(|text| key.invalid_as(key.text(), text)),
    );
}

/// `matchLabels` and `matchExpressions`.
pub(crate) fn check_selector(errors: &mut Errors, selector: &Spot<'_>) {
    check(errors, &selector.get("matchLabels"));
    for expression in selector.get("matchExpressions").items() {
        let values = expression.get("values");
        match expression.get("operator").text() {
            "In" | "NotIn" if values.len() == 0 => {
                errors.add(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                let text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.add(values.forbidden(text));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let operator = expression.get("operator");
                errors.add(operator.invalid_as(other, "not a valid selector operator"));
            }
        }
        check_key(errors, &expression.get("key"));
        for value in values.items() {
            errors.problems(&value, label_value_problems(value.text()));
        }
    }
}

/// An error about a whole selector, with its fields in the order of Go's type.
pub(crate) fn invalid_selector(selector: &Spot<'_>, detail: &str) -> FieldError {
    let mut fields = Vec::new();
    for name in ["matchLabels", "matchExpressions"] {
        if let Some(value) = selector.value.get(name) {
            fields.push((name, value));
        }
    }
    let error = selector.invalid(detail);
    if selector.is_set() {
        error.showing(go_struct(&fields))
    } else {
        error
    }
}

/// Whether a selector has no requirement.
pub(crate) fn is_empty(selector: &Spot<'_>) -> bool {
    selector.get("matchLabels").len() + selector.get("matchExpressions").len() == 0
}

/// Whether a selector can be used.
pub(crate) fn is_usable(selector: &Spot<'_>) -> bool {
    let mut errors = Errors::default();
    check_selector(&mut errors, selector);
    errors.0.is_empty() && LabelSelector::from_value(selector.value).is_ok()
}

/// Whether a selector takes in the labels; an absent one takes in nothing.
pub(crate) fn matches(selector: &Spot<'_>, labels: Option<&Map<String, Value>>) -> bool {
    selector.is_set()
        && LabelSelector::from_value(selector.value).is_ok_and(|parsed| parsed.matches(labels))
}
