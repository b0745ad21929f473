//! Which rules hold for which kind.

use skein_object::Object;
use skein_schema::FieldError;

use crate::spot::{Errors, Spot};
use crate::{
    admission_policies, api_services, autoscaling, changes, classes, config, coordination, csi,
    definitions, endpoints, events, flow_control, jobs, networking, nodes, pods, policy, rbac,
    runtime_classes, service_ranges, services, storage, webhooks, workloads,
};

/// What is wrong with a new object of a built-in kind, its metadata apart. Defaults must be filled in. The object is in
/// the version that is stored; `through` is the one that it was sent in.
pub fn check(object: &Object, through: &str) -> Vec<FieldError> {
    let mut errors = Errors::default();
    if object.kind() == "Service" && object.api_version() == "v1" {
        // Addresses are looked at first, and told alone.
        services::check_addresses_of(&mut errors, object);
        if !errors.0.is_empty() {
            return errors.0;
        }
    }
    content(&mut errors, object, true);
    if is_event(object) {
        events::check_new(&mut errors, object, through);
    }
    beside_older(&mut errors, None, object);
    errors.0
}

fn is_event(object: &Object) -> bool {
    object.kind() == "Event" && object.api_version() == "v1"
}

/// What is wrong with a Pod that was changed through `ephemeralcontainers`.
pub fn check_ephemeral_containers(old: &Object, new: &Object, sent: &Object) -> Vec<FieldError> {
    if let Some(error) = pods::changes::check_extensible(old) {
        return vec![error];
    }
    let mut errors = Errors::default();
    content(&mut errors, sent, false);
    pods::changes::check_ephemeral(&mut errors, old, new);
    errors.0
}

/// What is wrong with a Pod that was changed through `resize`; `new` is what is to be stored.
pub fn check_resize(old: &Object, new: &Object, sent: &Object) -> Vec<FieldError> {
    if let Some(error) = pods::resize::check_resizable(old) {
        return vec![error];
    }
    let mut errors = Errors::default();
    content(&mut errors, sent, false);
    pods::resize::check(&mut errors, old, new);
    errors.0
}

/// What is wrong with an object that replaces an older state of itself: `new` is what is to be stored, and `sent` the same
/// with the empty lists and maps that storage does not keep, from a request in the version `through`.
pub fn check_change(old: &Object, new: &Object, sent: &Object, through: &str) -> Vec<FieldError> {
    let mut errors = Errors::default();
    let gvk = new.gvk();
    // In this order the API server lists them.
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Service") => {
            services::check_addresses_of(&mut errors, new);
            if !errors.0.is_empty() {
                return errors.0;
            }
            services::check_change(&mut errors, old, new);
            content(&mut errors, sent, false);
        }
        ("", "ConfigMap" | "Secret") => {
            changes::check(&mut errors, old, new, sent);
            content(&mut errors, sent, false);
        }
        ("", "Event") => events::check_change(&mut errors, old, new, through),
        ("", "Node") => {
            content(&mut errors, sent, false);
            nodes::check_change(&mut errors, old, new);
        }
        ("batch", "Job") => {
            // Twice in the API server, too.
            content(&mut errors, sent, false);
            jobs::check_whole_spec(&mut errors, sent);
            changes::check(&mut errors, old, new, sent);
        }
        ("storage.k8s.io", "VolumeAttributesClass") => {
            classes::check_attributes_change(&mut errors, old, new);
            content(&mut errors, sent, false);
        }
        ("", "PersistentVolume") => {
            // Twice in the API server, too.
            content(&mut errors, sent, false);
            content(&mut errors, sent, false);
            changes::check(&mut errors, old, new, sent);
        }
        _ => {
            content(&mut errors, sent, false);
            beside_older(&mut errors, Some(old), new);
            changes::check(&mut errors, old, new, sent);
        }
    }
    errors.0
}

/// Kinds of which less is asked when the older state had it wrong already.
fn beside_older(errors: &mut Errors, old: Option<&Object>, object: &Object) {
    let gvk = object.gvk();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
        ) => webhooks::check(errors, old, object),
        ("discovery.k8s.io", "EndpointSlice") => coordination::check_slice(errors, old, object),
        ("", "Endpoints") => endpoints::check(errors, old, object),
        _ => {}
    }
}

fn content(errors: &mut Errors, object: &Object, creating: bool) {
    let gvk = object.gvk();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ConfigMap") => config::check_config_map(errors, object),
        ("", "Secret") => config::check_secret(errors, object),
        ("", "Service") => services::check(errors, object),
        ("", "Node") => nodes::check(errors, object),
        ("", "Pod") => {
            pods::check_pod(errors, object);
            if creating {
                pods::check_new(errors, object);
            }
        }
        ("", "PersistentVolumeClaim") => storage::check_claim(errors, object),
        ("", "PersistentVolume") => storage::check_volume(errors, object),
        ("", "ResourceQuota") => policy::check_quota(errors, object),
        ("", "LimitRange") => policy::check_limits(errors, object),
        ("", "ReplicationController") => workloads::check_replication_controller(errors, object),
        ("", "PodTemplate") => pods::check_template(errors, &Spot::of(object, "template"), &[]),
        ("apps", "ControllerRevision") => workloads::check_revision(errors, object, creating),
        ("apps", "Deployment") => workloads::check_deployment(errors, object),
        ("apps", "ReplicaSet") => workloads::check_replica_set(errors, object),
        ("apps", "DaemonSet") => workloads::check_daemon_set(errors, object),
        ("apps", "StatefulSet") => workloads::check_stateful_set(errors, object, creating),
        ("coordination.k8s.io", "Lease") => coordination::check_lease(errors, object),
        ("batch", "Job") => jobs::check_job(errors, object, creating),
        ("batch", "CronJob") => jobs::check_cron_job(errors, object, creating),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => rbac::check_role(errors, object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            rbac::check_binding(errors, object);
        }
        ("storage.k8s.io", "StorageClass") => classes::check(errors, object),
        ("storage.k8s.io", "VolumeAttributesClass") => classes::check_attributes(errors, object),
        ("storage.k8s.io", "CSIDriver") => csi::check_driver(errors, object),
        ("storage.k8s.io", "CSINode") => csi::check_node(errors, object),
        ("storage.k8s.io", "CSIStorageCapacity") => csi::check_capacity(errors, object),
        ("storage.k8s.io", "VolumeAttachment") => csi::check_attachment(errors, object),
        ("apiregistration.k8s.io", "APIService") => api_services::check(errors, object),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => {
            flow_control::check_schema(errors, object);
        }
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            flow_control::check_level(errors, object);
        }
        ("node.k8s.io", "RuntimeClass") => runtime_classes::check(errors, object),
        ("networking.k8s.io", "IPAddress") => service_ranges::check_address(errors, object),
        ("networking.k8s.io", "ServiceCIDR") if creating => {
            service_ranges::check_ranges(errors, object);
        }
        ("networking.k8s.io", "Ingress") => networking::check_ingress(errors, object, creating),
        ("networking.k8s.io", "IngressClass") => networking::check_class(errors, object),
        ("networking.k8s.io", "NetworkPolicy") => networking::check_policy(errors, object),
        ("policy", "PodDisruptionBudget") => policy::check_budget(errors, object),
        ("autoscaling", "HorizontalPodAutoscaler") if gvk.version == "v2" => {
            autoscaling::check(errors, object);
        }
        ("scheduling.k8s.io", "PriorityClass") => policy::check_priority(errors, object, creating),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            definitions::check(errors, object, creating)
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy") => {
            admission_policies::check(errors, object);
        }
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding") => {
            admission_policies::check_binding(errors, object);
        }
        _ => {}
    }
}
