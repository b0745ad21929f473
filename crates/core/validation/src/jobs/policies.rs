//! When a Job has failed and when it has succeeded: the policies of its specification.

use std::collections::HashSet;

use serde_json::Value;
use skein_schema::field_error::{FieldError, FieldErrorKind};

use crate::names::qualified_name_problems;
use crate::spot::{Errors, Spot};
use crate::status::jobs::ranges;

/// Most rules of one policy.
const MAX_RULES: usize = 20;
/// Most exit codes of one rule.
const MAX_EXIT_CODES: usize = 255;
const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];

/// An error that shows no value.
fn bare(spot: &Spot<'_>, text: &str) -> FieldError {
    FieldError::new(FieldErrorKind::Invalid, spot.path.clone(), None, text)
}

/// `valid values: ["a" "b"]`.
fn valid(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("valid values: [{}]", values.join(" "))
}

fn too_many(errors: &mut Errors, list: &Spot<'_>, limit: usize) {
    if list.len() > limit {
        let path = list.path.clone();
        errors.add(FieldError::too_many(path, list.len() as u64, limit as u64));
    }
}

/// A text that is required, with the values that it may have.
fn choice(errors: &mut Errors, spot: &Spot<'_>, allowed: &[&str]) {
    if spot.is_blank() {
        errors.add(spot.required(&valid(allowed)));
    } else {
        errors.optional_choice(spot, allowed);
    }
}

/// `podFailurePolicy`.
pub(super) fn check_failure(errors: &mut Errors, spec: &Spot<'_>) {
    let rules = spec.get("podFailurePolicy.rules");
    too_many(errors, &rules, MAX_RULES);
    let mut names = HashSet::new();
    for list in ["containers", "initContainers"] {
        let list = spec.get("template.spec").get(list);
        names.extend(list.items().map(|container| container.get("name").text()));
    }
    for rule in rules.items() {
        let action = rule.get("action");
        if action.text() == "FailIndex" && !spec.get("backoffLimitPerIndex").is_set() {
            errors.add(action.invalid("requires the backoffLimitPerIndex to be set"));
        } else {
            choice(errors, &action, ACTIONS);
        }
        let (codes, conditions) = (rule.get("onExitCodes"), rule.get("onPodConditions"));
        if codes.is_set() {
            check_exit_codes(errors, &codes, &names);
        }
        too_many(errors, &conditions, MAX_RULES);
        for pattern in conditions.items() {
            let kind = pattern.get("type");
            errors.problems(&kind, qualified_name_problems(kind.text()));
            choice(errors, &pattern.get("status"), STATUSES);
        }
        match (codes.is_set(), conditions.len() > 0) {
            (true, true) => {
                let text = "specifying both OnExitCodes and OnPodConditions is not supported";
                errors.add(bare(&rule, text));
            }
            (false, false) => {
                let text = "specifying one of OnExitCodes and OnPodConditions is required";
                errors.add(bare(&rule, text));
            }
            _ => {}
        }
    }
}

fn check_exit_codes(errors: &mut Errors, codes: &Spot<'_>, names: &HashSet<&str>) {
    let operator = codes.get("operator");
    choice(errors, &operator, OPERATORS);
    let container = codes.get("containerName");
    if container.is_set() && !names.contains(container.text()) {
        let text = "must be one of the container or initContainer names in the pod template";
        errors.add(container.invalid(text));
    }
    let values = codes.get("values");
    errors.add_if(values.len() == 0, || {
        values.invalid("at least one value is required")
    });
    too_many(errors, &values, MAX_EXIT_CODES);
    let mut seen = HashSet::new();
    let (mut last, mut is_ordered) = (i64::MIN, true);
    for value in values.items() {
        let number = value.number().unwrap_or_default();
        if operator.text() == "In" && number == 0 {
            errors.add(value.invalid("must not be 0 for the In operator"));
        }
        errors.add_if(!seen.insert(number), || value.duplicate());
        is_ordered &= last <= number;
        last = number;
    }
    errors.add_if(!is_ordered, || values.invalid("must be ordered"));
}

/// `successPolicy`.
pub(super) fn check_success(errors: &mut Errors, spec: &Spot<'_>) {
    let policy = spec.get("successPolicy");
    let rules = policy.get("rules");
    if spec.get("completionMode").text() != "Indexed" {
        let error = policy.invalid("requires indexed completion mode");
        errors.add(error.showing(go_policy(&rules)));
        return;
    }
    if rules.len() == 0 {
        let text = "at least one rules must be specified when the successPolicy is specified";
        errors.add(rules.required(text));
    }
    too_many(errors, &rules, MAX_RULES);
    let completions = spec.get("completions").number().unwrap_or_default();
    for rule in rules.items() {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.is_set() && !indexes.is_set() {
            let text = "at least one of succeededCount or succeededIndexes must be specified";
            errors.add(rule.required(text));
        }
        let mut total = 0;
        if indexes.is_set() {
            match ranges(indexes.text(), completions) {
                Ok(runs) => total = runs.iter().map(|(first, last)| last - first + 1).sum(),
                Err(problem) => {
                    let text = format!("error parsing succeededIndexes: {problem}");
                    errors.add(indexes.invalid(text));
                }
            }
        }
        let Some(number) = count.number() else {
            continue;
        };
        errors.not_negative(&count);
        let bounds = [
            (true, completions, "specified completions"),
            (
                indexes.is_set(),
                total,
                "indexes in the specified succeededIndexes field",
            ),
        ];
        for (holds, bound, what) in bounds {
            let text = format!("must be less than or equal to {bound} (the number of {what})");
            errors.add_if(holds && number > bound, || count.invalid(text));
        }
    }
}

/// The policy as Go prints it.
fn go_policy(rules: &Spot<'_>) -> String {
    let or_null = |value: &Value| value.to_string();
    let rules: Vec<String> = rules
        .items()
        .map(|rule| {
            let (indexes, count) = (rule.get("succeededIndexes"), rule.get("succeededCount"));
            format!(
                "{{\"SucceededIndexes\":{},\"SucceededCount\":{}}}",
                or_null(indexes.value),
                or_null(count.value)
            )
        })
        .collect();
    format!("{{\"Rules\":[{}]}}", rules.join(","))
}
