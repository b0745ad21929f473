//! Brings built objects into the form in which Flux sends them, so that ownership records and comparisons agree with it.

mod quantity;
#[cfg(test)]
mod tests;
mod typed;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use skein_object::Object;

use crate::order;

/// Normalises one object that is to be applied.
///
/// Built-in kinds go through their typed form ([`typed::round_trip`]): unknown fields are dropped, fields that are always written
/// appear, quantities become canonical, `stringData` moves into `data`, ports get their protocol. Kinds that are not built in, and
/// objects that do not fit their type, are left as they are. Status goes away, except that of custom resource definitions.
pub fn normalize(object: &mut Object) {
    // Roles are not taken through their type: it would empty rules that are written in an unusual form.
    let api_version = object.api_version();
    let is_role = api_version == "rbac.authorization.k8s.io/v1"
        && matches!(object.kind(), "Role" | "ClusterRole");
    if is_role {
        return;
    }
    if let Some(mut typed) = typed::round_trip(object) {
        match (typed.api_version(), typed.kind()) {
            ("v1", "Secret") => string_data_to_data(&mut typed),
            ("v1", "Service") => default_protocol(typed.as_map_mut().get_mut("spec"), &["ports"]),
            _ => {
                if let Some(spec) = pod_spec(&mut typed) {
                    default_container_protocols(spec);
                }
            }
        }
        *object = typed;
    }
    if order::is_crd(object) {
        remove_broken_ca_bundle(object);
    } else {
        object.remove(&["status"]);
    }
    object.remove(&["metadata", "creationTimestamp"]);
}

/// What counts in comparisons: everything but metadata and status.
pub fn comparable(object: &Object) -> Map<String, Value> {
    let mut map = object.as_map().clone();
    map.remove("metadata");
    map.remove("status");
    map
}

fn string_data_to_data(secret: &mut Object) {
    let Some(Value::Object(texts)) = secret.as_map_mut().remove("stringData") else {
        return;
    };
    for (key, value) in texts {
        if let Value::String(text) = value {
            secret.set(&["data", &key], STANDARD.encode(text).into());
        }
    }
}

/// The pod specification of the workload kinds whose ports Flux defaults.
fn pod_spec(object: &mut Object) -> Option<&mut Value> {
    let gvk = object.gvk();
    let path: &[&str] = match (gvk.group.as_str(), gvk.version.as_str(), gvk.kind.as_str()) {
        ("", "v1", "Pod") => &["spec"],
        ("apps", "v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "v1", "Job") => &["spec", "template", "spec"],
        ("batch", "v1", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(object.as_map_mut().get_mut(*first)?, |value, key| {
            value.get_mut(*key)
        })
}

fn default_container_protocols(pod_spec: &mut Value) {
    let containers = pod_spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        default_protocol(Some(container), &["ports"]);
    }
}

/// The list of ports is merged by port and protocol, so a missing protocol would make a second entry.
fn default_protocol(parent: Option<&mut Value>, path: &[&str]) {
    let ports = path
        .iter()
        .try_fold(parent, |value, key| Some(value?.get_mut(*key)));
    let ports = ports.flatten().and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let protocol = port.entry("protocol").or_insert_with(|| json!(""));
        if protocol.as_str() == Some("") {
            *protocol = json!("TCP");
        }
    }
}

/// Conversion webhooks get their bundle injected; a placeholder that is no certificate would be refused.
fn remove_broken_ca_bundle(crd: &mut Object) {
    const PATH: [&str; 5] = ["spec", "conversion", "webhook", "clientConfig", "caBundle"];
    let Some(bundle) = crd.str_at(&PATH).filter(|bundle| !bundle.is_empty()) else {
        return;
    };
    let valid = STANDARD.decode(bundle).is_ok_and(|bytes| {
        let text = String::from_utf8_lossy(&bytes);
        bytes.is_empty()
            || (text.contains("-----BEGIN CERTIFICATE-----")
                && text.contains("-----END CERTIFICATE-----"))
    });
    if !valid {
        crd.remove(&PATH);
    }
}
