//! Ranges of addresses for Services, and the addresses that are taken of them.

use skein_object::Object;

use crate::cidrs;
use crate::names::{path_segment_problems, subdomain_problems};
use crate::spot::{Errors, Spot, go_struct};

const IMMUTABLE: &str = "field is immutable";
/// One range of each family of addresses.
const MAX_RANGES: usize = 2;

/// An IPAddress: who took it.
pub(crate) fn check_address(errors: &mut Errors, object: &Object) {
    let parent = Spot::of(object, "spec").get("parentRef");
    if !parent.is_set() {
        errors.add(parent.required(""));
        return;
    }
    let group = parent.get("group");
    if !group.is_blank() {
        errors.problems(&group, subdomain_problems(group.text()));
    }
    errors.filled(&parent.get("resource"));
    for name in ["resource", "name", "namespace"] {
        let part = parent.get(name);
        if name == "name" {
            errors.filled(&part);
        }
        if !part.is_blank() {
            errors.problems(&part, path_segment_problems(part.text()));
        }
    }
}

/// Who took an address does not change.
pub(crate) fn check_address_change(errors: &mut Errors, old: &Object, new: &Object) {
    let path = ["spec", "parentRef"];
    if old.at(&path) == new.at(&path) {
        return;
    }
    let parent = Spot::of(new, "spec").get("parentRef");
    let texts = ["group", "resource", "namespace", "name"].map(|name| parent.get(name).text());
    let [group, resource, namespace, name] = texts.map(Into::into);
    let shown = go_struct(&[
        ("Group", &group),
        ("Resource", &resource),
        ("Namespace", &namespace),
        ("Name", &name),
    ]);
    let error = parent.invalid(IMMUTABLE);
    errors.add(match parent.is_set() {
        true => error.showing(shown),
        false => error,
    });
}

/// The ranges of a ServiceCIDR.
pub(crate) fn check_ranges(errors: &mut Errors, object: &Object) {
    let ranges = Spot::of(object, "spec").get("cidrs");
    if ranges.len() == 0 {
        errors.add(ranges.required("at least one CIDR required"));
        return;
    }
    if ranges.len() > MAX_RANGES {
        let shown = go_struct(&[("CIDRs", ranges.value)]);
        let text = format!("may only hold up to {MAX_RANGES} values");
        errors.add(ranges.invalid(text).showing(shown));
        return;
    }
    for range in ranges.items() {
        cidrs::check_canonical(errors, &range);
    }
    let families: Vec<Option<bool>> = ranges
        .items()
        .map(|range| cidrs::is_six(range.text()))
        .collect();
    if let [Some(first), Some(second)] = families[..]
        && first == second
    {
        let text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.add(ranges.invalid(text));
    }
}

/// Ranges stay; a second one, of the other family, may be added to one.
pub(crate) fn check_ranges_change(errors: &mut Errors, old: &Object, new: &Object) {
    let (before, now) = (
        Spot::of(old, "spec").get("cidrs"),
        Spot::of(new, "spec").get("cidrs"),
    );
    match (before.len(), now.len()) {
        (1, 2) => {
            check_same(errors, &before, &now);
            check_ranges(errors, new);
        }
        (a, b) if a == b => check_same(errors, &before, &now),
        _ => errors.add(now.invalid(IMMUTABLE)),
    }
}

fn check_same(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    for (old, new) in before.items().zip(now.items()) {
        errors.add_if(old.value != new.value, || new.invalid(IMMUTABLE));
    }
}
