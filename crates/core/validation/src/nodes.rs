//! Nodes: taints, ranges of addresses, what they can hold.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::Object;
use skein_object::names::{label_value_problems, qualified_name_problems};
use skein_schema::FieldPath;

use crate::spot::{Errors, Spot, go_struct};
use crate::{cidrs, quantities};

const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// A node as it is.
pub(crate) fn check(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    check_taints(errors, &spec.get("taints"));
    check_resources(errors, object);
    let ranges = spec.get("podCIDRs");
    for range in ranges.items() {
        cidrs::check(errors, &range);
    }
    let six = ranges
        .items()
        .filter(|range| range.text().contains(':'))
        .count();
    if ranges.len() > 1 && (ranges.len() > 2 || six != 1) {
        let error = ranges.invalid("may specify no more than one CIDR for each IP family");
        errors.add(error.showing(ranges.value.to_string()));
    }
}

/// A node, or its status, that replaces an older state of itself.
pub(crate) fn check_change(errors: &mut Errors, old: &Object, new: &Object) {
    check_resources(errors, new);
    let mut seen = HashSet::new();
    for address in Spot::of(new, "status").get("addresses").items() {
        let (kind, text) = (address.get("type"), address.get("address"));
        if !seen.insert((kind.text(), text.text())) {
            let (kind, text) = (Value::from(kind.text()), Value::from(text.text()));
            let shown = go_struct(&[("Type", &kind), ("Address", &text)]);
            errors.add(address.duplicate().showing(shown));
        }
    }
    let (spec, before) = (Spot::of(new, "spec"), Spot::of(old, "spec"));
    let (ranges, old_ranges) = (spec.get("podCIDRs"), before.get("podCIDRs"));
    if old_ranges.len() > 0 {
        let text = "node updates may not change podCIDR except from \"\" to valid";
        let changed = ranges.items().zip(old_ranges.items());
        let changed = changed.filter(|(new, old)| new.value != old.value).count();
        let count = if ranges.len() == old_ranges.len() {
            changed
        } else {
            1
        };
        for _ in 0..count {
            errors.add(ranges.forbidden(text));
        }
    }
    let (provider, old_provider) = (spec.get("providerID"), before.get("providerID"));
    if !old_provider.is_blank() && old_provider.text() != provider.text() {
        let text = "node updates may not change providerID except from \"\" to valid";
        errors.add(provider.forbidden(text));
    }
    check_taints(errors, &spec.get("taints"));
    let external = spec.get("externalID");
    if external.text() != before.get("externalID").text() {
        errors.add(external.forbidden("may not be updated"));
    }
}

/// The API server names these fields without brackets.
fn check_resources(errors: &mut Errors, object: &Object) {
    for part in ["capacity", "allocatable"] {
        let amounts = Spot::of(object, "status").get(part);
        for (name, amount) in amounts.members() {
            let place = Spot::new(Some(amount.value), amounts.path.child(name));
            quantities::check_value(errors, name, &place);
        }
    }
}

/// The API server looks for taints in the metadata when it names them.
fn check_taints(errors: &mut Errors, taints: &Spot<'_>) {
    let place = FieldPath::new("metadata").child("taints");
    let mut seen = HashSet::new();
    for (index, taint) in taints.items().enumerate() {
        let taint = Spot::new(Some(taint.value), place.index(index));
        let (key, value, effect) = (taint.get("key"), taint.get("value"), taint.get("effect"));
        let problems = qualified_name_problems(key.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| key.invalid_as(key.text(), text)),
        );
        let problems = label_value_problems(value.text());
        if !problems.is_empty() {
            errors.add(value.invalid(problems.join(";")));
        }
        errors.choice(&effect, EFFECTS);
        if !seen.insert((effect.text(), key.text())) {
            let texts = [&key, &value, &effect].map(|spot| Value::from(spot.text()));
            let shown = go_struct(&[
                ("Key", &texts[0]),
                ("Value", &texts[1]),
                ("Effect", &texts[2]),
                ("TimeAdded", &Value::Null),
            ]);
            let mut error = taint.duplicate().showing(shown);
            "taints must be unique by key and effect pair".clone_into(&mut error.detail);
            errors.add(error);
        }
    }
}
