//! LimitRanges: what the containers of a new pod get by default, and which pods and claims are out of bounds.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skein_object::Object;
use skein_object::quantity::Quantity;

use crate::quantities::parse;

/// The annotation that tells what a pod was given.
const GIVEN: &str = "kubernetes.io/limit-ranger";
/// Lists of containers, and how the annotation calls their members.
const CONTAINERS: [(&str, &str); 2] = [
    ("containers", "container"),
    ("initContainers", "init container"),
];
/// Resources that can be said for a pod as a whole.
const OF_PODS: [&str; 2] = ["cpu", "memory"];

pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// Gives the containers of a pod the requests and limits that a range has as defaults.
pub fn complete_pod(range: &Object, pod: &mut Object) {
    let mut defaults = [Map::new(), Map::new()];
    for item in items(range, "Container") {
        for (kind, into) in ["default", "defaultRequest"].iter().zip(&mut defaults) {
            if let Some(Value::Object(given)) = item.get(*kind) {
                into.extend(given.clone());
            }
        }
    }
    let [limits, requests] = defaults;
    let mut notes = Vec::new();
    for (list, word) in CONTAINERS {
        let containers = pod.at(&["spec", list]).and_then(Value::as_array);
        let Some(mut containers) = containers.cloned() else {
            continue;
        };
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            let name = container.get("name").and_then(Value::as_str);
            let name = format!("{word} {}", name.unwrap_or_default());
            for (kind, word, defaults) in [
                ("requests", "request", &requests),
                ("limits", "limit", &limits),
            ] {
                let set = fill(container, kind, defaults);
                if !set.is_empty() {
                    notes.push(format!("{} {word} for {name}", set.join(", ")));
                }
            }
        }
        pod.set(&["spec", list], Value::Array(containers));
    }
    if !notes.is_empty() {
        pod.set_annotation(
            GIVEN,
            &format!("LimitRanger plugin set: {}", notes.join("; ")),
        );
    }
}

/// Puts in what a container does not say; answers the names, sorted.
fn fill(
    container: &mut Map<String, Value>,
    kind: &str,
    defaults: &Map<String, Value>,
) -> Vec<String> {
    if defaults.is_empty() {
        return Vec::new();
    }
    let resources = container
        .entry("resources")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(resources) = resources.as_object_mut() else {
        return Vec::new();
    };
    let list = resources
        .entry(kind)
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(list) = list.as_object_mut() else {
        return Vec::new();
    };
    let mut set = Vec::new();
    for (name, value) in defaults {
        if !list.contains_key(name) {
            list.insert(name.clone(), value.clone());
            set.push(name.clone());
        }
    }
    set.sort();
    set
}

/// Why a range does not let a pod or claim in; `None` when it does.
pub fn refusal(range: &Object, object: &Object) -> Option<String> {
    let mut problems: Vec<String> = match object.kind() {
        "Pod" => of_pod(range, object),
        "PersistentVolumeClaim" => of_claim(range, object),
        _ => Vec::new(),
    };
    let mut seen = Vec::new();
    problems.retain(|problem| {
        let is_new = !seen.contains(problem);
        seen.push(problem.clone());
        is_new
    });
    match problems.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

fn of_pod(range: &Object, pod: &Object) -> Vec<String> {
    let mut problems = Vec::new();
    for item in items(range, "Container") {
        for (list, _) in CONTAINERS {
            for container in containers(pod, list) {
                let requests = amounts(container.pointer("/resources/requests"));
                let limits = amounts(container.pointer("/resources/limits"));
                problems.extend(judge(item, "Container", &requests, &limits));
            }
        }
    }
    for item in items(range, "Pod") {
        let (requests, limits) = (of_whole(pod, "requests"), of_whole(pod, "limits"));
        problems.extend(judge(item, "Pod", &requests, &limits));
    }
    problems
}

/// Claims say requests only.
fn of_claim(range: &Object, claim: &Object) -> Vec<String> {
    let requests = amounts(claim.at(&["spec", "resources", "requests"]));
    let kind = "PersistentVolumeClaim";
    let mut problems = Vec::new();
    for item in items(range, kind) {
        for (name, least) in amounts(item.get("min")) {
            let amounts = [&requests, &Amounts::new()];
            problems.extend(beyond(End::Minimum, kind, &name, least, amounts));
        }
        for (name, most) in amounts(item.get("max")) {
            let lead = format!("maximum {name} usage per {kind} is {most}");
            match requests.get(&name) {
                None => problems.push(format!("{lead}.  No request is specified")),
                Some(request) if request.compare(most) == Some(Ordering::Greater) => {
                    problems.push(format!("{lead}, but request is {request}"));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

fn judge(item: &Value, kind: &str, requests: &Amounts, limits: &Amounts) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, least) in amounts(item.get("min")) {
        problems.extend(beyond(End::Minimum, kind, &name, least, [requests, limits]));
    }
    for (name, most) in amounts(item.get("max")) {
        problems.extend(beyond(End::Maximum, kind, &name, most, [requests, limits]));
    }
    for (name, ratio) in amounts(item.get("maxLimitRequestRatio")) {
        problems.extend(too_far_apart(kind, &name, ratio, requests, limits));
    }
    problems
}

/// Which end of a range a value may not pass.
#[derive(Clone, Copy)]
enum End {
    /// The least that is requested; a limit below it is too little as well.
    Minimum,
    /// The most that is allowed; a request above it is too much as well.
    Maximum,
}

fn beyond(
    end: End,
    kind: &str,
    name: &str,
    bound: Quantity,
    [requests, limits]: [&Amounts; 2],
) -> Option<String> {
    let (request, limit) = (("request", requests), ("limit", limits));
    let (word, passed, first, second) = match end {
        End::Minimum => ("minimum", Ordering::Less, request, limit),
        End::Maximum => ("maximum", Ordering::Greater, limit, request),
    };
    let lead = format!("{word} {name} usage per {kind} is {bound}");
    let is_beyond = |value: &&Quantity| value.compare(bound) == Some(passed);
    let told = |(what, _): (&str, &Amounts), value| format!("{lead}, but {what} is {value}");
    let Some(value) = first.1.get(name) else {
        return Some(format!("{lead}.  No {} is specified", first.0));
    };
    if is_beyond(&value) {
        return Some(told(first, value));
    }
    let value = second.1.get(name).filter(is_beyond)?;
    Some(told(second, value))
}

fn too_far_apart(
    kind: &str,
    name: &str,
    most: Quantity,
    requests: &Amounts,
    limits: &Amounts,
) -> Option<String> {
    let lead = format!("{name} max limit to request ratio per {kind} is {most}");
    let of = |list: &Amounts| list.get(name).filter(|value| value.sign() != 0).copied();
    let Some(request) = of(requests) else {
        return Some(format!(
            "{lead}, but no request is specified or request is 0"
        ));
    };
    let Some(limit) = of(limits) else {
        return Some(format!("{lead}, but no limit is specified or limit is 0"));
    };
    let ratio = limit.to_f64() / request.to_f64();
    (ratio > most.to_f64()).then(|| format!("{lead}, but provided ratio is {ratio:.6}"))
}

/// What a pod asks for as a whole: the sum of its containers, or the most that one of the containers before them needs.
pub(crate) fn of_whole(pod: &Object, kind: &str) -> Amounts {
    let of = |container: &Value| amounts(container.pointer(&format!("/resources/{kind}")));
    let mut sum = Amounts::new();
    for container in containers(pod, "containers") {
        add(&mut sum, &of(container));
    }
    // Containers that start before and keep running count beside all later ones.
    let (mut running, mut highest) = (Amounts::new(), Amounts::new());
    for container in containers(pod, "initContainers") {
        let mut now = of(container);
        if container.get("restartPolicy").and_then(Value::as_str) == Some("Always") {
            add(&mut sum, &now);
            add(&mut running, &now);
            now.clone_from(&running);
        } else {
            add(&mut now, &running);
        }
        raise(&mut highest, &now);
    }
    raise(&mut sum, &highest);
    for (name, value) in amounts(pod.at(&["spec", "resources", kind])) {
        if OF_PODS.contains(&name.as_str()) {
            sum.insert(name, value);
        }
    }
    sum
}

pub(crate) fn add(to: &mut Amounts, more: &Amounts) {
    for (name, value) in more {
        // Zero has no form of its own: the sum is written as what is added.
        let there = to.get(name).filter(|there| there.sign() != 0);
        let sum = there.map_or(Some(*value), |there| there.plus(*value));
        if let Some(sum) = sum {
            to.insert(name.clone(), sum);
        }
    }
}

fn raise(to: &mut Amounts, other: &Amounts) {
    for (name, value) in other {
        let is_higher = to
            .get(name)
            .is_none_or(|there| value.compare(*there) == Some(Ordering::Greater));
        if is_higher {
            to.insert(name.clone(), *value);
        }
    }
}

pub(crate) fn amounts(list: Option<&Value>) -> Amounts {
    let list = list.and_then(Value::as_object);
    list.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), parse(value)?)))
        .collect()
}

pub(crate) fn containers<'a>(pod: &'a Object, list: &str) -> impl Iterator<Item = &'a Value> {
    let list = pod.at(&["spec", list]).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn items<'a>(range: &'a Object, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let list = range.at(&["spec", "limits"]).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter(move |item| item.get("type").and_then(Value::as_str) == Some(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use skein_object::Object;

    use super::{complete_pod, refusal};

    fn range(item: Value) -> Object {
        let value = json!({"apiVersion": "v1", "kind": "LimitRange", "spec": {"limits": [item]}});
        Object::from_value(value).expect("an object")
    }

    fn pod(resources: &Value) -> Object {
        let containers = json!([{"name": "c", "resources": resources}]);
        let value = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}});
        Object::from_value(value).expect("an object")
    }

    #[test]
    fn containers_get_what_they_do_not_say() {
        let range = range(
            json!({"type": "Container", "default": {"cpu": "1", "memory": "1Gi"},
            "defaultRequest": {"cpu": "100m"}}),
        );
        let mut pod = pod(&json!({"limits": {"cpu": "2"}}));
        complete_pod(&range, &mut pod);
        let resources = pod.to_value()["spec"]["containers"][0]["resources"].clone();
        let expected =
            json!({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "100m"}});
        assert_eq!(resources, expected);
        assert_eq!(
            pod.annotation("kubernetes.io/limit-ranger"),
            Some(
                "LimitRanger plugin set: cpu request for container c; memory limit for container c"
            )
        );
    }

    #[test]
    fn bounds_are_told_in_words() {
        let bounds = range(json!({"type": "Container", "max": {"cpu": "1"}}));
        assert_eq!(
            refusal(&bounds, &pod(&json!({"limits": {"cpu": "1500m"}}))).as_deref(),
            Some("maximum cpu usage per Container is 1, but limit is 1500m")
        );
        assert_eq!(
            refusal(&bounds, &pod(&json!({"limits": {"cpu": "1"}}))),
            None
        );
        let ratio = range(json!({"type": "Pod", "maxLimitRequestRatio": {"cpu": "2"}}));
        let resources = json!({"limits": {"cpu": "1"}, "requests": {"cpu": "400m"}});
        assert_eq!(
            refusal(&ratio, &pod(&resources)).as_deref(),
            Some("cpu max limit to request ratio per Pod is 2, but provided ratio is 2.500000")
        );
    }
}
