//! What the server accepts and warns of.

mod networks;
mod paths;
mod pods;
mod storage;

use serde_json::Value;
use skein_object::Object;
use skein_validation::names::{label_problems, qualified_name_problems};

use super::{armor, certificates};
use crate::resource::Resource;

/// Warnings about an object that is stored; what was so before a change is not told again.
pub(crate) fn warnings(
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &Object,
) -> Vec<String> {
    let key = (resource.group.as_str(), resource.plural.as_str());
    if subresource == "status" {
        return match key {
            ("", "services") | ("networking.k8s.io", "ingresses") => networks::balancer(new),
            _ => Vec::new(),
        };
    }
    if resource.custom.is_some() {
        return finalizers(old, new);
    }
    let mut out = of_name(key, old, new);
    out.extend(of_kind(key, old, new));
    out
}

fn of_kind(key: (&str, &str), old: Option<&Object>, new: &Object) -> Vec<String> {
    let grown = old.is_none_or(|old| old.generation() != new.generation());
    match key {
        ("apiextensions.k8s.io", "customresourcedefinitions") => formats(old, new),
        ("", "services") => networks::service(new),
        ("", "endpoints") => networks::endpoints(new),
        ("", "nodes") => networks::node(new),
        ("discovery.k8s.io", "endpointslices") => networks::slice(old.is_none(), new),
        ("networking.k8s.io", "ingresses") if old.is_none() => networks::ingress(new),
        ("networking.k8s.io", "networkpolicies") => networks::policy(new),
        ("", "secrets") => certificates::problem(new).into_iter().collect(),
        // Nobody is thought to change pods by hand.
        ("", "pods") if old.is_none() => {
            pods::warnings("", new.at(&["metadata"]), new.at(&["spec"]))
        }
        ("", "persistentvolumeclaims") => storage::claim(new),
        ("", "persistentvolumes") => storage::volume(new),
        ("storage.k8s.io", "storageclasses") => storage::class(new),
        ("storage.k8s.io", "csistoragecapacities") => storage::capacity(new),
        ("storage.k8s.io", "csidrivers") => storage::driver(old, new),
        ("node.k8s.io", "runtimeclasses") => runtime_class(new),
        ("apps", "statefulsets") => stateful_set(old, new),
        ("", "podtemplates") if grown => template("template.", new.at(&["template"])),
        // The real server looks at the older template of a changed one.
        ("", "replicationcontrollers") if grown => {
            let told = old.unwrap_or(new);
            template("spec.template.", told.at(&["spec", "template"]))
        }
        ("apps", "deployments" | "daemonsets" | "replicasets") if grown => {
            template("spec.template.", new.at(&["spec", "template"]))
        }
        ("batch", "jobs") if grown => job("spec", new.at(&["spec"])),
        ("batch", "cronjobs") if grown => {
            let path = ["spec", "jobTemplate", "spec"];
            job("spec.jobTemplate.spec", new.at(&path))
        }
        _ => Vec::new(),
    }
}

/// Names that become part of the names of pods, and of their hosts.
fn of_name(key: (&str, &str), old: Option<&Object>, new: &Object) -> Vec<String> {
    let is_told = matches!(
        key,
        ("", "pods" | "replicationcontrollers")
            | ("apps", "deployments" | "replicasets")
            | ("batch", "jobs" | "cronjobs")
    );
    let problems = match is_told && old.is_none() {
        true => label_problems(new.name()),
        false => Vec::new(),
    };
    if problems.is_empty() {
        return problems;
    }
    vec![format!(
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
        problems.join(" ")
    )]
}

/// A Job of more parts than can be kept track of, and its template.
fn job(path: &str, spec: Option<&Value>) -> Vec<String> {
    const MANY_COMPLETIONS: i64 = 100_000;
    const MANY_AT_A_TIME: i64 = 10_000;
    let number = |name: &str| {
        let value = spec.and_then(|spec| spec.get(name));
        value.and_then(Value::as_i64).unwrap_or_default()
    };
    let is_indexed = spec.is_some_and(|spec| pods::string(spec, "completionMode") == "Indexed");
    let mut out = Vec::new();
    if is_indexed
        && number("completions") > MANY_COMPLETIONS
        && number("parallelism") > MANY_AT_A_TIME
    {
        out.push(format!("{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"));
    }
    let of_template = spec.and_then(|spec| spec.get("template"));
    out.extend(template(&format!("{path}.template."), of_template));
    out
}

/// A RuntimeClass for nodes whose labels have other names now.
fn runtime_class(class: &Object) -> Vec<String> {
    let labels = class.at(&["scheduling", "nodeSelector"]);
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let told = labels.filter_map(|(label, _)| pods::deprecated(label));
    told.map(|text| format!("scheduling.nodeSelector: {text}"))
        .collect()
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
