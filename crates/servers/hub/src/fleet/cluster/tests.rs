//! The tree follows objects in whatever order they come.

use serde_json::{Value, json};
use skein_object::{GroupKind, Object, ObjectKey};

use super::{ClusterTree, ShownObject};
use crate::fleet::node::{NodeRole, NodeStatus};

fn shown(value: Value) -> ShownObject {
    ShownObject::new(Object::from_value(value).unwrap())
}

fn source() -> ShownObject {
    shown(
        json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "fleet", "namespace": "flux-system", "generation": 1},
        "status": {"artifact": {"revision": "main@sha1:7d25a886e0c75f011659ef9c40382bbd933f3250"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 1}]}}),
    )
}

fn kustomization(inventory: &[&str]) -> ShownObject {
    let entries: Vec<Value> = inventory
        .iter()
        .map(|id| json!({"id": id, "v": "v1"}))
        .collect();
    shown(
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"inventory": {"entries": entries},
            "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}}),
    )
}

fn owned(api: &str, kind: &str, name: &str, owner: (&str, &str, &str)) -> ShownObject {
    shown(
        json!({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop",
        "ownerReferences": [{"apiVersion": owner.0, "kind": owner.1, "name": owner.2, "controller": true}]}}),
    )
}

fn deployment() -> ShownObject {
    shown(json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 0},
        "status": {"conditions": [{"type": "Available", "status": "True"}]}}))
}

fn key(text: &str) -> ObjectKey {
    let parts: Vec<&str> = text.split('/').collect();
    ObjectKey::new(parts[0], parts[1], parts[2], parts[3])
}

/// `child < parent` of every node, sorted.
fn edges(tree: &ClusterTree) -> Vec<String> {
    let mut edges: Vec<String> = tree
        .nodes()
        .map(|node| {
            let parent = node
                .parent
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!(
                "{} < {}",
                node.name,
                parent.rsplit('/').next().unwrap_or_default()
            )
        })
        .collect();
    edges.sort();
    edges
}

#[test]
fn the_tree_does_not_depend_on_the_order_of_arrival() {
    let objects = [
        source(),
        kustomization(&["shop_web_apps_Deployment", "_shop__Namespace"]),
        deployment(),
        owned(
            "apps/v1",
            "ReplicaSet",
            "web-1",
            ("apps/v1", "Deployment", "web"),
        ),
        owned("v1", "Pod", "web-1-a", ("apps/v1", "ReplicaSet", "web-1")),
        owned("v1", "Pod", "stray", ("apps/v1", "ReplicaSet", "nobody")),
    ];
    let expected = [
        "apps < fleet",
        "fleet < ",
        "shop < apps",
        "web < apps",
        "web-1 < web",
        "web-1-a < web-1",
    ];
    for start in 0..objects.len() {
        for backwards in [false, true] {
            let mut order: Vec<_> = objects
                .iter()
                .cycle()
                .skip(start)
                .take(objects.len())
                .collect();
            if backwards {
                order.reverse();
            }
            let mut tree = ClusterTree::new("staging");
            for object in order {
                tree.upsert(object.clone(), 1).unwrap();
            }
            assert_eq!(
                edges(&tree),
                expected,
                "start {start}, backwards {backwards}"
            );
        }
    }
}

#[test]
fn what_leaves_the_inventory_goes_with_all_that_it_controls() {
    let mut tree = ClusterTree::new("staging");
    for object in [
        source(),
        deployment(),
        owned(
            "apps/v1",
            "ReplicaSet",
            "web-1",
            ("apps/v1", "Deployment", "web"),
        ),
        owned("v1", "Pod", "web-1-a", ("apps/v1", "ReplicaSet", "web-1")),
        kustomization(&["shop_web_apps_Deployment"]),
    ] {
        tree.upsert(object, 1);
    }
    assert_eq!(tree.nodes().count(), 5);
    let changed = tree.upsert(kustomization(&[]), 2).unwrap();
    assert_eq!(tree.nodes().count(), 2);
    assert_eq!(changed.len(), 4, "{changed:?}");
    tree.remove(&key(
        "kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps",
    ));
    assert_eq!(edges(&tree), ["fleet < "]);
}

#[test]
fn named_objects_are_unknown_until_their_kind_is_known_then_missing() {
    let mut tree = ClusterTree::new("staging");
    tree.upsert(kustomization(&["shop_web_apps_Deployment"]), 1);
    let web = key("apps/Deployment/shop/web");
    assert_eq!(tree.node(&web).unwrap().status, NodeStatus::Unknown);
    let changed = tree.mark_complete(&GroupKind::new("apps", "Deployment"));
    assert_eq!(changed.as_slice(), std::slice::from_ref(&web));
    assert_eq!(tree.node(&web).unwrap().status, NodeStatus::Missing);
    tree.upsert(deployment(), 2);
    assert_eq!(tree.node(&web).unwrap().status, NodeStatus::Ready);
    let fleet = key("source.toolkit.fluxcd.io/GitRepository/flux-system/fleet");
    let node = tree.node(&fleet).unwrap();
    assert_eq!(
        (node.role, node.status),
        (NodeRole::Source, NodeStatus::Unknown)
    );
}

#[test]
fn owners_in_a_circle_are_not_shown() {
    let mut tree = ClusterTree::new("staging");
    tree.upsert(owned("v1", "Pod", "a", ("v1", "Pod", "b")), 1);
    tree.upsert(owned("v1", "Pod", "b", ("v1", "Pod", "a")), 1);
    assert_eq!(tree.nodes().count(), 0);
    tree.upsert(kustomization(&["shop_a__Pod"]), 1);
    tree.upsert(kustomization(&[]), 2);
    assert_eq!(tree.nodes().filter(|node| node.kind == "Pod").count(), 0);
}

#[test]
fn secrets_are_masked_before_they_are_kept() {
    let mut tree = ClusterTree::new("staging");
    let secret = shown(json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop", "managedFields": [{"manager": "x"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"p\":\"aHVudGVy\"}}"}},
        "data": {"p": "aHVudGVy"}, "stringData": {"q": "hunter"}}));
    tree.upsert(secret, 1);
    let kept = tree
        .observed(&key("/Secret/shop/s"))
        .unwrap()
        .object
        .to_value()
        .to_string();
    for hidden in ["aHVudGVy", "hunter", "managedFields"] {
        assert!(!kept.contains(hidden), "{kept}");
    }
}

#[test]
fn unchanged_objects_change_no_node() {
    let mut tree = ClusterTree::new("staging");
    tree.upsert(source(), 1);
    assert!(tree.upsert(source(), 1).unwrap().is_empty());
    assert_eq!(
        tree.node(&source().key()).unwrap().revision,
        "main@sha1:7d25a88"
    );
}
