//! Where Pods may run: affinity, tolerations, spread.

use crate::labels;
use crate::names::{label_value_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

const EFFECTS: &[&str] = &["NoExecute", "NoSchedule", "PreferNoSchedule"];

pub(crate) fn check_tolerations(errors: &mut Errors, tolerations: &Spot<'_>) {
    for toleration in tolerations.items() {
        let (key, operator) = (toleration.get("key"), toleration.get("operator"));
        let (value, effect) = (toleration.get("value"), toleration.get("effect"));
        if key.is_blank() {
            if operator.text() != "Exists" {
                let text = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
                errors.add(operator.invalid_as(operator.text(), text));
            }
        } else {
            labels::check_key(errors, &key);
        }
        if toleration.get("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            let text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.add(effect.invalid_as(effect.text(), text));
        }
        match operator.text() {
            "" | "Equal" => {
                let problems = label_value_problems(value.text());
                if !problems.is_empty() {
                    errors.add(operator.invalid_as(value.text(), problems.join(";")));
                }
            }
            "Exists" => {
                let text = "value must be empty when `operator` is 'Exists'";
                errors.add_if(!value.is_blank(), || {
                    operator.invalid_as(value.text(), text)
                });
            }
            "Lt" | "Gt" => errors.add(operator.not_supported(&["Equal", "Exists", "Lt", "Gt"])),
            _ => errors.add(operator.not_supported(&["Equal", "Exists"])),
        }
        if !effect.is_blank() && !EFFECTS.contains(&effect.text()) {
            errors.add(effect.not_supported(&["NoSchedule", "PreferNoSchedule", "NoExecute"]));
        }
    }
}

pub(super) fn check_affinity(errors: &mut Errors, affinity: &Spot<'_>) {
    let node = affinity.get("nodeAffinity");
    let required = node.get("requiredDuringSchedulingIgnoredDuringExecution");
    if required.is_set() {
        check_node_selector(errors, &required);
    }
    let preferred = node.get("preferredDuringSchedulingIgnoredDuringExecution");
    for weighted in preferred.items() {
        check_weight(errors, &weighted.get("weight"));
        check_node_term(errors, &weighted.get("preference"), false);
    }
    for name in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.get(name);
        let required = pods.get("requiredDuringSchedulingIgnoredDuringExecution");
        for term in required.items() {
            check_pod_term(errors, &term);
        }
        let preferred = pods.get("preferredDuringSchedulingIgnoredDuringExecution");
        for weighted in preferred.items() {
            check_weight(errors, &weighted.get("weight"));
            check_pod_term(errors, &weighted.get("podAffinityTerm"));
        }
    }
}

/// Terms of which a node must fit one.
pub(crate) fn check_node_selector(errors: &mut Errors, required: &Spot<'_>) {
    let terms = required.get("nodeSelectorTerms");
    if terms.len() == 0 {
        errors.add(terms.required("must have at least one node selector term"));
    }
    for term in terms.items() {
        check_node_term(errors, &term, true);
    }
}

/// Lowest and highest weight of a preference.
const WEIGHTS: std::ops::RangeInclusive<i64> = 1..=100;

fn check_weight(errors: &mut Errors, weight: &Spot<'_>) {
    let number = weight.number().unwrap_or_default();
    if !WEIGHTS.contains(&number) {
        errors.add(weight.invalid_as(number, "must be in the range 1-100"));
    }
}

/// A term of nodes; of mere preferences the values are not looked at.
fn check_node_term(errors: &mut Errors, term: &Spot<'_>, is_required: bool) {
    for expression in term.get("matchExpressions").items() {
        let (operator, values) = (expression.get("operator"), expression.get("values"));
        match operator.text() {
            "In" | "NotIn" if values.len() == 0 => {
                errors.add(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                let text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.add(values.forbidden(text));
            }
            "Gt" | "Lt" if values.len() != 1 => {
                let text = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                errors.add(values.required(text));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => errors.add(operator.invalid_as(other, "not a valid selector operator")),
        }
        labels::check_key(errors, &expression.get("key"));
        for value in values.items().filter(|_| is_required) {
            errors.problems(&value, label_value_problems(value.text()));
        }
    }
    for field in term.get("matchFields").items() {
        check_node_field(errors, &field);
    }
}

/// A field of nodes; only the name can be asked for.
fn check_node_field(errors: &mut Errors, field: &Spot<'_>) {
    let (key, operator, values) = (field.get("key"), field.get("operator"), field.get("values"));
    match operator.text() {
        "In" | "NotIn" if values.len() == 1 => {}
        "In" | "NotIn" => errors.add(values.required(
            "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        )),
        other => errors.add(operator.invalid_as(other, "not a valid selector operator")),
    }
    if key.text() == "metadata.name" {
        for value in values.items() {
            errors.problems(&value, subdomain_problems(value.text()));
        }
    } else {
        errors.add(key.invalid_as(key.text(), "not a valid field selector key"));
    }
}

fn check_pod_term(errors: &mut Errors, term: &Spot<'_>) {
    labels::check_selector(errors, &term.get("labelSelector"));
    labels::check_selector(errors, &term.get("namespaceSelector"));
    for namespace in term.get("namespaces").items() {
        let path = term.get("namespace").path;
        let spot = Spot::new(Some(namespace.value), path);
        errors.problems(&spot, crate::names::label_problems(namespace.text()));
    }
    check_label_keys(errors, term);
    let key = term.get("topologyKey");
    if key.is_blank() {
        errors.add(key.required("can not be empty"));
    }
    labels::check_key(
        errors,
        &Spot::new(Some(&key.text().into()), key.path.clone()),
    );
}

/// What makes a constraint the same as another one.
fn pair<'a>(constraint: &Spot<'a>) -> (&'a str, &'a str) {
    let key = constraint.get("topologyKey").text();
    (key, constraint.get("whenUnsatisfiable").text())
}

pub(super) fn check_spread(errors: &mut Errors, constraints: &Spot<'_>) {
    for (index, constraint) in constraints.items().enumerate() {
        let skew = constraint.get("maxSkew");
        let number = skew.number().unwrap_or_default();
        if number <= 0 {
            errors.add(skew.invalid_as(number, "must be greater than zero"));
        }
        let (key, when) = (
            constraint.get("topologyKey"),
            constraint.get("whenUnsatisfiable"),
        );
        if key.is_blank() {
            errors.add(key.required("can not be empty"));
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&when.text()) {
            errors.add(when.not_supported(&["DoNotSchedule", "ScheduleAnyway"]));
        }
        // The API server tells it at the earlier one.
        let mine = pair(&constraint);
        if constraints
            .items()
            .skip(index + 1)
            .any(|other| pair(&other) == mine)
        {
            let shown = format!("{{{}, {}}}", mine.0, mine.1);
            let path = constraint.path.child("{topologyKey, whenUnsatisfiable}");
            errors.add(skein_schema::FieldError::duplicate(path, shown.into()));
        }
        let domains = constraint.get("minDomains");
        if let Some(number) = domains.number() {
            if number <= 0 {
                errors.add(domains.invalid("must be greater than zero"));
            }
            if when.text() != "DoNotSchedule" {
                let text = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                    when.text()
                );
                errors.add(domains.invalid(text));
            }
        }
        for name in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            errors.optional_choice(&constraint.get(name), &["Honor", "Ignore"]);
        }
        check_label_keys(errors, &constraint);
        labels::check_selector(errors, &constraint.get("labelSelector"));
    }
}

/// Keys of labels that are compared with those of the Pod itself.
fn check_label_keys(errors: &mut Errors, term: &Spot<'_>) {
    let (matching, differing) = (term.get("matchLabelKeys"), term.get("mismatchLabelKeys"));
    let selector = term.get("labelSelector");
    for keys in [&matching, &differing] {
        if keys.len() > 0 && !selector.is_set() {
            let text = "must not be specified when labelSelector is not set";
            errors.add(keys.forbidden(text));
            continue;
        }
        for key in keys.items() {
            labels::check_key(errors, &key);
        }
    }
    check_selected_keys(errors, term, &matching);
    let others: Vec<&str> = differing.items().map(|key| key.text()).collect();
    for key in matching.items().filter(|key| others.contains(&key.text())) {
        errors.add(key.invalid("exists in both matchLabelKeys and mismatchLabelKeys"));
    }
}

/// Keys that the selector names a second time. The API server tells them at the term.
fn check_selected_keys(errors: &mut Errors, term: &Spot<'_>, matching: &Spot<'_>) {
    let selector = term.get("labelSelector");
    let mut named: Vec<&str> = selector
        .get("matchLabels")
        .members()
        .into_iter()
        .map(|m| m.0)
        .collect();
    for expression in selector.get("matchExpressions").items() {
        let key = expression.get("key");
        let index = matching
            .items()
            .rposition(|other| other.text() == key.text());
        if let Some(index) = index.filter(|_| named.contains(&key.text())) {
            let told = Spot::new(Some(key.value), term.path.index(index));
            errors.add(told.invalid("exists in both matchLabelKeys and labelSelector"));
        }
        named.push(key.text());
    }
}
