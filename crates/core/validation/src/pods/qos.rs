//! The class of service of a pod, by what it requests and limits.

use std::collections::BTreeMap;

use serde_json::Value;
use skein_object::Object;
use skein_object::quantity::Quantity;

use crate::quantities::parse;

/// Resources that decide the class.
const DECIDING: [&str; 2] = ["cpu", "memory"];

type Amounts = BTreeMap<&'static str, Quantity>;

/// The class that a pod was given, or else the one that it would get.
pub fn qos_class(pod: &Object) -> &str {
    match pod.str_at(&["status", "qosClass"]) {
        Some(class) if !class.is_empty() => class,
        _ => computed_qos_class(pod),
    }
}

/// Guaranteed when all that counts is limited to what is requested, BestEffort when nothing is asked for. What is said of
/// the whole pod counts alone.
pub fn computed_qos_class(pod: &Object) -> &'static str {
    let parts = parts(pod);
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut is_guaranteed = true;
    for part in &parts.of {
        add(&mut requests, part.get("requests"));
        let limited = add(&mut limits, part.get("limits"));
        let is_judged = !parts.is_whole || part.get("limits").is_some();
        is_guaranteed &= !is_judged || limited == DECIDING.len();
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let is_equal = |(name, request): (&&str, &Quantity)| {
        let limit = limits.get(*name);
        limit.is_some_and(|limit| limit.compare(*request) == Some(std::cmp::Ordering::Equal))
    };
    if is_guaranteed && requests.len() == limits.len() && requests.iter().all(is_equal) {
        return "Guaranteed";
    }
    "Burstable"
}

/// The resources that decide: those of the whole pod, or of each container.
struct Parts<'a> {
    of: Vec<&'a Value>,
    is_whole: bool,
}

fn parts(pod: &Object) -> Parts<'_> {
    if let Some(whole) = pod.at(&["spec", "resources"]).filter(|map| !map.is_null()) {
        let (of, is_whole) = (vec![whole], true);
        return Parts { of, is_whole };
    }
    let containers = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| pod.at(&["spec", list])?.as_array())
        .flatten();
    let of = containers
        .map(|container| container.get("resources").unwrap_or(&Value::Null))
        .collect();
    let is_whole = false;
    Parts { of, is_whole }
}

/// Adds what is more than nothing; answers how much of what decides that was.
fn add(sums: &mut Amounts, amounts: Option<&Value>) -> usize {
    let mut found = 0;
    for name in DECIDING {
        let amount = amounts
            .and_then(|amounts| amounts.get(name))
            .and_then(parse);
        let Some(amount) = amount.filter(|amount| amount.sign() > 0) else {
            continue;
        };
        found += 1;
        let sum = match sums.get(name) {
            Some(sum) => sum.plus(amount).unwrap_or(amount),
            None => amount,
        };
        sums.insert(name, sum);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use skein_object::Object;

    use super::computed_qos_class;

    fn class(spec: Value) -> &'static str {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec});
        computed_qos_class(&Object::from_value(pod).expect("an object"))
    }

    #[test]
    fn what_decides_is_cpu_and_memory() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let container = |resources: Value| json!({"containers": [{"resources": resources}]});
        let cases = [
            (container(json!({})), "BestEffort"),
            (
                container(json!({"requests": {"nvidia.com/gpu": "1"}})),
                "BestEffort",
            ),
            (container(json!({"requests": {"cpu": "0"}})), "BestEffort"),
            (
                container(json!({"requests": both, "limits": both})),
                "Guaranteed",
            ),
            (container(json!({"limits": both})), "Burstable"),
            (container(json!({"requests": {"cpu": "1"}})), "Burstable"),
        ];
        for (spec, expected) in cases {
            assert_eq!(class(spec.clone()), expected, "{spec}");
        }
        let mut whole = container(json!({}));
        whole["resources"] = json!({"requests": both, "limits": both});
        assert_eq!(class(whole), "Guaranteed");
    }
}
