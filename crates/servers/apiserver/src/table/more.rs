//! Columns of further built-in kinds: storage, autoscaling, policies, nodes, events, bindings.

use serde_json::Value;
use skein_object::Object;

use super::builtin::{
    AGE, CREATED, Columns, array, column, completions, job_duration, job_status, number, role,
    text, wide,
};
use super::{Column, since};

/// How many addresses of a list are shown.
const SHOWN_ADDRESSES: usize = 3;

fn joined<'a>(values: impl Iterator<Item = &'a str>, between: &str) -> Value {
    values.collect::<Vec<_>>().join(between).into()
}

/// Names or images of the containers of a template.
fn of_containers(object: &Object, path: &[&str], field: &str) -> Value {
    let containers = array(object, path).iter();
    joined(containers.filter_map(|c| c.get(field)?.as_str()), ",")
}

const TEMPLATE: &[&str] = &["spec", "template", "spec", "containers"];
const JOB_TEMPLATE: &[&str] = &[
    "spec",
    "jobTemplate",
    "spec",
    "template",
    "spec",
    "containers",
];
const POD_TEMPLATE: &[&str] = &["template", "spec", "containers"];

/// `a=b,c=d`, or `<none>`.
fn pairs(object: &Object, path: &[&str]) -> Value {
    let map = object.at(path).and_then(Value::as_object);
    let mut terms: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    terms.sort();
    if terms.is_empty() {
        "<none>".into()
    } else {
        terms.join(",").into()
    }
}

/// A selector with expressions as text, or `<none>`.
fn selected(object: &Object, path: &[&str]) -> Value {
    let text = object.at(path).map(crate::scale::selector_text);
    let text = text.filter(|text| !text.is_empty());
    text.unwrap_or_else(|| "<none>".to_owned()).into()
}

/// `RWO,ROX`: each mode once, in the usual order.
fn access_modes(object: &Object, path: &[&str]) -> Value {
    let has = |mode: &str| array(object, path).iter().any(|given| given == mode);
    let modes = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let short = modes.iter().filter(|(mode, _)| has(mode));
    joined(short.map(|(_, short)| *short), ",")
}

/// What a claim says once it has a volume.
fn if_bound(claim: &Object, value: impl FnOnce() -> Value) -> Value {
    if claim
        .str_at(&["spec", "volumeName"])
        .unwrap_or_default()
        .is_empty()
    {
        return "".into();
    }
    value()
}

fn claim_of(volume: &Object) -> Value {
    match volume.str_at(&["spec", "claimRef", "name"]) {
        Some(name) => {
            let namespace = volume.str_at(&["spec", "claimRef", "namespace"]);
            format!("{}/{name}", namespace.unwrap_or_default()).into()
        }
        None => "".into(),
    }
}

/// `pods: 1/5, requests.cpu: 0/2`: the limits, or all the rest, of a quota's status.
fn quota(object: &Object, limits: bool) -> Value {
    let hard = object.at(&["status", "hard"]).and_then(Value::as_object);
    let used = |name: &str| {
        let used = object
            .at(&["status", "used"])
            .and_then(|used| used.get(name));
        used.and_then(Value::as_str).unwrap_or("0").to_owned()
    };
    let mut parts: Vec<String> = hard
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("limits.") == limits)
        .map(|(name, hard)| format!("{name}: {}/{}", used(name), hard.as_str().unwrap_or("0")))
        .collect();
    parts.sort();
    parts.join(", ").into()
}

/// The first few of some addresses and how many there are besides; `absent` when there are none.
fn some_of(all: &[String], absent: &str) -> Value {
    if all.is_empty() {
        return absent.into();
    }
    let shown = all.iter().take(SHOWN_ADDRESSES).map(String::as_str);
    let text = shown.collect::<Vec<_>>().join(",");
    match all.len().saturating_sub(SHOWN_ADDRESSES) {
        0 => text.into(),
        more => format!("{text} + {more} more...").into(),
    }
}

fn endpoints(object: &Object) -> Value {
    let mut all = Vec::new();
    for subset in array(object, &["subsets"]) {
        let list = |key: &str| subset.get(key).and_then(Value::as_array);
        for port in list("ports").into_iter().flatten() {
            let port = port.get("port").and_then(Value::as_i64).unwrap_or_default();
            for address in list("addresses").into_iter().flatten() {
                let ip = address
                    .get("ip")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                all.push(format!("{ip}:{port}"));
            }
        }
    }
    some_of(&all, "<none>")
}

fn slice_ports(slice: &Object) -> Value {
    let port = |port: &Value| port.get("port").map_or("*".to_owned(), Value::to_string);
    let all: Vec<String> = array(slice, &["ports"]).iter().map(port).collect();
    some_of(&all, "<unset>")
}

fn slice_addresses(slice: &Object) -> Value {
    let endpoints = array(slice, &["endpoints"]).iter();
    let all: Vec<String> = endpoints
        .filter_map(|endpoint| endpoint.get("addresses")?.as_array())
        .flatten()
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    some_of(&all, "<unset>")
}

fn budget(object: &Object, field: &str) -> Value {
    match object.at(&["spec", field]) {
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Number(number)) => number.to_string().into(),
        _ => "N/A".into(),
    }
}

/// `Kind/name` of what an autoscaler scales.
fn scaled(object: &Object) -> Value {
    let part = |key: &str| {
        object
            .str_at(&["spec", "scaleTargetRef", key])
            .unwrap_or_default()
    };
    format!("{}/{}", part("kind"), part("name")).into()
}

/// How many metrics of an autoscaler are shown.
const MAX_TARGETS: usize = 2;

/// `cpu: <unknown>/50%`: what is measured and what is wanted of the first metrics.
fn targets(object: &Object) -> Value {
    let current = array(object, &["status", "currentMetrics"]);
    let texts: Vec<String> = array(object, &["spec", "metrics"])
        .iter()
        .enumerate()
        .map(|(index, metric)| target(metric, current.get(index)))
        .collect();
    let more = match texts.len().checked_sub(MAX_TARGETS) {
        None if texts.is_empty() => return "<none>".into(),
        None | Some(0) => String::new(),
        Some(more) => format!(" + {more} more..."),
    };
    let shown = texts.iter().take(MAX_TARGETS).map(String::as_str);
    let shown: Vec<&str> = shown.collect();
    format!("{}{more}", shown.join(", ")).into()
}

fn target(metric: &Value, current: Option<&Value>) -> String {
    const UNKNOWN: &str = "<unknown>";
    let (source, is_of_resource) = match metric["type"].as_str().unwrap_or_default() {
        "External" => ("external", false),
        "Object" => ("object", false),
        "Pods" => ("pods", false),
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let metric = &metric[source];
    let wanted = &metric["target"];
    let now = current.and_then(|current| current.get(source));
    let now = |name: &str| now.map(|now| &now["current"][name]);
    let amount = |value: &Value| value.as_str().unwrap_or("<nil>").to_owned();
    let average = wanted["averageValue"].as_str();
    let (now, wanted) = match average {
        Some(average) => (now("averageValue").map(amount), average.to_owned()),
        None if is_of_resource => {
            let percent = |value: &Value| value.as_i64().map(|percent| format!("{percent}%"));
            let wanted = percent(&wanted["averageUtilization"]);
            let now = now("averageUtilization").and_then(percent);
            (now, wanted.unwrap_or_else(|| "<auto>".to_owned()))
        }
        None => (now("value").map(amount), amount(&wanted["value"])),
    };
    let lead = match metric["name"].as_str().filter(|_| is_of_resource) {
        Some(name) => format!("{name}: "),
        None => String::new(),
    };
    let may_lack = matches!(source, "external" | "object");
    let end = if may_lack && average.is_some() {
        " (avg)"
    } else {
        ""
    };
    let now = now.filter(|now| !(end == " (avg)" && now == "<nil>"));
    format!("{lead}{}/{wanted}{end}", now.as_deref().unwrap_or(UNKNOWN))
}

/// Subjects of a binding of one kind.
fn subjects(binding: &Object, kind: &str) -> Value {
    let of_kind = array(binding, &["subjects"])
        .iter()
        .filter(|subject| subject.get("kind").and_then(Value::as_str) == Some(kind));
    let names: Vec<String> = of_kind
        .map(|subject| {
            let part = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default();
            if kind == "ServiceAccount" {
                format!("{}/{}", part("namespace"), part("name"))
            } else {
                part("name").to_owned()
            }
        })
        .collect();
    names.join(", ").into()
}

fn node_status(node: &Object) -> Value {
    let ready = node
        .condition("Ready")
        .and_then(|c| c.get("status")?.as_str());
    let status = match ready {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node.bool_at(&["spec", "unschedulable"]) == Some(true) {
        return format!("{status},SchedulingDisabled").into();
    }
    status.into()
}

/// Roles from the labels `node-role.kubernetes.io/ROLE` and `kubernetes.io/role`.
fn node_roles(node: &Object) -> Value {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in node.labels().into_iter().flatten() {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/") {
            roles.extend(Some(role).filter(|role| !role.is_empty()));
        } else if key == "kubernetes.io/role" {
            roles.extend(value.as_str().filter(|role| !role.is_empty()));
        }
    }
    roles.sort_unstable();
    if roles.is_empty() {
        "<none>".into()
    } else {
        roles.join(",").into()
    }
}

fn node_address(node: &Object, kind: &str) -> Value {
    let mut addresses = array(node, &["status", "addresses"]).iter();
    let found = addresses.find(|a| a.get("type").and_then(Value::as_str) == Some(kind));
    let address = found.and_then(|address| address.get("address")?.as_str());
    address.unwrap_or("<none>").into()
}

fn node_info(node: &Object, field: &str) -> Value {
    text(node, &["status", "nodeInfo", field], "<unknown>")
}

fn event_time(event: &Object, fields: &[&str]) -> Value {
    let found = fields.iter().find_map(|field| event.str_at(&[field]));
    since(found.unwrap_or_default()).into()
}

fn event_part<'a>(event: &'a Object, field: &str) -> &'a str {
    let part = |object: &str| event.str_at(&[object, field]);
    part("involvedObject")
        .or_else(|| part("regarding"))
        .unwrap_or_default()
}

fn event_source(event: &Object) -> Value {
    let old = |key: &str| {
        let found = event.str_at(&["source", key]);
        found.or_else(|| event.str_at(&["deprecatedSource", key]))
    };
    let new = event.str_at(&["reportingComponent"]);
    let new = new.or_else(|| event.str_at(&["reportingController"]));
    let filled = |text: Option<&'_ str>| text.unwrap_or_default().to_owned();
    let mut source = filled(old("component"));
    if source.is_empty() {
        source = filled(new);
    }
    match old("host").or_else(|| event.str_at(&["reportingInstance"])) {
        Some(host) if !host.is_empty() => format!("{source}, {host}").into(),
        _ => source.into(),
    }
}

fn event_count(event: &Object) -> Value {
    let series = event.i64_at(&["series", "count"]);
    let count = event
        .i64_at(&["count"])
        .or_else(|| event.i64_at(&["deprecatedCount"]));
    series
        .or(count)
        .filter(|count| *count > 0)
        .unwrap_or(1)
        .into()
}

const LAST: &[&str] = &[
    "lastTimestamp",
    "deprecatedLastTimestamp",
    "eventTime",
    "firstTimestamp",
];
const FIRST: &[&str] = &["firstTimestamp", "deprecatedFirstTimestamp", "eventTime"];

const EVENT: &[Column] = &[
    column("Last Seen", "string", |o| event_time(o, LAST)),
    column("Type", "string", |o| text(o, &["type"], "")),
    column("Reason", "string", |o| text(o, &["reason"], "")),
    column("Object", "string", |o| {
        match (event_part(o, "kind"), event_part(o, "name")) {
            ("", "") => "".into(),
            (kind, name) => format!("{}/{name}", kind.to_lowercase()).into(),
        }
    }),
    wide("Subobject", |o| event_part(o, "fieldPath").into()),
    wide("Source", event_source),
    column("Message", "string", |o| {
        let message = o.str_at(&["message"]).or_else(|| o.str_at(&["note"]));
        message.unwrap_or_default().trim().into()
    }),
    wide("First Seen", |o| event_time(o, FIRST)),
    wide("Count", event_count),
    wide("Name", |o| o.name().into()),
];

const BINDING: &[Column] = &[
    column("Role", "string", role),
    AGE,
    wide("Users", |o| subjects(o, "User")),
    wide("Groups", |o| subjects(o, "Group")),
    wide("ServiceAccounts", |o| subjects(o, "ServiceAccount")),
];

const WEBHOOKS: &[Column] = &[
    column("Webhooks", "integer", |o| {
        array(o, &["webhooks"]).len().into()
    }),
    AGE,
];

/// The columns after the name, by group and resource.
pub(super) const TABLE: &[Columns] = &[
    ("", "events", EVENT),
    ("events.k8s.io", "events", EVENT),
    ("rbac.authorization.k8s.io", "clusterrolebindings", BINDING),
    ("rbac.authorization.k8s.io", "rolebindings", BINDING),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        WEBHOOKS,
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        WEBHOOKS,
    ),
    ("", "limitranges", &[CREATED]),
    (
        "",
        "endpoints",
        &[column("Endpoints", "string", endpoints), AGE],
    ),
    (
        "",
        "resourcequotas",
        &[
            column("Request", "string", |o| quota(o, false)),
            column("Limit", "string", |o| quota(o, true)),
            AGE,
        ],
    ),
    (
        "",
        "podtemplates",
        &[
            column("Containers", "string", |o| {
                of_containers(o, POD_TEMPLATE, "name")
            }),
            column("Images", "string", |o| {
                of_containers(o, POD_TEMPLATE, "image")
            }),
            column("Pod Labels", "string", |o| {
                pairs(o, &["template", "metadata", "labels"])
            }),
        ],
    ),
    (
        "",
        "replicationcontrollers",
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
            wide("Containers", |o| of_containers(o, TEMPLATE, "name")),
            wide("Images", |o| of_containers(o, TEMPLATE, "image")),
            wide("Selector", |o| pairs(o, &["spec", "selector"])),
        ],
    ),
    (
        "",
        "nodes",
        &[
            column("Status", "string", node_status),
            column("Roles", "string", node_roles),
            AGE,
            column("Version", "string", |o| {
                text(o, &["status", "nodeInfo", "kubeletVersion"], "")
            }),
            wide("Internal-IP", |o| node_address(o, "InternalIP")),
            wide("External-IP", |o| node_address(o, "ExternalIP")),
            wide("OS-Image", |o| node_info(o, "osImage")),
            wide("Kernel-Version", |o| node_info(o, "kernelVersion")),
            wide("Container-Runtime", |o| {
                node_info(o, "containerRuntimeVersion")
            }),
        ],
    ),
    (
        "",
        "persistentvolumeclaims",
        &[
            column("Status", "string", |o| {
                if o.is_deleting() {
                    "Terminating".into()
                } else {
                    text(o, &["status", "phase"], "")
                }
            }),
            column("Volume", "string", |o| text(o, &["spec", "volumeName"], "")),
            column("Capacity", "string", |o| {
                if_bound(o, || text(o, &["status", "capacity", "storage"], ""))
            }),
            column("Access Modes", "string", |o| {
                if_bound(o, || access_modes(o, &["status", "accessModes"]))
            }),
            column("StorageClass", "string", |o| {
                text(o, &["spec", "storageClassName"], "")
            }),
            column("VolumeAttributesClass", "string", |o| {
                text(o, &["spec", "volumeAttributesClassName"], "<unset>")
            }),
            AGE,
            wide("VolumeMode", |o| {
                text(o, &["spec", "volumeMode"], "<unset>")
            }),
        ],
    ),
    (
        "",
        "persistentvolumes",
        &[
            column("Capacity", "string", |o| {
                text(o, &["spec", "capacity", "storage"], "0")
            }),
            column("Access Modes", "string", |o| {
                access_modes(o, &["spec", "accessModes"])
            }),
            column("Reclaim Policy", "string", |o| {
                text(o, &["spec", "persistentVolumeReclaimPolicy"], "")
            }),
            column("Status", "string", |o| {
                if o.is_deleting() {
                    "Terminating".into()
                } else {
                    text(o, &["status", "phase"], "")
                }
            }),
            column("Claim", "string", claim_of),
            column("StorageClass", "string", |o| {
                text(o, &["spec", "storageClassName"], "")
            }),
            column("VolumeAttributesClass", "string", |o| {
                text(o, &["spec", "volumeAttributesClassName"], "<unset>")
            }),
            column("Reason", "string", |o| text(o, &["status", "reason"], "")),
            AGE,
            wide("VolumeMode", |o| {
                text(o, &["spec", "volumeMode"], "<unset>")
            }),
        ],
    ),
    (
        "apps",
        "daemonsets",
        &[
            column("Desired", "integer", |o| {
                number(o, &["status", "desiredNumberScheduled"]).into()
            }),
            column("Current", "integer", |o| {
                number(o, &["status", "currentNumberScheduled"]).into()
            }),
            column("Ready", "integer", |o| {
                number(o, &["status", "numberReady"]).into()
            }),
            column("Up-to-date", "integer", |o| {
                number(o, &["status", "updatedNumberScheduled"]).into()
            }),
            column("Available", "integer", |o| {
                number(o, &["status", "numberAvailable"]).into()
            }),
            column("Node Selector", "string", |o| {
                pairs(o, &["spec", "template", "spec", "nodeSelector"])
            }),
            AGE,
            wide("Containers", |o| of_containers(o, TEMPLATE, "name")),
            wide("Images", |o| of_containers(o, TEMPLATE, "image")),
            wide("Selector", |o| selected(o, &["spec", "selector"])),
        ],
    ),
    (
        "batch",
        "jobs",
        &[
            column("Status", "string", job_status),
            column("Completions", "string", completions),
            column("Duration", "string", job_duration),
            AGE,
            wide("Containers", |o| of_containers(o, TEMPLATE, "name")),
            wide("Images", |o| of_containers(o, TEMPLATE, "image")),
            wide("Selector", |o| selected(o, &["spec", "selector"])),
        ],
    ),
    (
        "batch",
        "cronjobs",
        &[
            column("Schedule", "string", |o| text(o, &["spec", "schedule"], "")),
            column("Timezone", "string", |o| {
                text(o, &["spec", "timeZone"], "<none>")
            }),
            column("Suspend", "boolean", |o| {
                match o.bool_at(&["spec", "suspend"]) {
                    Some(true) => "True".into(),
                    Some(false) => "False".into(),
                    None => "<unset>".into(),
                }
            }),
            column("Active", "integer", |o| {
                array(o, &["status", "active"]).len().into()
            }),
            column("Last Schedule", "string", |o| {
                o.str_at(&["status", "lastScheduleTime"])
                    .map_or_else(|| "<none>".into(), |t| since(t).into())
            }),
            AGE,
            wide("Containers", |o| of_containers(o, JOB_TEMPLATE, "name")),
            wide("Images", |o| of_containers(o, JOB_TEMPLATE, "image")),
            wide("Selector", |o| {
                selected(o, &["spec", "jobTemplate", "spec", "selector"])
            }),
        ],
    ),
    (
        "networking.k8s.io",
        "networkpolicies",
        &[
            column("Pod-Selector", "string", |o| {
                selected(o, &["spec", "podSelector"])
            }),
            AGE,
        ],
    ),
    (
        "networking.k8s.io",
        "ingressclasses",
        &[
            column("Controller", "string", |o| {
                text(o, &["spec", "controller"], "")
            }),
            column("Parameters", "string", |o| {
                let part = |key: &str| o.str_at(&["spec", "parameters", key]);
                match (part("apiGroup"), part("kind"), part("name")) {
                    (Some(group), Some(kind), Some(name)) => {
                        format!("{kind}.{group}/{name}").into()
                    }
                    (None, Some(kind), Some(name)) => format!("{kind}/{name}").into(),
                    _ => "<none>".into(),
                }
            }),
            AGE,
        ],
    ),
    (
        "policy",
        "poddisruptionbudgets",
        &[
            column("Min Available", "string", |o| budget(o, "minAvailable")),
            column("Max Unavailable", "string", |o| budget(o, "maxUnavailable")),
            column("Allowed Disruptions", "integer", |o| {
                number(o, &["status", "disruptionsAllowed"]).into()
            }),
            AGE,
        ],
    ),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        &[
            column("Reference", "string", scaled),
            column("Targets", "string", targets),
            column("MinPods", "string", |o| {
                o.at(&["spec", "minReplicas"])
                    .map_or("<unset>".into(), |n| n.to_string().into())
            }),
            column("MaxPods", "string", |o| {
                number(o, &["spec", "maxReplicas"]).into()
            }),
            column("Replicas", "string", |o| {
                number(o, &["status", "currentReplicas"]).into()
            }),
            AGE,
        ],
    ),
    (
        "storage.k8s.io",
        "storageclasses",
        &[
            column("Provisioner", "string", |o| text(o, &["provisioner"], "")),
            column("ReclaimPolicy", "string", |o| {
                text(o, &["reclaimPolicy"], "Delete")
            }),
            column("VolumeBindingMode", "string", |o| {
                text(o, &["volumeBindingMode"], "Immediate")
            }),
            column("AllowVolumeExpansion", "string", |o| {
                o.bool_at(&["allowVolumeExpansion"])
                    .unwrap_or_default()
                    .into()
            }),
            AGE,
        ],
    ),
    (
        "scheduling.k8s.io",
        "priorityclasses",
        &[
            column("Value", "integer", |o| number(o, &["value"]).into()),
            column("Global-Default", "boolean", |o| {
                o.bool_at(&["globalDefault"]).unwrap_or_default().into()
            }),
            AGE,
            column("PreemptionPolicy", "string", |o| {
                text(o, &["preemptionPolicy"], "")
            }),
        ],
    ),
    (
        "discovery.k8s.io",
        "endpointslices",
        &[
            column("AddressType", "string", |o| text(o, &["addressType"], "")),
            column("Ports", "string", slice_ports),
            column("Endpoints", "string", slice_addresses),
            AGE,
        ],
    ),
];
