//! Containers: names, images, ports, mounts, resources.

use std::collections::HashSet;

use super::{probes, security, variables};
use crate::names::{label_problems, port_name_problems, port_problems};
use crate::quantities;
use crate::spot::{Errors, Spot};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const CONTAINER_RESTART_POLICIES: &[&str] = &["Always", "Never", "OnFailure"];
const PROPAGATIONS: &[&str] = &["Bidirectional", "HostToContainer", "None"];

/// The volumes of a Pod that are well-formed.
pub(super) type Volumes<'a> = HashSet<&'a str>;

pub(super) fn check(errors: &mut Errors, spec: &Spot<'_>, volumes: &Volumes<'_>) {
    let containers = spec.get("containers");
    let grace = spec.get("terminationGracePeriodSeconds").number();
    if containers.len() == 0 {
        errors.add(containers.required(""));
    }
    let mut names = HashSet::new();
    for container in containers.items() {
        check_common(errors, &container, volumes);
        let name = container.get("name");
        errors.add_if(!names.insert(name.text()), || name.duplicate());
        probes::check_all(errors, &container, grace);
        errors.optional_choice(&container.get("restartPolicy"), CONTAINER_RESTART_POLICIES);
    }
    check_host_ports(errors, &containers);
    for container in spec.get("initContainers").items() {
        check_common(errors, &container, volumes);
        errors.optional_choice(&container.get("restartPolicy"), CONTAINER_RESTART_POLICIES);
        let name = container.get("name");
        let repeated = !name.is_blank() && !names.insert(name.text());
        errors.add_if(repeated, || name.duplicate());
        if container.get("restartPolicy").text() == "Always" {
            probes::check_all(errors, &container, grace);
        } else {
            probes::forbid(errors, &container);
        }
    }
}

pub(super) fn check_common(errors: &mut Errors, container: &Spot<'_>, volumes: &Volumes<'_>) {
    let name = container.get("name");
    if name.is_blank() {
        errors.add(name.required(""));
    } else {
        errors.problems(&name, label_problems(name.text()));
    }
    errors.filled(&container.get("image"));
    errors.choice(&container.get("terminationMessagePolicy"), MESSAGE_POLICIES);
    check_ports(errors, &container.get("ports"));
    variables::check(errors, container);
    check_mounts(errors, container, volumes);
    check_devices(errors, container, volumes);
    errors.choice(&container.get("imagePullPolicy"), PULL_POLICIES);
    quantities::check_requirements(errors, &container.get("resources"));
    security::check_container(errors, &container.get("securityContext"));
}

fn check_ports(errors: &mut Errors, ports: &Spot<'_>) {
    let mut names = HashSet::new();
    for port in ports.items() {
        let name = port.get("name");
        if !name.is_blank() {
            let problems = port_name_problems(name.text());
            if problems.is_empty() {
                errors.add_if(!names.insert(name.text()), || name.duplicate());
            }
            errors.problems(&name, problems);
        }
        let inner = port.get("containerPort");
        match inner.number().unwrap_or_default() {
            0 => errors.add(inner.required("")),
            number => errors.problems(&inner, port_problems(number)),
        }
        let outer = port.get("hostPort");
        match outer.number().unwrap_or_default() {
            0 => {}
            number => errors.problems(&outer, port_problems(number)),
        }
        errors.choice(&port.get("protocol"), PROTOCOLS);
    }
}

fn check_host_ports(errors: &mut Errors, containers: &Spot<'_>) {
    let mut seen = HashSet::new();
    for container in containers.items() {
        for port in container.get("ports").items() {
            let number = port.get("hostPort").number().unwrap_or_default();
            if number == 0 {
                continue;
            }
            let (protocol, host) = (port.get("protocol"), port.get("hostIP"));
            let key = format!("{}/{}/{number}", protocol.text(), host.text());
            if !seen.insert(key.clone()) {
                let path = port.get("hostPort").path;
                errors.add(skein_schema::FieldError::duplicate(path, key.into()));
            }
        }
    }
}

fn check_mounts(errors: &mut Errors, container: &Spot<'_>, volumes: &Volumes<'_>) {
    let mounts = container.get("volumeMounts");
    let devices: Vec<Spot<'_>> = container.get("volumeDevices").items().collect();
    let mut paths = HashSet::new();
    for mount in mounts.items() {
        let (name, path) = (mount.get("name"), mount.get("mountPath"));
        if name.is_blank() {
            errors.add(name.required(""));
        }
        if !volumes.contains(name.text()) {
            errors.add(not_found(&name));
        }
        if path.is_blank() {
            errors.add(path.required(""));
        }
        if !paths.insert(path.text()) {
            errors.add(path.invalid_as(path.text(), "must be unique"));
        }
        let same = |key: &str, text: &str| devices.iter().any(|d| d.get(key).text() == text);
        if same("name", name.text()) {
            errors.add(name.invalid("must not already exist in volumeDevices"));
        }
        if same("devicePath", path.text()) {
            errors.add(path.invalid("must not already exist as a path in volumeDevices"));
        }
        // The API server tells these without the index.
        for key in ["subPath", "subPathExpr"] {
            let sub = Spot::new(mount.value.get(key), mounts.path.child(key));
            if !sub.is_blank() {
                check_descending(errors, &sub);
            }
        }
        if !mount.get("subPath").is_blank() && !mount.get("subPathExpr").is_blank() {
            let text = "subPathExpr and subPath are mutually exclusive";
            errors.add(mount.get("subPathExpr").invalid(text));
        }
        let propagation = mount.value.get("mountPropagation");
        let spot = Spot::new(propagation, mounts.path.child("mountPropagation"));
        errors.optional_choice(&spot, PROPAGATIONS);
        if spot.text() == "Bidirectional" && !container.get("securityContext.privileged").is_true()
        {
            errors.add(spot.forbidden(
                "Bidirectional mount propagation is available only to privileged containers",
            ));
        }
    }
}

pub(super) fn not_found(name: &Spot<'_>) -> skein_schema::FieldError {
    skein_schema::FieldError::new(
        skein_schema::field_error::FieldErrorKind::NotFound,
        name.path.clone(),
        Some(name.text().into()),
        "",
    )
}

/// A relative path that does not climb.
pub(super) fn check_descending(errors: &mut Errors, path: &Spot<'_>) {
    if path.text().starts_with('/') {
        errors.add(path.invalid("must be a relative path"));
    }
    check_no_backsteps(errors, path);
}

/// A path without `..`.
pub(super) fn check_no_backsteps(errors: &mut Errors, path: &Spot<'_>) {
    if path.text().split('/').any(|part| part == "..") {
        errors.add(path.invalid("must not contain '..'"));
    }
}

fn check_devices(errors: &mut Errors, container: &Spot<'_>, volumes: &Volumes<'_>) {
    let mut paths = HashSet::new();
    let mut names = HashSet::new();
    for device in container.get("volumeDevices").items() {
        let (name, path) = (device.get("name"), device.get("devicePath"));
        if name.is_blank() {
            errors.add(name.required(""));
        }
        if !names.insert(name.text()) {
            errors.add(name.invalid_as(name.text(), "must be unique"));
        }
        if !volumes.contains(name.text()) {
            errors.add(not_found(&name));
        }
        if path.is_blank() {
            errors.add(path.required(""));
        }
        if !paths.insert(path.text()) {
            errors.add(path.invalid_as(path.text(), "must be unique"));
        }
        if !path.is_blank() {
            check_no_backsteps(errors, &path);
        }
    }
}
