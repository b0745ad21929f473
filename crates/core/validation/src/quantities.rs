//! Quantities of resources: names, signs, whole numbers, requests within limits.

use serde_json::Value;
use skein_object::quantity::Quantity;

use crate::names::qualified_name_problems;
use crate::spot::{Errors, Spot};

/// Resources of a container that need no domain.
const CONTAINER: &[&str] = &["cpu", "memory", "ephemeral-storage"];

/// Other standard names, which quotas use.
const STANDARD: &[&str] = &[
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
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
    "requests.hugepages-",
    "count/",
];

/// Names that count objects: whole numbers only.
const COUNTED: &[&str] = &[
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

pub(crate) fn parse(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) => Quantity::parse(&number.to_string()),
        _ => None,
    }
}

fn is_huge(name: &str) -> bool {
    name.starts_with(HUGE)
}

fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

/// Resources of which more can be promised than there is.
fn may_overcommit(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    native && !is_huge(name)
}

fn check_standard_name(errors: &mut Errors, name: &str, spot: &Spot<'_>) -> bool {
    let problems = qualified_name_problems(name);
    let bad = !problems.is_empty();
    errors.add_all(problems.into_iter().map(|text| spot.invalid_as(name, text)));
    if bad {
        return false;
    }
    let standard =
        STANDARD.contains(&name) || is_huge(name) || name.starts_with("requests.hugepages-");
    if !name.contains('/') && !standard {
        errors.add(spot.invalid_as(name, "must be a standard resource type or fully qualified"));
    }
    true
}

/// The name of a resource of a container.
pub(crate) fn check_container_name(errors: &mut Errors, name: &str, spot: &Spot<'_>) {
    check_standard_name(errors, name, spot);
    if !name.contains('/') {
        if !CONTAINER.contains(&name) && !is_huge(name) {
            errors.add(spot.invalid_as(name, "must be a standard resource for containers"));
        }
    } else if !name.contains("kubernetes.io/") && !is_extended(name) {
        errors.add(spot.invalid_as(name, "doesn't follow extended resource name standard"));
    }
}

/// The name of a resource of a quota.
pub(crate) fn check_quota_name(errors: &mut Errors, name: &str, spot: &Spot<'_>) {
    check_standard_name(errors, name, spot);
    if name.contains('/') {
        return;
    }
    let standard = name != "storage" && STANDARD.contains(&name)
        || name.starts_with("requests.hugepages-")
        || is_huge(name);
    if !standard {
        errors.add(spot.invalid_as(name, "must be a standard resource for quota"));
    }
}

/// A quantity: not negative, and whole where it counts things.
pub(crate) fn check_value(errors: &mut Errors, name: &str, spot: &Spot<'_>) {
    let Some(quantity) = parse(spot.value) else {
        return;
    };
    if quantity.sign() < 0 {
        errors.add(spot.invalid("must be greater than or equal to 0"));
    }
    let whole = COUNTED.contains(&name) || is_extended(name) || name.starts_with("count/");
    if whole && !quantity.is_integer() {
        errors.add(spot.invalid("must be an integer"));
    }
}

/// A quantity above zero.
pub(crate) fn check_positive(errors: &mut Errors, spot: &Spot<'_>) -> bool {
    let positive = parse(spot.value).is_none_or(|quantity| quantity.sign() > 0);
    errors.add_if(!positive, || spot.invalid("must be greater than zero"));
    positive
}

/// What a Pod takes beside its containers: told as their limits.
pub(crate) fn check_overhead(errors: &mut Errors, overhead: &Spot<'_>) {
    let limits = serde_json::json!({"limits": overhead.value});
    let mut mine = Errors::default();
    check_requirements(&mut mine, &Spot::new(Some(&limits), overhead.path.clone()));
    errors.add_all(mine.0);
}

/// Before the size of a page.
const HUGE: &str = "hugepages-";

/// `limits` and `requests` of a container.
pub(crate) fn check_requirements(errors: &mut Errors, resources: &Spot<'_>) {
    check_amounts(errors, resources, check_container_name);
}

/// `limits` and `requests` of a whole Pod.
pub(crate) fn check_of_pod(errors: &mut Errors, resources: &Spot<'_>) {
    check_amounts(errors, resources, check_pod_name);
}

fn check_pod_name(errors: &mut Errors, name: &str, spot: &Spot<'_>) {
    let before = errors.0.len();
    check_standard_name(errors, name, spot);
    if errors.0.len() == before && !["cpu", "memory"].contains(&name) && !is_huge(name) {
        let (path, shown) = (spot.path.clone(), name.into());
        let allowed = ["cpu", "hugepages-", "memory"];
        errors.add(skein_schema::FieldError::not_supported(
            path, shown, allowed,
        ));
    }
}

/// Memory in pages of a size is a multiple of the size.
fn check_pages(errors: &mut Errors, name: &str, amount: &Spot<'_>) {
    let (Some(size), Some(quantity)) = (name.strip_prefix(HUGE), parse(amount.value)) else {
        return;
    };
    let size = Quantity::parse(size).filter(|size| size.sign() > 0 && size.is_integer());
    let whole = |quantity: Quantity| quantity.to_i64().unwrap_or(i64::MAX);
    let divides = size.is_some_and(|size| whole(quantity) % whole(size) == 0);
    let shown = amount.value.as_str().unwrap_or_default();
    errors.add_if(!divides, || {
        amount.invalid(format!(
            "{shown} is not positive integer multiple of {name}"
        ))
    });
}

/// A request beside the limit of the same resource.
fn check_order(
    errors: &mut Errors,
    name: &str,
    limits: &Spot<'_>,
    requests: &Spot<'_>,
    request: &Spot<'_>,
) {
    let Some(limit) = limits.value.get(name) else {
        let text = "Limit must be set for non overcommitable resources";
        errors.add_if(!may_overcommit(name), || limits.required(text));
        return;
    };
    let order = parse(request.value)
        .zip(parse(limit))
        .and_then(|(request, limit)| request.compare(limit));
    let shown = limit
        .as_str()
        .map_or_else(|| limit.to_string(), str::to_owned);
    let text = match order {
        Some(order) if order.is_ne() && !may_overcommit(name) => {
            format!("must be equal to {name} limit of {shown}")
        }
        Some(order) if order.is_gt() => {
            format!("must be less than or equal to {name} limit of {shown}")
        }
        _ => return,
    };
    errors.add(requests.invalid_as(request.value.clone(), text));
}

fn check_amounts(
    errors: &mut Errors,
    resources: &Spot<'_>,
    check_name: fn(&mut Errors, &str, &Spot<'_>),
) {
    let (limits, requests) = (resources.get("limits"), resources.get("requests"));
    for (name, limit) in limits.members() {
        check_name(errors, name, &limit);
        check_value(errors, name, &limit);
        check_pages(errors, name, &limit);
    }
    for (name, request) in requests.members() {
        check_name(errors, name, &request);
        check_value(errors, name, &request);
        check_order(errors, name, &limits, &requests, &request);
        check_pages(errors, name, &request);
    }
    let mut all = limits.members();
    all.extend(requests.members());
    let plain = all
        .iter()
        .any(|(name, _)| matches!(*name, "cpu" | "memory"));
    if !plain && all.iter().any(|(name, _)| is_huge(name)) {
        errors.add(resources.forbidden("HugePages require cpu or memory"));
    }
}
