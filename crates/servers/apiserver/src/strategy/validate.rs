//! Rules of built-in kinds that their schemas do not say: the ones that manifests break in practice.

use serde_json::{Map, Value};
use skein_object::{LabelSelector, Object};

use crate::api::Api;
use crate::failure::Cause;
use crate::metadata;
use crate::resource::Resource;

/// Most bytes of the data of a ConfigMap or Secret.
const MAX_DATA_BYTES: usize = 1_024 * 1_024;

/// Problems of an object.
pub(super) fn check(_api: &Api, resource: &Resource, object: &Object) -> Vec<Cause> {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "configmaps") => data(object, &["data", "binaryData"]),
        ("", "secrets") => secret(object),
        ("", "services") => service(object),
        ("", "pods") => pod_spec(object.at(&["spec"]), "spec", &[]),
        ("apps", "deployments" | "replicasets" | "daemonsets" | "statefulsets") => workload(object),
        ("batch", "jobs") => job(object.at(&["spec"]), "spec"),
        ("batch", "cronjobs") => cron_job(object),
        ("rbac.authorization.k8s.io", "rolebindings" | "clusterrolebindings") => binding(object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => definition(object),
        ("", "persistentvolumeclaims") => claim(object),
        _ => Vec::new(),
    }
}

fn required(field: impl Into<String>, detail: &str) -> Cause {
    let text = if detail.is_empty() {
        "Required value".to_owned()
    } else {
        format!("Required value: {detail}")
    };
    Cause::new("FieldValueRequired", field, text)
}

fn invalid(field: impl Into<String>, value: &Value, text: &str) -> Cause {
    Cause::new(
        "FieldValueInvalid",
        field,
        format!("Invalid value: {value}: {text}"),
    )
}

fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Cause {
    let list: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    let text = format!(
        "Unsupported value: {value:?}: supported values: {}",
        list.join(", ")
    );
    Cause::new("FieldValueNotSupported", field, text)
}

fn data(object: &Object, fields: &[&str]) -> Vec<Cause> {
    const TEXT: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    let mut causes = Vec::new();
    let mut size = 0;
    for field in fields {
        for (key, value) in object
            .at(&[field])
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let fits = key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if key.is_empty() || !fits {
                causes.push(invalid(
                    format!("{field}[{key}]"),
                    &key.as_str().into(),
                    TEXT,
                ));
            }
            let text = value.as_str().unwrap_or_default();
            // Binary data counts decoded.
            size += if *field == "data" && fields.len() > 1 {
                text.len()
            } else {
                text.len() / 4 * 3
            };
        }
    }
    if size > MAX_DATA_BYTES {
        let text = format!("Too long: may not be more than {MAX_DATA_BYTES} bytes");
        let field = if fields.len() > 1 { "" } else { "data" };
        causes.push(Cause::new("FieldValueTooLong", field, text));
    }
    causes
}

/// Keys that Secrets of a type must have.
const SECRET_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
];

fn secret(object: &Object) -> Vec<Cause> {
    let mut causes = data(object, &["data"]);
    let kind = object.str_at(&["type"]).unwrap_or_default();
    let wanted = SECRET_KEYS.iter().find(|(name, _)| *name == kind);
    for key in wanted.into_iter().flat_map(|(_, keys)| *keys) {
        if object.at(&["data", key]).is_none() {
            causes.push(required(format!("data[{key}]"), ""));
        }
    }
    causes
}

/// Ports that can be listened on.
const PORTS: std::ops::RangeInclusive<i64> = 1..=65_535;

fn port_problem(field: String, number: i64) -> Option<Cause> {
    let text = "must be between 1 and 65535, inclusive";
    (!PORTS.contains(&number)).then(|| invalid(field, &number.into(), text))
}

fn service(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let kind = object.str_at(&["spec", "type"]).unwrap_or("ClusterIP");
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !kinds.contains(&kind) {
        causes.push(unsupported("spec.type", kind, &kinds));
    }
    let ports = object.at(&["spec", "ports"]).and_then(Value::as_array);
    let ports = ports.map_or(&[][..], Vec::as_slice);
    let headless = object.str_at(&["spec", "clusterIP"]) == Some("None");
    if ports.is_empty() && kind != "ExternalName" && !headless {
        causes.push(required("spec.ports", ""));
    }
    if kind == "ExternalName"
        && object
            .str_at(&["spec", "externalName"])
            .is_none_or(str::is_empty)
    {
        causes.push(required("spec.externalName", ""));
    }
    let mut names = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{index}]");
        let name = port.get("name").and_then(Value::as_str).unwrap_or_default();
        if ports.len() > 1 && name.is_empty() {
            causes.push(required(format!("{field}.name"), ""));
        } else if !name.is_empty() {
            for text in metadata::label_problems(name) {
                causes.push(invalid(format!("{field}.name"), &name.into(), &text));
            }
            if names.contains(&name) {
                let text = format!("Duplicate value: {name:?}");
                causes.push(Cause::new(
                    "FieldValueDuplicate",
                    format!("{field}.name"),
                    text,
                ));
            }
            names.push(name);
        }
        let number = port.get("port").and_then(Value::as_i64).unwrap_or_default();
        causes.extend(port_problem(format!("{field}.port"), number));
        if let Some(target) = port.get("targetPort").and_then(Value::as_i64) {
            causes.extend(port_problem(format!("{field}.targetPort"), target));
        }
    }
    causes
}

fn workload(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(replicas) = object.i64_at(&["spec", "replicas"])
        && replicas < 0
    {
        let text = "must be greater than or equal to 0";
        causes.push(invalid("spec.replicas", &replicas.into(), text));
    }
    let labels = object.at(&["spec", "template", "metadata", "labels"]);
    let labels = labels.and_then(Value::as_object);
    match object
        .at(&["spec", "selector"])
        .filter(|selector| !selector.is_null())
    {
        None => {
            causes.push(required("spec.selector", ""));
            let value = labels.map_or_else(|| Value::Object(Map::new()), |l| l.clone().into());
            let text = "`selector` does not match template `labels`";
            causes.push(invalid("spec.template.metadata.labels", &value, text));
        }
        Some(selector) if selector.as_object().is_some_and(Map::is_empty) => {
            let text = "empty selector is invalid for deployment";
            causes.push(invalid("spec.selector", &selector.clone(), text));
        }
        Some(selector) => {
            let matches = LabelSelector::from_value(selector).is_ok_and(|s| s.matches(labels));
            if !matches {
                let value = labels.map_or_else(|| Value::Object(Map::new()), |l| l.clone().into());
                let text = "`selector` does not match template `labels`";
                causes.push(invalid("spec.template.metadata.labels", &value, text));
            }
        }
    }
    causes.extend(metadata::check_labels(
        labels,
        "spec.template.metadata.labels",
    ));
    causes.extend(pod_spec(
        object.at(&["spec", "template", "spec"]),
        "spec.template.spec",
        &claim_names(object),
    ));
    let policy = object
        .str_at(&["spec", "template", "spec", "restartPolicy"])
        .unwrap_or("Always");
    if policy != "Always" {
        causes.push(unsupported(
            "spec.template.spec.restartPolicy",
            policy,
            &["Always"],
        ));
    }
    causes
}

/// Names of the claims that each Pod of a StatefulSet gets as volumes.
fn claim_names(object: &Object) -> Vec<&str> {
    let claims = object.at(&["spec", "volumeClaimTemplates"]);
    let claims = claims.and_then(Value::as_array);
    claims
        .into_iter()
        .flatten()
        .filter_map(|claim| claim.get("metadata")?.get("name")?.as_str())
        .collect()
}

/// `claims` are volumes that the controller adds to those of the spec.
fn pod_spec(spec: Option<&Value>, field: &str, claims: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    let list = |key: &str| {
        let list = spec
            .and_then(|spec| spec.get(key))
            .and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice)
    };
    if list("containers").is_empty() {
        causes.push(required(format!("{field}.containers"), ""));
    }
    let volumes: Vec<&str> = list("volumes")
        .iter()
        .filter_map(|volume| volume.get("name")?.as_str())
        .chain(claims.iter().copied())
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for kind in ["initContainers", "containers"] {
        for (index, container) in list(kind).iter().enumerate() {
            let field = format!("{field}.{kind}[{index}]");
            causes.extend(container_problems(container, &field, &volumes));
            let name = container
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if names.contains(&name) && !name.is_empty() {
                let text = format!("Duplicate value: {name:?}");
                let field = format!("{field}.name");
                causes.push(Cause::new("FieldValueDuplicate", field, text));
            }
            names.push(name);
        }
    }
    if let Some(policy) = spec
        .and_then(|spec| spec.get("restartPolicy"))
        .and_then(Value::as_str)
    {
        let supported = ["Always", "Never", "OnFailure"];
        if !supported.contains(&policy) {
            causes.push(unsupported(
                format!("{field}.restartPolicy"),
                policy,
                &supported,
            ));
        }
    }
    causes
}

fn container_problems(container: &Value, field: &str, volumes: &[&str]) -> Vec<Cause> {
    let mut causes = Vec::new();
    let text = |key: &str| {
        container
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let name = text("name");
    if name.is_empty() {
        causes.push(required(format!("{field}.name"), ""));
    }
    let problems = if name.is_empty() {
        Vec::new()
    } else {
        metadata::label_problems(name)
    };
    for problem in problems {
        causes.push(invalid(format!("{field}.name"), &name.into(), &problem));
    }
    if text("image").is_empty() {
        causes.push(required(format!("{field}.image"), ""));
    }
    causes.extend(mounts(container, field, volumes));
    let ports = container.get("ports").and_then(Value::as_array);
    for (index, port) in ports.into_iter().flatten().enumerate() {
        let number = port
            .get("containerPort")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        causes.extend(port_problem(
            format!("{field}.ports[{index}].containerPort"),
            number,
        ));
    }
    causes
}

fn mounts(container: &Value, field: &str, volumes: &[&str]) -> Vec<Cause> {
    let mounts = container.get("volumeMounts").and_then(Value::as_array);
    let mut causes = Vec::new();
    for (index, mount) in mounts.into_iter().flatten().enumerate() {
        let field = format!("{field}.volumeMounts[{index}]");
        let name = mount
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if name.is_empty() {
            causes.push(required(format!("{field}.name"), ""));
        } else if !volumes.contains(&name) {
            let text = format!("Not found: {name:?}");
            causes.push(Cause::new(
                "FieldValueNotFound",
                format!("{field}.name"),
                text,
            ));
        }
        if mount
            .get("mountPath")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            causes.push(required(format!("{field}.mountPath"), ""));
        }
    }
    causes
}

fn job(spec: Option<&Value>, field: &str) -> Vec<Cause> {
    let template = format!("{field}.template.spec");
    let pod = spec.and_then(|spec| spec.pointer("/template/spec"));
    let mut causes = pod_spec(pod, &template, &[]);
    let policy = pod
        .and_then(|pod| pod.get("restartPolicy"))
        .and_then(Value::as_str);
    if policy.is_none_or(|policy| policy == "Always") {
        let field = format!("{template}.restartPolicy");
        causes.push(required(field, "valid values: \"OnFailure\", \"Never\""));
    }
    causes
}

fn cron_job(object: &Object) -> Vec<Cause> {
    let spec = object.at(&["spec", "jobTemplate", "spec"]);
    let mut causes = job(spec, "spec.jobTemplate.spec");
    let schedule = object.str_at(&["spec", "schedule"]).unwrap_or_default();
    if schedule.is_empty() {
        causes.push(required("spec.schedule", ""));
    } else {
        let fields = schedule.split_whitespace().count();
        if !schedule.starts_with('@') && fields != 5 {
            let text = format!(
                "expected exactly 5 fields, found {fields}: [{}]",
                schedule.split_whitespace().collect::<Vec<_>>().join(" ")
            );
            causes.push(invalid("spec.schedule", &schedule.into(), &text));
        }
    }
    causes
}

fn binding(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    if object
        .str_at(&["roleRef", "name"])
        .is_none_or(str::is_empty)
    {
        causes.push(required("roleRef.name", ""));
    }
    let subjects = object.at(&["subjects"]).and_then(Value::as_array);
    for (index, subject) in subjects.into_iter().flatten().enumerate() {
        let text = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("name").is_empty() {
            causes.push(required(format!("subjects[{index}].name"), ""));
        }
        // In a RoleBinding an account without namespace is one of the binding's own.
        let needs_namespace = object.kind() == "ClusterRoleBinding";
        if needs_namespace && text("kind") == "ServiceAccount" && text("namespace").is_empty() {
            causes.push(required(format!("subjects[{index}].namespace"), ""));
        }
    }
    causes
}

fn claim(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let modes = object
        .at(&["spec", "accessModes"])
        .and_then(Value::as_array);
    if modes.is_none_or(Vec::is_empty) {
        causes.push(required(
            "spec.accessModes",
            "at least 1 access mode is required",
        ));
    }
    if object
        .at(&["spec", "resources", "requests", "storage"])
        .is_none()
    {
        causes.push(required("spec.resources[storage]", ""));
    }
    causes
}

fn definition(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
    let (group, plural) = (text(&["spec", "group"]), text(&["spec", "names", "plural"]));
    let wanted = format!("{plural}.{group}");
    if object.name() != wanted {
        let text = "must be spec.names.plural+\".\"+spec.group";
        causes.push(invalid("metadata.name", &object.name().into(), text));
    }
    let versions = object.at(&["spec", "versions"]).and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .filter(|v| v.get("storage") == Some(&true.into()));
    if storage.count() != 1 {
        let value = object
            .at(&["spec", "versions"])
            .cloned()
            .unwrap_or_default();
        let text = "must have exactly one version marked as storage version";
        causes.push(invalid("spec.versions", &value, text));
    }
    for (index, version) in versions.into_iter().flatten().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(required(field, "schemas are required"));
        }
    }
    let scope = text(&["spec", "scope"]);
    if !["Cluster", "Namespaced"].contains(&scope) {
        causes.push(unsupported("spec.scope", scope, &["Cluster", "Namespaced"]));
    }
    causes
}
