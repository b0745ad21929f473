//! Containers: names, images, ports, mounts, resources.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::volumes::Source;
use super::{claims, mounts, probes, restarts, security, variables};
use crate::names::{label_problems, port_name_problems, port_problems};
use crate::quantities;
use crate::spot::{Errors, Spot};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// The volumes of a Pod that are well-formed.
pub(super) type Volumes<'a> = HashMap<&'a str, Source>;

/// What the rules for containers need to know of their Pod.
pub(super) struct Surroundings<'a> {
    pub(super) spec: &'a Spot<'a>,
    /// The volumes that are well-formed.
    pub(super) volumes: Volumes<'a>,
    /// Names of the Pod's claims of resources.
    pub(super) claims: BTreeSet<&'a str>,
}

pub(super) fn check(errors: &mut Errors, pod: &Surroundings<'_>) {
    let containers = pod.spec.get("containers");
    if containers.len() == 0 {
        errors.add(containers.required(""));
    }
    let mut names = HashSet::new();
    for container in containers.items() {
        check_common(errors, &container, pod);
        let name = container.get("name");
        errors.add_if(!names.insert(name.text()), || name.duplicate());
        probes::check_all(errors, &container, pod.spec);
        restarts::check(errors, &container, false);
    }
    check_host_ports(errors, &containers, containers.items());
    let initial = pod.spec.get("initContainers");
    for container in initial.items() {
        check_common(errors, &container, pod);
        restarts::check(errors, &container, true);
        let name = container.get("name");
        let repeated = !name.is_blank() && !names.insert(name.text());
        errors.add_if(repeated, || name.duplicate());
        check_host_ports(errors, &initial, std::iter::once(container.clone()));
        if container.get("restartPolicy").text() == "Always" {
            probes::check_all(errors, &container, pod.spec);
        } else {
            probes::forbid(errors, &container);
            restarts::check_initial_resize(errors, &container.get("resizePolicy"));
        }
    }
}

pub(super) fn check_common(errors: &mut Errors, container: &Spot<'_>, pod: &Surroundings<'_>) {
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
    mounts::check(errors, container, &pod.volumes);
    mounts::check_devices(errors, container, &pod.volumes);
    errors.choice(&container.get("imagePullPolicy"), PULL_POLICIES);
    let resources = container.get("resources");
    quantities::check_requirements(errors, &resources);
    claims::check_used(errors, &resources.get("claims"), &pod.claims);
    let policy = pod.spec.get("restartPolicy");
    restarts::check_resize(errors, &container.get("resizePolicy"), policy.text());
    let shares_users = pod.spec.get("hostUsers").value.as_bool() != Some(false);
    security::check_container(errors, &container.get("securityContext"), shares_users);
}

/// All containers of a Pod with the list in which they stand, as the API server goes through them.
pub(super) fn all<'a>(spec: &Spot<'a>) -> impl Iterator<Item = Spot<'a>> {
    let kinds = ["initContainers", "containers", "ephemeralContainers"];
    let lists = kinds.map(|kind| spec.get(kind));
    lists
        .into_iter()
        .flat_map(|list| list.items().collect::<Vec<_>>())
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

fn check_host_ports<'a>(
    errors: &mut Errors,
    list: &Spot<'_>,
    containers: impl Iterator<Item = Spot<'a>>,
) {
    let mut seen = HashSet::new();
    for (place, container) in containers.enumerate() {
        for (index, port) in container.get("ports").items().enumerate() {
            let number = port.get("hostPort").number().unwrap_or_default();
            if number == 0 {
                continue;
            }
            let (protocol, host) = (port.get("protocol"), port.get("hostIP"));
            let key = format!("{}/{}/{number}", protocol.text(), host.text());
            if !seen.insert(key.clone()) {
                // Of an initial container alone the API server counts from zero.
                let path = list.path.index(place).child("ports").index(index);
                let path = path.child("hostPort");
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
