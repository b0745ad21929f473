//! What the containers of a pod ask for together.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;
use skein_object::quantity::{self, Quantity};

fn containers<'a>(spec: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    spec.get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn amount(container: &Value, kind: &str, name: &str) -> Option<Quantity> {
    let value = container.get("resources")?.get(kind)?.get(name)?;
    Quantity::parse(&quantity::canonical(value)?)
}

fn plus(sum: Option<Quantity>, more: Option<Quantity>) -> Option<Quantity> {
    match (sum, more) {
        (Some(sum), Some(more)) => sum.plus(more),
        (sum, more) => sum.or(more),
    }
}

fn most(one: Option<Quantity>, other: Option<Quantity>) -> Option<Quantity> {
    match (one, other) {
        (Some(a), Some(b)) if a.compare(b).is_some_and(Ordering::is_lt) => Some(b),
        (one, other) => one.or(other),
    }
}

/// The sum of what the containers of a specification ask for of one resource, and initial ones one after the other;
/// `kind` is `requests` or `limits`.
pub fn aggregate(spec: &Value, kind: &str, name: &str) -> Option<Quantity> {
    let mut sum = None;
    for container in containers(spec, "containers") {
        sum = plus(sum, amount(container, kind, name));
    }
    let (mut stays, mut peak) = (None, None);
    for container in containers(spec, "initContainers") {
        let asked = amount(container, kind, name);
        if container["restartPolicy"] == "Always" {
            sum = plus(sum, asked);
            stays = plus(stays, asked);
            peak = most(peak, stays);
        } else {
            peak = most(peak, plus(stays, asked));
        }
    }
    most(sum, peak)
}

/// The names of resources that any container asks for.
pub fn names(spec: &Value, kind: &str) -> BTreeSet<String> {
    ["containers", "initContainers"]
        .into_iter()
        .flat_map(|list| containers(spec, list))
        .filter_map(|container| container.get("resources")?.get(kind)?.as_object())
        .flat_map(|amounts| amounts.keys().cloned())
        .collect()
}

/// Whether a resource may be said of a whole pod.
pub fn is_of_whole_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge(name)
}

/// Whether a resource is memory in pages of a size.
pub fn is_huge(name: &str) -> bool {
    name.starts_with("hugepages-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::aggregate;

    #[test]
    fn initial_containers_run_one_after_the_other() {
        let asks = |cpu: &str, policy: &str| json!({"restartPolicy": policy, "resources": {"requests": {"cpu": cpu}}});
        let spec = json!({"containers": [asks("1", ""), asks("500m", "")],
            "initContainers": [asks("1", "Always"), asks("3", "")]});
        let sum = aggregate(&spec, "requests", "cpu").map(|sum| sum.to_string());
        assert_eq!(sum.as_deref(), Some("4"));
        assert_eq!(aggregate(&spec, "limits", "cpu"), None);
    }
}
