//! Defaults of pods and pod templates.

use serde_json::{Map, Value, json};

use super::table::{Line, fill, visit};
use super::{default_to, text};
use crate::pod_resources;

const POD: &[Line] = &[
    ("", "restartPolicy", "\"Always\""),
    ("", "dnsPolicy", "\"ClusterFirst\""),
    ("", "schedulerName", "\"default-scheduler\""),
    ("", "terminationGracePeriodSeconds", "30"),
    ("", "securityContext", "{}"),
    ("volumes[].secret", "defaultMode", "420"),
    ("volumes[].configMap", "defaultMode", "420"),
    ("volumes[].downwardAPI", "defaultMode", "420"),
    (
        "volumes[].downwardAPI.items[].fieldRef",
        "apiVersion",
        "\"v1\"",
    ),
    ("volumes[].projected", "defaultMode", "420"),
    (
        "volumes[].projected.sources[].serviceAccountToken",
        "expirationSeconds",
        "3600",
    ),
    (
        "volumes[].projected.sources[].downwardAPI.items[].fieldRef",
        "apiVersion",
        "\"v1\"",
    ),
    ("volumes[].hostPath", "type", "\"\""),
    ("volumes[].iscsi", "iscsiInterface", "\"default\""),
    ("volumes[].rbd", "pool", "\"rbd\""),
    ("volumes[].rbd", "user", "\"admin\""),
    ("volumes[].rbd", "keyring", "\"/etc/ceph/keyring\""),
    ("volumes[].azureDisk", "cachingMode", "\"ReadWrite\""),
    ("volumes[].azureDisk", "kind", "\"Shared\""),
    ("volumes[].azureDisk", "fsType", "\"ext4\""),
    ("volumes[].azureDisk", "readOnly", "false"),
    (
        "volumes[].ephemeral.volumeClaimTemplate.spec",
        "volumeMode",
        "\"Filesystem\"",
    ),
];

const CONTAINER: &[Line] = &[
    ("", "terminationMessagePath", "\"/dev/termination-log\""),
    ("", "terminationMessagePolicy", "\"File\""),
    ("", "resources", "{}"),
    ("ports[]", "protocol", "\"TCP\""),
    ("env[].valueFrom.fieldRef", "apiVersion", "\"v1\""),
    ("env[].valueFrom.resourceFieldRef", "divisor", "\"0\""),
    ("lifecycle.postStart.httpGet", "path", "\"/\""),
    ("lifecycle.postStart.httpGet", "scheme", "\"HTTP\""),
    ("lifecycle.preStop.httpGet", "path", "\"/\""),
    ("lifecycle.preStop.httpGet", "scheme", "\"HTTP\""),
];

const PROBE: &[Line] = &[
    ("", "timeoutSeconds", "1"),
    ("", "periodSeconds", "10"),
    ("", "successThreshold", "1"),
    ("", "failureThreshold", "3"),
    ("httpGet", "path", "\"/\""),
    ("httpGet", "scheme", "\"HTTP\""),
    ("grpc", "service", "\"\""),
];

/// All tables of this file.
#[cfg(test)]
pub(super) const TABLES: &[&[Line]] = &[POD, CONTAINER, PROBE];

/// Fills in a pod's `spec` as it stands in a Pod or a template.
pub fn apply_to_pod_spec(spec: &mut Map<String, Value>) {
    fill(spec, POD);
    mirror_service_account(spec);
    visit(spec, &["volumes[]"], &mut default_volume);
    for list in ["containers[]", "initContainers[]", "ephemeralContainers[]"] {
        visit(spec, &[list], &mut default_container);
    }
}

/// On the network of its host a Pod has its ports there; those of templates are left for their Pods.
pub(super) fn host_ports(spec: &mut Map<String, Value>) {
    if spec.get("hostNetwork") != Some(&Value::Bool(true)) {
        return;
    }
    for list in ["containers[]", "initContainers[]"] {
        visit(spec, &[list, "ports[]"], &mut |port| {
            if let Some(number) = port.get("containerPort").cloned() {
                default_to(port, "hostPort", number);
            }
        });
    }
}

/// `serviceAccount` is the old name of `serviceAccountName`; both are always written.
fn mirror_service_account(spec: &mut Map<String, Value>) {
    let name = text(spec, "serviceAccountName").to_owned();
    let old_name = text(spec, "serviceAccount").to_owned();
    if !name.is_empty() {
        spec.insert("serviceAccount".to_owned(), json!(name));
    } else if !old_name.is_empty() {
        spec.insert("serviceAccountName".to_owned(), json!(old_name));
    }
}

/// A volume without a source is an empty directory.
fn default_volume(volume: &mut Map<String, Value>) {
    let has_source = volume
        .iter()
        .any(|(name, value)| name != "name" && !value.is_null());
    if !has_source {
        default_to(volume, "emptyDir", json!({}));
    }
    if let Some(Value::Object(image)) = volume.get_mut("image") {
        let policy = pull_policy(text(image, "reference"));
        default_to(image, "pullPolicy", json!(policy));
    }
}

fn default_container(container: &mut Map<String, Value>) {
    fill(container, CONTAINER);
    let policy = pull_policy(text(container, "image"));
    default_to(container, "imagePullPolicy", json!(policy));
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(Value::Object(probe)) = container.get_mut(probe) {
            fill(probe, PROBE);
        }
    }
}

/// Longest name of an image, in bytes.
const MAX_IMAGE_BYTES: usize = 255;

/// `Always` for the tag `latest` or none, `IfNotPresent` for any other tag, a digest, and what is no image.
fn pull_policy(image: &str) -> &'static str {
    let path = image.split(['@']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    let repository = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let name = repository.split(':').next().unwrap_or_default();
    if name.is_empty()
        || path.len() > MAX_IMAGE_BYTES
        || !name.chars().all(plain)
        || name.starts_with(['-', '_', '.'])
    {
        return "IfNotPresent";
    }
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    if name.contains('@') {
        return if name.contains(":latest@") {
            "Always"
        } else {
            "IfNotPresent"
        };
    }
    match name.split_once(':') {
        Some((_, tag)) if tag != "latest" => "IfNotPresent",
        _ => "Always",
    }
}

/// What is said of a whole Pod in part is completed from its containers, and its requests from its limits.
pub(super) fn whole_pod(spec: &mut Map<String, Value>) {
    let whole = Value::Object(spec.clone());
    let Some(Value::Object(resources)) = spec.get_mut("resources") else {
        return;
    };
    let list = |resources: &Map<String, Value>, kind: &str| -> Map<String, Value> {
        let list = resources.get(kind).and_then(Value::as_object);
        list.cloned().unwrap_or_default()
    };
    let (mut limits, mut requests) = (list(resources, "limits"), list(resources, "requests"));
    let complete = |kind: &str, amounts: &mut Map<String, Value>, fits: &dyn Fn(&str) -> bool| {
        for name in pod_resources::names(&whole, kind) {
            let sum = pod_resources::aggregate(&whole, kind, &name);
            if let (false, true, Some(sum)) = (amounts.contains_key(&name), fits(&name), sum) {
                amounts.insert(name, json!(sum.to_string()));
            }
        }
    };
    if !limits.is_empty() || !requests.is_empty() {
        let fits = |name: &str| pod_resources::is_huge(name) && !requests.contains_key(name);
        complete("limits", &mut limits, &fits);
    }
    if !limits.is_empty() {
        complete("requests", &mut requests, &|name| {
            ["cpu", "memory"].contains(&name)
        });
        for (name, limit) in &limits {
            if pod_resources::is_of_whole_pods(name) && !requests.contains_key(name) {
                requests.insert(name.clone(), limit.clone());
            }
        }
    }
    for (kind, amounts) in [("limits", limits), ("requests", requests)] {
        if !amounts.is_empty() {
            resources.insert(kind.to_owned(), Value::Object(amounts));
        }
    }
}

/// Requests of a Pod's containers default to their limits.
pub(super) fn requests_from_limits(spec: &mut Map<String, Value>) {
    for list in ["containers[]", "initContainers[]"] {
        visit(spec, &[list, "resources"], &mut |resources| {
            let Some(Value::Object(limits)) = resources.get("limits").cloned() else {
                return;
            };
            if limits.is_empty() {
                return;
            }
            let requests = resources.entry("requests").or_insert_with(|| json!({}));
            if let Value::Object(requests) = requests {
                for (name, value) in limits {
                    requests.entry(name).or_insert(value);
                }
            }
        });
    }
}
