//! Mounts and devices of containers.

use std::collections::{HashMap, HashSet};

use super::containers::{Volumes, not_found};
use super::volumes::Source;
use crate::sources::{check_descending, climbs};
use crate::spot::{Errors, Spot};

const PROPAGATIONS: &[&str] = &["Bidirectional", "HostToContainer", "None"];
const READ_ONLY: &[&str] = &["Disabled", "Enabled", "IfPossible"];

/// Paths by name of the volume; of several the last.
fn paths<'a>(container: &Spot<'a>, list: &str, path: &str) -> HashMap<&'a str, &'a str> {
    let items = container.get(list).items();
    let pair = |item: Spot<'a>| (item.get("name").text(), item.get(path).text());
    items.map(pair).collect()
}

pub(super) fn check(errors: &mut Errors, container: &Spot<'_>, volumes: &Volumes<'_>) {
    let mounts = container.get("volumeMounts");
    let devices = paths(container, "volumeDevices", "devicePath");
    let mut seen = HashSet::new();
    for mount in mounts.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        errors.filled(&name);
        errors.add_if(!volumes.contains_key(name.text()), || not_found(&name));
        errors.filled(&path);
        if !seen.insert(path.text()) {
            errors.add(path.invalid_as(path.text(), "must be unique"));
        }
        if devices.contains_key(name.text()) {
            errors.add(name.invalid("must not already exist in volumeDevices"));
        }
        if devices.values().any(|device| *device == path.text()) {
            let text = "must not already exist as a path in volumeDevices";
            errors.add(path.invalid_as(path.text(), text));
        }
        check_parts(errors, &mount, &mounts);
        check_propagation(errors, &mount, &mounts, container);
        check_recursion(errors, &mount, &mounts);
    }
}

/// Parts of volumes. The API server tells their paths without the index.
fn check_parts(errors: &mut Errors, mount: &Spot<'_>, mounts: &Spot<'_>) {
    let at = |key: &str| Spot::new(mount.value.get(key), mounts.path.child(key));
    if !mount.get("subPath").is_blank() {
        check_descending(errors, &at("subPath"));
    }
    let expression = mount.get("subPathExpr");
    if expression.is_blank() {
        return;
    }
    if !mount.get("subPath").is_blank() {
        errors.add(expression.invalid("subPathExpr and subPath are mutually exclusive"));
    }
    check_descending(errors, &at("subPathExpr"));
}

fn check_propagation(
    errors: &mut Errors,
    mount: &Spot<'_>,
    mounts: &Spot<'_>,
    container: &Spot<'_>,
) {
    let value = mount.value.get("mountPropagation");
    let spot = Spot::new(value, mounts.path.child("mountPropagation"));
    errors.optional_choice(&spot, PROPAGATIONS);
    let is_privileged = container.get("securityContext.privileged").is_true();
    if spot.text() == "Bidirectional" && !is_privileged {
        let text = "Bidirectional mount propagation is available only to privileged containers";
        errors.add(spot.forbidden(text));
    }
}

/// Whether what is mounted below is read-only too.
fn check_recursion(errors: &mut Errors, mount: &Spot<'_>, mounts: &Spot<'_>) {
    let value = mount.value.get("recursiveReadOnly");
    let spot = Spot::new(value, mounts.path.child("recursiveReadOnly"));
    if !matches!(spot.text(), "Enabled" | "IfPossible") {
        errors.optional_choice(&spot, READ_ONLY);
        return;
    }
    if !mount.get("readOnly").is_true() {
        errors.add(spot.forbidden("may only be specified when readOnly is true"));
    }
    let propagation = mount.get("mountPropagation");
    if propagation.is_set() && propagation.text() != "None" {
        let text = "may only be specified when mountPropagation is None or not specified";
        errors.add(spot.forbidden(text));
    }
}

pub(super) fn check_devices(errors: &mut Errors, container: &Spot<'_>, volumes: &Volumes<'_>) {
    let mounts = paths(container, "volumeMounts", "mountPath");
    let (mut seen, mut names) = (HashSet::new(), HashSet::new());
    for device in container.get("volumeDevices").items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        errors.filled(&name);
        if names.contains(name.text()) {
            errors.add(name.invalid_as(name.text(), "must be unique"));
        }
        match volumes.get(name.text()) {
            Some(Source::Claim) => {}
            Some(Source::Other) => {
                let text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.add(name.invalid(text));
            }
            None => errors.add(not_found(&name)),
        }
        errors.filled(&path);
        if seen.contains(path.text()) {
            errors.add(path.invalid_as(path.text(), "must be unique"));
        }
        if climbs(path.text()) {
            errors.add(path.invalid("can not contain backsteps ('..')"));
        } else {
            seen.insert(path.text());
        }
        if mounts.contains_key(name.text()) {
            let text = "must not already exist in volumeMounts";
            errors.add(name.invalid_as(name.text(), text));
        }
        if mounts.values().any(|mount| *mount == path.text()) {
            let text = "must not already exist as a path in volumeMounts";
            errors.add(path.invalid_as(path.text(), text));
        }
        if !name.is_blank() {
            names.insert(name.text());
        }
    }
}
