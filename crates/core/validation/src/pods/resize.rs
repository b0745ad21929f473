//! A change through `resize`: only what is asked of CPU and memory.

use serde_json::{Map, Value, json};
use skein_object::Object;
use skein_schema::FieldError;

use super::qos;
use crate::spot::{Errors, Spot};

const ONLY: &str = "only cpu and memory resources are mutable";
/// What may be resized.
const RESIZED: [&str; 2] = ["cpu", "memory"];
const KINDS: [&str; 2] = ["requests", "limits"];

/// Pods that are never resized; nothing else is told of them.
pub(crate) fn check_resizable(old: &Object) -> Option<FieldError> {
    let text = if old.annotation(super::MIRROR).is_some() {
        "static pods cannot be resized"
    } else if old.str_at(&["spec", "os", "name"]) == Some("windows") {
        "windows pods cannot be resized"
    } else {
        return None;
    };
    Some(FieldError::forbidden(super::nowhere(), text))
}

/// What a resize changes that it may not.
pub(crate) fn check(errors: &mut Errors, old: &Object, new: &Object) {
    let first = errors.0.is_empty();
    let (before, now) = (Spot::of(old, "spec"), Spot::of(new, "spec"));
    if qos::qos_class(old) != qos::computed_qos_class(new) {
        let shown = new.str_at(&["status", "qosClass"]).unwrap_or_default();
        let text = "Pod QOS Class may not change as a result of resizing";
        errors.add(now.invalid_as(shown, text));
    }
    let text = "Pod running on node without support for resize";
    errors.add_if(!is_supported(old), || now.forbidden(text));
    let mut masked = now.value.clone();
    if is_said(&before) || is_said(&now) {
        check_whole(errors, &before, &now, &mut masked);
    }
    let claims = Spot::of(old, "status").get("nodeAllocatableResourceClaimStatuses");
    let text = "pods with node allocatable resource claims cannot be resized";
    errors.add_if(claims.len() > 0, || now.forbidden(text));
    if !check_order(errors, &before, &now) {
        return;
    }
    for list in ["initContainers", "containers"] {
        for (before, now) in before.get(list).items().zip(now.get(list).items()) {
            check_removed(errors, &before.get("resources"), &now.get("resources"));
        }
    }
    check_containers(errors, &before, &now, &mut masked);
    check_initial(errors, &before, &now, &mut masked);
    if first && errors.0.is_empty() && masked != *before.value {
        errors.add(now.forbidden(ONLY));
    }
}

/// Whether the node of a pod knows of resizing: it then tells what the first running container has.
fn is_supported(pod: &Object) -> bool {
    let status = Spot::of(pod, "status");
    let running = status
        .get("containerStatuses")
        .items()
        .find(|container| container.get("state.running").is_set());
    running.is_none_or(|container| container.get("resources").is_set())
}

/// Whether anything is said of the pod as a whole.
fn is_said(spec: &Spot<'_>) -> bool {
    let resources = spec.get("resources");
    KINDS.iter().any(|kind| resources.get(kind).len() > 0)
}

fn check_whole(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>, masked: &mut Value) {
    let (before, resources) = (before.get("resources"), now.get("resources"));
    if before.is_set() && !resources.is_set() {
        errors.add(resources.forbidden("pod-level resources cannot be removed"));
        return;
    }
    for (kind, word) in [("requests", "requests"), ("limits", "limits")] {
        let text = format!("pod-level resource {word} cannot be removed");
        let gone = before.is_set() && is_removed(&before.get(kind), &resources.get(kind));
        errors.add_if(gone, || resources.get(kind).forbidden(&text));
    }
    let mut settled = with_old_amounts(resources.value, before.value);
    if let Some(claims) = resources.value.get("claims") {
        settled.insert("claims".to_owned(), claims.clone());
    }
    if !before.is_set() && settled.is_empty() {
        masked.as_object_mut().map(|spec| spec.remove("resources"));
        return;
    }
    let settled = Value::Object(settled);
    let text = "only cpu and memory resources are mutable at pod-level";
    errors.add_if(settled != *before.value, || now.forbidden(text));
    masked["resources"] = settled;
}

/// Containers stay what and where they are.
fn check_order(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) -> bool {
    let known = errors.0.len();
    for list in ["containers", "initContainers"] {
        let (before, now) = (before.get(list), now.get(list));
        if before.len() != now.len() {
            let text = format!("{list} may not be added or removed on resize");
            errors.add(now.forbidden(&text));
            continue;
        }
        for (before, now) in before.items().zip(now.items()) {
            let (before, now) = (before.get("name"), now.get("name"));
            let text = format!("{list} may not be renamed or reordered on resize");
            errors.add_if(before.text() != now.text(), || now.forbidden(&text));
        }
    }
    errors.0.len() == known
}

fn check_removed(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>) {
    for kind in KINDS {
        let text = format!("resource {kind} cannot be removed");
        let gone = is_removed(&before.get(kind), &now.get(kind));
        errors.add_if(gone, || now.get(kind).forbidden(&text));
    }
}

fn is_removed(before: &Spot<'_>, now: &Spot<'_>) -> bool {
    before
        .members()
        .iter()
        .any(|(name, _)| now.value.get(*name).is_none())
}

fn check_containers(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>, masked: &mut Value) {
    let pairs = before.get("containers").items();
    for (index, (before, container)) in pairs.zip(now.get("containers").items()).enumerate() {
        let settled = settled(container.value, before.value);
        errors.add_if(settled != *before.value, || now.forbidden(ONLY));
        masked["containers"][index] = settled;
    }
}

fn check_initial(errors: &mut Errors, before: &Spot<'_>, now: &Spot<'_>, masked: &mut Value) {
    let pairs = before.get("initContainers").items();
    for (index, (before, now)) in pairs.zip(now.get("initContainers").items()).enumerate() {
        let settled = settled(now.value, before.value);
        let text = "only cpu and memory resources for init or sidecar containers are mutable";
        errors.add_if(settled != *before.value, || now.forbidden(text));
        let stays = now.get("restartPolicy").text() == "Always";
        if before.value != now.value && !stays {
            let text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
            for policy in now.get("resizePolicy").items() {
                let restarts = policy.get("restartPolicy").text() == "RestartContainer";
                errors.add_if(restarts, || now.forbidden(text));
            }
        }
        masked["initContainers"][index] = settled;
    }
}

/// A container with the CPU and memory that it had. Claims are lost on the way, as in the API server.
fn settled(container: &Value, before: &Value) -> Value {
    let part = |container: &Value| container.get("resources").cloned().unwrap_or_default();
    let mut settled = container.clone();
    settled["resources"] = Value::Object(with_old_amounts(&part(container), &part(before)));
    settled
}

/// Requests and limits with the CPU and memory of older ones.
fn with_old_amounts(resources: &Value, before: &Value) -> Map<String, Value> {
    let mut out = Map::new();
    for kind in KINDS {
        let part = |resources: &Value| resources.get(kind).cloned().unwrap_or(json!({}));
        let (before, Value::Object(mut amounts)) = (part(before), part(resources)) else {
            continue;
        };
        for name in RESIZED {
            match before.get(name) {
                Some(amount) => drop(amounts.insert(name.to_owned(), amount.clone())),
                None => drop(amounts.remove(name)),
            }
        }
        if !amounts.is_empty() {
            out.insert(kind.to_owned(), Value::Object(amounts));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use skein_object::Object;

    use super::check;
    use crate::spot::Errors;

    fn pod(containers: Value) -> Object {
        Object::from_value(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"containers": containers}, "status": {"qosClass": "Burstable"}}),
        )
        .expect("an object")
    }

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let mut errors = Errors::default();
        check(&mut errors, &pod(old.clone()), &pod(new.clone()));
        let text = |error: &skein_schema::FieldError| format!("{}: {}", error.field, error.body());
        errors.0.iter().map(text).collect()
    }

    #[test]
    fn only_cpu_and_memory_change() {
        let with = |requests: Value| json!([{"name": "c", "resources": {"requests": requests}}]);
        let old = with(json!({"cpu": "1"}));
        assert!(told(&old, &with(json!({"cpu": "2", "memory": "1Gi"}))).is_empty());
        assert_eq!(
            told(&old, &with(json!({"cpu": "1", "ephemeral-storage": "1Gi"}))),
            ["spec: Forbidden: only cpu and memory resources are mutable"]
        );
        assert_eq!(
            told(&old, &json!([{"name": "c", "resources": {}}])),
            [
                "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing",
                "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"
            ]
        );
        assert_eq!(
            told(
                &old,
                &json!([{"name": "d", "resources": {"requests": {"cpu": "1"}}}])
            ),
            [
                "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize"
            ]
        );
    }
}
