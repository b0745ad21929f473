//! HorizontalPodAutoscalers (autoscaling/v2).

use skein_object::Object;

use crate::names::path_segment_problems;
use crate::quantities;
use crate::spot::{Errors, Spot};

/// Longest period of a policy and longest window, in seconds.
const MAX_PERIOD_SECONDS: i64 = 1_800;
const MAX_WINDOW_SECONDS: i64 = 3_600;

const METRICS: &[&str] = &[
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];

/// Sources in the order in which the API server looks at them.
const SOURCES: &[&str] = &[
    "object",
    "external",
    "pods",
    "resource",
    "containerResource",
];

pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let (low, high) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    if low.number().is_some_and(|number| number < 1) {
        errors.add(low.invalid("must be greater than or equal to 1"));
    }
    let most = high.number().unwrap_or_default();
    if most == 0 {
        errors.add(high.required("must be set and greater than 0"));
    } else if most < 0 {
        errors.add(high.invalid("must be greater than or equal to 1"));
    }
    if low.number().is_some_and(|least| most < least) {
        errors.add(high.invalid_as(most, "must be greater than or equal to `minReplicas`"));
    }
    let target = spec.get("scaleTargetRef");
    check_reference(errors, &target);
    let version = target.get("apiVersion");
    if !version.text().contains('/') {
        errors.add(version.invalid_as(version.text(), "apiVersion must specify API group"));
    }
    for metric in spec.get("metrics").items() {
        check_metric(errors, &metric);
    }
    let metrics = spec.get("metrics");
    let outside = |metric: Spot<'_>| ["Object", "External"].contains(&metric.get("type").text());
    if low.number() == Some(0) && !metrics.items().any(outside) {
        let text = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.add(metrics.forbidden(text));
    }
    for name in ["scaleUp", "scaleDown"] {
        let rules = spec.get("behavior").get(name);
        if rules.is_set() {
            check_rules(errors, &rules);
        }
    }
}

fn check_reference(errors: &mut Errors, reference: &Spot<'_>) {
    for name in ["kind", "name"] {
        let spot = reference.get(name);
        if spot.is_blank() {
            errors.add(spot.required(""));
        } else {
            errors.problems(&spot, path_segment_problems(spot.text()));
        }
    }
}

fn check_metric(errors: &mut Errors, metric: &Spot<'_>) {
    let kind = metric.get("type");
    if kind.is_blank() {
        errors.add(kind.required("must specify a metric source type"));
    }
    let known = METRICS.contains(&kind.text());
    if !known {
        errors.add(kind.not_supported(METRICS));
    }
    let present: Vec<&str> = SOURCES
        .iter()
        .copied()
        .filter(|name| metric.get(name).is_set())
        .collect();
    if let Some(first) = present.first() {
        check_source(errors, &metric.get(first), first);
    }
    if !known {
        errors.add(kind.not_supported(METRICS));
    }
    let mut wanted = kind.text().to_owned();
    if let Some(first) = wanted.get_mut(0..1) {
        first.make_ascii_lowercase();
    }
    if known && !present.contains(&wanted.as_str()) {
        let text = "must populate information for the given metric source";
        errors.add(metric.get(&wanted).required(text));
    }
    if present.len() != 1 {
        for name in present.iter().filter(|name| **name != wanted) {
            let text = "must populate the given metric source only";
            errors.add(metric.get(name).forbidden(text));
        }
    }
}

fn check_source(errors: &mut Errors, source: &Spot<'_>, name: &str) {
    let target = source.get("target");
    let value = |field: &str| target.get(field).is_set();
    match name {
        "resource" | "containerResource" => {
            let resource = source.get("name");
            let text = "must specify a resource name";
            errors.add_if(resource.is_blank(), || resource.required(text));
            check_target(errors, &target);
            if !value("averageUtilization") && !value("averageValue") {
                let text = "must set either a target raw value or a target utilization";
                errors.add(target.get("averageUtilization").required(text));
            }
            if value("averageUtilization") && value("averageValue") {
                let text = "may not set both a target raw value and a target utilization";
                errors.add(target.get("averageValue").forbidden(text));
            }
        }
        _ => {
            if name == "object" {
                check_reference(errors, &source.get("describedObject"));
            }
            let metric = source.get("metric.name");
            if metric.is_blank() {
                errors.add(metric.required("must specify a metric name"));
            } else {
                errors.problems(&metric, path_segment_problems(metric.text()));
            }
            check_target(errors, &target);
            let average = target.get("averageValue");
            let text = match name {
                "pods" if !average.is_set() => "must specify a positive target averageValue",
                "object" if !average.is_set() && !value("value") => {
                    "must set either a target value or averageValue"
                }
                "external" if !average.is_set() && !value("value") => {
                    "must set either a target value for metric or a per-pod target"
                }
                _ => return,
            };
            errors.add(average.required(text));
        }
    }
}

fn check_target(errors: &mut Errors, target: &Spot<'_>) {
    let kind = target.get("type");
    if kind.is_blank() {
        errors.add(kind.required("must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind.text()) {
        let text = "must be either Utilization, Value, or AverageValue";
        errors.add(kind.invalid_as(kind.text(), text));
    }
    for name in ["value", "averageValue"] {
        let spot = target.get(name);
        let positive = quantities::parse(spot.value).is_none_or(|quantity| quantity.sign() > 0);
        errors.add_if(!positive, || spot.invalid("must be positive"));
    }
    let utilization = target.get("averageUtilization");
    if utilization.number().is_some_and(|number| number < 1) {
        errors.add(utilization.invalid("must be greater than 0"));
    }
}

fn check_rules(errors: &mut Errors, rules: &Spot<'_>) {
    let window = rules.get("stabilizationWindowSeconds");
    if let Some(seconds) = window.number() {
        if seconds < 0 {
            errors.add(window.invalid("must be greater than or equal to zero"));
        }
        if seconds > MAX_WINDOW_SECONDS {
            errors.add(window.invalid(format!(
                "must be less than or equal to {MAX_WINDOW_SECONDS}"
            )));
        }
    }
    errors.optional_choice(&rules.get("selectPolicy"), &["Disabled", "Max", "Min"]);
    let policies = rules.get("policies");
    let text = "must specify at least one Policy";
    errors.add_if(policies.len() == 0, || policies.required(text));
    for policy in policies.items() {
        let kind = policy.get("type");
        if !["Pods", "Percent"].contains(&kind.text()) {
            errors.add(kind.not_supported(&["Percent", "Pods"]));
        }
        for name in ["value", "periodSeconds"] {
            let spot = policy.get(name);
            let number = spot.number().unwrap_or_default();
            errors.add_if(number <= 0, || {
                spot.invalid_as(number, "must be greater than zero")
            });
        }
        let period = policy.get("periodSeconds");
        if period
            .number()
            .is_some_and(|seconds| seconds > MAX_PERIOD_SECONDS)
        {
            errors.add(period.invalid(format!(
                "must be less than or equal to {MAX_PERIOD_SECONDS}"
            )));
        }
    }
}
