//! The status of Pods: addresses, conditions, and containers that do not come back.

use serde_json::Value;
use skein_object::Object;
use skein_object::names::qualified_name_problems;

use crate::names::subdomain_problems;
use crate::services;
use crate::spot::{Errors, Spot, go_struct};

/// Conditions that Kubernetes itself sets, whose names need no look.
const OWN_CONDITIONS: &[&str] = &["PodScheduled", "Ready", "Initialized"];
/// Most addresses of a pod or host: one of each family.
const MAX_ADDRESSES: usize = 2;

pub(super) fn check(errors: &mut Errors, old: &Object, new: &Object) {
    let (status, before) = (Spot::of(new, "status"), Spot::of(old, "status"));
    check_conditions(errors, &status.get("conditions"));
    let node = status.get("nominatedNodeName");
    if node.value != before.get("nominatedNodeName").value && !node.is_blank() {
        errors.problems(&node, subdomain_problems(node.text()));
        let is_bound = !Spot::of(old, "spec").get("nodeName").is_blank();
        let text = "may not be set on pods that are already bound to a node";
        errors.add_if(is_bound, || node.forbidden(text));
    }
    check_generation(errors, &status.get("observedGeneration"));
    let class = status.get("qosClass");
    if class.text() != before.get("qosClass").text() {
        errors.add(class.invalid_as(class.text(), "field is immutable"));
    }
    let spec = Spot::of(new, "spec");
    for (statuses, containers) in [
        ("containerStatuses", "containers"),
        ("initContainerStatuses", "initContainers"),
    ] {
        let places = (&status.get(statuses), &before.get(statuses));
        check_returns(errors, places, &spec, &spec.get(containers));
    }
    check_claims(errors, &status.get("resourceClaimStatuses"), &spec);
    check_addresses(errors, &status.get("podIPs"), &before.get("podIPs"));
    check_hosts(errors, &status, &before);
}

fn check_generation(errors: &mut Errors, generation: &Spot<'_>) {
    if generation.number().is_some_and(|number| number < 0) {
        errors.add(generation.invalid("must be a non-negative integer"));
    }
}

fn check_conditions(errors: &mut Errors, conditions: &Spot<'_>) {
    for condition in conditions.items() {
        check_generation(errors, &condition.get("observedGeneration"));
        let kind = condition.get("type");
        if OWN_CONDITIONS.contains(&kind.text()) {
            continue;
        }
        // The field has that name in the API server's own words.
        let place = condition.get("Type");
        let problems = qualified_name_problems(kind.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| place.invalid_as(kind.text(), text)),
        );
    }
}

/// Containers that have ended stay so, unless their policy starts them again.
fn check_returns(
    errors: &mut Errors,
    (new, old): (&Spot<'_>, &Spot<'_>),
    spec: &Spot<'_>,
    containers: &Spot<'_>,
) {
    for (index, before) in old.items().enumerate() {
        let end = before.get("state.terminated");
        if !end.is_set() {
            continue;
        }
        let name = before.get("name").text();
        let named = |spot: &Spot<'_>| spot.get("name").text() == name;
        let is_back = new
            .items()
            .find(|now| named(now))
            .is_some_and(|now| !now.get("state.terminated").is_set());
        let code = end.get("exitCode").number().unwrap_or_default();
        let may_return = containers
            .items()
            .find(|container| named(container))
            .is_some_and(|container| restarts(&container, spec, code));
        if is_back && !may_return {
            let place = Spot::new(None, new.path.index(index)).get("state");
            errors.add(place.forbidden("may not be transitioned to non-terminated state"));
        }
    }
}

fn restarts(container: &Spot<'_>, spec: &Spot<'_>, code: i64) -> bool {
    let own = container.get("restartPolicy");
    let matches = |rule: &Spot<'_>| {
        let codes = rule.get("exitCodes");
        let is_listed = codes
            .get("values")
            .items()
            .any(|v| v.number() == Some(code));
        let is_meant = match codes.get("operator").text() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            _ => false,
        };
        is_meant && rule.get("action").text().starts_with("Restart")
    };
    if own.is_set()
        && container
            .get("restartPolicyRules")
            .items()
            .any(|rule| matches(&rule))
    {
        return true;
    }
    let policy = if own.is_set() {
        own
    } else {
        spec.get("restartPolicy")
    };
    match policy.text() {
        "Always" => true,
        "OnFailure" => code != 0,
        _ => false,
    }
}

/// Claims of resources that the pod has.
fn check_claims(errors: &mut Errors, statuses: &Spot<'_>, spec: &Spot<'_>) {
    let claims = spec.get("resourceClaims");
    for name in statuses.items().map(|status| status.get("name")) {
        let is_known = claims
            .items()
            .any(|claim| claim.get("name").text() == name.text());
        let text = "must match the name of an entry in `spec.resourceClaims`";
        errors.add_if(!is_known, || name.invalid_as(name.text(), text));
    }
}

/// New addresses are addresses, at most one of each family.
fn check_addresses(errors: &mut Errors, list: &Spot<'_>, old: &Spot<'_>) {
    let text = |spot: &Spot<'_>| spot.get("ip").text().to_owned();
    let known: Vec<String> = old.items().map(|spot| text(&spot)).collect();
    for item in list.items() {
        if !known.contains(&text(&item)) {
            let address = Value::from(text(&item));
            let place = Spot::new(Some(&address), item.path.clone());
            let mut found = Errors::default();
            services::check_address(&mut found, &place);
            errors.add_all(found.0);
        }
    }
    let count = list.len();
    let six = list.items().filter(|item| text(item).contains(':')).count();
    if count > 1 && (count > MAX_ADDRESSES || six != 1) {
        let shown: Vec<String> = list
            .items()
            .map(|item| go_struct(&[("IP", &Value::from(text(&item)))]))
            .collect();
        let error = list.invalid("may specify no more than one IP for each IP family");
        errors.add(error.showing(format!("[{}]", shown.join(","))));
    }
}

fn check_hosts(errors: &mut Errors, status: &Spot<'_>, before: &Spot<'_>) {
    let hosts = status.get("hostIPs");
    let Some(first) = hosts.items().next() else {
        return;
    };
    let first = first.get("ip");
    if first.text() != status.get("hostIP").text() {
        errors.add(first.invalid_as(first.text(), "must be equal to `hostIP`"));
    }
    check_addresses(errors, &hosts, &before.get("hostIPs"));
}
