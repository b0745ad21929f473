//! Fields of built-in kinds that cannot change once set.

use std::sync::LazyLock;

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::spot::{Errors, Spot};
use crate::{claims, csi, definitions, labels, pod_dump, pods, service_ranges, volume_sources};

/// Fields whose change is refused with `field is immutable`: group, kind, paths.
const FIELDS: &[(&str, &str, &[&str])] = &[
    ("apps", "Deployment", &["spec.selector"]),
    ("apps", "DaemonSet", &["spec.selector"]),
    ("apps", "ReplicaSet", &["spec.selector"]),
    (
        "batch",
        "Job",
        &[
            "spec.selector",
            "spec.template",
            "spec.completionMode",
            "spec.podFailurePolicy",
            "spec.backoffLimitPerIndex",
            "spec.managedBy",
            "spec.successPolicy",
        ],
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            "parameters",
            "provisioner",
            "reclaimPolicy",
            "volumeBindingMode",
        ],
    ),
    ("scheduling.k8s.io", "PriorityClass", &["preemptionPolicy"]),
    ("node.k8s.io", "RuntimeClass", &["handler"]),
    ("apps", "ControllerRevision", &["data"]),
    ("networking.k8s.io", "IngressClass", &["spec.controller"]),
    ("", "ResourceQuota", &["spec.scopes"]),
    ("", "Secret", &["type"]),
];

/// Fields of a StatefulSet's spec that may change.
const STATEFUL_SET: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// A text that is not set, as it is shown.
static EMPTY: LazyLock<Value> = LazyLock::new(|| Value::from(""));

/// Refused changes; `sent` is the new object with the empty lists and maps that are not stored, which refusals show.
pub(crate) fn check(errors: &mut Errors, old: &Object, new: &Object, sent: &Object) {
    let gvk = new.gvk();
    let key = (gvk.group.as_str(), gvk.kind.as_str());
    for (_, _, paths) in FIELDS
        .iter()
        .filter(|(group, kind, _)| (*group, *kind) == key)
    {
        for path in *paths {
            let keys: Vec<&str> = path.split('.').collect();
            let is_same = match *path {
                "spec.scopes" => same_members(old.at(&keys), new.at(&keys)),
                _ => old.at(&keys) == new.at(&keys),
            };
            if !is_same {
                let mut spot = Spot::new(sent.at(&keys), FieldPath::new(*path));
                if *path == "spec.controller" && !spot.is_set() {
                    spot.value = &EMPTY;
                }
                errors.add(match *path {
                    "spec.selector" => labels::invalid_selector(&spot, IMMUTABLE),
                    "spec.template" => spot
                        .invalid(IMMUTABLE)
                        .showing(pod_dump::template(spot.value)),
                    _ => spot.invalid(IMMUTABLE),
                });
            }
        }
    }
    match key {
        ("", "ConfigMap") => sealed(errors, old, new, &["data", "binaryData"]),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            definitions::check_change(errors, old, new);
        }
        ("", "Secret") => sealed(errors, old, new, &["data"]),
        ("", "PersistentVolumeClaim") => claims::check_change(errors, old, new, sent),
        ("", "PersistentVolume") => volume(errors, old, new),
        ("storage.k8s.io", "CSIDriver") => csi::check_driver_change(errors, old, new),
        ("storage.k8s.io", "CSINode") => csi::check_node_change(errors, old, new),
        ("storage.k8s.io", "CSIStorageCapacity") => csi::check_capacity_change(errors, old, new),
        ("storage.k8s.io", "VolumeAttachment") => csi::check_attachment_change(errors, old, new),
        ("networking.k8s.io", "IPAddress") => {
            service_ranges::check_address_change(errors, old, new);
        }
        ("networking.k8s.io", "ServiceCIDR") => {
            service_ranges::check_ranges_change(errors, old, new);
        }
        ("", "Pod") => pods::changes::check(errors, old, new),
        ("batch", "Job") => completions(errors, old, new),
        ("discovery.k8s.io", "EndpointSlice") => {
            let (before, now) = (old.at(&["addressType"]), Spot::of(new, "addressType"));
            errors.add_if(before != Some(now.value), || now.invalid(IMMUTABLE));
        }
        ("scheduling.k8s.io", "PriorityClass") if old.at(&["value"]) != new.at(&["value"]) => {
            errors.add(Spot::of(new, "value").forbidden("may not be changed in an update."));
        }
        ("apps", "StatefulSet") if others(old, STATEFUL_SET) != others(new, STATEFUL_SET) => {
            let text = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            errors.add(Spot::of(new, "spec").forbidden(text));
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding")
            if old.at(&["roleRef"]) != new.at(&["roleRef"]) =>
        {
            let role = Spot::of(new, "roleRef");
            let shown = serde_json::json!({
                "APIGroup": role.get("apiGroup").text(), "Kind": role.get("kind").text(),
                "Name": role.get("name").text(),
            });
            errors.add(role.invalid_as(shown, "cannot change roleRef"));
        }
        _ => {}
    }
}

/// Whether two lists have the same members, in whatever order and however often.
fn same_members(old: Option<&Value>, new: Option<&Value>) -> bool {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (old, new) = (list(old), list(new));
    old.iter().all(|item| new.contains(item)) && new.iter().all(|item| old.contains(item))
}

const IMMUTABLE: &str = "field is immutable";

fn immutable(path: &str, value: Value) -> FieldError {
    FieldError::invalid(FieldPath::new(path), value, IMMUTABLE)
}

/// How often a Job is to succeed is fixed, but for indexed Jobs of which all run at once.
fn completions(errors: &mut Errors, old: &Object, new: &Object) {
    let spec = Spot::of(new, "spec");
    let (now, before) = (
        spec.get("completions"),
        Spot::of(old, "spec").get("completions"),
    );
    if now.value == before.value {
        return;
    }
    if spec.get("completionMode").text() != "Indexed" {
        errors.add(now.invalid(IMMUTABLE));
    } else if now.is_set() && now.value != spec.get("parallelism").value {
        errors.add(now.invalid("can only be modified in tandem with spec.parallelism"));
    }
}

/// ConfigMaps and Secrets that are marked immutable.
fn sealed(errors: &mut Errors, old: &Object, new: &Object, fields: &[&str]) {
    if old.bool_at(&["immutable"]) != Some(true) {
        return;
    }
    let text = "field is immutable when `immutable` is set";
    if new.bool_at(&["immutable"]) != Some(true) {
        errors.add(Spot::of(new, "immutable").forbidden(text));
    }
    for field in fields {
        if old.at(&[field]) != new.at(&[field]) {
            errors.add(Spot::of(new, field).forbidden(text));
        }
    }
}

fn others(object: &Object, allowed: &[&str]) -> Option<Value> {
    let mut spec = object.at(&["spec"])?.clone();
    if let Some(map) = spec.as_object_mut() {
        map.retain(|key, _| !allowed.contains(&key.as_str()));
    }
    Some(spec)
}

fn volume(errors: &mut Errors, old: &Object, new: &Object) {
    volume_sources::check_change(errors, old, new);
    let mode = ["spec", "volumeMode"];
    if old.at(&mode) != new.at(&mode) {
        let value = new.at(&mode).cloned().unwrap_or_default();
        errors.add(immutable("volumeMode", value));
    }
}
