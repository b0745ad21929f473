//! Warnings about volumes, their claims and their classes.

use serde_json::Value;
use skein_object::Object;

use super::pods::{self, deprecated, expressions, has, list, string};

/// Annotations that have become fields, and what is told of them.
const ANNOTATIONS: &[(&str, &str)] = &[
    (
        "volume.beta.kubernetes.io/storage-class",
        "deprecated since v1.8; use \"storageClassName\" attribute instead",
    ),
    (
        "volume.beta.kubernetes.io/mount-options",
        "deprecated since v1.31; use \"mountOptions\" attribute instead",
    ),
];

/// Sources of volumes that do nothing any more, in the order in which they are told.
const SOURCES: &[(&str, &str, &str)] = &[
    (
        "cephfs",
        "cephfs",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "scaleIO",
        "scaleIO",
        "deprecated in v1.16, non-functional in v1.22+",
    ),
    (
        "storageos",
        "storageOS",
        "deprecated in v1.22, non-functional in v1.25+",
    ),
    (
        "glusterfs",
        "glusterfs",
        "deprecated in v1.25, non-functional in v1.26+",
    ),
    (
        "rbd",
        "rbd",
        "deprecated in v1.28, non-functional in v1.31+",
    ),
];

fn annotations(object: &Object, known: &[(&str, &str)]) -> Vec<String> {
    let told = known
        .iter()
        .filter(|(key, _)| object.annotation(key).is_some());
    told.map(|(key, text)| format!("metadata.annotations[{key}]: {text}"))
        .collect()
}

pub(super) fn claim(claim: &Object) -> Vec<String> {
    let mut out = annotations(claim, &ANNOTATIONS[..1]);
    pods::claim("spec", claim.at(&["spec"]), &mut out);
    out
}

pub(super) fn volume(volume: &Object) -> Vec<String> {
    let mut out = annotations(volume, ANNOTATIONS);
    if volume.str_at(&["spec", "persistentVolumeReclaimPolicy"]) == Some("Recycle") {
        let text = "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
        out.push(text.to_owned());
    }
    let required = volume.at(&["spec", "nodeAffinity", "required"]);
    for (index, term) in list(required, "nodeSelectorTerms").iter().enumerate() {
        let path = format!("spec.nodeAffinity.required.nodeSelectorTerms[{index}]");
        expressions(&path, term, false, &mut out);
    }
    let none = Value::Null;
    let spec = volume.at(&["spec"]).unwrap_or(&none);
    let told = SOURCES.iter().filter(|(name, _, _)| has(spec, name));
    out.extend(told.map(|(_, shown, text)| format!("spec.{shown}: {text}")));
    out
}

/// A StorageClass that places volumes by labels that have other names now.
pub(super) fn class(class: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let topologies = class.at(&["allowedTopologies"]).and_then(Value::as_array);
    for (i, topology) in topologies.into_iter().flatten().enumerate() {
        let terms = list(Some(topology), "matchLabelExpressions");
        for (j, term) in terms.iter().enumerate() {
            if let Some(text) = deprecated(string(term, "key")) {
                out.push(format!(
                    "allowedTopologies[{i}].matchLabelExpressions[{j}].key: {text}"
                ));
            }
        }
    }
    out
}

/// Capacity whose place is named by labels that have other names now.
pub(super) fn capacity(capacity: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let Some(topology) = capacity.at(&["nodeTopology"]) else {
        return out;
    };
    expressions("nodeTopology", topology, false, &mut out);
    let labels = topology.get("matchLabels").and_then(Value::as_object);
    for (label, _) in labels.into_iter().flatten() {
        if let Some(text) = deprecated(label) {
            out.push(format!("nodeTopology.matchLabels.{label}: {text}"));
        }
    }
    out
}

/// A driver that may write tokens into logs.
pub(super) fn driver(old: Option<&Object>, new: &Object) -> Vec<String> {
    let path = ["spec", "tokenRequests"];
    let is_same = old.is_some_and(|old| old.at(&path) == new.at(&path));
    let asks = !list(new.at(&["spec"]), "tokenRequests").is_empty();
    let says = new
        .at(&["spec", "serviceAccountTokenInSecrets"])
        .is_some_and(|value| !value.is_null());
    let text = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";
    let is_told = asks && !says && !is_same;
    is_told.then(|| text.to_owned()).into_iter().collect()
}
