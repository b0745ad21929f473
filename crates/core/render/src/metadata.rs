//! Labels and annotations that every object of a Kustomization gets.

use serde_json::Value;
use skein_object::Object;

/// Label with the name of the owning Kustomization.
const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
/// Label with the namespace of the owning Kustomization.
const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";

/// Sets the owner labels.
pub fn set_owner_labels(objects: &mut [Object], namespace: &str, name: &str) {
    for object in objects {
        object.set_label(OWNER_NAME, name);
        object.set_label(OWNER_NAMESPACE, namespace);
    }
}

/// Sets the labels and annotations of `spec.commonMetadata`, over those that an object has.
pub fn set_common_metadata(objects: &mut [Object], common_metadata: &Value) {
    let entries = |field: &str| {
        let map = common_metadata.get(field).and_then(Value::as_object);
        map.into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
    };
    let labels: Vec<_> = entries("labels").collect();
    let annotations: Vec<_> = entries("annotations").collect();
    for object in objects {
        labels
            .iter()
            .for_each(|(key, value)| object.set_label(key, value));
        annotations
            .iter()
            .for_each(|(key, value)| object.set_annotation(key, value));
    }
}
