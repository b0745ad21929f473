//! When containers start again: after they end, and when their resources change.

use std::collections::HashSet;

use skein_schema::FieldError;

use crate::spot::{Errors, Spot};

const POLICIES: &[&str] = &["Always", "Never", "OnFailure"];
const ACTIONS: &[&str] = &["Restart", "RestartAllContainers"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const RESIZED: &[&str] = &["cpu", "memory"];
const RESIZE_POLICIES: &[&str] = &["NotRequired", "RestartContainer"];
/// How many rules a container may have, and how many codes a rule.
const MAX_RULES: usize = 20;
const MAX_CODES: usize = 255;

/// Of a container that ends before the others start, rules without a policy are not looked at.
pub(super) fn check(errors: &mut Errors, container: &Spot<'_>, is_initial: bool) {
    let (policy, rules) = (
        container.get("restartPolicy"),
        container.get("restartPolicyRules"),
    );
    if policy.is_set() {
        errors.optional_choice(&policy, POLICIES);
    } else if rules.len() > 0 {
        errors.add(policy.required("must specify restartPolicy when restart rules are used"));
        if is_initial {
            return;
        }
    }
    check_count(errors, &rules, MAX_RULES);
    for rule in rules.items() {
        must_be_among(errors, &rule.get("action"), ACTIONS);
        let codes = rule.get("exitCodes");
        if codes.is_set() {
            must_be_among(errors, &codes.get("operator"), OPERATORS);
            check_count(errors, &codes.get("values"), MAX_CODES);
        } else {
            errors.add(codes.required("must be specified"));
        }
    }
}

fn check_count(errors: &mut Errors, list: &Spot<'_>, limit: usize) {
    errors.add_if(list.len() > limit, || {
        FieldError::too_many(list.path.clone(), list.len() as u64, limit as u64)
    });
}

/// A text that must be among the allowed ones; an empty one is not said to be missing.
fn must_be_among(errors: &mut Errors, spot: &Spot<'_>, allowed: &[&str]) {
    if !allowed.contains(&spot.text()) {
        let (path, shown) = (spot.path.clone(), spot.text().into());
        let allowed = allowed.iter().copied();
        errors.add(FieldError::not_supported(path, shown, allowed));
    }
}

/// What happens to a container when its resources change. The API server tells most of it at the list.
pub(super) fn check_resize(errors: &mut Errors, policies: &Spot<'_>, of_pod: &str) {
    let mut seen = HashSet::new();
    for policy in policies.items() {
        let at_list = |name: &str| Spot::new(Some(policy.get(name).value), policies.path.clone());
        let (resource, restart) = (at_list("resourceName"), at_list("restartPolicy"));
        if !seen.insert(resource.text()) {
            errors.add(Spot::new(Some(resource.value), policy.path.clone()).duplicate());
        }
        errors.choice(&resource, RESIZED);
        errors.choice(&restart, RESIZE_POLICIES);
        if of_pod == "Never" && restart.text() != "NotRequired" {
            let text = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.add(restart.invalid_as(restart.text(), text));
        }
    }
}

/// A container that ends before the others start is not started again.
pub(super) fn check_initial_resize(errors: &mut Errors, policies: &Spot<'_>) {
    for policy in policies.items() {
        let restart = policy.get("restartPolicy");
        let text = "must not be set to 'RestartContainer' for non-sidecar initContainers";
        errors.add_if(restart.text() == "RestartContainer", || {
            restart.invalid(text)
        });
    }
}
