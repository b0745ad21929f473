//! Pod Security labels of namespaces at work: pods that are refused, and what is warned of.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skein_object::Object;
use skein_store::{Key, ResourceId};
use skein_validation::pod_security::{self, Level, Policy, Standard, Violation};

use crate::admit;
use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

/// Most pods of a namespace that are looked at when it asks for a stricter standard.
const MAX_PODS: usize = 3_000;

/// Refuses namespaces with labels that mean nothing and pods that break what their namespace enforces.
pub(crate) fn enforce(
    api: &Api,
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &Object,
) -> Outcome<()> {
    if resource.is("", "namespaces") && subresource.is_empty() {
        return check_labels(resource, old, new);
    }
    if !resource.is("", "pods") || !is_judged(subresource) || !is_significant(old, new) {
        return Ok(());
    }
    let Policy { enforce, .. } = policy_of(api, new.namespace());
    let found = found(enforce, new, &[]);
    if found.is_empty() {
        return Ok(());
    }
    let details = pod_security::details(&found);
    let why = format!("violates PodSecurity \"{enforce}\": {details}");
    Err(Failure::forbidden(resource, new.name(), &why))
}

/// What breaks the standard that the namespace of a pod or workload warns of, and which pods of a namespace break the
/// standard that it now enforces.
pub(crate) fn warnings(
    api: &Api,
    resource: &Resource,
    subresource: &str,
    old: Option<&Object>,
    new: &Object,
) -> Vec<String> {
    if resource.is("", "namespaces") && subresource.is_empty() {
        return old.map_or_else(Vec::new, |old| of_pods_there(api, old, new));
    }
    let is_pod = resource.is("", "pods");
    let Some(path) = template(resource) else {
        return Vec::new();
    };
    let is_judged = match is_pod {
        true => is_judged(subresource) && is_significant(old, new),
        false => subresource.is_empty(),
    };
    if !is_judged {
        return Vec::new();
    }
    let Policy { warn, .. } = policy_of(api, new.namespace());
    let found = found(warn, new, path);
    if found.is_empty() {
        return Vec::new();
    }
    let details = pod_security::details(&found);
    vec![format!("would violate PodSecurity \"{warn}\": {details}")]
}

/// Where a kind keeps the metadata and specification of pods.
fn template(resource: &Resource) -> Option<&'static [&'static str]> {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => Some(&[]),
        ("", "podtemplates") => Some(&["template"]),
        ("", "replicationcontrollers")
        | ("apps", "deployments" | "daemonsets" | "statefulsets" | "replicasets")
        | ("batch", "jobs") => Some(&["spec", "template"]),
        ("batch", "cronjobs") => Some(&["spec", "jobTemplate", "spec", "template"]),
        _ => None,
    }
}

/// Sub-resources of pods through which their containers change.
fn is_judged(subresource: &str) -> bool {
    matches!(subresource, "" | "ephemeralcontainers" | "resize")
}

/// A pod is judged when it is made and when a container comes or gets another image.
fn is_significant(old: Option<&Object>, new: &Object) -> bool {
    let Some(old) = old else { return true };
    let images = |pod: &Object, list: &str| -> Vec<(Value, Value)> {
        let containers = pod.at(&["spec", list]).and_then(Value::as_array);
        let part = |container: &Value| (container["name"].clone(), container["image"].clone());
        containers.into_iter().flatten().map(part).collect()
    };
    let has_other = |list: &str| {
        let (before, now) = (images(old, list), images(new, list));
        let same = |(a, b): (&(Value, Value), &(Value, Value))| a.1 == b.1;
        before.len() != now.len() || !before.iter().zip(&now).all(same)
    };
    let ephemeral = images(old, "ephemeralContainers");
    has_other("containers")
        || has_other("initContainers")
        || images(new, "ephemeralContainers")
            .iter()
            .any(|container| !ephemeral.contains(container))
}

fn labels_of(namespace: &Object) -> Option<&Map<String, Value>> {
    namespace.labels()
}

fn policy_of(api: &Api, namespace: &str) -> Policy {
    let key = Key::new(&ResourceId::new("", "namespaces"), "", namespace);
    let stored = api.store.get(&key);
    let labels = stored.as_ref().and_then(|stored| labels_of(&stored.object));
    pod_security::policy(labels).0
}

fn found(standard: Standard, object: &Object, path: &[&str]) -> Vec<Violation> {
    if standard.level == Level::Privileged {
        return Vec::new();
    }
    let below = |names: &[&str]| object.at(&[path, names].concat());
    let annotations = below(&["metadata", "annotations"]).and_then(Value::as_object);
    below(&["spec"]).map_or_else(Vec::new, |spec| {
        pod_security::violations(standard, annotations, spec)
    })
}

fn check_labels(resource: &Resource, old: Option<&Object>, new: &Object) -> Outcome<()> {
    let errors = pod_security::policy(labels_of(new)).1;
    let before = old.map_or_else(Vec::new, |old| pod_security::policy(labels_of(old)).1);
    let texts = |errors: &[skein_schema::FieldError]| -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    };
    if errors.is_empty() || texts(&errors) == texts(&before) {
        return Ok(());
    }
    let causes = errors.iter().map(admit::cause).collect();
    Err(Failure::invalid(&resource.gvk(), new.name(), causes))
}

/// Pods of a namespace that break what it enforces from now on, told by what they break.
fn of_pods_there(api: &Api, old: &Object, new: &Object) -> Vec<String> {
    let before = pod_security::policy(labels_of(old)).0.enforce;
    let now = pod_security::policy(labels_of(new)).0.enforce;
    let is_laxer = now.minor == before.minor && now.level <= before.level;
    if now == before || now.level == Level::Privileged || is_laxer {
        return Vec::new();
    }
    let pods = api
        .store
        .list(&ResourceId::new("", "pods"), Some(new.name()));
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pod in pods.items.iter().take(MAX_PODS) {
        let found = found(now, &pod.object, &[]);
        if !found.is_empty() {
            let names = kinds.entry(pod_security::reasons(&found)).or_default();
            names.push(pod.object.name().to_owned());
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for (reasons, mut names) in kinds {
        names.sort();
        let first = names.first().map(String::as_str).unwrap_or_default();
        let more = match names.len() - 1 {
            0 => String::new(),
            1 => " (and 1 other pod)".to_owned(),
            count => format!(" (and {count} other pods)"),
        };
        texts.push(format!("{first}{more}: {reasons}"));
    }
    texts.sort();
    if !texts.is_empty() {
        let text = format!(
            "existing pods in namespace {:?} violate the new PodSecurity enforce level \"{now}\"",
            new.name()
        );
        texts.insert(0, text);
    }
    texts
}
