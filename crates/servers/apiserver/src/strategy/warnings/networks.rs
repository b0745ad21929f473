//! Warnings about addresses and what they are given to.

use serde_json::Value;
use skein_object::Object;
use skein_validation::cidrs::{preferred_address, preferred_range};

use super::pods::{list, string};

/// Who makes slices and Endpoints of itself, and is trusted to write addresses well.
const MANAGED_BY: &[(&str, &[&str])] = &[
    (
        "endpointslice.kubernetes.io/managed-by",
        &[
            "endpointslice-controller.k8s.io",
            "endpointslicemirroring-controller.k8s.io",
        ],
    ),
    (
        "endpoints.kubernetes.io/managed-by",
        &["endpoint-controller"],
    ),
];

/// An address that is not written in the shortest way.
pub(super) fn address(path: &str, text: &str, out: &mut Vec<String>) {
    if let Some(preferred) = preferred_address(text) {
        out.push(format!(
            "{path}: IPv6 address {text:?} should be in RFC 5952 canonical format ({preferred:?})"
        ));
    }
}

fn range(path: &str, text: &str, out: &mut Vec<String>) {
    if let Some(preferred) = preferred_range(text) {
        out.push(format!(
            "{path}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format ({preferred:?})"
        ));
    }
}

/// Every text of a list, with its place.
fn texts<'a>(owner: Option<&'a Value>, path: &str, name: &str) -> Vec<(String, &'a str)> {
    let items = list(owner, name).iter().enumerate();
    items
        .map(|(index, item)| {
            (
                format!("{path}.{name}[{index}]"),
                item.as_str().unwrap_or_default(),
            )
        })
        .collect()
}

/// Fields of a Service that do nothing beside others, and addresses that are written in an odd way.
pub(super) fn service(object: &Object) -> Vec<String> {
    const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
    let spec = object.at(&["spec"]);
    let text = |name: &str| object.str_at(&["spec", name]).unwrap_or_default();
    let kind = text("type");
    let external = texts(spec, "spec", "externalIPs");
    let is_headless = kind == "ClusterIP" && text("clusterIP") == "None";
    let is_name = kind == "ExternalName";
    let mut out = Vec::new();
    if object.annotation(HINTS).is_some() {
        out.push(format!(
            "annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"
        ));
    }
    for (path, text) in texts(spec, "spec", "clusterIPs") {
        address(&path, text, &mut out);
    }
    if is_headless {
        if !text("loadBalancerIP").is_empty() {
            out.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if !external.is_empty() {
            out.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if text("sessionAffinity") != "None" {
            out.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    for (path, text) in &external {
        address(path, text, &mut out);
    }
    if !external.is_empty() && !is_headless && !is_name {
        let text =
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        out.push(text.to_owned());
    }
    address("spec.loadBalancerIP", text("loadBalancerIP"), &mut out);
    for (path, text) in texts(spec, "spec", "loadBalancerSourceRanges") {
        range(&path, text, &mut out);
    }
    if is_name && !external.is_empty() {
        out.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if !is_name && !text("externalName").is_empty() {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text("trafficDistribution") == "PreferClose" {
        let text =
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"";
        out.push(text.to_owned());
    }
    out
}

/// Addresses that a Service or Ingress is reported to have.
pub(super) fn balancer(object: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let points = list(object.at(&["status", "loadBalancer"]), "ingress");
    for (index, point) in points.iter().enumerate() {
        let path = format!("status.loadBalancer.ingress[{index}]");
        address(&path, string(point, "ip"), &mut out);
    }
    out
}

/// An Ingress that names its class as it was done before there was a field.
pub(super) fn ingress(object: &Object) -> Vec<String> {
    const CLASS: &str = "kubernetes.io/ingress.class";
    let is_old = object.annotation(CLASS).is_some()
        && object
            .at(&["spec", "ingressClassName"])
            .is_none_or(Value::is_null);
    let text =
        format!("annotation {CLASS:?} is deprecated, please use 'spec.ingressClassName' instead");
    is_old.then_some(text).into_iter().collect()
}

/// Ranges of a NetworkPolicy.
pub(super) fn policy(object: &Object) -> Vec<String> {
    let mut out = Vec::new();
    for (side, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in list(object.at(&["spec"]), side).iter().enumerate() {
            for (j, peer) in list(Some(rule), peers).iter().enumerate() {
                let Some(block) = peer.get("ipBlock") else {
                    continue;
                };
                let path = format!("spec.{side}[{i}].{peers}[{j}].ipBlock");
                range(&format!("{path}.cidr"), string(block, "cidr"), &mut out);
                for (path, text) in texts(Some(block), &path, "except") {
                    range(&path, text, &mut out);
                }
            }
        }
    }
    out
}

fn is_managed(object: &Object) -> bool {
    MANAGED_BY.iter().any(|(label, names)| {
        object
            .label(label)
            .is_some_and(|name| names.contains(&name))
    })
}

/// Addresses of Endpoints.
pub(super) fn endpoints(object: &Object) -> Vec<String> {
    let mut out = Vec::new();
    if is_managed(object) {
        return out;
    }
    let root = object.at(&["subsets"]).and_then(Value::as_array);
    for (i, subset) in root.into_iter().flatten().enumerate() {
        for name in ["addresses", "notReadyAddresses"] {
            for (j, item) in list(Some(subset), name).iter().enumerate() {
                let path = format!("subsets[{i}].{name}[{j}].ip");
                address(&path, string(item, "ip"), &mut out);
            }
        }
    }
    out
}

/// Addresses of a slice, and the kind of addresses that has gone out of use.
pub(super) fn slice(is_new: bool, object: &Object) -> Vec<String> {
    let mut out = Vec::new();
    if is_new && object.str_at(&["addressType"]) == Some("FQDN") {
        out.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    if is_managed(object) {
        return out;
    }
    let endpoints = object.at(&["endpoints"]).and_then(Value::as_array);
    for (index, endpoint) in endpoints.into_iter().flatten().enumerate() {
        let path = format!("endpoints[{index}]");
        for (path, text) in texts(Some(endpoint), &path, "addresses") {
            address(&path, text, &mut out);
        }
    }
    out
}

/// Fields of a Node that do nothing any more, and ranges that are written in an odd way.
pub(super) fn node(object: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let spec = object.at(&["spec"]);
    if object
        .at(&["spec", "configSource"])
        .is_some_and(|source| !source.is_null())
    {
        out.push("spec.configSource: the feature is removed".to_owned());
    }
    if object
        .str_at(&["spec", "externalID"])
        .is_some_and(|id| !id.is_empty())
    {
        let text = "spec.externalID: this field is deprecated, and is unused by Kubernetes";
        out.push(text.to_owned());
    }
    for (path, text) in texts(spec, "spec", "podCIDRs") {
        range(&path, text, &mut out);
    }
    out
}
