//! Defaults that depend on other fields.

use serde_json::{Map, Value, json};

use super::table::visit;
use super::{cpu_utilisation, default_to, pods, text, value_at};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

type Root = Map<String, Value>;

pub(super) fn apply(key: (&str, &str), root: &mut Root) {
    match key {
        ("", "Service") => service(root),
        ("", "Secret") => secret(root),
        ("", "Namespace") => namespace(root),
        ("", "Pod") => {
            if let Some(Value::Object(spec)) = root.get_mut("spec") {
                pods::requests_from_limits(spec);
                pods::whole_pod(spec);
                pods::host_ports(spec);
            }
            visit(root, &["status"], &mut |status| {
                paired(status, "podIP", "podIPs", |address| json!({"ip": address}));
            });
        }
        ("", "Node") => {
            visit(root, &["spec"], &mut |spec| {
                paired(spec, "podCIDR", "podCIDRs", |range| range);
            });
            visit(root, &["status"], &mut |status| {
                allocatable(status);
            });
        }
        ("", "ReplicationController") => labels_from_template(root, true),
        ("", "PersistentVolumeClaim") => data_sources(root),
        ("resource.k8s.io", "ResourceClaim") => device_counts(root, &["spec"]),
        ("resource.k8s.io", "ResourceClaimTemplate") => device_counts(root, &["spec", "spec"]),
        ("", "LimitRange") => visit(root, &["spec", "limits[]"], &mut limit_item),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => {
            visit(root, &["spec"], &mut |spec| {
                unless_zero(spec, "matchingPrecedence", 1000)
            });
        }
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => {
            visit(
                root,
                &["spec", "limited", "limitResponse", "queuing"],
                &mut |queuing| {
                    unless_zero(queuing, "queues", 64);
                    unless_zero(queuing, "handSize", 8);
                    unless_zero(queuing, "queueLengthLimit", 50);
                },
            );
        }
        ("apps", "Deployment") => deployment(root),
        ("apps", "DaemonSet") => daemon_set(root),
        ("apps", "StatefulSet") => stateful_set(root),
        ("batch", "Job") => {
            job(root);
            labels_from_template(root, false);
        }
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(root),
        ("networking.k8s.io", "NetworkPolicy") => network_policy(root),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            visit(root, &["subjects[]"], &mut subject);
        }
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => {
            visit(root, &["webhooks[]"], &mut |webhook| {
                default_to(webhook, "reinvocationPolicy", json!("Never"));
            });
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(root),
        _ => {}
    }
}

/// A field that once held the only value, and the list of which it is now the first; where they differ, the field counts.
fn paired(map: &mut Root, one: &str, many: &str, item: impl Fn(Value) -> Value) {
    let first = map.get(many).and_then(|list| list.get(0)).cloned();
    let single = map.get(one).filter(|value| **value != json!("")).cloned();
    match (single, first) {
        (Some(single), first) => {
            let wanted = item(single);
            let same = |first: &Value| match (first.get("ip"), wanted.get("ip")) {
                (Some(first), Some(wanted)) => first == wanted,
                _ => *first == wanted,
            };
            if !first.as_ref().is_some_and(same) {
                map.insert(many.to_owned(), json!([wanted]));
            }
        }
        (None, Some(first)) => {
            let value = first.get("ip").cloned().unwrap_or(first);
            map.insert(one.to_owned(), value);
        }
        (None, None) => {}
    }
}

/// What a node does not say that it offers is all that it has.
fn allocatable(status: &mut Root) {
    if let Some(capacity) = status.get("capacity").cloned() {
        default_to(status, "allocatable", capacity);
    }
}

fn service(root: &mut Root) {
    let is_balanced = root
        .get("spec")
        .is_some_and(|spec| spec.get("type") == Some(&json!("LoadBalancer")));
    if is_balanced {
        visit(
            root,
            &["status", "loadBalancer", "ingress[]"],
            &mut |ingress| {
                if !text(ingress, "ip").is_empty() {
                    default_to(ingress, "ipMode", json!("VIP"));
                }
            },
        );
    }
    let Some(Value::Object(spec)) = root.get_mut("spec") else {
        return;
    };
    visit(spec, &["ports[]"], &mut |port| {
        default_to(port, "protocol", json!("TCP"));
        if port
            .get("targetPort")
            .is_none_or(|target| *target == json!(0) || *target == json!(""))
        {
            let number = port.get("port").cloned().unwrap_or(json!(0));
            port.insert("targetPort".to_owned(), number);
        }
    });
    match text(spec, "sessionAffinity") {
        "ClientIP" => {
            default_to(spec, "sessionAffinityConfig", json!({}));
            visit(spec, &["sessionAffinityConfig"], &mut |config| {
                default_to(config, "clientIP", json!({}));
            });
            visit(
                spec,
                &["sessionAffinityConfig", "clientIP"],
                &mut |client| {
                    default_to(client, "timeoutSeconds", json!(10800));
                },
            );
        }
        _ => drop(spec.remove("sessionAffinityConfig")),
    }
    let kind = text(spec, "type").to_owned();
    let has_addresses = spec
        .get("externalIPs")
        .and_then(Value::as_array)
        .is_some_and(|addresses| !addresses.is_empty());
    let is_reached = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && has_addresses);
    if is_reached && text(spec, "externalTrafficPolicy").is_empty() {
        spec.insert("externalTrafficPolicy".to_owned(), json!("Cluster"));
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        default_to(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        default_to(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

/// `stringData` is written into `data` and never stored.
fn secret(root: &mut Root) {
    if text(root, "type").is_empty() {
        root.insert("type".to_owned(), json!("Opaque"));
    }
    let Some(Value::Object(plain)) = root.remove("stringData") else {
        return;
    };
    if plain.is_empty() {
        return;
    }
    let data = root.entry("data").or_insert_with(|| json!({}));
    if !data.is_object() {
        *data = json!({});
    }
    let Value::Object(data) = data else { return };
    for (name, value) in plain {
        let bytes = value.as_str().unwrap_or_default().as_bytes();
        data.insert(name, json!(STANDARD.encode(bytes)));
    }
}

fn namespace(root: &mut Root) {
    let Some(Value::Object(metadata)) = root.get_mut("metadata") else {
        return;
    };
    let name = text(metadata, "name").to_owned();
    if name.is_empty() {
        return;
    }
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if let Value::Object(labels) = labels {
        labels.insert("kubernetes.io/metadata.name".to_owned(), json!(name));
    }
}

/// Labels (and, for replication controllers, the selector) default to the labels of the template.
fn labels_from_template(root: &mut Root, with_selector: bool) {
    let labels = value_at(root, &["spec", "template", "metadata", "labels"]).cloned();
    let Some(Value::Object(labels)) = labels.filter(|labels| labels != &json!({})) else {
        return;
    };
    let is_empty = |value: Option<&Value>| {
        value.is_none_or(|value| value.is_null() || value.as_object().is_some_and(Map::is_empty))
    };
    if let Some(Value::Object(metadata)) = root.get_mut("metadata")
        && is_empty(metadata.get("labels"))
    {
        metadata.insert("labels".to_owned(), Value::Object(labels.clone()));
    }
    if with_selector
        && let Some(Value::Object(spec)) = root.get_mut("spec")
        && is_empty(spec.get("selector"))
    {
        spec.insert("selector".to_owned(), Value::Object(labels));
    }
}

/// `dataSource` and `dataSourceRef` say the same in two versions of the API; each is made from the other.
fn data_sources(root: &mut Root) {
    let Some(Value::Object(spec)) = root.get_mut("spec") else {
        return;
    };
    let elsewhere = spec
        .get("dataSourceRef")
        .is_some_and(|source| source.get("namespace").is_some());
    match (
        spec.get("dataSource").cloned(),
        spec.get("dataSourceRef").cloned(),
    ) {
        (None, Some(source)) if !elsewhere => drop(spec.insert("dataSource".to_owned(), source)),
        (Some(source), None) => drop(spec.insert("dataSourceRef".to_owned(), source)),
        _ => {}
    }
}

/// Sets a number that is absent or zero.
fn unless_zero(map: &mut Root, name: &str, value: i64) {
    if map.get(name).and_then(Value::as_i64).unwrap_or_default() == 0 {
        map.insert(name.to_owned(), json!(value));
    }
}

/// The limits of containers: the default is the largest allowed, the default request the default or the smallest.
fn limit_item(item: &mut Root) {
    if text(item, "type") != "Container" {
        return;
    }
    for (target, source) in [
        ("default", "max"),
        ("defaultRequest", "default"),
        ("defaultRequest", "min"),
    ] {
        let Some(Value::Object(values)) = item.get(source).cloned() else {
            continue;
        };
        let there = item.entry(target).or_insert_with(|| json!({}));
        if let Value::Object(there) = there {
            for (name, value) in values {
                there.entry(name).or_insert(value);
            }
        }
    }
}

/// One device, where an exact count is asked for and none is given.
fn device_counts(root: &mut Root, spec: &[&str]) {
    for form in ["exactly", "firstAvailable[]"] {
        let below = ["devices", "requests[]", form];
        let path: Vec<&str> = spec.iter().copied().chain(below).collect();
        visit(root, &path, &mut |request| {
            default_to(request, "allocationMode", json!("ExactCount"));
            if text(request, "allocationMode") == "ExactCount" {
                default_to(request, "count", json!(1));
            }
        });
    }
}

fn deployment(root: &mut Root) {
    visit(root, &["spec", "strategy"], &mut |strategy| {
        if text(strategy, "type") == "RollingUpdate" {
            default_to(strategy, "rollingUpdate", json!({}));
        }
    });
    visit(
        root,
        &["spec", "strategy", "rollingUpdate"],
        &mut |rolling| {
            default_to(rolling, "maxUnavailable", json!("25%"));
            default_to(rolling, "maxSurge", json!("25%"));
        },
    );
}

fn daemon_set(root: &mut Root) {
    visit(root, &["spec", "updateStrategy"], &mut |strategy| {
        if text(strategy, "type") == "RollingUpdate" {
            default_to(strategy, "rollingUpdate", json!({}));
        }
    });
    visit(
        root,
        &["spec", "updateStrategy", "rollingUpdate"],
        &mut |rolling| {
            default_to(rolling, "maxUnavailable", json!(1));
            default_to(rolling, "maxSurge", json!(0));
        },
    );
}

fn stateful_set(root: &mut Root) {
    visit(root, &["spec", "updateStrategy"], &mut |strategy| {
        if text(strategy, "type").is_empty() {
            strategy.insert("type".to_owned(), json!("RollingUpdate"));
            default_to(strategy, "rollingUpdate", json!({}));
        }
        if text(strategy, "type") == "RollingUpdate"
            && let Some(Value::Object(rolling)) = strategy.get_mut("rollingUpdate")
        {
            default_to(rolling, "partition", json!(0));
        }
    });
}

fn job(root: &mut Root) {
    let Some(Value::Object(spec)) = root.get_mut("spec") else {
        return;
    };
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions".to_owned(), json!(1));
    }
    default_to(spec, "parallelism", json!(1));
    let per_index = spec.contains_key("backoffLimitPerIndex");
    default_to(
        spec,
        "backoffLimit",
        if per_index { json!(i32::MAX) } else { json!(6) },
    );
    let policy = if spec.contains_key("podFailurePolicy") {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    default_to(spec, "podReplacementPolicy", json!(policy));
}

/// Where the older version of autoscalers says what it has no field for.
const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";

fn autoscaler(root: &mut Root) {
    let version = text(root, "apiVersion").to_owned();
    let annotations = root.get("metadata").and_then(|map| map.get("annotations"));
    let has_metrics = annotations.is_some_and(|map| map.get(METRICS).is_some());
    let Some(Value::Object(spec)) = root.get_mut("spec") else {
        return;
    };
    if version == "autoscaling/v1" {
        if has_metrics {
            return;
        }
        default_to(spec, "targetCPUUtilizationPercentage", json!(80));
        return;
    }
    if spec
        .get("metrics")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        spec.insert("metrics".to_owned(), cpu_utilisation());
    }
    visit(spec, &["behavior"], &mut |behavior| {
        for direction in ["scaleUp", "scaleDown"] {
            default_to(behavior, direction, json!({}));
        }
    });
    visit(spec, &["behavior", "scaleUp"], &mut |rules| {
        default_to(rules, "stabilizationWindowSeconds", json!(0));
        default_to(rules, "selectPolicy", json!("Max"));
        let policies = json!([
            { "type": "Pods", "value": 4, "periodSeconds": 15 },
            { "type": "Percent", "value": 100, "periodSeconds": 15 },
        ]);
        default_to(rules, "policies", policies);
    });
    visit(spec, &["behavior", "scaleDown"], &mut |rules| {
        default_to(rules, "selectPolicy", json!("Max"));
        let policies = json!([{ "type": "Percent", "value": 100, "periodSeconds": 15 }]);
        default_to(rules, "policies", policies);
    });
}

fn network_policy(root: &mut Root) {
    let Some(Value::Object(spec)) = root.get_mut("spec") else {
        return;
    };
    if spec
        .get("policyTypes")
        .and_then(Value::as_array)
        .is_some_and(|types| !types.is_empty())
    {
        return;
    }
    let egress = spec
        .get("egress")
        .and_then(Value::as_array)
        .is_some_and(|rules| !rules.is_empty());
    let types = if egress {
        json!(["Ingress", "Egress"])
    } else {
        json!(["Ingress"])
    };
    spec.insert("policyTypes".to_owned(), types);
}

fn subject(subject: &mut Root) {
    if text(subject, "apiGroup").is_empty() && matches!(text(subject, "kind"), "User" | "Group") {
        subject.insert("apiGroup".to_owned(), json!("rbac.authorization.k8s.io"));
    }
}

fn definition(root: &mut Root) {
    visit(root, &["spec", "names"], &mut |names| {
        let kind = text(names, "kind").to_owned();
        if kind.is_empty() {
            return;
        }
        if text(names, "singular").is_empty() {
            names.insert("singular".to_owned(), json!(kind.to_lowercase()));
        }
        if text(names, "listKind").is_empty() {
            names.insert("listKind".to_owned(), json!(format!("{kind}List")));
        }
    });
}
