//! Environment variables and where they come from.

use serde_json::Value;

use super::containers;
use crate::names::{
    config_key_problems, label_problems, qualified_name_problems, subdomain_problems,
    variable_problems,
};
use crate::sources;
use crate::spot::{Errors, Spot};

/// What a variable may show of its Pod.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// What a volume may show of its Pod.
const VOLUME_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// Fields that exist in Pods, so that a reference can be converted.
const KNOWN: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.hostNetwork",
    "status.phase",
    "status.nominatedNodeName",
];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn check(errors: &mut Errors, container: &Spot<'_>) {
    for variable in container.get("env").items() {
        let name = variable.get("name");
        if name.is_blank() {
            errors.add(name.required(""));
        } else {
            errors.problems(&name, variable_problems(name.text()));
        }
        let from = variable.get("valueFrom");
        if from.is_set() {
            check_source(errors, &from, !variable.get("value").is_blank());
        }
    }
    let all = container.get("envFrom");
    for source in all.items() {
        let prefix = source.get("prefix");
        if !prefix.is_blank() {
            errors.problems(&prefix, variable_problems(prefix.text()));
        }
        let mut found = 0;
        for kind in ["configMapRef", "secretRef"] {
            let reference = source.get(kind);
            if !reference.is_set() {
                continue;
            }
            found += 1;
            let name = reference.get("name");
            if name.is_blank() {
                errors.add(name.required(""));
            } else {
                errors.problems(&name, subdomain_problems(name.text()));
            }
        }
        // The API server tells these at the list.
        if found == 0 {
            errors.add(all.invalid_as("", "must specify one of: `configMapRef` or `secretRef`"));
        } else if found > 1 {
            errors.add(all.invalid_as("", "may not have more than one field specified at a time"));
        }
    }
}

fn check_source(errors: &mut Errors, from: &Spot<'_>, has_value: bool) {
    let mut found = 0;
    for kind in [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ] {
        let source = from.get(kind);
        if !source.is_set() {
            continue;
        }
        found += 1;
        match kind {
            "fieldRef" => check_field(errors, &source, FIELDS),
            "resourceFieldRef" => check_resource(errors, &source, false),
            "fileKeyRef" => check_file(errors, &source),
            _ => check_key(errors, &source),
        }
    }
    let text = if found == 0 {
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
    } else if has_value {
        "may not be specified when `value` is not empty"
    } else if found > 1 {
        "may not have more than one field specified at a time"
    } else {
        return;
    };
    errors.add(from.invalid_as("", text));
}

fn check_key(errors: &mut Errors, source: &Spot<'_>) {
    let name = source.get("name");
    let problems = subdomain_problems(name.text());
    errors.add_all(
        problems
            .into_iter()
            .map(|text| name.invalid_as(name.text(), text)),
    );
    let key = source.get("key");
    if key.is_blank() {
        errors.add(key.required(""));
    } else {
        errors.problems(&key, config_key_problems(key.text()));
    }
}

fn check_file(errors: &mut Errors, source: &Spot<'_>) {
    let (key, volume, path) = (
        source.get("key"),
        source.get("volumeName"),
        source.get("path"),
    );
    for (spot, rule) in [
        (key, variable_problems as fn(&str) -> Vec<String>),
        (volume, label_problems),
    ] {
        if spot.is_blank() {
            errors.add(spot.required(""));
        } else {
            errors.problems(&spot, rule(spot.text()));
        }
    }
    errors.filled(&path);
    sources::check_no_backsteps(errors, &path);
}

/// Files with variables lie in volumes that are empty at first.
pub(super) fn check_file_volumes(errors: &mut Errors, spec: &Spot<'_>) {
    for container in containers::all(spec) {
        for variable in container.get("env").items() {
            let source = variable.get("valueFrom.fileKeyRef");
            let name = source.get("volumeName");
            if !source.is_set() {
                continue;
            }
            let mut volumes = spec.get("volumes").items();
            match volumes.rfind(|volume| volume.get("name").text() == name.text()) {
                None => errors.add(containers::not_found(&name)),
                Some(volume) if volume.get("emptyDir").is_set() => {}
                Some(_) => {
                    let text = "referenced volume must be of type emptyDir";
                    errors.add(name.invalid_as(name.text(), text));
                }
            }
        }
    }
}

/// A field of the Pod, for a volume.
pub(super) fn check_volume_field(errors: &mut Errors, source: &Spot<'_>) {
    check_field(errors, source, VOLUME_FIELDS);
}

fn check_field(errors: &mut Errors, source: &Spot<'_>, allowed: &[&str]) {
    let (version, field) = (source.get("apiVersion"), source.get("fieldPath"));
    for spot in [&version, &field] {
        if spot.is_blank() {
            errors.add(spot.required(""));
            return;
        }
    }
    let text = field.text();
    if version.text() != "v1" {
        let problem = format!("unsupported pod version: {}", version.text());
        errors.add(field.invalid(format!("error converting fieldPath: {problem}")));
        return;
    }
    if let Some((path, key)) = subscript(text) {
        match path {
            "metadata.annotations" | "metadata.labels" => {
                let lower = key.to_lowercase();
                let key = if path == "metadata.labels" {
                    key
                } else {
                    &lower
                };
                let problems = qualified_name_problems(key);
                errors.add_all(
                    problems
                        .into_iter()
                        .map(|text| source.invalid_as(key, text)),
                );
            }
            _ => {
                let detail = "error converting fieldPath: field label does not support subscript";
                errors.add(field.invalid(detail));
            }
        }
        return;
    }
    if !FIELDS.contains(&text) && !KNOWN.contains(&text) {
        errors.add(field.invalid(format!(
            "error converting fieldPath: field label not supported: {text}"
        )));
    } else if !allowed.contains(&text) {
        errors.add(field.not_supported(allowed));
    }
}

/// `metadata.labels['key']` as path and key.
fn subscript(text: &str) -> Option<(&str, &str)> {
    let (path, rest) = text.strip_suffix("']")?.split_once("['")?;
    Some((path, rest))
}

/// A resource of a container. In a volume the container must be named.
pub(super) fn check_resource(errors: &mut Errors, source: &Spot<'_>, in_volume: bool) {
    let (container, resource) = (source.get("containerName"), source.get("resource"));
    let name = resource.text();
    let huge = ["limits.hugepages-", "requests.hugepages-"];
    if in_volume && container.is_blank() {
        errors.add(container.required(""));
    } else if resource.is_blank() {
        errors.add(resource.required(""));
    } else if !RESOURCES.contains(&name) && !huge.iter().any(|start| name.starts_with(start)) {
        errors.add(resource.not_supported(RESOURCES));
    }
    let divisor = source.get("divisor");
    let Some(text) = divisor.value.as_str().filter(|text| *text != "0") else {
        return;
    };
    let bytes = [
        "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
    ];
    let (fits, what) = match name.split_once('.').map_or("", |(_, what)| what) {
        "cpu" => (["1m", "1"].contains(&text), "cpu"),
        "memory" => (bytes.contains(&text), "memory"),
        "ephemeral-storage" => (bytes.contains(&text), "local ephemeral storage"),
        huge if huge.starts_with("hugepages-") => (bytes.contains(&text), "hugepages"),
        _ => return,
    };
    if !fits {
        let list = if what == "cpu" {
            "1m and 1".to_owned()
        } else {
            bytes.join(", ")
        };
        let detail = format!("only divisor's values {list} are supported with the {what} resource");
        errors.add(divisor.invalid_as(Value::from(name), detail));
    }
}
