//! What the server accepts and warns of.

mod paths;
mod pods;

use serde_json::Value;
use skein_object::Object;
use skein_validation::names::qualified_name_problems;

use super::{armor, certificates};
use crate::resource::Resource;

/// Warnings about an object that is stored; what was so before a change is not told again.
pub(crate) fn warnings(
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &Object,
) -> Vec<String> {
    if subresource == "status" {
        return Vec::new();
    }
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
        // Nobody is thought to change pods by hand.
        ("", "pods") if old.is_none() => {
            pods::warnings("", new.at(&["metadata"]), new.at(&["spec"]))
        }
        ("", "persistentvolumeclaims") => claim(new),
        ("apps", "statefulsets") => stateful_set(old, new),
        ("apps", "deployments" | "daemonsets" | "replicasets") | ("batch", "jobs") if grown => {
            template("spec.template.", new.at(&["spec", "template"]))
        }
        ("batch", "cronjobs") if grown => {
            let path = ["spec", "jobTemplate", "spec", "template"];
            template("spec.jobTemplate.spec.template.", new.at(&path))
        }
        _ => Vec::new(),
    }
}

fn claim(claim: &Object) -> Vec<String> {
    const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
    let mut out = Vec::new();
    if claim.annotation(CLASS).is_some() {
        out.push(format!(
            "metadata.annotations[{CLASS}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    pods::claim("spec", claim.at(&["spec"]), &mut out);
    out
}

fn stateful_set(old: Option<&Object>, new: &Object) -> Vec<String> {
    let grown = old.is_none_or(|old| old.generation() != new.generation());
    let path = ["spec", "template"];
    let mut out = match grown {
        true => template("spec.template.", new.at(&path)),
        false => Vec::new(),
    };
    let claims = new
        .at(&["spec", "volumeClaimTemplates"])
        .and_then(Value::as_array);
    for (index, claim) in claims.into_iter().flatten().enumerate() {
        // The real server names the place so.
        let part = if old.is_some() { ".Spec" } else { "" };
        let lead = format!("spec.volumeClaimTemplates[{index}]{part}");
        pods::claim(&lead, claim.get("spec"), &mut out);
    }
    if new
        .i64_at(&["spec", "revisionHistoryLimit"])
        .is_some_and(|limit| limit < 0)
    {
        let text = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
        out.push(text.to_owned());
    }
    out
}

/// What is told of a new object before it is found valid.
pub(crate) fn early_warnings(resource: &Resource, object: &Object) -> Vec<String> {
    match resource.is("", "pods") {
        true => armor::copy(&mut object.clone()),
        false => Vec::new(),
    }
}

fn template(lead: &str, template: Option<&Value>) -> Vec<String> {
    let part = |name: &str| template.and_then(|template| template.get(name));
    pods::warnings(lead, part("metadata"), part("spec"))
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
