//! Explanations over clusters of the hub, as they go over the wire; the rules themselves are tested in `skein-graph`.

use serde_json::{Value, json};
use skein_graph::ConnectionRef;
use skein_object::{GroupKind, Object};

use super::*;
use crate::fleet::cluster::ShownObject;
use crate::fleet::node::LinkState;

const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";

fn put(fleet: &mut Fleet, cluster: &str, object: Value) {
    let object = ShownObject::new(Object::from_value(object).unwrap());
    fleet.upsert(cluster, object, 1).unwrap();
}

fn source() -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "fleet", "namespace": "f"},
        "status": {"artifact": {"revision": "main@sha1:a"}, "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn kustomization(applied: &[&str], remote: bool) -> Value {
    let entries: Vec<Value> = applied.iter().map(|id| json!({"id": id})).collect();
    let mut object = json!({"apiVersion": format!("{KUSTOMIZE}/v1"), "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "f"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"inventory": {"entries": entries}, "conditions": [{"type": "Ready", "status": "True"}]}});
    if remote {
        object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "staging"}});
    }
    object
}

fn deployment(ready: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "a"},
        "spec": {"replicas": 2}, "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": ready, "availableReplicas": ready,
            "conditions": [{"type": "Available", "status": if ready == 2 { "True" } else { "False" }}]}})
}

fn web() -> ObjectKey {
    ObjectKey::new("apps", "Deployment", "a", "web")
}

fn parent(fleet: &Fleet, cluster: &str) -> Option<String> {
    let node = fleet.tree(cluster)?.node(&web())?;
    Some(node.parent.as_ref()?.to_string())
}

const APPLIER: &str = "hub/kustomize.toolkit.fluxcd.io/Kustomization/f/apps";
const WEB: &[&str] = &["a_web_apps_Deployment"];

fn connection() -> ConnectionRef {
    ConnectionRef {
        kind: "Secret".into(),
        namespace: "f".into(),
        name: "staging".into(),
        data_key: String::new(),
    }
}

fn hub() -> Fleet {
    let mut fleet = Fleet::default();
    fleet.add_cluster("hub", false, 1).unwrap();
    fleet.set_address("staging", "https://s").unwrap_err();
    put(&mut fleet, "hub", source());
    put(&mut fleet, "hub", kustomization(WEB, true));
    fleet
}

#[test]
fn what_a_hub_applies_is_shown_on_the_cluster_that_it_applies_to() {
    let mut fleet = hub();
    fleet
        .mark_complete("hub", &GroupKind::new("apps", "Deployment"))
        .unwrap();
    // Nothing is missing on the hub.
    assert!(fleet.tree("hub").unwrap().node(&web()).is_none());
    assert_eq!(fleet.connections("hub"), [connection()].into());
    // In whatever order connection, cluster and objects become known.
    fleet.set_target("hub", &connection(), Some("staging"));
    fleet.add_cluster("staging", false, 1).unwrap();
    assert_eq!(parent(&fleet, "staging").as_deref(), Some(APPLIER));
    assert_eq!(fleet.applied_kinds("staging").len(), 1);
    put(&mut fleet, "staging", deployment(0));
    let before = fleet.revision();
    let applier = ObjectKey::new(KUSTOMIZE, "Kustomization", "f", "apps");
    let found = explain(&fleet, "hub", &applier, 1);
    assert!(
        found
            .sentence
            .contains("Deployment a/web on cluster staging"),
        "{}",
        found.sentence
    );
    let broken = found.broken.unwrap();
    assert_eq!(broken.id.unwrap().as_str(), "staging/apps/Deployment/a/web");
    assert_eq!(
        (broken.cluster.as_str(), broken.cause.as_str()),
        ("staging", "progressing")
    );
    let from_there = explain(&fleet, "staging", &web(), 1);
    let ids: Vec<_> = from_there
        .chain
        .iter()
        .map(|link| link.cluster.as_str())
        .collect();
    assert_eq!(ids, ["hub", "hub", "staging"]);
    // What leaves the inventory leaves the tree.
    put(&mut fleet, "hub", kustomization(&[], true));
    assert_eq!(parent(&fleet, "staging"), None);
    assert_eq!(fleet.delta(before).unwrap().removed.len(), 1);
}

#[test]
fn connections_are_recognised_by_address_and_may_change() {
    let mut fleet = hub();
    for name in ["staging", "production"] {
        fleet.add_cluster(name, false, 1).unwrap();
        fleet
            .set_address(name, &format!("https://{name}/"))
            .unwrap();
    }
    assert_eq!(fleet.cluster_at("https://staging"), Some("staging"));
    assert_eq!(fleet.cluster_at(""), None);
    fleet.set_target("hub", &connection(), Some("staging"));
    assert_eq!(parent(&fleet, "staging").as_deref(), Some(APPLIER));
    fleet.set_target("hub", &connection(), Some("production"));
    assert_eq!(parent(&fleet, "staging"), None);
    assert_eq!(parent(&fleet, "production").as_deref(), Some(APPLIER));
    // A reconciler that turns to its own cluster, then goes.
    put(&mut fleet, "hub", kustomization(WEB, false));
    assert_eq!(parent(&fleet, "production"), None);
    assert_eq!(parent(&fleet, "hub").as_deref(), Some(APPLIER));
    put(&mut fleet, "hub", kustomization(WEB, true));
    assert_eq!(parent(&fleet, "hub"), None);
    assert_eq!(parent(&fleet, "production").as_deref(), Some(APPLIER));
    fleet.remove_cluster("hub");
    assert_eq!(parent(&fleet, "production"), None);
}

#[test]
fn a_spoke_that_is_lost_is_the_first_broken_link() {
    let mut fleet = hub();
    fleet.add_cluster("staging", false, 1).unwrap();
    fleet.set_target("hub", &connection(), Some("staging"));
    put(&mut fleet, "staging", deployment(2));
    fleet
        .set_link("staging", LinkState::Broken, "connection refused", 5_000)
        .unwrap();
    let applier = ObjectKey::new(KUSTOMIZE, "Kustomization", "f", "apps");
    let broken = explain(&fleet, "hub", &applier, 9_000).broken.unwrap();
    assert_eq!(
        (broken.cause.as_str(), broken.cluster.as_str(), broken.id),
        ("clusterLost", "staging", None)
    );
    assert_eq!(broken.since, "1970-01-01T00:00:05Z");
}

#[test]
fn events_tell_what_a_starting_pod_waits_for() {
    let mut fleet = Fleet::default();
    fleet.add_cluster("c", false, 1).unwrap();
    put(&mut fleet, "c", source());
    put(&mut fleet, "c", kustomization(WEB, false));
    put(&mut fleet, "c", deployment(0));
    put(
        &mut fleet,
        "c",
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-x", "namespace": "a",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": true}]},
            "status": {"phase": "Pending"}}),
    );
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "a"},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "a", "name": "web-x"},
        "type": "Warning", "reason": "FailedMount", "message": "secret \"tls\" not found"});
    fleet
        .record_event("c", &Object::from_value(event).unwrap())
        .unwrap();
    let found = explain(&fleet, "c", &web(), 1);
    assert!(
        found.sentence.contains("secret \"tls\" not found"),
        "{}",
        found.sentence
    );
    assert_eq!(found.broken.unwrap().reason, "FailedMount");
}
