//! Pods and the templates of Pods.

use skein_object::Object;

use crate::labels;
use crate::names::{label_problems, range_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

pub(crate) mod changes;
mod containers;
mod ephemeral;
mod mounts;
mod probes;
mod projected;
mod scheduling;
mod security;
mod variables;
mod volumes;

pub(crate) use scheduling::check_node_selector;

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES: &[&str] = &["PreemptLowerPriority", "Never"];
/// Longest time that a Pod may be told to run, in seconds.
const MAX_DEADLINE_SECONDS: i64 = 2_147_483_647;

/// What is said of an image of a Pod, though not of a template.
const UNTRIMMED: &str = "must not have leading or trailing whitespace";

/// A Pod.
pub(crate) fn check_pod(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    check_spec(errors, &spec, &[], object.name());
    for kind in ["containers", "initContainers", "ephemeralContainers"] {
        for container in spec.get(kind).items() {
            let image = container.get("image");
            let is_trimmed = image.text().trim().len() == image.text().len();
            errors.add_if(!is_trimmed, || image.invalid(UNTRIMMED));
        }
    }
}

/// A template: metadata and spec. `claims` are volumes that the controller adds to those of the spec.
pub(crate) fn check_template(errors: &mut Errors, template: &Spot<'_>, claims: &[&str]) {
    check_template_metadata(errors, template);
    check_spec(errors, &template.get("spec"), claims, "");
}

/// Labels and annotations of a template; the API server tells them without `metadata`.
pub(crate) fn check_template_metadata(errors: &mut Errors, template: &Spot<'_>) {
    for (name, rule) in [
        ("labels", labels::check as fn(&mut Errors, &Spot<'_>)),
        ("annotations", labels::check_annotations),
    ] {
        let value = template.get("metadata").get(name).value;
        rule(errors, &Spot::new(Some(value), template.path.child(name)));
    }
}

fn check_spec(errors: &mut Errors, spec: &Spot<'_>, claims: &[&str], pod: &str) {
    let grace = spec.get("terminationGracePeriodSeconds");
    if !grace.is_set() {
        errors.add(grace.required(""));
    }
    let volumes = volumes::check(errors, &spec.get("volumes"), claims, pod);
    containers::check(errors, spec, &volumes);
    ephemeral::check(errors, spec, &volumes);
    check_host_network(errors, spec);
    errors.choice(&spec.get("restartPolicy"), RESTART_POLICIES);
    errors.choice(&spec.get("dnsPolicy"), DNS_POLICIES);
    labels::check(errors, &spec.get("nodeSelector"));
    check_parameters(errors, spec);
    check_mounts_of_processes(errors, spec);
    security::check_pod(errors, &spec.get("securityContext"));
    scheduling::check_affinity(errors, &spec.get("affinity"));
    scheduling::check_spread(errors, &spec.get("topologySpreadConstraints"));
    for (name, rule) in [
        (
            "serviceAccountName",
            subdomain_problems as fn(&str) -> Vec<String>,
        ),
        ("nodeName", subdomain_problems),
    ] {
        let spot = spec.get(name);
        if !spot.is_blank() {
            errors.problems(&spot, rule(spot.text()));
        }
    }
    let deadline = spec.get("activeDeadlineSeconds");
    if let Some(seconds) = deadline.number() {
        errors.problems(&deadline, range_problems(seconds, 1, MAX_DEADLINE_SECONDS));
    }
    for name in ["hostname", "subdomain"] {
        let spot = spec.get(name);
        if !spot.is_blank() {
            errors.problems(&spot, label_problems(spot.text()));
        }
    }
    scheduling::check_tolerations(errors, &spec.get("tolerations"));
    for alias in spec.get("hostAliases").items() {
        crate::services::check_address(errors, &alias.get("ip"));
        for name in alias.get("hostnames").items() {
            let path = alias.get("hostnames").path;
            errors.problems(
                &Spot::new(Some(name.value), path),
                subdomain_problems(name.text()),
            );
        }
    }
    for name in ["priorityClassName", "runtimeClassName"] {
        let spot = spec.get(name);
        if !spot.is_blank() {
            errors.problems(&spot, subdomain_problems(spot.text()));
        }
    }
    check_preemption(errors, &spec.get("preemptionPolicy"));
}

/// When a Pod or a class may push others away.
pub(crate) fn check_preemption(errors: &mut Errors, policy: &Spot<'_>) {
    errors.optional_choice(policy, PREEMPTION_POLICIES);
}

/// Parameters of the kernel that belong to the host are not set in a Pod that shares them.
fn check_parameters(errors: &mut Errors, spec: &Spot<'_>) {
    const OF_PROCESSES: [&str; 4] = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];
    for parameter in spec.get("securityContext.sysctls").items() {
        let name = parameter.get("name");
        let starts = |prefixes: &[&str]| prefixes.iter().any(|p| name.text().starts_with(p));
        for (shared, prefixes) in [("hostNetwork", &["net."][..]), ("hostIPC", &OF_PROCESSES)] {
            if spec.get(shared).is_true() && starts(prefixes) {
                let text = format!("may not be specified when '{shared}' is true");
                errors.add(name.invalid(text));
            }
        }
    }
}

/// All of `/proc` is seen only by users of the Pod's own.
fn check_mounts_of_processes(errors: &mut Errors, spec: &Spot<'_>) {
    if spec.get("hostUsers").value.as_bool() == Some(false) {
        return;
    }
    for kind in ["containers", "initContainers", "ephemeralContainers"] {
        for container in spec.get(kind).items() {
            let mount = container.get("securityContext.procMount");
            let text = "`hostUsers` must be false to use `Unmasked`";
            errors.add_if(mount.text() == "Unmasked", || mount.invalid(text));
        }
    }
}

/// On the network of the host a port is the same inside and outside.
fn check_host_network(errors: &mut Errors, spec: &Spot<'_>) {
    if !spec.get("hostNetwork").is_true() {
        return;
    }
    for kind in ["containers", "initContainers"] {
        for container in spec.get(kind).items() {
            for port in container.get("ports").items() {
                let (inner, outer) = (port.get("containerPort"), port.get("hostPort"));
                let outside = outer.number().unwrap_or_default();
                if outside != 0 && inner.number().unwrap_or_default() != outside {
                    let text = "must match `containerPort` when `hostNetwork` is true";
                    errors.add(outer.invalid_as(outer.number().unwrap_or_default(), text));
                }
            }
        }
    }
}
