//! Containers: names, images, ports, mounts, resources.

use std::collections::{HashMap, HashSet};

use super::volumes::Source;
use super::{mounts, probes, security, variables};
use crate::names::{label_problems, port_name_problems, port_problems};
use crate::quantities;
use crate::spot::{Errors, Spot};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const CONTAINER_RESTART_POLICIES: &[&str] = &["Always", "Never", "OnFailure"];

/// The volumes of a Pod that are well-formed.
pub(super) type Volumes<'a> = HashMap<&'a str, Source>;

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
    mounts::check(errors, container, volumes);
    mounts::check_devices(errors, container, volumes);
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

pub(super) fn not_found(name: &Spot<'_>) -> skein_schema::FieldError {
    skein_schema::FieldError::new(
        skein_schema::field_error::FieldErrorKind::NotFound,
        name.path.clone(),
        Some(name.text().into()),
        "",
    )
}
