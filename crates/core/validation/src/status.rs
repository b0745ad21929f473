//! What may be reported as the status of an object of a built-in kind.

pub(crate) mod jobs;
mod pods;

use std::collections::HashSet;

use skein_object::Object;
use skein_schema::FieldError;

use crate::names::{qualified_name_problems, subdomain_problems};
use crate::spot::{Errors, Spot};
use crate::{api_services, csi, flow_control, nodes, quantities, services};

/// Longest reason of a condition, in bytes.
const MAX_REASON_BYTES: usize = 1_024;
/// Longest message of a condition, in bytes.
const MAX_MESSAGE_BYTES: usize = 32_768;
/// What a condition may say.
const CONDITION_STATUSES: &[&str] = &["False", "True", "Unknown"];

/// A count, the one that it is part of, and what is said when it is larger.
type Part = (&'static str, &'static str, &'static str);

const OF_REPLICAS: &str = "cannot be greater than status.replicas";
const OF_READY: &str = "cannot be greater than readyReplicas";

/// The counts of a kind of workload, and which of them are parts of others.
struct Workload {
    group: &'static str,
    kind: &'static str,
    counts: &'static [&'static str],
    parts: &'static [Part],
}

const WORKLOADS: &[Workload] = &[
    Workload {
        group: "apps",
        kind: "Deployment",
        counts: &[
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "terminatingReplicas",
            COLLISIONS,
        ],
        parts: &[
            ("updatedReplicas", "replicas", OF_REPLICAS),
            ("readyReplicas", "replicas", OF_REPLICAS),
            ("availableReplicas", "replicas", OF_REPLICAS),
            ("availableReplicas", "readyReplicas", OF_READY),
        ],
    },
    Workload {
        group: "apps",
        kind: "ReplicaSet",
        counts: REPLICA_SET_COUNTS,
        parts: REPLICA_SET_PARTS,
    },
    Workload {
        group: "",
        kind: "ReplicationController",
        counts: REPLICA_SET_COUNTS,
        parts: REPLICA_SET_PARTS,
    },
    Workload {
        group: "apps",
        kind: "StatefulSet",
        counts: &[
            "replicas",
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
            "observedGeneration",
            COLLISIONS,
        ],
        parts: &[
            ("readyReplicas", "replicas", OF_REPLICAS),
            ("currentReplicas", "replicas", OF_REPLICAS),
            ("updatedReplicas", "replicas", OF_REPLICAS),
            ("availableReplicas", "replicas", OF_REPLICAS),
            (
                "availableReplicas",
                "readyReplicas",
                "cannot be greater than status.readyReplicas",
            ),
        ],
    },
    Workload {
        group: "apps",
        kind: "DaemonSet",
        counts: &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            COLLISIONS,
        ],
        parts: &[],
    },
    Workload {
        group: "autoscaling",
        kind: "HorizontalPodAutoscaler",
        counts: &["currentReplicas", "desiredReplicas"],
        parts: &[],
    },
    Workload {
        group: "policy",
        kind: "PodDisruptionBudget",
        counts: &[
            "disruptionsAllowed",
            "currentHealthy",
            "desiredHealthy",
            "expectedPods",
        ],
        parts: &[],
    },
];

const REPLICA_SET_COUNTS: &[&str] = &[
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "terminatingReplicas",
    "observedGeneration",
];

const REPLICA_SET_PARTS: &[Part] = &[
    ("fullyLabeledReplicas", "replicas", OF_REPLICAS),
    ("readyReplicas", "replicas", OF_REPLICAS),
    ("availableReplicas", "replicas", OF_REPLICAS),
    ("availableReplicas", "readyReplicas", OF_READY),
];

/// How often names of ReplicaSets and the like have clashed; it never falls.
const COLLISIONS: &str = "collisionCount";

/// What is wrong with the status that somebody reports of an object.
pub fn check_status(old: &Object, new: &Object) -> Vec<FieldError> {
    let mut errors = Errors::default();
    let gvk = new.gvk();
    let (group, kind) = (gvk.group.as_str(), gvk.kind.as_str());
    let workload = WORKLOADS
        .iter()
        .find(|known| known.group == group && known.kind == kind);
    if let Some(workload) = workload {
        check_counts(&mut errors, workload, old, new);
    }
    let status = Spot::of(new, "status");
    match (group, kind) {
        ("policy", "PodDisruptionBudget") => {
            check_conditions(&mut errors, &status.get("conditions"));
        }
        ("batch", "Job") => jobs::check(&mut errors, old, new),
        ("", "Pod") => pods::check(&mut errors, old, new),
        ("", "Service") => check_service(&mut errors, old, new),
        ("networking.k8s.io", "Ingress") => {
            let old = Spot::of(old, "status").get("loadBalancer");
            check_balancer(&mut errors, &status.get("loadBalancer"), &old, false);
        }
        ("", "PersistentVolumeClaim") => check_claim(&mut errors, &status),
        ("apiregistration.k8s.io", "APIService") => {
            api_services::check_status(&mut errors, &status);
        }
        ("flowcontrol.apiserver.k8s.io", _) => flow_control::check_status(&mut errors, &status),
        ("storage.k8s.io", "VolumeAttachment") => {
            csi::check_whole_attachment(&mut errors, old, new);
        }
        ("", "Namespace") => check_namespace(&mut errors, new),
        ("", "Node") => nodes::check_change(&mut errors, old, new),
        ("", "ResourceQuota") => check_quota(&mut errors, &status),
        _ => {}
    }
    errors.0
}

fn check_counts(errors: &mut Errors, workload: &Workload, old: &Object, new: &Object) {
    let status = Spot::of(new, "status");
    for name in workload.counts {
        errors.not_negative(&status.get(name));
    }
    let count = |name: &str| status.get(name).number().unwrap_or_default();
    for (part, whole, text) in workload.parts {
        if count(part) > count(whole) {
            errors.add(status.get(part).invalid_as(count(part), *text));
        }
    }
    let (now, before) = (
        status.get(COLLISIONS),
        Spot::of(old, "status").get(COLLISIONS),
    );
    let counts_collisions = workload.counts.contains(&COLLISIONS);
    if counts_collisions
        && before
            .number()
            .is_some_and(|n| now.number().is_none_or(|m| m < n))
    {
        let text = "cannot be decremented";
        errors.add(now.invalid_as(now.number().unwrap_or_default(), text));
    }
}

/// Conditions of the common form.
fn check_conditions(errors: &mut Errors, conditions: &Spot<'_>) {
    let mut seen = HashSet::new();
    for condition in conditions.items() {
        let kind = condition.get("type");
        errors.add_if(!seen.insert(kind.text()), || kind.duplicate());
        let problems = qualified_name_problems(kind.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| kind.invalid_as(kind.text(), text)),
        );
        let status = condition.get("status");
        if !CONDITION_STATUSES.contains(&status.text()) {
            errors.add(status.not_supported(CONDITION_STATUSES));
        }
        let generation = condition.get("observedGeneration");
        if generation.number().is_some_and(|number| number < 0) {
            errors.add(generation.invalid("must be greater than or equal to zero"));
        }
        errors.filled(&condition.get("lastTransitionTime"));
        check_reason(errors, &condition.get("reason"));
        let message = condition.get("message");
        if message.text().len() > MAX_MESSAGE_BYTES {
            errors.add(FieldError::too_long(message.path, MAX_MESSAGE_BYTES as u64));
        }
    }
}

fn check_reason(errors: &mut Errors, reason: &Spot<'_>) {
    const PATTERN: &str = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
    let text = reason.text();
    if text.is_empty() {
        errors.add(reason.required(""));
        return;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_formed = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| is_word(c) || matches!(c, ',' | ':'))
        && text.ends_with(is_word);
    if !is_formed {
        errors.add(reason.invalid(format!(
            "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '{PATTERN}')"
        )));
    }
    if text.len() > MAX_REASON_BYTES {
        errors.add(FieldError::too_long(
            reason.path.clone(),
            MAX_REASON_BYTES as u64,
        ));
    }
}

fn check_service(errors: &mut Errors, old: &Object, new: &Object) {
    let balancer = Spot::of(new, "status").get("loadBalancer");
    let ingress = balancer.get("ingress");
    if new.str_at(&["spec", "type"]) != Some("LoadBalancer") {
        let text = "may only be used when `spec.type` is 'LoadBalancer'";
        errors.add_if(ingress.len() > 0, || ingress.forbidden(text));
        return;
    }
    let before = Spot::of(old, "status").get("loadBalancer");
    check_balancer(errors, &balancer, &before, true);
}

/// The addresses of a load balancer; those of Services also say how they take traffic.
fn check_balancer(errors: &mut Errors, balancer: &Spot<'_>, old: &Spot<'_>, with_mode: bool) {
    let before = old.get("ingress");
    let known: Vec<&str> = before
        .items()
        .map(|ingress| ingress.get("ip").text())
        .collect();
    for ingress in balancer.get("ingress").items() {
        let (address, mode) = (ingress.get("ip"), ingress.get("ipMode"));
        if !address.is_blank() && !known.contains(&address.text()) {
            services::check_address(errors, &address);
        }
        if with_mode {
            match (mode.is_set(), address.is_blank()) {
                (false, false) => errors.add(mode.required("must be specified when `ip` is set")),
                (true, true) => {
                    errors.add(mode.forbidden("may not be specified when `ip` is not set"));
                }
                (true, false) => errors.optional_choice(&mode, &["Proxy", "VIP"]),
                (false, true) => {}
            }
        }
        let host = ingress.get("hostname");
        if !host.is_blank() {
            errors.problems(&host, subdomain_problems(host.text()));
            if host.text().parse::<std::net::IpAddr>().is_ok() {
                errors.add(host.invalid("must be a DNS name, not an IP address"));
            }
        }
    }
}

/// How far the growth of a claim may be.
const RESIZE_STATUSES: &[&str] = &[
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];

fn check_claim(errors: &mut Errors, status: &Spot<'_>) {
    for (_, amount) in status.get("capacity").members() {
        check_amount(errors, &amount);
    }
    let resizes = status.get("allocatedResourceStatuses");
    for (name, resize) in resizes.members() {
        check_claim_key(errors, &resizes, name);
        if !RESIZE_STATUSES.contains(&resize.text()) {
            let place = resizes.path.clone();
            let allowed = RESIZE_STATUSES.iter().copied();
            errors.add(FieldError::not_supported(place, name.into(), allowed));
        }
    }
    let allocated = status.get("allocatedResources");
    for (name, amount) in allocated.members() {
        if check_claim_key(errors, &allocated, name) && check_amount(errors, &amount) {
            quantities::check_value(errors, "storage", &amount);
        }
    }
}

/// A quantity that is not negative.
fn check_amount(errors: &mut Errors, amount: &Spot<'_>) -> bool {
    let Some(quantity) = quantities::parse(amount.value).filter(|quantity| quantity.sign() < 0)
    else {
        return true;
    };
    let whole = quantity.to_i64().unwrap_or(i64::MIN);
    errors.add(amount.invalid_as(whole, "must be a valid resource quantity"));
    false
}

/// What a claim may have: storage, and resources of others.
fn check_claim_key(errors: &mut Errors, map: &Spot<'_>, name: &str) -> bool {
    let problems = qualified_name_problems(name);
    let is_named = problems.is_empty();
    errors.add_all(problems.into_iter().map(|text| map.invalid_as(name, text)));
    let is_native = !name.contains('/') || name.contains("kubernetes.io/");
    if is_named && is_native && name != "storage" {
        let (place, allowed) = (map.path.clone(), ["storage"]);
        errors.add(FieldError::not_supported(place, name.into(), allowed));
        return false;
    }
    is_named
}

fn check_namespace(errors: &mut Errors, new: &Object) {
    let phase = Spot::of(new, "status").get("phase");
    let shown = Spot::of(new, "status").get("Phase");
    let (wanted, text) = if new.is_deleting() {
        (
            "Terminating",
            "may only be 'Terminating' if `deletionTimestamp` is not empty",
        )
    } else {
        (
            "Active",
            "may only be 'Active' if `deletionTimestamp` is empty",
        )
    };
    errors.add_if(phase.text() != wanted, || {
        shown.invalid_as(phase.text(), text)
    });
}

fn check_quota(errors: &mut Errors, status: &Spot<'_>) {
    for part in ["hard", "used"] {
        for (name, value) in status.get(part).members() {
            quantities::check_quota_name(errors, name, &value);
            quantities::check_value(errors, name, &value);
        }
    }
}
