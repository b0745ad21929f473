//! Which fields of other managers Flux takes over, and what it strips from objects that older tools made.

use serde_json::{Map, Value, json};
use skein_object::{Object, pointer};

use crate::settings;

/// Annotations that kubectl and old Flux versions left behind.
const STALE_ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
];
/// Label that Flux 1 left behind.
const STALE_LABEL: &str = "fluxcd.io/sync-gc-mark";

/// A field manager whose fields become ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// The manager's name, or the beginning of it.
    pub prefix: String,
    /// `Apply` or `Update`.
    pub operation: &'static str,
    /// Whether the name must be the same to its end.
    pub exact: bool,
}

/// The managers that are always taken over: kubectl in both ways, what the API server recorded before server-side apply, and our
/// own older updates; then those that the operator named.
pub fn predecessors(manager: &str, overridden: &[String]) -> Vec<Predecessor> {
    let one = |prefix: &str, operation| Predecessor {
        prefix: prefix.to_owned(),
        operation,
        exact: false,
    };
    let mut all = vec![
        one("kubectl", "Apply"),
        one("kubectl", "Update"),
        one("before-first-apply", "Update"),
        one(manager, "Update"),
    ];
    for name in overridden {
        all.push(one(name, "Apply"));
        all.push(one(name, "Update"));
    }
    all
}

/// The managers of these very names, whose fields are taken over before anything is tried. A wrong match would change owners for nothing.
pub fn early_predecessors(names: &[String]) -> Vec<Predecessor> {
    let operations = ["Apply", "Update"].into_iter();
    let of = |operation| {
        names.iter().map(move |name| Predecessor {
            prefix: name.clone(),
            operation,
            exact: true,
        })
    };
    operations.flat_map(of).collect()
}

/// The JSON patch that moves the predecessors' ownership to us and does nothing else; `None` as with [`cleanup`].
pub fn early_cleanup(
    desired: &Object,
    live: &Object,
    manager: &str,
    predecessors: &[Predecessor],
) -> Option<Value> {
    if predecessors.is_empty() || settings::is_merge(desired) || settings::is_merge(live) {
        return None;
    }
    let entries = taken_over(live, manager, predecessors)?;
    Some(json!([{"op": "replace", "path": "/metadata/managedFields", "value": entries}]))
}

/// The JSON patch that strips stale metadata and moves the predecessors' ownership to us; `None` when there is nothing to do or
/// the object asks for `ssa: Merge`.
pub fn cleanup(
    desired: &Object,
    live: &Object,
    manager: &str,
    predecessors: &[Predecessor],
) -> Option<Value> {
    if settings::is_merge(desired) || settings::is_merge(live) {
        return None;
    }
    let remove = |map: &str, key: &str| json!({"op": "remove", "path": pointer::join(&["metadata", map, key])});
    let mut patch: Vec<Value> = STALE_ANNOTATIONS
        .iter()
        .filter(|key| live.annotation(key).is_some())
        .map(|key| remove("annotations", key))
        .collect();
    if live.label(STALE_LABEL).is_some() {
        patch.push(remove("labels", STALE_LABEL));
    }
    if let Some(entries) = taken_over(live, manager, predecessors) {
        patch.push(json!({"op": "replace", "path": "/metadata/managedFields", "value": entries}));
    }
    (!patch.is_empty()).then_some(Value::Array(patch))
}

fn text<'e>(entry: &'e Value, field: &str) -> &'e str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is_predecessor(entry: &Value, predecessors: &[Predecessor]) -> bool {
    text(entry, "subresource").is_empty()
        && predecessors.iter().any(|p| {
            let name = text(entry, "manager");
            let is_meant = if p.exact {
                name == p.prefix
            } else {
                name.starts_with(&p.prefix)
            };
            is_meant && text(entry, "operation") == p.operation
        })
}

/// The entries with the predecessors merged into ours, which stands last; `None` when there is no predecessor.
fn taken_over(live: &Object, manager: &str, predecessors: &[Predecessor]) -> Option<Vec<Value>> {
    let entries = live.at(&["metadata", "managedFields"])?.as_array()?;
    let is_ours = |e: &Value| text(e, "manager") == manager && text(e, "operation") == "Apply";
    let ours_at = entries.iter().rposition(is_ours);
    let mut ours = ours_at.and_then(|at| entries.get(at)).cloned();
    let (mut kept, mut edited) = (Vec::new(), false);
    for (index, entry) in entries.iter().enumerate() {
        if Some(index) == ours_at {
            continue;
        }
        if !is_predecessor(entry, predecessors) {
            kept.push(entry.clone());
            continue;
        }
        edited = true;
        match &mut ours {
            // The first predecessor becomes our entry when we have none.
            None => {
                let mut renamed = entry.clone();
                renamed["manager"] = manager.into();
                renamed["operation"] = "Apply".into();
                ours = Some(renamed);
            }
            Some(ours) => {
                if let (Some(Value::Object(into)), Some(Value::Object(from))) =
                    (ours.get_mut("fieldsV1"), entry.get("fieldsV1"))
                {
                    union(into, from);
                }
            }
        }
    }
    kept.extend(ours);
    edited.then_some(kept)
}

/// Union of two field sets in their JSON form.
fn union(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => union(into, from),
            (Some(_), _) => {}
            (None, value) => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANAGER: &str = "kustomize-controller";

    fn live(fields: Value, annotations: Value) -> Object {
        Object::from_value(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "x", "annotations": annotations, "managedFields": fields}}))
        .unwrap()
    }

    fn plan(live: &Object) -> Option<Value> {
        let desired = Object::from_value(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}),
        )
        .unwrap();
        cleanup(
            &desired,
            live,
            MANAGER,
            &predecessors(MANAGER, &["argocd".to_owned()]),
        )
    }

    #[test]
    fn kubectl_is_renamed_when_we_own_nothing() {
        let entry = json!({"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}});
        let other = json!({"manager": "other", "operation": "Update", "fieldsV1": {}});
        let found = plan(&live(
            json!([entry, other]),
            json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
        ));
        assert_eq!(
            found,
            Some(json!([
                {"op": "remove", "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"},
                {"op": "replace", "path": "/metadata/managedFields", "value": [other,
                    {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}]}
            ]))
        );
    }

    #[test]
    fn fields_are_united_with_ours() {
        let ours =
            json!({"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}});
        let theirs = json!({"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:data": {"f:b": {}}}});
        let status = json!({"manager": "kubectl", "operation": "Update", "subresource": "status", "fieldsV1": {}});
        let found = plan(&live(json!([ours, theirs, status]), json!({})));
        assert_eq!(
            found.unwrap()[0]["value"],
            json!([status, {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}, "f:b": {}}}}])
        );
    }

    #[test]
    fn before_a_dry_run_only_the_very_names_count() {
        let desired = Object::from_value(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}),
        );
        let desired = desired.unwrap();
        let early = early_predecessors(&["argocd".to_owned()]);
        let stale = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
        let found = |name: &str| {
            let entry =
                json!([{"manager": name, "operation": "Update", "fieldsV1": {"f:data": {}}}]);
            early_cleanup(&desired, &live(entry, stale.clone()), MANAGER, &early)
        };
        assert_eq!(
            found("argocd"),
            Some(
                json!([{"op": "replace", "path": "/metadata/managedFields", "value": [
                {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {}}}]}])
            )
        );
        assert_eq!(found("argocd-controller"), None);
        assert_eq!(found("kubectl"), None);
    }

    #[test]
    fn others_and_merge_are_left_alone() {
        let other =
            json!([{"manager": "flux-client-side-apply", "operation": "Apply", "fieldsV1": {}}]);
        assert_eq!(plan(&live(other, json!({}))), None);
        let kubectl = json!([{"manager": "kubectl", "operation": "Apply", "fieldsV1": {}}]);
        assert_eq!(plan(&live(kubectl, json!({settings::SSA: "merge"}))), None);
    }
}
