//! Disruption budgets, priorities, quotas and ranges of limits.

use std::collections::HashSet;

use skein_object::Object;

use crate::spot::{Errors, Spot, go_struct};
use crate::workloads::{check_not_all, check_share};
use crate::{labels, pods, quantities};

pub(crate) fn check_budget(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let (available, unavailable) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if available.is_set() && unavailable.is_set() {
        let selector = spec.get("selector");
        let policy = spec.get("unhealthyPodEvictionPolicy");
        let shown = go_struct(&[
            ("MinAvailable", available.value),
            ("Selector", selector.value),
            ("MaxUnavailable", unavailable.value),
            ("UnhealthyPodEvictionPolicy", policy.value),
        ]);
        let text = "minAvailable and maxUnavailable cannot be both set";
        errors.add(spec.invalid(text).showing(shown));
    }
    for share in [&available, &unavailable] {
        check_share(errors, share);
        check_not_all(errors, share);
    }
    labels::check_selector(errors, &spec.get("selector"));
    let policy = spec.get("unhealthyPodEvictionPolicy");
    errors.optional_choice(&policy, &["AlwaysAllow", "IfHealthyBudget"]);
}

/// Highest priority that users may define.
const MAX_PRIORITY: i64 = 1_000_000_000;
/// Prefix of the classes that belong to the system.
const SYSTEM: &str = "system-";

pub(crate) fn check_priority(errors: &mut Errors, object: &Object, creating: bool) {
    if !creating {
        // What is allowed was looked at when it was made, and cannot change.
        return;
    }
    let value = Spot::of(object, "value");
    let name = Spot::of(object, "metadata").get("name");
    if name.text().starts_with(SYSTEM) {
        if !["system-cluster-critical", "system-node-critical"].contains(&name.text()) {
            let text = format!(
                "priority class names with '{SYSTEM}' prefix are reserved for system use only. error: {} is not a known system priority class",
                name.text()
            );
            errors.add(name.forbidden(&text));
        }
    } else if value.number().is_some_and(|number| number > MAX_PRIORITY) {
        let text = format!("maximum allowed value of a user defined priority is {MAX_PRIORITY}");
        errors.add(value.forbidden(&text));
    }
    let preemption = Spot::of(object, "preemptionPolicy");
    if preemption.value.as_str() == Some("") {
        errors.add(preemption.required(""));
    } else {
        pods::check_preemption(errors, &preemption);
    }
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

pub(crate) fn check_quota(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    for (name, value) in spec.get("hard").members() {
        quantities::check_quota_name(errors, name, &value);
        quantities::check_value(errors, name, &value);
    }
    let scopes = spec.get("scopes");
    let has = |name: &str| scopes.items().any(|scope| scope.text() == name);
    for scope in scopes.items() {
        if !SCOPES.contains(&scope.text()) {
            errors.add(scopes.invalid("unsupported scope"));
        }
    }
    for (one, other) in [
        ("BestEffort", "NotBestEffort"),
        ("Terminating", "NotTerminating"),
    ] {
        if has(one) && has(other) {
            errors.add(scopes.invalid("conflicting scopes"));
        }
    }
    check_selected_scopes(errors, &spec.get("scopeSelector.matchExpressions"));
}

/// The API server tells the problems of these without their place in the list.
fn check_selected_scopes(errors: &mut Errors, scopes: &Spot<'_>) {
    for scope in scopes.items() {
        let at = |name: &str| Spot::new(scope.value.get(name), scopes.path.child(name));
        let (name, operator, values) = (at("scopeName"), at("operator"), at("values"));
        if !SCOPES.contains(&name.text()) {
            errors.add(name.invalid("unsupported scope"));
        }
        match operator.text() {
            "In" | "NotIn" if values.len() == 0 => {
                let text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.add(values.required(text));
            }
            "Exists" | "DoesNotExist" if values.len() > 0 => {
                let text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.add(values.invalid(text));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.add(operator.invalid("not a valid selector operator")),
        }
    }
}

const LIMIT_TYPES: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];

pub(crate) fn check_limits(errors: &mut Errors, object: &Object) {
    let mut seen = HashSet::new();
    for limit in Spot::of(object, "spec").get("limits").items() {
        let kind = limit.get("type");
        if !kind.text().contains('/') && !LIMIT_TYPES.contains(&kind.text()) {
            let problems = crate::names::qualified_name_problems(kind.text());
            if problems.is_empty() {
                let text = "must be a standard limit type or fully qualified";
                errors.add(kind.invalid(text));
            }
            errors.add_all(
                problems
                    .into_iter()
                    .map(|text| kind.invalid_as(kind.text(), text)),
            );
        }
        errors.add_if(!seen.insert(kind.text()), || kind.duplicate());
        if kind.text() == "Pod" {
            for name in ["default", "defaultRequest"] {
                let spot = limit.get(name);
                let text = "may not be specified when `type` is 'Pod'";
                errors.add_if(spot.len() > 0, || spot.forbidden(text));
            }
        }
        let bounds = ["min", "max"].map(|name| limit.get(name).value.get("storage"));
        if kind.text() == "PersistentVolumeClaim" && bounds == [None, None] {
            let text =
                "either minimum or maximum storage value is required, but neither was provided";
            errors.add(limit.get("limits").required(text));
        }
        check_order(errors, &limit, kind.text() != "Pod");
    }
}

/// The lowest, the default request, the default limit and the highest value, in this order.
fn check_order(errors: &mut Errors, limit: &Spot<'_>, with_defaults: bool) {
    for (low, low_words, high, high_words, at) in [
        ("min", "min value", "max", "max value", "min"),
        (
            "min",
            "min value",
            "defaultRequest",
            "default request value",
            "defaultRequest",
        ),
        (
            "defaultRequest",
            "default request value",
            "max",
            "max value",
            "defaultRequest",
        ),
        (
            "defaultRequest",
            "default request value",
            "default",
            "default limit value",
            "defaultRequest",
        ),
        ("min", "min value", "default", "default value", "default"),
        ("default", "default value", "max", "max value", "default"),
    ] {
        // The API server takes no notice of defaults that are refused as such.
        if at != "min" && !with_defaults {
            continue;
        }
        for (name, less) in limit.get(low).members() {
            let Some(more) = limit.get(high).value.get(name) else {
                continue;
            };
            let (Some(a), Some(b)) = (quantities::parse(less.value), quantities::parse(more))
            else {
                continue;
            };
            if a.compare(b).is_some_and(std::cmp::Ordering::is_gt) {
                // Of a default the API server shows the bound that it breaks.
                let shown = match (at, low) {
                    ("default", "min") => less.value.clone(),
                    ("default", _) => more.clone(),
                    _ => limit.get(at).value.get(name).cloned().unwrap_or_default(),
                };
                let spot = Spot::new(None, limit.get(at).path.key(name));
                errors.add(spot.invalid_as(
                    shown,
                    format!("{low_words} {a} is greater than {high_words} {b}"),
                ));
            }
        }
    }
}
