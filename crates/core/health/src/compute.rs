//! The health of one object: what holds for every kind first, then the rules of its kind.
//!
//! The rules are those of kstatus with Flux's own rule for Jobs; the texts are part of what users see.

use jiff::Timestamp;
use skein_object::Object;

use crate::fields::conditions;
use crate::status::{Health, Status};
use crate::workloads;

/// The health of an object at a moment; the moment matters for Pods that cannot be scheduled only.
pub fn health(object: &Object, now: Timestamp) -> Health {
    let gvk = object.gvk();
    // Flux's rule for Jobs stands alone: it asks neither for deletion nor for the generation.
    if (gvk.group.as_str(), gvk.kind.as_str()) == ("batch", "Job") {
        return workloads::job(object);
    }
    generic(object).unwrap_or_else(|| of_kind(object, now))
}

/// What holds for every kind: deletion, an unobserved generation, Reconciling and Stalled.
fn generic(object: &Object) -> Option<Health> {
    if object.is_deleting() {
        return Some(Health::new(
            Status::Terminating,
            "",
            "Resource scheduled for deletion",
        ));
    }
    unobserved(object).or_else(|| {
        conditions(object).find_map(|condition| {
            if condition.is("Reconciling", "True") {
                Some(Health::in_progress(condition.reason, condition.message))
            } else if condition.is("Stalled", "True") {
                Some(Health::failed(condition.reason, condition.message))
            } else {
                None
            }
        })
    })
}

/// A status that is about an older generation says nothing about the present one.
pub(crate) fn unobserved(object: &Object) -> Option<Health> {
    let generation = object.i64_at(&["metadata", "generation"])?;
    let observed = object.i64_at(&["status", "observedGeneration"])?;
    (generation != observed).then(|| {
        let kind = object.kind();
        Health::in_progress(
            "LatestGenerationNotObserved",
            format!(
                "{kind} generation is {generation}, but latest observed generation is {observed}"
            ),
        )
    })
}

fn of_kind(object: &Object, now: Timestamp) -> Health {
    let gvk = object.gvk();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ConfigMap" | "Secret") | ("batch", "CronJob") => {
            Health::current("Resource is always ready")
        }
        ("policy", "PodDisruptionBudget") => {
            Health::current("AllowedDisruptions has been computed.")
        }
        ("", "Service") => service(object),
        ("", "Pod") => workloads::pod(object, now),
        ("", "PersistentVolumeClaim") => volume_claim(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => workloads::daemon_set(object),
        ("apps" | "extensions", "Deployment") => workloads::deployment(object),
        ("apps" | "extensions", "ReplicaSet") => workloads::replica_set(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        _ => ready(object),
    }
}

/// Any other kind: by its condition Ready; without one it is as it should be.
fn ready(object: &Object) -> Health {
    conditions(object)
        .filter(|condition| condition.kind == "Ready")
        .find_map(|condition| match condition.status {
            "True" => Some(Health::current("Resource is Ready")),
            "False" | "Unknown" => Some(Health::in_progress(condition.reason, condition.message)),
            _ => None,
        })
        .unwrap_or_else(|| Health::current("Resource is current"))
}

fn service(object: &Object) -> Health {
    let is_balancer = object.str_at(&["spec", "type"]) == Some("LoadBalancer");
    let address = object.str_at(&["spec", "clusterIP"]).unwrap_or_default();
    if is_balancer && address.is_empty() {
        return Health::in_progress(
            "NoIPAssigned",
            "ClusterIP not set. Service type: LoadBalancer",
        );
    }
    Health::current("Service is ready")
}

fn volume_claim(object: &Object) -> Health {
    match object.str_at(&["status", "phase"]).unwrap_or("unknown") {
        "Bound" => Health::current("PVC is Bound"),
        phase => Health::in_progress("NotBound", format!("PVC is not Bound. phase: {phase}")),
    }
}

fn definition(object: &Object) -> Health {
    for found in conditions(object) {
        let is_refused = found.is("Established", "False") && found.reason != "Installing";
        if found.is("NamesAccepted", "False") || is_refused {
            return Health::failed(found.reason, found.message);
        }
        if found.is("Established", "True") {
            return Health::current("CRD is established");
        }
    }
    Health::in_progress("Installing", "Install in progress")
}

#[cfg(test)]
mod tests;
