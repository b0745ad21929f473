//! Annotations of Pods that say what fields say now.

use super::containers;
use crate::sources;
use crate::spot::{Errors, Spot};

const MIRROR: &str = "kubernetes.io/config.mirror";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) fn check(errors: &mut Errors, annotations: &Spot<'_>, spec: &Spot<'_>) {
    let at = |key: &str| Spot::new(annotations.value.get(key), annotations.path.key(key));
    let mirror = at(MIRROR);
    if mirror.is_set() && spec.get("nodeName").is_blank() {
        let text = "must set spec.nodeName if mirror pod annotation is set";
        errors.add(mirror.invalid(text));
    }
    let cost = at(COST);
    errors.add_if(cost.is_set() && !is_cost(cost.text()), || {
        cost.invalid("must be a 32bit integer")
    });
    for (key, value) in annotations.members() {
        if key == SECCOMP || key.starts_with(SECCOMP_CONTAINER) {
            let path = annotations.path.child(key);
            check_seccomp(errors, &Spot::new(Some(value.value), path));
        }
    }
    for (key, value) in annotations.members() {
        if let Some(container) = key.strip_prefix(ARMOR) {
            check_armor(errors, container, &value, spec);
        }
    }
}

/// A number of 32 bits as it is written shortest.
fn is_cost(text: &str) -> bool {
    let padded = text.len() > 1 && (text.starts_with('0') || text.starts_with("-0"));
    !padded && !text.starts_with('+') && text.parse::<i32>().is_ok()
}

fn check_seccomp(errors: &mut Errors, profile: &Spot<'_>) {
    const KNOWN: [&str; 3] = ["runtime/default", "docker/default", "unconfined"];
    if KNOWN.contains(&profile.text()) {
        return;
    }
    match profile.text().strip_prefix("localhost/") {
        Some(path) => {
            let path = path.into();
            sources::check_descending(errors, &Spot::new(Some(&path), profile.path.clone()));
        }
        None => errors.add(profile.invalid("must be a valid seccomp profile")),
    }
}

fn check_armor(errors: &mut Errors, container: &str, profile: &Spot<'_>, spec: &Spot<'_>) {
    let mut names = containers::all(spec).map(|container| container.get("name").text());
    errors.add_if(!names.any(|name| name == container), || {
        profile.invalid_as(container, "container not found")
    });
    let text = profile.text();
    let is_known = ["", "runtime/default", "unconfined"].contains(&text);
    errors.add_if(!is_known && !text.starts_with("localhost/"), || {
        profile.invalid(format!("invalid AppArmor profile name: {text:?}"))
    });
}
