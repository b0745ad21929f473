//! Tests of the explanation: each story has one broken link.

use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn flux(
    api_version: &str,
    kind: &str,
    name: &str,
    ready: Value,
    spec: Value,
    entries: Value,
) -> Object {
    Object::from_value(json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "ns", "generation": 1},
        "spec": spec,
        "status": {"observedGeneration": 1, "conditions": ready, "inventory": {"entries": entries}},
    }))
    .expect("an object")
}

fn ready(status: &str, reason: &str) -> Value {
    json!([{"type": "Ready", "status": status, "reason": reason, "message": format!("says {reason}")}])
}

fn source(conditions: Value) -> Object {
    flux(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        "fleet",
        conditions,
        json!({}),
        json!([]),
    )
}

fn kustomization(name: &str, conditions: Value, depends_on: &[&str], entries: Value) -> Object {
    let depends_on: Vec<_> = depends_on
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    let spec =
        json!({"sourceRef": {"kind": "GitRepository", "name": "fleet"}, "dependsOn": depends_on});
    flux(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        name,
        conditions,
        spec,
        entries,
    )
}

fn explain(objects: Vec<Object>, name: &str) -> Option<(LinkKind, String, String)> {
    let key = ObjectKey::new("kustomize.toolkit.fluxcd.io", "Kustomization", "ns", name);
    let found = first_broken_link(&ObjectIndex::new(objects), &key, NOW)?;
    Some((found.kind, found.key.to_string(), found.reason))
}

fn told(kind: LinkKind, key: &str, reason: &str) -> Option<(LinkKind, String, String)> {
    Some((kind, key.to_owned(), reason.to_owned()))
}

#[test]
fn all_is_well() {
    let objects = vec![
        source(ready("True", "Succeeded")),
        kustomization("a", ready("True", "S"), &[], json!([])),
    ];
    assert_eq!(explain(objects, "a"), None);
}

#[test]
fn the_source_is_to_blame() {
    let waiting = kustomization("a", ready("False", "ArtifactFailed"), &[], json!([]));
    let broken = source(ready("False", "GitOperationFailed"));
    assert_eq!(
        explain(vec![broken, waiting.clone()], "a"),
        told(
            LinkKind::Source,
            "GitRepository/ns/fleet",
            "GitOperationFailed"
        )
    );
    assert_eq!(
        explain(vec![waiting], "a"),
        told(LinkKind::Missing, "GitRepository/ns/fleet", "NotFound")
    );
}

#[test]
fn the_root_of_a_chain_of_dependencies_is_named() {
    let not_ready = || ready("False", "DependencyNotReady");
    let objects = vec![
        source(ready("True", "Succeeded")),
        kustomization("c", not_ready(), &["b"], json!([])),
        kustomization("b", not_ready(), &["a"], json!([])),
        kustomization("a", ready("False", "BuildFailed"), &[], json!([])),
    ];
    assert_eq!(
        explain(objects, "c"),
        told(LinkKind::Dependency, "Kustomization/ns/a", "BuildFailed")
    );
}

#[test]
fn a_circle_is_told_as_such() {
    let not_ready = || ready("False", "DependencyNotReady");
    let objects = vec![
        source(ready("True", "Succeeded")),
        kustomization("a", not_ready(), &["b"], json!([])),
        kustomization("b", not_ready(), &["a"], json!([])),
    ];
    assert_eq!(
        explain(objects, "a"),
        told(LinkKind::Cycle, "Kustomization/ns/a", "DependencyCycle")
    );
}

#[test]
fn an_unhealthy_object_explains_a_failed_health_check() {
    let job = Object::from_value(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": "ns"},
        "status": {"conditions": [{"type": "Failed", "status": "True"}]},
    }))
    .expect("an object");
    let entries = json!([{"id": "ns_migrate_batch_Job", "v": "v1"}]);
    let failed = kustomization("a", ready("False", "HealthCheckFailed"), &[], entries);
    let objects = vec![source(ready("True", "Succeeded")), failed, job];
    assert_eq!(
        explain(objects, "a"),
        told(LinkKind::Object, "Job/ns/migrate", "JobFailed")
    );
}

#[test]
fn a_broken_child_of_a_good_parent_is_found() {
    let entries = json!([{"id": "ns_child_kustomize.toolkit.fluxcd.io_Kustomization", "v": "v1"}]);
    let mut paused = kustomization("child", json!([]), &[], json!([]));
    paused.set(&["spec", "suspend"], true.into());
    let objects = vec![
        source(ready("True", "Succeeded")),
        kustomization("parent", ready("True", "S"), &[], entries),
        paused,
    ];
    assert_eq!(
        explain(objects, "parent"),
        told(LinkKind::Suspended, "Kustomization/ns/child", "Suspended")
    );
}
