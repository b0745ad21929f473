//! Values that kube-apiserver fills in by code for built-in kinds.
//!
//! Most of them are one line of a table: where, which field, which value. What depends on other fields is code beside
//! it. Learned by comparing with a real kube-apiserver; defaults that OpenAPI already tells are in the schemas.

use serde_json::{Map, Value, json};
use skein_object::Object;

mod kinds;
mod pods;
mod table;
#[cfg(test)]
mod tests;

pub use pods::apply_to_pod_spec;
use table::{Line, fill};

/// Fills in the defaults of a built-in kind, as the API server does on create and update. Kinds without such defaults
/// stay as they are.
pub fn apply(object: &mut Object) {
    let gvk = object.gvk();
    let root = object.as_map_mut();
    let key = (gvk.group.as_str(), gvk.kind.as_str());
    if let Some((_, lines)) = TABLES.iter().find(|(kind, _)| *kind == key) {
        fill(root, lines);
    }
    kinds::apply(key, root);
    for path in pod_spec_paths(key.0, key.1) {
        if let Some(Value::Object(spec)) = value_at(root, path) {
            pods::apply_to_pod_spec(spec);
        }
    }
}

/// Finalizer that the API server's admission puts on a new object of a kind.
pub fn create_finalizer(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("", "PersistentVolumeClaim") => Some("kubernetes.io/pvc-protection"),
        ("", "PersistentVolume") => Some("kubernetes.io/pv-protection"),
        _ => None,
    }
}

/// Where objects of a kind have the specifications of pods.
pub fn pod_spec_paths(group: &str, kind: &str) -> &'static [&'static [&'static str]] {
    match (group, kind) {
        ("", "Pod") => &[&["spec"]],
        ("", "PodTemplate") => &[&["template", "spec"]],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet")
        | ("batch", "Job") => &[&["spec", "template", "spec"]],
        ("batch", "CronJob") => &[&["spec", "jobTemplate", "spec", "template", "spec"]],
        _ => &[],
    }
}

pub(crate) fn value_at<'a>(
    root: &'a mut Map<String, Value>,
    path: &[&str],
) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(root.get_mut(*first)?, |value, key| value.get_mut(*key))
}

/// Texts that are pointers in Go: an empty one is set, and refused.
const POINTERS: [&str; 14] = [
    "completionMode",
    "failurePolicy",
    "fsGroupPolicy",
    "internalTrafficPolicy",
    "matchPolicy",
    "maxSurge",
    "maxUnavailable",
    "preemptionPolicy",
    "reclaimPolicy",
    "reinvocationPolicy",
    "scope",
    "selectPolicy",
    "volumeBindingMode",
    "volumeMode",
];

/// Lists that get their default when they are empty, not only when they are absent.
const BY_LENGTH: [&str; 1] = ["volumeLifecycleModes"];

/// Sets a field that is absent, null, an empty list (where that counts as absent) or an empty text that is no pointer.
pub(crate) fn default_to(map: &mut Map<String, Value>, name: &str, value: Value) {
    let unset = |value: &Value| {
        value.is_null()
            || (value.as_str() == Some("") && !POINTERS.contains(&name))
            || (value.as_array().is_some_and(Vec::is_empty) && BY_LENGTH.contains(&name))
    };
    if map.get(name).is_none_or(unset) {
        map.insert(name.to_owned(), value);
    }
}

/// The text of a field; empty when it is not there.
pub(crate) fn text<'a>(map: &'a Map<String, Value>, name: &str) -> &'a str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

type Kind = (&'static str, &'static str);

/// Defaults that depend on nothing else. `[]` crosses a list, `{}` all values of a map; a default applies where the
/// map that holds the field exists.
const TABLES: &[(Kind, &[Line])] = &[
    (
        ("", "Service"),
        &[
            ("spec", "sessionAffinity", "\"None\""),
            ("spec", "type", "\"ClusterIP\""),
        ],
    ),
    (("", "Secret"), &[("", "type", "\"Opaque\"")]),
    (
        ("", "PersistentVolume"),
        &[
            ("spec", "persistentVolumeReclaimPolicy", "\"Retain\""),
            ("spec", "volumeMode", "\"Filesystem\""),
            ("spec.hostPath", "type", "\"\""),
            ("status", "phase", "\"Pending\""),
        ],
    ),
    (
        ("", "PersistentVolumeClaim"),
        &[
            ("spec", "volumeMode", "\"Filesystem\""),
            ("status", "phase", "\"Pending\""),
        ],
    ),
    (("", "ReplicationController"), &[("spec", "replicas", "1")]),
    (("", "Pod"), &[("spec", "enableServiceLinks", "true")]),
    (
        ("apps", "Deployment"),
        &[
            ("spec", "replicas", "1"),
            ("spec.strategy", "type", "\"RollingUpdate\""),
            ("spec", "revisionHistoryLimit", "10"),
            ("spec", "progressDeadlineSeconds", "600"),
        ],
    ),
    (
        ("apps", "DaemonSet"),
        &[
            ("spec.updateStrategy", "type", "\"RollingUpdate\""),
            ("spec", "revisionHistoryLimit", "10"),
        ],
    ),
    (
        ("apps", "StatefulSet"),
        &[
            ("spec", "replicas", "1"),
            ("spec", "podManagementPolicy", "\"OrderedReady\""),
            ("spec", "revisionHistoryLimit", "10"),
            ("spec", "persistentVolumeClaimRetentionPolicy", "{}"),
            (
                "spec.persistentVolumeClaimRetentionPolicy",
                "whenDeleted",
                "\"Retain\"",
            ),
            (
                "spec.persistentVolumeClaimRetentionPolicy",
                "whenScaled",
                "\"Retain\"",
            ),
            ("spec.volumeClaimTemplates[]", "apiVersion", "\"v1\""),
            (
                "spec.volumeClaimTemplates[]",
                "kind",
                "\"PersistentVolumeClaim\"",
            ),
            (
                "spec.volumeClaimTemplates[].spec",
                "volumeMode",
                "\"Filesystem\"",
            ),
            ("spec.volumeClaimTemplates[].status", "phase", "\"Pending\""),
        ],
    ),
    (("apps", "ReplicaSet"), &[("spec", "replicas", "1")]),
    (
        ("batch", "Job"),
        &[
            ("spec", "suspend", "false"),
            ("spec", "manualSelector", "false"),
            ("spec", "completionMode", "\"NonIndexed\""),
            (
                "spec.podFailurePolicy.rules[].onPodConditions[]",
                "status",
                "\"True\"",
            ),
        ],
    ),
    (
        ("", "Endpoints"),
        &[("subsets[].ports[]", "protocol", "\"TCP\"")],
    ),
    (
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        &[
            ("spec.limited", "nominalConcurrencyShares", "30"),
            ("spec.limited", "lendablePercent", "0"),
            ("spec.exempt", "nominalConcurrencyShares", "0"),
            ("spec.exempt", "lendablePercent", "0"),
        ],
    ),
    (
        ("batch", "CronJob"),
        &[
            ("spec", "concurrencyPolicy", "\"Allow\""),
            ("spec", "suspend", "false"),
            ("spec", "successfulJobsHistoryLimit", "3"),
            ("spec", "failedJobsHistoryLimit", "1"),
        ],
    ),
    (
        ("autoscaling", "HorizontalPodAutoscaler"),
        &[("spec", "minReplicas", "1")],
    ),
    (
        ("networking.k8s.io", "NetworkPolicy"),
        &[
            ("spec.ingress[].ports[]", "*protocol", "\"TCP\""),
            ("spec.egress[].ports[]", "*protocol", "\"TCP\""),
        ],
    ),
    (
        ("networking.k8s.io", "IngressClass"),
        &[("spec.parameters", "scope", "\"Cluster\"")],
    ),
    (("rbac.authorization.k8s.io", "RoleBinding"), RBAC_BINDING),
    (
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        RBAC_BINDING,
    ),
    (
        ("storage.k8s.io", "StorageClass"),
        &[
            ("", "reclaimPolicy", "\"Delete\""),
            ("", "volumeBindingMode", "\"Immediate\""),
        ],
    ),
    (
        ("storage.k8s.io", "CSIDriver"),
        &[
            ("spec", "attachRequired", "true"),
            ("spec", "podInfoOnMount", "false"),
            ("spec", "storageCapacity", "false"),
            ("spec", "fsGroupPolicy", "\"ReadWriteOnceWithFSType\""),
            ("spec", "volumeLifecycleModes", "[\"Persistent\"]"),
            ("spec", "requiresRepublish", "false"),
            ("spec", "seLinuxMount", "false"),
        ],
    ),
    (
        ("scheduling.k8s.io", "PriorityClass"),
        &[("", "preemptionPolicy", "\"PreemptLowerPriority\"")],
    ),
    (
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration",
        ),
        WEBHOOKS,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
        ),
        WEBHOOKS,
    ),
    (
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        &[
            ("spec", "failurePolicy", "\"Fail\""),
            ("spec.matchConstraints", "matchPolicy", "\"Equivalent\""),
            ("spec.matchConstraints", "namespaceSelector", "{}"),
            ("spec.matchConstraints", "objectSelector", "{}"),
            ("spec.matchConstraints.resourceRules[]", "scope", "\"*\""),
            (
                "spec.matchConstraints.excludeResourceRules[]",
                "scope",
                "\"*\"",
            ),
        ],
    ),
    (
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding",
        ),
        &[
            ("spec.matchResources", "matchPolicy", "\"Equivalent\""),
            ("spec.matchResources", "namespaceSelector", "{}"),
            ("spec.matchResources", "objectSelector", "{}"),
            ("spec.matchResources.resourceRules[]", "scope", "\"*\""),
        ],
    ),
    (
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        &[
            ("spec", "conversion", "{\"strategy\":\"None\"}"),
            (
                "spec.conversion.webhook.clientConfig.service",
                "port",
                "443",
            ),
        ],
    ),
    (
        ("apiregistration.k8s.io", "APIService"),
        &[("spec.service", "port", "443")],
    ),
    (
        ("discovery.k8s.io", "EndpointSlice"),
        &[
            ("ports[]", "name", "\"\""),
            ("ports[]", "*protocol", "\"TCP\""),
        ],
    ),
];

const RBAC_BINDING: &[Line] = &[("roleRef", "apiGroup", "\"rbac.authorization.k8s.io\"")];

const WEBHOOKS: &[Line] = &[
    ("webhooks[]", "failurePolicy", "\"Fail\""),
    ("webhooks[]", "matchPolicy", "\"Equivalent\""),
    ("webhooks[]", "namespaceSelector", "{}"),
    ("webhooks[]", "objectSelector", "{}"),
    ("webhooks[]", "timeoutSeconds", "10"),
    ("webhooks[].clientConfig.service", "port", "443"),
    ("webhooks[].rules[]", "scope", "\"*\""),
];

/// The value 80 % of CPU, which an autoscaler without metrics aims at.
pub(crate) fn cpu_utilisation() -> Value {
    json!([{
        "type": "Resource",
        "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
    }])
}
