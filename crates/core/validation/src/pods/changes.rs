//! What of a Pod may change after it was made: images, deadlines, new tolerations, removed gates, ephemeral containers.

use std::collections::BTreeMap;

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;

use super::annotations;
use crate::go_dump::unified;
use crate::pod_dump;
use crate::spot::{Errors, Spot};

/// Longest time that a Pod may be told to run when it is changed, in seconds.
const MAX_DEADLINE_SECONDS: i64 = 2_147_483_647;
const CHANGEABLE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A change of a Pod itself. Rules stop at the first of containers or deadline that is broken, as those of the API server.
pub(crate) fn check(errors: &mut Errors, old: &Object, new: &Object) {
    let (before, now) = (Spot::of(old, "spec"), Spot::of(new, "spec"));
    let annotations = |pod| Spot::of(pod, "metadata").get("annotations");
    let told = annotations(new);
    annotations::check_change(errors, &annotations(old), &told);
    // Twice in the API server, too.
    annotations::check(errors, &told, &now);
    for kind in ["containers", "initContainers"] {
        let (before, now) = (before.get(kind), now.get(kind));
        if before.len() != now.len() {
            errors.add(now.forbidden("pod updates may not add or remove containers"));
            return;
        }
        for container in now.items() {
            check_image(errors, &container.get("image"));
        }
    }
    if check_deadline(errors, &before, &now) {
        return;
    }
    check_tolerations(errors, &before.get("tolerations"), &now.get("tolerations"));
    check_gates(
        errors,
        &before.get("schedulingGates"),
        &now.get("schedulingGates"),
    );
    let is_gated = before.get("schedulingGates").len() > 0;
    if is_gated {
        check_selector(
            errors,
            &before.get("nodeSelector"),
            &now.get("nodeSelector"),
        );
        let affinity = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        check_terms(
            errors,
            &before.get(affinity).get("nodeSelectorTerms"),
            &now.get(affinity).get("nodeSelectorTerms"),
        );
    }
    let after = with_old_values(before.value, now.value, is_gated);
    if *before.value != after {
        let dump = pod_dump::specification;
        let difference = unified(&dump(before.value), &dump(&after));
        errors.add(now.forbidden(&format!("{CHANGEABLE}\n{difference}")));
    }
}

fn check_image(errors: &mut Errors, image: &Spot<'_>) {
    if image.is_blank() {
        errors.add(image.required(""));
    }
    let is_trimmed = image.text().trim().len() == image.text().len();
    errors.add_if(!is_trimmed, || {
        image.invalid("must not have leading or trailing whitespace")
    });
}

/// Whether the deadline is so wrong that nothing else is looked at.
fn check_deadline(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) -> bool {
    let (before, now) = (
        before.get("activeDeadlineSeconds"),
        now.get("activeDeadlineSeconds"),
    );
    match (before.number(), now.number()) {
        (_, Some(seconds)) if !(0..=MAX_DEADLINE_SECONDS).contains(&seconds) => {
            let text = format!("must be between 0 and {MAX_DEADLINE_SECONDS}, inclusive");
            errors.add(now.invalid(text));
            true
        }
        (Some(earlier), Some(seconds)) if earlier < seconds => {
            errors.add(now.invalid("must be less than or equal to previous value"));
            true
        }
        (Some(_), None) => {
            errors.add(now.invalid("must not update from a positive integer to nil value"));
            false
        }
        _ => false,
    }
}

/// Tolerations stay, but for how long they hold; new ones are judged again.
fn check_tolerations(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    let timeless = |toleration: &Spot<'_>| {
        let mut toleration = toleration.value.clone();
        if let Some(map) = toleration.as_object_mut() {
            map.remove("tolerationSeconds");
        }
        toleration
    };
    let kept: Vec<Value> = now
        .items()
        .map(|toleration| timeless(&toleration))
        .collect();
    if before.items().any(|old| !kept.contains(&timeless(&old))) {
        let text = "existing toleration can not be modified except its tolerationSeconds";
        errors.add(now.forbidden(text));
    } else {
        super::scheduling::check_tolerations(errors, now);
    }
}

/// What holds a Pod back may only go.
fn check_gates(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    let names: Vec<&str> = before.items().map(|gate| gate.get("name").text()).collect();
    let added: BTreeMap<&str, Spot<'_>> = now
        .items()
        .map(|gate| gate.get("name"))
        .filter(|name| !names.contains(&name.text()))
        .map(|name| (name.text(), name))
        .collect();
    for (name, spot) in added {
        let text = format!("only deletion is allowed, but found new scheduling gate '{name}'");
        errors.add(spot.forbidden(&text));
    }
}

/// A Pod that is held back may be given narrower places.
fn check_selector(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    let kept = |(key, old): (&String, &Value)| now.value.get(key) == Some(old);
    if !before.map().into_iter().flatten().all(kept) {
        let text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.add(now.invalid(text));
    }
}

/// Terms of nodes stay, and each may ask for more than before; where none were, any may be set.
fn check_terms(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    if before.len() == 0 {
        return;
    }
    if before.len() != now.len() {
        let text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        let shown = pod_dump::node_selector_terms(now.value);
        errors.add(now.invalid(text).showing(shown));
        return;
    }
    for (old, new) in before.items().zip(now.items()) {
        if !only_adds(&old, &new) {
            let shown = pod_dump::node_selector_term(new.value);
            let text = "only additions are allowed (no mutations or deletions)";
            errors.add(new.invalid(text).showing(shown));
        }
    }
}

/// Whether a term has all that it had, and in the same order; one without requirements takes none.
fn only_adds(old: &Spot<'_>, new: &Spot<'_>) -> bool {
    const LISTS: [&str; 2] = ["matchExpressions", "matchFields"];
    let was_empty = LISTS.iter().all(|list| old.get(list).len() == 0);
    LISTS.iter().all(|list| {
        let (old, new) = (old.get(list), new.get(list));
        let kept = old.items().zip(new.items());
        new.len() >= old.len()
            && !(was_empty && new.len() > 0)
            && kept.into_iter().all(|(old, new)| old.value == new.value)
    })
}

/// The new specification with the old one's values where a Pod may change.
fn with_old_values(old: &Value, new: &Value, is_gated: bool) -> Value {
    let mut spec = new.clone();
    for kind in ["containers", "initContainers"] {
        let containers = spec.get_mut(kind).and_then(Value::as_array_mut);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            let image = old.get(kind).and_then(|list| list.get(index)?.get("image"));
            if let (Some(container), Some(image)) = (container.as_object_mut(), image) {
                container.insert("image".to_owned(), image.clone());
            }
        }
    }
    let Some(map) = spec.as_object_mut() else {
        return spec;
    };
    let mut restored = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates"];
    if is_gated {
        restored.push("nodeSelector");
    }
    let grace = |spec: &Value| {
        spec.get("terminationGracePeriodSeconds")
            .and_then(Value::as_i64)
    };
    if grace(old).is_some_and(|seconds| seconds < 0) && grace(new) == Some(1) {
        restored.push("terminationGracePeriodSeconds");
    }
    for field in restored {
        match old.get(field) {
            Some(value) => drop(map.insert(field.to_owned(), value.clone())),
            None => drop(map.remove(field)),
        }
    }
    if is_gated {
        restore_node_affinity(map, old);
    }
    spec
}

/// Affinity to nodes may be narrowed while a Pod is held back; affinity to pods may not change.
fn restore_node_affinity(spec: &mut serde_json::Map<String, Value>, old: &Value) {
    const NODE: &str = "nodeAffinity";
    let before = old.get("affinity").and_then(|affinity| affinity.get(NODE));
    let Some(Value::Object(affinity)) = spec.get_mut("affinity") else {
        if let Some(before) = before {
            spec.insert("affinity".to_owned(), serde_json::json!({ NODE: before }));
        }
        return;
    };
    match before {
        Some(before) => drop(affinity.insert(NODE.to_owned(), before.clone())),
        None if affinity.remove(NODE).is_none() => return,
        None => {}
    }
    if affinity.is_empty() && old.get("affinity").is_none() {
        spec.remove("affinity");
    }
}

/// Pods that never get ephemeral containers; nothing else is told of them.
pub(crate) fn check_extensible(old: &Object) -> Option<FieldError> {
    let is_mirror = old.annotation(super::MIRROR).is_some();
    let text = "static pods do not support ephemeral containers";
    is_mirror.then(|| FieldError::forbidden(super::nowhere(), text))
}

/// A change through `ephemeralcontainers`: those that are there stay as they are.
pub(crate) fn check_ephemeral(errors: &mut Errors, old: &Object, new: &Object) {
    const LIST: &str = "ephemeralContainers";
    let (before, now) = (
        Spot::of(old, "spec").get(LIST),
        Spot::of(new, "spec").get(LIST),
    );
    for container in before.items() {
        let name = container.get("name").text();
        let same = |other: &Spot<'_>| other.get("name").text() == name;
        match now.items().find(same) {
            None => {
                let text = format!("existing ephemeral containers {name:?} may not be removed\n");
                errors.add(now.forbidden(&text));
            }
            Some(other) if other.value != container.value => {
                let dump = pod_dump::ephemeral_container;
                let difference = unified(&dump(container.value), &dump(other.value));
                let text = format!(
                    "existing ephemeral containers {name:?} may not be changed\n{difference}"
                );
                errors.add(now.forbidden(&text));
            }
            Some(_) => {}
        }
    }
}
