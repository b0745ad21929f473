//! Fields of built-in kinds that cannot change once set.

use serde_json::Value;
use skein_object::Object;

use crate::failure::Cause;
use crate::resource::Resource;

/// Fields whose change is refused with `field is immutable`: group, plural, paths.
const FIELDS: &[(&str, &str, &[&str])] = &[
    ("apps", "deployments", &["spec.selector"]),
    ("apps", "daemonsets", &["spec.selector"]),
    ("apps", "replicasets", &["spec.selector"]),
    (
        "batch",
        "jobs",
        &[
            "spec.completions",
            "spec.selector",
            "spec.template",
            "spec.completionMode",
            "spec.podFailurePolicy",
            "spec.backoffLimitPerIndex",
            "spec.managedBy",
        ],
    ),
    (
        "storage.k8s.io",
        "storageclasses",
        &[
            "parameters",
            "provisioner",
            "reclaimPolicy",
            "volumeBindingMode",
        ],
    ),
    (
        "scheduling.k8s.io",
        "priorityclasses",
        &["value", "preemptionPolicy"],
    ),
    ("node.k8s.io", "runtimeclasses", &["handler"]),
    ("", "secrets", &["type"]),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        &[
            "spec.group",
            "spec.names.plural",
            "spec.scope",
            "spec.names.kind",
        ],
    ),
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

/// Fields of a claim's spec that may change.
const CLAIM: &[&str] = &["resources", "volumeAttributesClassName"];

/// Refused changes.
pub(super) fn check(resource: &Resource, old: &Object, new: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (_, _, paths) in FIELDS
        .iter()
        .filter(|(g, plural, _)| resource.is(g, plural))
    {
        for path in *paths {
            let keys: Vec<&str> = path.split('.').collect();
            if old.at(&keys) != new.at(&keys) {
                causes.push(immutable(path, new.at(&keys)));
            }
        }
    }
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "configmaps") => causes.extend(sealed(old, new, &["data", "binaryData"])),
        ("", "secrets") => causes.extend(sealed(old, new, &["data"])),
        ("apps", "statefulsets") if others(old, STATEFUL_SET) != others(new, STATEFUL_SET) => {
            let text = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            causes.push(Cause::new("FieldValueForbidden", "spec", text));
        }
        ("", "persistentvolumeclaims") => {
            let bound = old.str_at(&["spec", "volumeName"]).is_none();
            let allowed: Vec<&str> = CLAIM
                .iter()
                .copied()
                .chain(bound.then_some("volumeName"))
                .collect();
            if others(old, &allowed) != others(new, &allowed) {
                let text = "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
                causes.push(Cause::new("FieldValueForbidden", "spec", text));
            }
        }
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings")
            if old.at(&["roleRef"]) != new.at(&["roleRef"]) =>
        {
            let value = go_struct(new.at(&["roleRef"]));
            let text = format!("Invalid value: {value}: cannot change roleRef");
            causes.push(Cause::new("FieldValueInvalid", "roleRef", text));
        }
        _ => {}
    }
    causes
}

/// A role reference as Go prints the internal type.
fn go_struct(value: Option<&Value>) -> String {
    let text = |key: &str| {
        value
            .and_then(|v| v.get(key))
            .cloned()
            .unwrap_or_else(|| "".into())
    };
    let (group, kind, name) = (text("apiGroup"), text("kind"), text("name"));
    format!("{{\"APIGroup\":{group},\"Kind\":{kind},\"Name\":{name}}}")
}

fn immutable(path: &str, value: Option<&Value>) -> Cause {
    let value = value.map_or_else(|| "null".to_owned(), Value::to_string);
    Cause::new(
        "FieldValueInvalid",
        path,
        format!("Invalid value: {value}: field is immutable"),
    )
}

/// ConfigMaps and Secrets that are marked immutable.
fn sealed(old: &Object, new: &Object, fields: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if old.bool_at(&["immutable"]) != Some(true) {
        return causes;
    }
    let text = "Forbidden: field is immutable when `immutable` is set";
    if new.bool_at(&["immutable"]) != Some(true) {
        causes.push(Cause::new("FieldValueForbidden", "immutable", text));
    }
    for field in fields {
        if old.at(&[field]) != new.at(&[field]) {
            causes.push(Cause::new("FieldValueForbidden", *field, text));
        }
    }
    causes
}

fn others(object: &Object, allowed: &[&str]) -> Option<Value> {
    let mut spec = object.at(&["spec"])?.clone();
    if let Some(map) = spec.as_object_mut() {
        map.retain(|key, _| !allowed.contains(&key.as_str()));
    }
    Some(spec)
}
