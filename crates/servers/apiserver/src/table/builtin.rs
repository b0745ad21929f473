//! Columns of the usual built-in kinds.

use serde_json::{Map, Value};
use skein_object::Object;

use super::{Column, age, human_duration, since};
use crate::resource::Resource;

pub(super) const fn column(
    name: &'static str,
    column_type: &'static str,
    cell: fn(&Object) -> Value,
) -> Column {
    Column {
        name,
        column_type,
        priority: 0,
        cell,
    }
}

pub(super) const fn wide(name: &'static str, cell: fn(&Object) -> Value) -> Column {
    Column {
        name,
        column_type: "string",
        priority: 1,
        cell,
    }
}

pub(super) const AGE: Column = column("Age", "string", age);
pub(super) const CREATED: Column = column("Created At", "date", |o| {
    // Go's zero time.
    text(
        o,
        &["metadata", "creationTimestamp"],
        "0001-01-01T00:00:00Z",
    )
});

/// The columns after the name; `None` for kinds that only show their age.
pub(super) fn columns(resource: &Resource) -> Option<&'static [Column]> {
    let key = (resource.group.as_str(), resource.plural.as_str());
    TABLE
        .iter()
        .chain(super::more::TABLE)
        .chain(super::rare::TABLE)
        .find(|(group, plural, _)| (*group, *plural) == key)
        .map(|(_, _, list)| *list)
}

pub(super) fn number(object: &Object, path: &[&str]) -> i64 {
    object.i64_at(path).unwrap_or_default()
}

pub(super) fn text(object: &Object, path: &[&str], absent: &str) -> Value {
    object
        .str_at(path)
        .filter(|text| !text.is_empty())
        .unwrap_or(absent)
        .into()
}

fn size(object: &Object, fields: &[&str]) -> i64 {
    let count = |field: &&str| {
        object
            .at(&[field])
            .and_then(Value::as_object)
            .map_or(0, Map::len)
    };
    i64::try_from(fields.iter().map(count).sum::<usize>()).unwrap_or(i64::MAX)
}

pub(super) fn array<'a>(object: &'a Object, path: &[&str]) -> &'a [Value] {
    object
        .at(path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn ready(object: &Object, have: &[&str], want: &[&str]) -> Value {
    format!("{}/{}", number(object, have), number(object, want)).into()
}

fn containers(object: &Object, field: &str) -> String {
    let list = array(object, &["spec", "template", "spec", "containers"]);
    let texts: Vec<&str> = list.iter().filter_map(|c| c.get(field)?.as_str()).collect();
    texts.join(",")
}

fn selector(object: &Object) -> Value {
    let labels = object.at(&["spec", "selector", "matchLabels"]);
    let labels = labels
        .or_else(|| object.at(&["spec", "selector"]))
        .and_then(Value::as_object);
    let terms: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if terms.is_empty() {
        "<none>".into()
    } else {
        terms.join(",").into()
    }
}

fn pod_ready(pod: &Object) -> Value {
    let statuses = array(pod, &["status", "containerStatuses"]);
    let ready = statuses
        .iter()
        .filter(|s| s.get("ready") == Some(&Value::Bool(true)))
        .count();
    format!("{ready}/{}", array(pod, &["spec", "containers"]).len()).into()
}

fn pod_status(pod: &Object) -> Value {
    if pod.is_deleting() {
        return "Terminating".into();
    }
    let reason = pod.str_at(&["status", "reason"]);
    // The last container that does not run says why.
    let stopped = |status: &'_ Value| {
        let part = |pointer: &str| status.pointer(pointer).and_then(Value::as_str);
        let reason = part("/state/waiting/reason").or_else(|| part("/state/terminated/reason"));
        reason
            .filter(|reason| !reason.is_empty())
            .map(str::to_owned)
    };
    let statuses = array(pod, &["status", "containerStatuses"]);
    if let Some(stopped) = statuses.iter().find_map(stopped) {
        return stopped.into();
    }
    match reason
        .or_else(|| pod.str_at(&["status", "phase"]))
        .unwrap_or_default()
    {
        "Succeeded" => "Completed".into(),
        "Failed" => "Error".into(),
        other => other.into(),
    }
}

/// How many of the readiness gates are true.
fn readiness_gates(pod: &Object) -> Value {
    let gates = array(pod, &["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".into();
    }
    let open = |gate: &&Value| {
        let kind = gate.get("conditionType").and_then(Value::as_str);
        let condition = pod.condition(kind.unwrap_or_default());
        condition.and_then(|c| c.get("status")?.as_str()) == Some("True")
    };
    format!("{}/{}", gates.iter().filter(open).count(), gates.len()).into()
}

fn restarts(pod: &Object) -> Value {
    let count = |status: &Value| {
        status
            .get("restartCount")
            .and_then(Value::as_i64)
            .unwrap_or(0)
    };
    array(pod, &["status", "containerStatuses"])
        .iter()
        .map(count)
        .sum::<i64>()
        .to_string()
        .into()
}

fn service_ports(service: &Object) -> Value {
    let show = |port: &Value| {
        let number = port.get("port").and_then(Value::as_i64).unwrap_or_default();
        let protocol = port
            .get("protocol")
            .and_then(Value::as_str)
            .unwrap_or("TCP");
        match port.get("nodePort").and_then(Value::as_i64) {
            Some(node) => format!("{number}:{node}/{protocol}"),
            None => format!("{number}/{protocol}"),
        }
    };
    let ports: Vec<String> = array(service, &["spec", "ports"])
        .iter()
        .map(show)
        .collect();
    if ports.is_empty() {
        "<none>".into()
    } else {
        ports.join(",").into()
    }
}

fn external_address(service: &Object) -> Value {
    let addresses: Vec<&str> = array(service, &["status", "loadBalancer", "ingress"])
        .iter()
        .filter_map(|i| i.get("ip").or_else(|| i.get("hostname"))?.as_str())
        .collect();
    match service.str_at(&["spec", "type"]) {
        None => "<unknown>".into(),
        Some("ExternalName") => text(service, &["spec", "externalName"], "<none>"),
        Some("LoadBalancer") if addresses.is_empty() => "<pending>".into(),
        _ if addresses.is_empty() => "<none>".into(),
        _ => addresses.join(",").into(),
    }
}

pub(super) fn job_status(job: &Object) -> Value {
    let is = |kind: &str| {
        job.condition(kind)
            .and_then(|c| c.get("status"))
            .and_then(Value::as_str)
            == Some("True")
    };
    let status = if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if job.is_deleting() {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else {
        "Running"
    };
    status.into()
}

pub(super) fn job_duration(job: &Object) -> Value {
    let at = |key: &str| {
        job.str_at(&["status", key])?
            .parse::<jiff::Timestamp>()
            .ok()
    };
    match (at("startTime"), at("completionTime")) {
        (Some(start), Some(end)) => human_duration(end.as_second() - start.as_second()).into(),
        (Some(_), None) => since(job.str_at(&["status", "startTime"]).unwrap_or_default()).into(),
        _ => "".into(),
    }
}

pub(super) fn completions(job: &Object) -> Value {
    let wanted = job.i64_at(&["spec", "completions"]).unwrap_or(1);
    format!("{}/{wanted}", number(job, &["status", "succeeded"])).into()
}

pub(super) fn role(binding: &Object) -> Value {
    let part = |key: &str| binding.str_at(&["roleRef", key]).unwrap_or_default();
    format!("{}/{}", part("kind"), part("name")).into()
}

fn hosts(ingress: &Object) -> Value {
    let hosts: Vec<&str> = array(ingress, &["spec", "rules"])
        .iter()
        .map(|rule| rule.get("host").and_then(Value::as_str).unwrap_or("*"))
        .collect();
    if hosts.is_empty() {
        "*".into()
    } else {
        hosts.join(",").into()
    }
}

/// Group, resource, and the columns after the name.
pub(super) type Columns = (&'static str, &'static str, &'static [Column]);

/// Whether a table of the kind begins with the name: events have it at the end.
pub(super) fn leads_with_name(resource: &Resource) -> bool {
    resource.custom.is_some() || resource.plural != "events"
}

/// The annotation of the class that claims without one get.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The cell of the name.
pub(super) fn name(resource: &Resource, object: &Object) -> Value {
    let class = resource.is("storage.k8s.io", "storageclasses");
    if class && object.annotation(DEFAULT_CLASS) == Some("true") {
        return format!("{} (default)", object.name()).into();
    }
    object.name().into()
}

const TABLE: &[Columns] = &[
    (
        "",
        "pods",
        &[
            column("Ready", "string", pod_ready),
            column("Status", "string", pod_status),
            column("Restarts", "string", restarts),
            AGE,
            wide("IP", |o| text(o, &["status", "podIP"], "<none>")),
            wide("Node", |o| text(o, &["spec", "nodeName"], "<none>")),
            wide("Nominated Node", |o| {
                text(o, &["status", "nominatedNodeName"], "<none>")
            }),
            wide("Readiness Gates", readiness_gates),
        ],
    ),
    (
        "",
        "services",
        &[
            column("Type", "string", |o| text(o, &["spec", "type"], "")),
            column("Cluster-IP", "string", |o| {
                text(o, &["spec", "clusterIP"], "<none>")
            }),
            column("External-IP", "string", external_address),
            column("Port(s)", "string", service_ports),
            AGE,
            wide("Selector", selector),
        ],
    ),
    (
        "apps",
        "deployments",
        &[
            column("Ready", "string", |o| {
                ready(o, &["status", "readyReplicas"], &["spec", "replicas"])
            }),
            column("Up-to-date", "string", |o| {
                number(o, &["status", "updatedReplicas"]).into()
            }),
            column("Available", "string", |o| {
                number(o, &["status", "availableReplicas"]).into()
            }),
            AGE,
            wide("Containers", |o| containers(o, "name").into()),
            wide("Images", |o| containers(o, "image").into()),
            wide("Selector", |o| match o.at(&["spec", "selector"]) {
                None => "".into(),
                Some(_) => selector(o),
            }),
        ],
    ),
    (
        "apps",
        "replicasets",
        &[
            column("Desired", "integer", |o| {
                number(o, &["spec", "replicas"]).into()
            }),
            column("Current", "integer", |o| {
                number(o, &["status", "replicas"]).into()
            }),
            column("Ready", "integer", |o| {
                number(o, &["status", "readyReplicas"]).into()
            }),
            AGE,
            wide("Containers", |o| containers(o, "name").into()),
            wide("Images", |o| containers(o, "image").into()),
            wide("Selector", selector),
        ],
    ),
    (
        "apps",
        "statefulsets",
        &[
            column("Ready", "string", |o| {
                ready(o, &["status", "readyReplicas"], &["spec", "replicas"])
            }),
            AGE,
            wide("Containers", |o| containers(o, "name").into()),
            wide("Images", |o| containers(o, "image").into()),
        ],
    ),
    (
        "",
        "configmaps",
        &[
            column("Data", "string", |o| {
                size(o, &["data", "binaryData"]).into()
            }),
            AGE,
        ],
    ),
    (
        "",
        "secrets",
        &[
            column("Type", "string", |o| text(o, &["type"], "")),
            column("Data", "string", |o| size(o, &["data"]).into()),
            AGE,
        ],
    ),
    (
        "",
        "namespaces",
        &[
            column("Status", "string", |o| text(o, &["status", "phase"], "")),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "ingresses",
        &[
            column("Class", "string", |o| {
                text(o, &["spec", "ingressClassName"], "<none>")
            }),
            column("Hosts", "string", hosts),
            column("Address", "string", |_| "".into()),
            column("Ports", "string", |o| {
                if o.at(&["spec", "tls"]).is_some() {
                    "80, 443".into()
                } else {
                    "80".into()
                }
            }),
            AGE,
        ],
    ),
    ("rbac.authorization.k8s.io", "clusterroles", &[CREATED]),
    ("rbac.authorization.k8s.io", "roles", &[CREATED]),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        &[CREATED],
    ),
    (
        "coordination.k8s.io",
        "leases",
        &[
            column("Holder", "string", |o| {
                text(o, &["spec", "holderIdentity"], "")
            }),
            AGE,
        ],
    ),
];
