//! ResourceQuotas: what an object counts for, which quotas it counts against, and whether there is room.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use skein_object::Object;
use skein_object::quantity::Quantity;

use crate::limit_ranges::{Amounts, add, amounts, containers, of_whole};
use crate::pods::qos::qos_class;
use crate::quantities;

/// Kinds of the core group that quotas also know by their plain names.
const PLAIN_COUNTS: &[&str] = &[
    "configmaps",
    "resourcequotas",
    "replicationcontrollers",
    "secrets",
];
/// Resources of pods that quotas know.
const OF_PODS: &[&str] = &[
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// What each container must say when a quota knows it.
const REQUIRED: &[&str] = &[
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];
const OF_SERVICES: &[&str] = &[
    "count/services",
    "services",
    "services.nodeports",
    "services.loadbalancers",
];
const OF_CLAIMS: &[&str] = &["persistentvolumeclaims", "requests.storage"];
/// Between the name of a class of storage and what is counted of it.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// After the name of a class of devices.
const OF_DEVICES: &str = ".deviceclass.resource.k8s.io/devices";
/// Before the name of a class of devices.
const IMPLICIT: &str = "requests.deviceclass.resource.kubernetes.io/";
/// What a request for all devices counts as: as many as can be given out.
const MAX_DEVICES: i64 = 32;

/// Classes of devices, and the resources of containers that stand for them.
pub type Classes = BTreeMap<String, Option<String>>;

/// A group and the plural name of a kind.
pub type Kind<'a> = (&'a str, &'a str);

const DEVICE_CLAIMS: Kind<'_> = ("resource.k8s.io", "resourceclaims");

/// Whether a write of an object can change what it counts for.
pub fn is_counted(kind: Kind<'_>, subresource: &str, old: Option<&Object>, new: &Object) -> bool {
    match (kind, subresource) {
        (("", "pods"), "") => old.is_none_or(|old| is_terminating(old) != is_terminating(new)),
        (("", "pods"), "resize") => true,
        (("", "services" | "persistentvolumeclaims") | DEVICE_CLAIMS, "") => true,
        (_, "") => old.is_none(),
        _ => false,
    }
}

fn count_name((group, plural): Kind<'_>) -> String {
    match group {
        "" => format!("count/{plural}"),
        group => format!("count/{plural}.{group}"),
    }
}

fn number(count: usize) -> Option<Quantity> {
    Quantity::parse(&count.to_string())
}

/// What an object counts for, by the names of resources.
fn usage(kind: Kind<'_>, object: &Object, classes: &Classes) -> Amounts {
    let mut out = Amounts::new();
    let mut count = |name: &str, amount: usize| {
        out.extend(number(amount).map(|amount| (name.to_owned(), amount)));
    };
    count(&count_name(kind), 1);
    match kind {
        ("", "pods") if !is_over(object) => {
            count("pods", 1);
            let (requests, limits) = (of_whole(object, "requests"), of_whole(object, "limits"));
            out.extend(of_computing(&requests, &limits));
        }
        ("", "services") => {
            count("services", 1);
            let (ports, balancers) = ports(object);
            count("services.nodeports", ports);
            count("services.loadbalancers", balancers);
        }
        ("", "persistentvolumeclaims") => out.extend(of_claim(object)),
        DEVICE_CLAIMS => out.extend(of_devices(object, classes)),
        ("", plural) if PLAIN_COUNTS.contains(&plural) => count(plural, 1),
        _ => {}
    }
    out
}

/// A pod that has ended, and will not run again.
fn is_over(pod: &Object) -> bool {
    matches!(
        pod.str_at(&["status", "phase"]),
        Some("Failed" | "Succeeded")
    )
}

/// A pod that is to end by itself.
fn is_terminating(pod: &Object) -> bool {
    pod.i64_at(&["spec", "activeDeadlineSeconds"])
        .is_some_and(|seconds| seconds >= 0)
}

fn of_computing(requests: &Amounts, limits: &Amounts) -> Amounts {
    const BOTH: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
    let mut out = Amounts::new();
    for (name, request) in requests {
        if BOTH.contains(&name.as_str()) || name.starts_with("hugepages-") {
            out.insert(name.clone(), *request);
        }
        if BOTH.contains(&name.as_str()) || name.starts_with("hugepages-") || name.contains('/') {
            out.insert(format!("requests.{name}"), *request);
        }
    }
    let limited = limits
        .iter()
        .filter(|(name, _)| BOTH.contains(&name.as_str()));
    out.extend(limited.map(|(name, limit)| (format!("limits.{name}"), *limit)));
    out
}

/// Ports of nodes that a Service asks for, and balancers.
fn ports(service: &Object) -> (usize, usize) {
    let ports = service.at(&["spec", "ports"]).and_then(Value::as_array);
    let ports = ports.map_or(&[][..], Vec::as_slice);
    match service.str_at(&["spec", "type"]) {
        Some("NodePort") => (ports.len(), 0),
        Some("LoadBalancer")
            if service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) == Some(false) =>
        {
            let is_given = |port: &&Value| port["nodePort"].as_i64().unwrap_or_default() != 0;
            (ports.iter().filter(is_given).count(), 1)
        }
        Some("LoadBalancer") => (ports.len(), 1),
        _ => (0, 0),
    }
}

fn of_claim(claim: &Object) -> Amounts {
    let mut out = Amounts::new();
    let class = claim
        .annotation("volume.beta.kubernetes.io/storage-class")
        .or_else(|| claim.str_at(&["spec", "storageClassName"]))
        .filter(|class| !class.is_empty());
    let size = claim.at(&["spec", "resources", "requests", "storage"]);
    let amounts = [
        ("persistentvolumeclaims", number(1)),
        ("requests.storage", size.and_then(quantities::parse)),
    ];
    for (name, amount) in amounts {
        let Some(amount) = amount else { continue };
        out.insert(name.to_owned(), amount);
        if let Some(class) = class {
            out.insert(format!("{class}{OF_CLASS}{name}"), amount);
        }
    }
    out
}

/// Devices that a claim asks for, by their classes; of alternatives the worst counts for each class.
fn of_devices(claim: &Object, classes: &Classes) -> Amounts {
    let mut by_class: BTreeMap<&str, i64> = BTreeMap::new();
    let requests = claim.at(&["spec", "devices", "requests"]);
    for request in requests.and_then(Value::as_array).into_iter().flatten() {
        let alternatives = request.get("firstAvailable").and_then(Value::as_array);
        let exactly = request.get("exactly").map(std::slice::from_ref);
        let mut most: BTreeMap<&str, i64> = BTreeMap::new();
        for asked in alternatives
            .map(Vec::as_slice)
            .or(exactly)
            .unwrap_or_default()
        {
            let class = asked["deviceClassName"].as_str().unwrap_or_default();
            let count = most.entry(class).or_default();
            *count = (*count).max(devices(asked));
        }
        for (class, count) in most {
            let sum = by_class.entry(class).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    let mut out = Amounts::new();
    for (class, count) in by_class {
        let Some(amount) = Quantity::parse(&count.to_string()) else {
            continue;
        };
        out.insert(format!("{class}{OF_DEVICES}"), amount);
        if class.is_empty() || count == 0 {
            continue;
        }
        out.insert(format!("{IMPLICIT}{class}"), amount);
        if let Some(Some(resource)) = classes.get(class) {
            out.insert(format!("requests.{resource}"), amount);
        }
    }
    out
}

fn devices(asked: &Value) -> i64 {
    match asked["allocationMode"].as_str() {
        Some("ExactCount") => asked["count"].as_i64().unwrap_or_default(),
        Some("All") => MAX_DEVICES,
        _ => 0,
    }
}

/// Whether a quota counts a resource of devices that a class is behind.
fn is_of_class(resource: &str, classes: &Classes) -> bool {
    if let Some(class) = resource.strip_prefix(IMPLICIT) {
        return classes.contains_key(class);
    }
    let name = resource.strip_prefix("requests.");
    let is_named = |name: &str| classes.values().any(|known| known.as_deref() == Some(name));
    name.is_some_and(|name| !is_native(name) && is_named(name))
}

/// Whether a resource is one that Kubernetes knows by itself.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a resource of a quota counts objects of the kind.
fn concerns(kind: Kind<'_>, resource: &str, classes: &Classes) -> bool {
    match kind {
        ("", "pods") => {
            OF_PODS.contains(&resource)
                || resource.starts_with("hugepages-")
                || resource.starts_with("requests.hugepages-")
                || resource.starts_with(IMPLICIT)
                || resource.starts_with("requests.") && !is_native(resource)
        }
        DEVICE_CLAIMS => {
            resource == count_name(kind)
                || resource.ends_with(OF_DEVICES)
                || is_of_class(resource, classes)
        }
        ("", "services") => OF_SERVICES.contains(&resource),
        ("", "persistentvolumeclaims") => {
            resource == "count/persistentvolumeclaims"
                || OF_CLAIMS.contains(&resource)
                || OF_CLAIMS
                    .iter()
                    .any(|name| resource.ends_with(&format!("{OF_CLASS}{name}")))
        }
        ("", plural) if PLAIN_COUNTS.contains(&plural) && resource == plural => true,
        _ => resource == count_name(kind),
    }
}

/// Whether the scopes of a quota let an object in.
fn is_in_scope(quota: &Object, kind: Kind<'_>, object: &Object) -> bool {
    let list = |path: &[&str]| {
        let list = quota.at(path).and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice)
    };
    let plain = list(&["spec", "scopes"])
        .iter()
        .filter_map(|scope| Some((scope.as_str()?, "Exists", &[][..])));
    let selected = list(&["spec", "scopeSelector", "matchExpressions"])
        .iter()
        .filter_map(|scope| {
            let values = scope.get("values").and_then(Value::as_array);
            let values = values.map_or(&[][..], Vec::as_slice);
            Some((
                scope["scopeName"].as_str()?,
                scope["operator"].as_str()?,
                values,
            ))
        });
    plain.chain(selected).all(|(scope, operator, values)| {
        kind == ("", "pods") && has_scope(object, scope, operator, values)
    })
}

fn has_scope(pod: &Object, scope: &str, operator: &str, values: &[Value]) -> bool {
    let is_best_effort = || qos_class(pod) == "BestEffort";
    match scope {
        "Terminating" => is_terminating(pod),
        "NotTerminating" => !is_terminating(pod),
        "BestEffort" => is_best_effort(),
        "NotBestEffort" => !is_best_effort(),
        "PriorityClass" => {
            let class = pod
                .str_at(&["spec", "priorityClassName"])
                .unwrap_or_default();
            let is_named = values.iter().any(|value| value.as_str() == Some(class));
            match operator {
                "Exists" => !class.is_empty(),
                "DoesNotExist" => class.is_empty(),
                "In" => !class.is_empty() && is_named,
                _ => class.is_empty() || !is_named,
            }
        }
        "CrossNamespacePodAffinity" => reaches_out(pod),
        _ => false,
    }
}

/// Whether a pod wants to be near to, or far from, pods of other namespaces.
fn reaches_out(pod: &Object) -> bool {
    let terms = |kind: &str, when: &str| {
        let list = pod.at(&["spec", "affinity", kind, when]);
        let list = list
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        list.iter().any(|term| {
            let term = term.get("podAffinityTerm").unwrap_or(term);
            let named = term.get("namespaces").and_then(Value::as_array);
            named.is_some_and(|named| !named.is_empty()) || term.get("namespaceSelector").is_some()
        })
    };
    ["podAffinity", "podAntiAffinity"].into_iter().any(|kind| {
        terms(kind, "requiredDuringSchedulingIgnoredDuringExecution")
            || terms(kind, "preferredDuringSchedulingIgnoredDuringExecution")
    })
}

/// What a pod must say of its containers and does not.
fn unsaid(resources: &BTreeSet<&str>, pod: &Object) -> Option<String> {
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    if pod.at(&["spec", "resources"]).is_some() {
        return None;
    }
    for list in ["containers", "initContainers"] {
        for container in containers(pod, list) {
            let of = |kind: &str| amounts(container.pointer(&format!("/resources/{kind}")));
            let said = of_computing(&of("requests"), &of("limits"));
            let name = container["name"].as_str().unwrap_or_default();
            for resource in REQUIRED.iter().filter(|name| resources.contains(**name)) {
                if !said.contains_key(*resource) {
                    missing.entry(resource).or_default().insert(name);
                }
            }
        }
    }
    let texts: Vec<String> = missing
        .into_iter()
        .map(|(resource, names)| {
            let names: Vec<&str> = names.into_iter().collect();
            format!("{resource} for: {}", names.join(","))
        })
        .collect();
    (!texts.is_empty()).then(|| format!("must specify {}", texts.join("; ")))
}

/// What a quota uses after a write, or why there is no room for it; nothing when the write does not change it.
pub fn charge(
    quota: &Object,
    kind: Kind<'_>,
    classes: &Classes,
    old: Option<&Object>,
    new: &Object,
) -> Result<Option<Map<String, Value>>, String> {
    let name = quota.name();
    let (hard, used) = (
        amounts(quota.at(&["status", "hard"])),
        amounts(quota.at(&["status", "used"])),
    );
    let resources: BTreeSet<&str> = hard
        .keys()
        .map(String::as_str)
        .filter(|resource| concerns(kind, resource, classes))
        .collect();
    if resources.is_empty() || !is_in_scope(quota, kind, new) {
        return Ok(None);
    }
    if kind == ("", "pods")
        && let Some(why) = unsaid(&resources, new)
    {
        return Err(format!("failed quota: {name}: {why}"));
    }
    if !resources
        .iter()
        .all(|resource| used.contains_key(*resource))
    {
        let resources: Vec<&str> = resources.into_iter().collect();
        let resources = resources.join(",");
        return Err(format!(
            "status unknown for quota: {name}, resources: {resources}"
        ));
    }
    let before = old.filter(|old| is_in_scope(quota, kind, old));
    let before = before
        .map(|old| usage(kind, old, classes))
        .unwrap_or_default();
    let mut requested = Amounts::new();
    for (resource, amount) in usage(kind, new, classes) {
        let more = match before.get(&resource) {
            Some(before) => amount.minus(*before),
            None => Some(amount),
        };
        if let Some(more) = more.filter(|more| more.sign() > 0 && hard.contains_key(&resource)) {
            requested.insert(resource, more);
        }
    }
    if requested.is_empty() {
        return Ok(None);
    }
    let mut total = used.clone();
    add(&mut total, &requested);
    let is_exceeded = |resource: &&String| {
        let pair = total.get(*resource).zip(hard.get(*resource));
        pair.is_some_and(|(total, hard)| total.compare(*hard) == Some(Ordering::Greater))
    };
    let exceeded: Vec<&String> = requested.keys().filter(is_exceeded).collect();
    if exceeded.is_empty() {
        return Ok(Some(written(&total)));
    }
    let told = |list: &Amounts| {
        let of = |resource: &&&String| {
            list.get(**resource)
                .map(|amount| format!("{resource}={amount}"))
        };
        let texts: Vec<String> = exceeded
            .iter()
            .filter_map(|resource| of(&resource))
            .collect();
        texts.join(",")
    };
    Err(format!(
        "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
        told(&requested),
        told(&used),
        told(&hard)
    ))
}

fn written(amounts: &Amounts) -> Map<String, Value> {
    amounts
        .iter()
        .map(|(name, amount)| (name.clone(), amount.to_string().into()))
        .collect()
}

/// The status of a quota over all objects of its namespace: what it allows, and what is used of that.
pub fn status<'a>(
    quota: &Object,
    classes: &Classes,
    objects: impl Iterator<Item = (Kind<'a>, &'a Object)>,
) -> Map<String, Value> {
    let hard = amounts(quota.at(&["spec", "hard"]));
    let mut used: Amounts = hard
        .keys()
        .filter_map(|name| Some((name.clone(), number(0)?)))
        .collect();
    for (kind, object) in objects {
        if !hard.keys().any(|name| concerns(kind, name, classes))
            || !is_in_scope(quota, kind, object)
        {
            continue;
        }
        let counted = usage(kind, object, classes).into_iter();
        let counted: Amounts = counted
            .filter(|(name, _)| hard.contains_key(name))
            .collect();
        add(&mut used, &counted);
    }
    let mut out = Map::new();
    out.insert("hard".to_owned(), Value::Object(written(&hard)));
    out.insert("used".to_owned(), Value::Object(written(&used)));
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use skein_object::Object;

    use super::{Classes, DEVICE_CLAIMS, charge, status};

    fn object(value: Value) -> Object {
        Object::from_value(value).expect("an object")
    }

    fn quota(hard: Value, used: Value) -> Object {
        object(
            json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
            "spec": {"hard": hard}, "status": {"hard": hard, "used": used}}),
        )
    }

    fn pod(resources: Value) -> Object {
        object(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "c", "resources": resources}]}}),
        )
    }

    const PODS: (&str, &str) = ("", "pods");

    #[test]
    fn pods_must_say_what_a_quota_counts() {
        let quota = quota(
            json!({"limits.memory": "1Gi", "requests.cpu": "1"}),
            json!({"limits.memory": "0", "requests.cpu": "0"}),
        );
        assert_eq!(
            charge(&quota, PODS, &Classes::new(), None, &pod(json!({}))),
            Err(
                "failed quota: q: must specify limits.memory for: c; requests.cpu for: c"
                    .to_owned()
            )
        );
        let big = pod(json!({"requests": {"cpu": "2"}, "limits": {"memory": "1Mi"}}));
        assert_eq!(
            charge(&quota, PODS, &Classes::new(), None, &big),
            Err("exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1".to_owned())
        );
        let small = pod(json!({"requests": {"cpu": "500m"}, "limits": {"memory": "1Mi"}}));
        let used = charge(&quota, PODS, &Classes::new(), None, &small)
            .expect("room")
            .expect("a change");
        assert_eq!(
            Value::Object(used),
            json!({"limits.memory": "1Mi", "requests.cpu": "500m"})
        );
        assert_eq!(
            charge(
                &quota,
                ("apps", "deployments"),
                &Classes::new(),
                None,
                &small
            ),
            Ok(None)
        );
    }

    #[test]
    fn what_is_there_is_counted() {
        let quota = quota(
            json!({"pods": "3", "count/deployments.apps": "1"}),
            json!({}),
        );
        let (one, other) = (pod(json!({})), pod(json!({})));
        let all = [
            (PODS, &one),
            (PODS, &other),
            (("apps", "deployments"), &one),
            (("", "secrets"), &one),
        ];
        let status = Value::Object(status(&quota, &Classes::new(), all.into_iter()));
        assert_eq!(
            status["used"],
            json!({"pods": "2", "count/deployments.apps": "1"})
        );
        let unknown = charge(&quota, PODS, &Classes::new(), None, &one);
        assert_eq!(
            unknown,
            Err("status unknown for quota: q, resources: pods".to_owned())
        );
    }

    #[test]
    fn claims_count_for_classes_of_devices() {
        let names = [
            "count/resourceclaims.resource.k8s.io",
            "gold.deviceclass.resource.k8s.io/devices",
            "requests.deviceclass.resource.kubernetes.io/gold",
            "requests.example.com/gpu",
        ];
        let all = |amount: &str| -> Value {
            let of = names.map(|name| (name.to_owned(), Value::from(amount)));
            of.into_iter().collect()
        };
        let exactly = |count: i64| json!({"deviceClassName": "gold", "allocationMode": "ExactCount", "count": count});
        let claim = object(
            json!({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
            "metadata": {"name": "c"}, "spec": {"devices": {"requests": [
                {"name": "a", "exactly": exactly(2)},
                {"name": "b", "firstAvailable": [exactly(1), exactly(3)]}]}}}),
        );
        let classes = Classes::from([("gold".to_owned(), Some("example.com/gpu".to_owned()))]);
        let used = charge(
            &quota(all("9"), all("0")),
            DEVICE_CLAIMS,
            &classes,
            None,
            &claim,
        );
        let used = Value::Object(used.expect("room").expect("a change"));
        let mut expected = all("5");
        expected[names[0]] = "1".into();
        assert_eq!(used, expected);
    }
}
