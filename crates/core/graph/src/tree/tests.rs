//! Tests of the ownership tree.

use serde_json::{Value, json};

use super::*;

fn object(value: Value) -> Object {
    Object::from_value(value).expect("an object")
}

fn lines(node: &TreeNode, depth: usize, out: &mut Vec<String>) {
    out.push(format!(
        "{}{} {}",
        "  ".repeat(depth),
        node.key,
        node.health.status
    ));
    for child in &node.children {
        lines(child, depth + 1, out);
    }
}

#[test]
fn the_inventory_comes_first_and_owners_nest() {
    let index = ObjectIndex::new([
        object(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "apps", "namespace": "flux-system", "uid": "k", "generation": 1},
            "status": {
                "observedGeneration": 1,
                "conditions": [{"type": "Ready", "status": "True"}],
                "inventory": {"entries": [
                    {"id": "demo_web_apps_Deployment", "v": "v1"},
                    {"id": "flux-system_apps_kustomize.toolkit.fluxcd.io_Kustomization", "v": "v1"},
                    {"id": "_gone__Namespace", "v": "v1"},
                    {"id": "nonsense", "v": "v1"},
                ]},
            },
        })),
        object(json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "demo", "uid": "d"},
            "status": {"replicas": 0}})),
        object(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web-1", "namespace": "demo", "uid": "r", "ownerReferences": [{"uid": "d"}]},
            "spec": {"replicas": 0}})),
        object(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web-1-x", "namespace": "demo", "uid": "p", "ownerReferences": [{"uid": "r"}]},
            "status": {"phase": "Succeeded"}})),
    ]);
    let root = ObjectKey::new(
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        "flux-system",
        "apps",
    );
    let tree = ownership_tree(&index, &root, Timestamp::UNIX_EPOCH);
    let mut out = Vec::new();
    lines(&tree, 0, &mut out);
    assert_eq!(
        out,
        [
            "Kustomization/flux-system/apps Current",
            "  Deployment/demo/web InProgress",
            "    ReplicaSet/demo/web-1 Current",
            "      Pod/demo/web-1-x Current",
            "  Namespace/gone NotFound",
        ]
    );
    assert_eq!(tree.count(), 5);
}

#[test]
fn owners_that_own_each_other_end() {
    let pod = |name: &str, owner: &str| {
        object(json!({"apiVersion": "v1", "kind": "Pod", "metadata":
            {"name": name, "uid": name, "ownerReferences": [{"uid": owner}]}}))
    };
    let mut index = ObjectIndex::new([pod("a", "b"), pod("b", "a")]);
    let root = ObjectKey::new("", "Pod", "", "a");
    assert_eq!(
        ownership_tree(&index, &root, Timestamp::UNIX_EPOCH).count(),
        2
    );
    index.remove(&ObjectKey::new("", "Pod", "", "b"));
    assert_eq!(
        ownership_tree(&index, &root, Timestamp::UNIX_EPOCH).count(),
        1
    );
}
