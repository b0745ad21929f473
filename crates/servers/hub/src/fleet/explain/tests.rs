//! The first broken link is found through sources, dependencies, inventories and applied reconcilers.

use serde_json::{Value, json};
use skein_object::{Object, ObjectKey};

use super::{Explanation, explain};
use crate::fleet::cluster::{ClusterTree, ShownObject};
use crate::fleet::node::NodeStatus;

const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";

fn tree(objects: Vec<Value>) -> ClusterTree {
    let mut tree = ClusterTree::new("c");
    for object in objects {
        tree.upsert(ShownObject::new(Object::from_value(object).unwrap()), 1);
    }
    tree
}

fn source(ready: &str, message: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "fleet", "namespace": "f"},
        "status": {"conditions": [{"type": "Ready", "status": ready, "message": message}]}})
}

fn kustomization(
    name: &str,
    ready: &str,
    reason: &str,
    depends: &[&str],
    applied: &[&str],
) -> Value {
    let depends: Vec<Value> = depends.iter().map(|name| json!({"name": name})).collect();
    let entries: Vec<Value> = applied.iter().map(|id| json!({"id": id})).collect();
    json!({"apiVersion": format!("{KUSTOMIZE}/v1"), "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "f"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}, "dependsOn": depends},
        "status": {"inventory": {"entries": entries},
            "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": format!("{name} says")}]}})
}

fn deployment(name: &str, ready: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "a"},
        "spec": {"replicas": 2}, "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": ready, "availableReplicas": ready,
            "conditions": [{"type": "Available", "status": if ready == 2 { "True" } else { "False" }}]}})
}

fn of(tree: &ClusterTree, name: &str) -> Explanation {
    explain(tree, &ObjectKey::new(KUSTOMIZE, "Kustomization", "f", name))
}

fn names(explanation: &Explanation) -> Vec<&str> {
    explanation
        .chain
        .iter()
        .map(|link| link.name.as_str())
        .collect()
}

fn cause(explanation: &Explanation) -> &str {
    explanation
        .cause
        .as_ref()
        .map(|id| id.as_str().rsplit('/').next().unwrap())
        .unwrap_or("")
}

#[test]
fn nothing_is_wrong() {
    let tree = tree(vec![
        source("True", ""),
        kustomization("apps", "True", "", &[], &[]),
    ]);
    let explanation = of(&tree, "apps");
    assert_eq!(names(&explanation), ["fleet", "apps"]);
    assert_eq!(
        (cause(&explanation), explanation.sentence.as_str()),
        ("", "")
    );
}

#[test]
fn a_broken_source_breaks_everything_after_it() {
    let tree = tree(vec![
        source("False", "authentication required"),
        kustomization("infra", "False", "ArtifactFailed", &[], &[]),
        kustomization("apps", "False", "DependencyNotReady", &["infra"], &[]),
    ]);
    let explanation = of(&tree, "apps");
    assert_eq!(cause(&explanation), "fleet");
    assert_eq!(
        explanation.sentence,
        "Kustomization f/apps waits because GitRepository f/fleet fails: authentication required"
    );
}

#[test]
fn a_failed_dependency_is_followed_to_the_object_that_fails() {
    let tree = tree(vec![
        source("True", ""),
        deployment("web", 0),
        deployment("ok", 2),
        kustomization(
            "infra",
            "False",
            "HealthCheckFailed",
            &[],
            &["a_ok_apps_Deployment", "a_web_apps_Deployment"],
        ),
        kustomization("apps", "False", "DependencyNotReady", &["infra"], &[]),
    ]);
    let explanation = of(&tree, "apps");
    assert_eq!(names(&explanation), ["fleet", "infra", "web", "apps"]);
    assert_eq!(cause(&explanation), "web");
}

#[test]
fn an_object_is_explained_by_what_applied_it() {
    let tree = tree(vec![
        source("True", ""),
        deployment("ok", 2),
        kustomization(
            "infra",
            "False",
            "BuildFailed",
            &[],
            &["a_ok_apps_Deployment"],
        ),
    ]);
    let explanation = explain(&tree, &ObjectKey::new("apps", "Deployment", "a", "ok"));
    assert_eq!(names(&explanation), ["fleet", "infra", "ok"]);
    assert_eq!(cause(&explanation), "infra");
}

#[test]
fn waiting_for_a_first_artifact_is_no_failure() {
    let mut waiting = kustomization("apps", "False", "ArtifactFailed", &[], &[]);
    waiting["status"]["conditions"][0]["message"] =
        "Source artifact not found, retrying in 5s".into();
    let tree = tree(vec![source("Unknown", "building artifact"), waiting]);
    let explanation = of(&tree, "apps");
    assert_eq!(cause(&explanation), "fleet");
    let statuses: Vec<_> = explanation.chain.iter().map(|link| link.status).collect();
    assert_eq!(statuses, [NodeStatus::Progressing; 2]);
}

#[test]
fn circles_end() {
    let tree = tree(vec![
        kustomization("a", "False", "DependencyNotReady", &["b"], &[]),
        kustomization("b", "False", "DependencyNotReady", &["a"], &[]),
    ]);
    assert!(!of(&tree, "a").chain.is_empty());
}

#[test]
fn an_applied_reconciler_is_followed() {
    let tree = tree(vec![
        source("True", ""),
        deployment("web", 0),
        kustomization(
            "inner",
            "False",
            "HealthCheckFailed",
            &[],
            &["a_web_apps_Deployment"],
        ),
        kustomization(
            "outer",
            "False",
            "HealthCheckFailed",
            &[],
            &["f_inner_kustomize.toolkit.fluxcd.io_Kustomization"],
        ),
    ]);
    assert_eq!(cause(&of(&tree, "outer")), "web");
}
