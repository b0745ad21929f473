//! Probes and lifecycle hooks.

use crate::names::header_problems;
use crate::services::check_port_or_name;
use crate::spot::{Errors, Spot};

const SCHEMES: &[&str] = &["HTTP", "HTTPS"];

pub(super) fn check_all(errors: &mut Errors, container: &Spot<'_>, spec: &Spot<'_>) {
    let grace = spec.get("terminationGracePeriodSeconds").number();
    let lifecycle = container.get("lifecycle");
    for name in ["postStart", "preStop"] {
        let hook = lifecycle.get(name);
        if hook.is_set() {
            check_handler(errors, &hook, grace);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get(name);
        if probe.is_set() {
            check(errors, &probe, name == "readinessProbe", grace);
        }
    }
}

/// Containers that end before the others start have neither.
pub(super) fn forbid(errors: &mut Errors, container: &Spot<'_>) {
    for name in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        let spot = container.get(name);
        let text = "may not be set for init containers without restartPolicy=Always";
        errors.add_if(spot.is_set(), || spot.forbidden(text));
    }
}

fn check(errors: &mut Errors, probe: &Spot<'_>, readiness: bool, grace: Option<i64>) {
    check_handler(errors, probe, grace);
    for name in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        errors.not_negative(&probe.get(name));
    }
    let own = probe.get("terminationGracePeriodSeconds");
    if own.number().is_some_and(|seconds| seconds <= 0) {
        errors.add(own.invalid("must be greater than 0"));
    }
    if readiness {
        let text = "must not be set for readinessProbes";
        errors.add_if(own.is_set(), || own.invalid(text));
        return;
    }
    let threshold = probe.get("successThreshold");
    if threshold.number().is_some_and(|number| number != 1) {
        errors.add(threshold.invalid("must be 1"));
    }
}

fn check_handler(errors: &mut Errors, handler: &Spot<'_>, grace: Option<i64>) {
    let mut found = 0;
    for name in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = handler.get(name);
        if !action.is_set() {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.add(action.forbidden("may not specify more than 1 handler type"));
            continue;
        }
        match name {
            "exec" => {
                let command = action.get("command");
                errors.add_if(command.len() == 0, || command.required(""));
            }
            "httpGet" => check_get(errors, &action),
            "sleep" => check_sleep(errors, &action, grace),
            _ => check_port_or_name(errors, &action.get("port")),
        }
    }
    if found == 0 {
        errors.add(handler.required("must specify a handler type"));
    }
}

fn check_get(errors: &mut Errors, action: &Spot<'_>) {
    errors.filled(&action.get("path"));
    check_port_or_name(errors, &action.get("port"));
    errors.optional_choice(&action.get("scheme"), SCHEMES);
    let headers = action.get("httpHeaders");
    for header in headers.items() {
        let name = header.get("name");
        let problems = header_problems(name.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| headers.invalid_as(name.text(), text)),
        );
    }
}

fn check_sleep(errors: &mut Errors, action: &Spot<'_>, grace: Option<i64>) {
    let seconds = action.get("seconds").number().unwrap_or_default();
    if let Some(grace) = grace
        && !(0..=grace).contains(&seconds)
    {
        let text =
            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.add(action.invalid_as(seconds, text));
    }
}
