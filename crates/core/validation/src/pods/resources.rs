//! Resources of a whole Pod: which, and that they suffice for its containers.

use std::collections::BTreeSet;

use skein_object::quantity::Quantity;
use skein_schema::pod_resources::aggregate;

use super::claims;
use crate::quantities::{self, parse};
use crate::spot::{Errors, Spot};

pub(super) fn check(errors: &mut Errors, spec: &Spot<'_>, names: &BTreeSet<&str>) {
    let resources = spec.get("resources");
    if !resources.is_set() {
        return;
    }
    if spec.get("os.name").text() == "windows" {
        errors.add(resources.forbidden("may not be set for a windows pod"));
        return;
    }
    let used = resources.get("claims");
    let text = "claims may not be set for Resources at pod-level";
    errors.add_if(used.is_set(), || used.forbidden(text));
    quantities::check_of_pod(errors, &resources);
    claims::check_used(errors, &used, names);
    check_requests(errors, spec, &resources);
    check_limits(errors, spec, &resources);
}

fn exceeds(amount: Option<Quantity>, limit: &Spot<'_>) -> Option<Quantity> {
    let (amount, limit) = (amount?, parse(limit.value)?);
    let is_more = amount.compare(limit).is_some_and(std::cmp::Ordering::is_gt);
    is_more.then_some(amount)
}

fn check_requests(errors: &mut Errors, spec: &Spot<'_>, resources: &Spot<'_>) {
    for (list, huge_only) in [("requests", false), ("limits", true)] {
        for (name, own) in resources.get(list).members() {
            if huge_only && !name.starts_with("hugepages-") {
                continue;
            }
            if let Some(sum) = exceeds(aggregate(spec.value, list, name), &own) {
                let text =
                    format!("must be greater than or equal to aggregate container {list} of {sum}");
                errors.add(own.invalid(text));
            }
        }
    }
}

fn check_limits(errors: &mut Errors, spec: &Spot<'_>, resources: &Spot<'_>) {
    let limits = resources.get("limits");
    for (index, container) in spec.get("containers").items().enumerate() {
        for (name, limit) in container.get("resources.limits").members() {
            let own = Spot::new(limits.value.get(name), limits.path.key(name));
            if exceeds(parse(limit.value), &own).is_none() {
                continue;
            }
            let shown = own.value.as_str().unwrap_or_default();
            // The API server tells it below the resources of the Pod.
            let path = resources.path.child("containers").index(index);
            let told = Spot::new(Some(limit.value), path.key(name).child("limits"));
            errors.add(told.invalid(format!(
                "must be less than or equal to pod limits of {shown}"
            )));
        }
    }
}
