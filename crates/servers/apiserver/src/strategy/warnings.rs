//! What the server accepts and warns of.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use skein_object::Object;
use skein_validation::names::qualified_name_problems;

use super::certificates;
use crate::resource::Resource;

/// Warnings about an object that is stored; what was so before a change is not told again.
pub(crate) fn warnings(resource: &Resource, old: Option<&Object>, new: &Object) -> Vec<String> {
    if resource.custom.is_some() {
        return finalizers(old, new);
    }
    let grown = old.is_none_or(|old| old.generation() != new.generation());
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("apiextensions.k8s.io", "customresourcedefinitions") => formats(old, new),
        ("", "services") => service(new),
        ("discovery.k8s.io", "endpointslices")
            if old.is_none() && new.str_at(&["addressType"]) == Some("FQDN") =>
        {
            vec!["spec.addressType: FQDN endpoints are deprecated".to_owned()]
        }
        ("", "secrets") => certificates::problem(new).into_iter().collect(),
        ("", "pods") => pod("", new.at(&["spec"])),
        ("apps", "deployments" | "daemonsets" | "statefulsets" | "replicasets")
        | ("batch", "jobs")
            if grown =>
        {
            pod("spec.template.", new.at(&["spec", "template", "spec"]))
        }
        ("batch", "cronjobs") if grown => {
            let path = ["spec", "jobTemplate", "spec", "template", "spec"];
            pod("spec.jobTemplate.spec.template.", new.at(&path))
        }
        _ => Vec::new(),
    }
}

/// Finalizers of custom resources that anybody may have chosen.
fn finalizers(old: Option<&Object>, new: &Object) -> Vec<String> {
    const STANDARD: [&str; 3] = ["orphan", "foregroundDeletion", "kubernetes"];
    let known = old.map(Object::finalizers).unwrap_or_default();
    let mut added: Vec<&str> = new.finalizers();
    added.retain(|name| !known.contains(name));
    added.sort_unstable();
    added.dedup();
    let mut out = Vec::new();
    for name in added {
        for problem in qualified_name_problems(name) {
            out.push(format!("metadata.finalizers: {name:?}: {problem}"));
        }
        if name.contains('/') || STANDARD.contains(&name) {
            continue;
        }
        let path = if name.contains('.') {
            " including a path (/)"
        } else {
            ""
        };
        out.push(format!(
            "metadata.finalizers: {name:?}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer writers"
        ));
    }
    out
}

/// Formats that the schemas of a definition name and nobody knows.
fn formats(old: Option<&Object>, new: &Object) -> Vec<String> {
    let of = |object: &Object| {
        let spec = object.at(&["spec"]).unwrap_or(&Value::Null);
        skein_validation::unrecognized_formats(spec)
    };
    let known = old.map(of).unwrap_or_default();
    of(new)
        .into_iter()
        .filter(|format| !known.contains(format))
        .map(|format| format!("unrecognized format {format:?}"))
        .collect()
}

/// Fields of a Service that do nothing beside others.
fn service(object: &Object) -> Vec<String> {
    let text = |name: &str| object.str_at(&["spec", name]).unwrap_or_default();
    let kind = text("type");
    let has_addresses = object
        .at(&["spec", "externalIPs"])
        .and_then(Value::as_array)
        .is_some_and(|addresses| !addresses.is_empty());
    let is_headless = kind == "ClusterIP" && text("clusterIP") == "None";
    let is_name = kind == "ExternalName";
    let checks = [
        (
            is_headless && !text("loadBalancerIP").is_empty(),
            "spec.loadBalancerIP is ignored for headless services",
        ),
        (
            is_headless && has_addresses,
            "spec.externalIPs is ignored for headless services",
        ),
        (
            is_headless && text("sessionAffinity") != "None",
            "spec.SessionAffinity is ignored for headless services",
        ),
        (
            has_addresses && !is_headless && !is_name,
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        ),
        (
            has_addresses && is_name,
            "spec.externalIPs is ignored when spec.type is \"ExternalName\"",
        ),
        (
            !is_name && !text("externalName").is_empty(),
            "spec.externalName is ignored when spec.type is not \"ExternalName\"",
        ),
        (
            text("trafficDistribution") == "PreferClose",
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"",
        ),
    ];
    let told = checks.into_iter().filter(|(holds, _)| *holds);
    told.map(|(_, text)| text.to_owned()).collect()
}

fn list<'a>(value: Option<&'a Value>, name: &str) -> &'a [Value] {
    let list = value
        .and_then(|value| value.get(name))
        .and_then(Value::as_array);
    list.map_or(&[][..], Vec::as_slice)
}

fn string<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What people write into pods by mistake; `lead` is the path of the template, with its dot.
fn pod(lead: &str, spec: Option<&Value>) -> Vec<String> {
    let mut out = Vec::new();
    for (index, constraint) in list(spec, "topologySpreadConstraints").iter().enumerate() {
        if constraint.get("labelSelector").is_none_or(Value::is_null) {
            out.push(format!(
                "{lead}spec.topologySpreadConstraints[{index}].labelSelector: a null labelSelector results in matching no pod"
            ));
        }
    }
    let mut addresses = HashSet::new();
    for (index, alias) in list(spec, "hostAliases").iter().enumerate() {
        let address = string(alias, "ip");
        if !addresses.insert(address) {
            out.push(format!(
                "{lead}spec.hostAliases[{index}].ip: duplicate ip {address:?}"
            ));
        }
    }
    let mut secrets = HashSet::new();
    for (index, secret) in list(spec, "imagePullSecrets").iter().enumerate() {
        let (name, at) = (
            string(secret, "name"),
            format!("{lead}spec.imagePullSecrets[{index}].name"),
        );
        if !secrets.insert(name) {
            out.push(format!("{at}: duplicate name {name:?}"));
        }
        if name.is_empty() {
            out.push(format!("{at}: invalid empty name {name:?}"));
        }
    }
    let mut containers = Vec::new();
    for name in ["initContainers", "containers"] {
        for (index, container) in list(spec, name).iter().enumerate() {
            containers.push((format!("{lead}spec.{name}[{index}]"), container));
        }
    }
    for (path, container) in &containers {
        variables(path, container, &mut out);
    }
    ports(&containers, &mut out);
    out
}

/// A variable that is said twice, unless the later one uses the earlier.
fn variables(path: &str, container: &Value, out: &mut Vec<String>) {
    let mut names = HashSet::new();
    for (index, variable) in list(Some(container), "env").iter().enumerate() {
        let name = string(variable, "name");
        if names.insert(name) {
            continue;
        }
        let (value, reference) = (string(variable, "value"), format!("$({name})"));
        let from = variable
            .get("valueFrom")
            .is_some_and(|from| !from.is_null());
        if from || value == reference || !value.contains(&reference) {
            out.push(format!(
                "{path}.env[{index}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
}

/// Ports and names of ports that occur twice in a pod.
fn ports(containers: &[(String, &Value)], out: &mut Vec<String>) {
    let mut known: BTreeMap<String, Vec<(String, &Value)>> = BTreeMap::new();
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut about_names = Vec::new();
    for (path, container) in containers {
        for (index, port) in list(Some(container), "ports").iter().enumerate() {
            let at = format!("{path}.ports[{index}]");
            let number = |port: &Value, name: &str| {
                port.get(name).and_then(Value::as_i64).unwrap_or_default()
            };
            let key = format!(
                "{}/{}",
                number(port, "containerPort"),
                string(port, "protocol")
            );
            let others = known.entry(key).or_default();
            for (other_at, other) in others.iter() {
                let (host, other_host) = (number(port, "hostPort"), number(other, "hostPort"));
                let (ip, other_ip) = (string(port, "hostIP"), string(other, "hostIP"));
                let problem = if ip == other_ip && host == other_host {
                    "duplicate port definition"
                } else if host == 0 || other_host == 0 {
                    "overlapping port definition"
                } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
                    "dangerously ambiguous port definition"
                } else {
                    continue;
                };
                out.push(format!("{at}: {problem} with {other_at}"));
            }
            others.push((at.clone(), port));
            let name = string(port, "name");
            if name.is_empty() {
                continue;
            }
            match names.get(name) {
                Some(other) => about_names.push(format!(
                    "{at}: duplicate port name {name:?} with {other}, services and probes that select ports by name will use {other}"
                )),
                None => drop(names.insert(name, at)),
            }
        }
    }
    out.append(&mut about_names);
}
