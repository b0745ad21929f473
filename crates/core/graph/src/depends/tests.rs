//! Tests of order and cycles.

use serde_json::json;

use super::*;

fn kustomization(name: &str, depends_on: &[&str]) -> Object {
    let list: Vec<_> = depends_on
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    Object::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "ns"}, "spec": {"dependsOn": list},
    }))
    .expect("an object")
}

fn graph(edges: &[(&str, &[&str])]) -> DependencyGraph {
    let objects: Vec<Object> = edges
        .iter()
        .map(|(name, list)| kustomization(name, list))
        .collect();
    DependencyGraph::new(&objects)
}

fn key(name: &str) -> ObjectKey {
    kustomization(name, &[]).key()
}

fn names(keys: &[&ObjectKey]) -> Vec<String> {
    keys.iter().map(|key| key.name.clone()).collect()
}

#[test]
fn dependencies_come_before_dependents() {
    let graph = graph(&[
        ("apps", &["infra", "crds"]),
        ("infra", &["crds"]),
        ("crds", &[]),
    ]);
    assert_eq!(names(&graph.order()), ["crds", "infra", "apps"]);
    assert!(graph.cycles().is_empty());
    assert_eq!(names(&graph.dependents(&key("crds"))), ["apps", "infra"]);
}

#[test]
fn cycles_are_found_once_and_block_what_waits_for_them() {
    let graph = graph(&[
        ("a", &["b"]),
        ("b", &["c"]),
        ("c", &["a", "d"]),
        ("d", &[]),
        ("e", &["c"]),
        ("self", &["self"]),
    ]);
    let texts: Vec<String> = graph.cycles().iter().map(Cycle::to_string).collect();
    assert_eq!(
        texts,
        [
            "Kustomization/ns/a → Kustomization/ns/b → Kustomization/ns/c → Kustomization/ns/a",
            "Kustomization/ns/self → Kustomization/ns/self",
        ]
    );
    assert_eq!(names(&graph.order()), ["d"]);
    assert!(graph.cycle_before(&key("e")).is_some());
    assert!(graph.cycle_before(&key("d")).is_none());
}

#[test]
fn missing_dependencies_are_named_and_do_not_disturb_the_order() {
    let graph = graph(&[("a", &["gone", "gone"])]);
    assert_eq!(graph.missing().len(), 2);
    assert_eq!(names(&graph.order()), ["a"]);
}

#[test]
fn a_long_chain_is_no_danger() {
    let chain: Vec<Object> = (0..50_000)
        .map(|n| kustomization(&format!("k{n}"), &[&format!("k{}", n + 1)]))
        .collect();
    let graph = DependencyGraph::new(&chain);
    assert!(graph.cycles().is_empty());
    assert_eq!(graph.order().len(), 50_000);
}
