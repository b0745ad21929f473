//! Pods and the templates of Pods.

use std::collections::HashSet;

use containers::Surroundings;
use skein_object::Object;
use skein_schema::field_error::FieldPath;

use crate::labels;
use crate::names::{label_problems, range_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

mod annotations;
pub(crate) mod changes;
mod claims;
mod containers;
mod dns;
mod ephemeral;
mod mounts;
mod probes;
mod projected;
pub(crate) mod qos;
pub(crate) mod resize;
mod resources;
mod restarts;
mod scheduling;
mod security;
mod variables;
mod volumes;
mod windows;

pub(crate) use scheduling::{check_node_selector, check_tolerations};

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS_POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES: &[&str] = &["PreemptLowerPriority", "Never"];
/// Longest time that a Pod may be told to run, in seconds.
const MAX_DEADLINE_SECONDS: i64 = 2_147_483_647;

/// What is said of an image of a Pod, though not of a template.
const UNTRIMMED: &str = "must not have leading or trailing whitespace";

/// Tells that a pod is of a node itself and not of the API server.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The place of what is wrong with a pod as a whole, as Go prints a path without a name.
fn nowhere() -> FieldPath {
    FieldPath::root().key("")
}

/// A Pod.
pub(crate) fn check_pod(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let metadata = Spot::of(object, "metadata");
    annotations::check(errors, &metadata.get("annotations"), &spec);
    check_spec(errors, &spec, &[], Some(&metadata));
    if spec.get("serviceAccountName").is_blank() {
        check_tokens(errors, &spec);
    }
    for kind in ["containers", "initContainers"] {
        for container in spec.get(kind).items() {
            check_image(errors, &container);
        }
    }
}

fn check_image(errors: &mut Errors, container: &Spot<'_>) {
    let image = container.get("image");
    let is_trimmed = image.text().trim().len() == image.text().len();
    errors.add_if(!is_trimmed, || image.invalid(UNTRIMMED));
}

/// What a Pod may get only later.
pub(crate) fn check_new(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let ephemeral = spec.get("ephemeralContainers");
    errors.add_if(ephemeral.len() > 0, || {
        ephemeral.forbidden("cannot be set on create")
    });
    let node = spec.get("nodeName");
    let is_held = spec.get("schedulingGates").len() > 0 && !node.is_blank();
    let text = "cannot be set until all schedulingGates have been cleared";
    errors.add_if(is_held, || node.forbidden(text));
    let metadata = Spot::of(object, "metadata");
    annotations::check_agreement(errors, &metadata.get("annotations"), &spec);
}

/// Tokens are those of an account.
fn check_tokens(errors: &mut Errors, spec: &Spot<'_>) {
    for volume in spec.get("volumes").items() {
        for source in volume.get("projected.sources").items() {
            let token = source.get("serviceAccountToken");
            let text = "must not be specified when serviceAccountName is not set";
            errors.add_if(token.is_set(), || token.forbidden(text));
        }
    }
}

/// A template: metadata and spec. `claims` are volumes that the controller adds to those of the spec.
pub(crate) fn check_template(errors: &mut Errors, template: &Spot<'_>, claims: &[&str]) {
    check_template_metadata(errors, template);
    let spec = template.get("spec");
    let told = template.get("metadata").get("annotations").value;
    let annotations = Spot::new(Some(told), template.path.child("annotations"));
    annotations::check(errors, &annotations, &spec);
    check_spec(errors, &spec, claims, None);
    annotations::check_agreement(errors, &annotations, &spec);
    let ephemeral = spec.get("ephemeralContainers");
    let text = "ephemeral containers not allowed in pod template";
    errors.add_if(ephemeral.len() > 0, || ephemeral.forbidden(text));
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

/// `metadata` is that of a Pod; a template has none that counts.
fn check_spec(errors: &mut Errors, spec: &Spot<'_>, claims: &[&str], metadata: Option<&Spot<'_>>) {
    let grace = spec.get("terminationGracePeriodSeconds");
    errors.add_if(!grace.is_set(), || grace.required(""));
    let name = metadata.map_or("", |metadata| metadata.get("name").text());
    let annotations = metadata.map(|metadata| metadata.get("annotations"));
    let volumes = volumes::check(errors, &spec.get("volumes"), claims, name);
    let of_resources = spec.get("resourceClaims");
    claims::check(errors, &of_resources, annotations.as_ref());
    let surroundings = Surroundings {
        spec,
        volumes,
        claims: claims::names(&of_resources),
    };
    containers::check(errors, &surroundings);
    ephemeral::check(errors, &surroundings);
    resources::check(errors, spec, &surroundings.claims);
    check_host_network(errors, spec, metadata.is_some());
    errors.choice(&spec.get("restartPolicy"), RESTART_POLICIES);
    errors.choice(&spec.get("dnsPolicy"), DNS_POLICIES);
    labels::check(errors, &spec.get("nodeSelector"));
    security::check_pod(errors, spec);
    scheduling::check_affinity(errors, &spec.get("affinity"));
    dns::check_config(errors, spec);
    check_gates(errors, spec);
    scheduling::check_spread(errors, &spec.get("topologySpreadConstraints"));
    windows::check_host_process(errors, spec);
    check_users(errors, spec);
    dns::check_host(errors, spec);
    check_names(errors, spec);
    check_preemption(errors, &spec.get("preemptionPolicy"));
    let overhead = spec.get("overhead");
    if overhead.is_set() {
        crate::quantities::check_overhead(errors, &overhead);
    }
    windows::check_system(errors, spec);
    variables::check_file_volumes(errors, spec);
}

/// Names and numbers of their own.
fn check_names(errors: &mut Errors, spec: &Spot<'_>) {
    let check = |errors: &mut Errors, name: &str, rule: fn(&str) -> Vec<String>| {
        let spot = spec.get(name);
        if !spot.is_blank() {
            errors.problems(&spot, rule(spot.text()));
        }
    };
    check(errors, "serviceAccountName", subdomain_problems);
    check(errors, "nodeName", subdomain_problems);
    let deadline = spec.get("activeDeadlineSeconds");
    if let Some(seconds) = deadline.number() {
        errors.problems(&deadline, range_problems(seconds, 1, MAX_DEADLINE_SECONDS));
    }
    check(errors, "hostname", label_problems);
    check(errors, "subdomain", label_problems);
    scheduling::check_tolerations(errors, &spec.get("tolerations"));
    check_aliases(errors, &spec.get("hostAliases"));
    check(errors, "priorityClassName", subdomain_problems);
    let runtime = spec.get("runtimeClassName");
    if runtime.is_set() {
        errors.problems(&runtime, subdomain_problems(runtime.text()));
    }
}

fn check_aliases(errors: &mut Errors, aliases: &Spot<'_>) {
    for alias in aliases.items() {
        crate::services::check_address(errors, &alias.get("ip"));
        for name in alias.get("hostnames").items() {
            errors.problems(&name, subdomain_problems(name.text()));
        }
    }
}

/// Conditions that a Pod waits for: to be ready, and to be scheduled.
fn check_gates(errors: &mut Errors, spec: &Spot<'_>) {
    for gate in spec.get("readinessGates").items() {
        labels::check_key(errors, &gate.get("conditionType"));
    }
    let mut seen = HashSet::new();
    for gate in spec.get("schedulingGates").items() {
        // The API server tells these at the gate.
        let name = Spot::new(Some(gate.get("name").value), gate.path.clone());
        labels::check_key(errors, &name);
        errors.add_if(!seen.insert(name.text()), || {
            skein_schema::FieldError::duplicate(name.path.clone(), name.text().into())
        });
    }
}

/// Users of a Pod's own do not go with what it shares with the host.
fn check_users(errors: &mut Errors, spec: &Spot<'_>) {
    if spec.get("hostUsers").value.as_bool() != Some(false) {
        return;
    }
    let text = "when `hostUsers` is false";
    for (name, told) in [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ] {
        let is_shared = spec.get(name).is_true();
        errors.add_if(is_shared, || spec.get(told).forbidden(text));
    }
    for container in containers::all(spec) {
        let devices = container.get("volumeDevices");
        errors.add_if(devices.len() > 0, || devices.forbidden(text));
    }
}

/// When a Pod or a class may push others away.
pub(crate) fn check_preemption(errors: &mut Errors, policy: &Spot<'_>) {
    errors.optional_choice(policy, PREEMPTION_POLICIES);
}

/// On the network of the host a port is the same inside and outside. In a template it need not be said outside.
fn check_host_network(errors: &mut Errors, spec: &Spot<'_>, is_pod: bool) {
    if !spec.get("hostNetwork").is_true() {
        return;
    }
    for container in spec.get("containers").items() {
        for port in container.get("ports").items() {
            let (inner, outer) = (port.get("containerPort"), port.get("hostPort"));
            let outside = outer.number().unwrap_or_default();
            if (is_pod || outside != 0) && inner.number().unwrap_or_default() != outside {
                let text = "must match `containerPort` when `hostNetwork` is true";
                errors.add(outer.invalid_as(outside, text));
            }
        }
    }
}
