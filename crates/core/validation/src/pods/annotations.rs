//! Annotations of Pods that say what fields say now.

use serde_json::Value;

use super::containers;
use crate::armor;
use crate::sources;
use crate::spot::{Errors, Spot};

const MIRROR: &str = "kubernetes.io/config.mirror";
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

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
        if let Some(container) = key.strip_prefix(armor::ANNOTATION) {
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

/// Annotations that a Pod keeps as it was made with them.
pub(super) fn check_change(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    let fixed = |key: &str| match key {
        MIRROR => Some("mirror pod annotation"),
        key if key.starts_with(armor::ANNOTATION) => Some("AppArmor annotations"),
        _ => None,
    };
    for (key, old) in before.members() {
        let spot = Spot::new(Some(old.value), now.path.key(key));
        if let Some(what) = fixed(key).filter(|_| now.value.get(key) != Some(old.value)) {
            errors.add(spot.forbidden(&format!("may not remove or update {what}")));
        }
    }
    for (key, spot) in now.members() {
        if let Some(what) = fixed(key).filter(|_| before.value.get(key).is_none()) {
            errors.add(spot.forbidden(&format!("may not add {what}")));
        }
    }
}

/// Annotations of a new Pod must say what its fields say.
pub(super) fn check_agreement(errors: &mut Errors, annotations: &Spot<'_>, spec: &Spot<'_>) {
    let annotation = |key: &str| annotations.value.get(key).and_then(Value::as_str);
    let of_pod = spec.get("securityContext.seccompProfile");
    if let Some(told) = annotation(SECCOMP) {
        agree(errors, "seccomp", told, &of_pod, &of_pod);
    }
    for container in containers::all(spec) {
        let key = format!("{SECCOMP_CONTAINER}{}", container.get("name").text());
        let own = container.get("securityContext.seccompProfile");
        if let Some(told) = annotation(&key) {
            agree(errors, "seccomp", told, &own, &own);
        }
    }
    if spec.get("os.name").text() == "windows" {
        return;
    }
    let of_pod = spec.get("securityContext.appArmorProfile");
    for container in containers::all(spec) {
        let key = format!("{}{}", armor::ANNOTATION, container.get("name").text());
        let own = container.get("securityContext.appArmorProfile");
        let profile = if own.is_set() { &own } else { &of_pod };
        if let Some(told) = annotation(&key) {
            agree(errors, "apparmor", told, profile, &own);
        }
    }
}

/// An annotation beside the profile that counts; what is wrong is told of `place`.
fn agree(errors: &mut Errors, what: &str, told: &str, profile: &Spot<'_>, place: &Spot<'_>) {
    let local = told.strip_prefix("localhost/");
    let is_same_kind = match profile.get("type").text() {
        "Unconfined" => told == "unconfined",
        "RuntimeDefault" => {
            told == "runtime/default" || what == "seccomp" && told == "docker/default"
        }
        "Localhost" => local.is_some(),
        _ => true,
    };
    if !is_same_kind {
        let text = format!("{what} type in annotation and field must match");
        errors.add(place.get("type").forbidden(&text));
        return;
    }
    let name = profile.get("localhostProfile");
    let is_same = local == name.value.as_str();
    if profile.get("type").text() == "Localhost" && !is_same {
        let text = format!("{what} profile in annotation and field must match");
        errors.add(place.get("localhostProfile").forbidden(&text));
    }
}
