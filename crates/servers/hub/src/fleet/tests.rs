//! Clusters, revisions and deltas of the whole fleet.

use serde_json::json;
use skein_object::Object;

use super::cluster::ShownObject;
use super::node::LinkState;
use super::{Fleet, FleetError};

fn source(name: &str, ready: &str) -> ShownObject {
    ShownObject::new(
        Object::from_value(
            json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "Bucket",
            "metadata": {"name": name, "namespace": "a"},
            "status": {"conditions": [{"type": "Ready", "status": ready}]}}),
        )
        .unwrap(),
    )
}

#[test]
fn a_delta_has_each_node_once_as_it_is_now() {
    let mut fleet = Fleet::default();
    fleet.add_cluster("one", false, 1).unwrap();
    let start = fleet.revision();
    fleet.upsert("one", source("x", "False"), 2).unwrap();
    fleet.upsert("one", source("x", "True"), 3).unwrap();
    fleet.upsert("one", source("y", "True"), 3).unwrap();
    fleet.remove("one", &source("y", "True").key()).unwrap();
    let delta = fleet.delta(start).unwrap();
    assert_eq!(delta.nodes.len(), 1);
    assert_eq!(delta.nodes[0].observed_at, 3);
    assert_eq!(delta.removed.len(), 1);
    assert_eq!(delta.revision, fleet.revision());
    assert!(fleet.delta(delta.revision).unwrap().nodes.is_empty());
}

#[test]
fn a_reader_that_is_too_far_behind_must_start_again() {
    let mut fleet = Fleet::with_log_capacity(2);
    fleet.add_cluster("one", false, 1).unwrap();
    for name in ["a", "b", "c"] {
        fleet.upsert("one", source(name, "True"), 1).unwrap();
    }
    assert!(fleet.delta(1).is_none());
    assert!(fleet.delta(fleet.revision() + 1).is_none());
    assert_eq!(fleet.snapshot().nodes.len(), 3);
}

#[test]
fn a_removed_cluster_takes_its_nodes_along() {
    let mut fleet = Fleet::default();
    fleet.add_cluster("one", false, 1).unwrap();
    fleet.upsert("one", source("a", "True"), 1).unwrap();
    let before = fleet.revision();
    fleet.remove_cluster("one");
    let delta = fleet.delta(before).unwrap();
    assert_eq!(delta.removed_clusters, ["one"]);
    assert_eq!(delta.removed.len(), 1);
    assert_eq!(
        fleet.upsert("one", source("a", "True"), 1),
        Err(FleetError::UnknownCluster("one".into()))
    );
}

#[test]
fn cluster_names_must_fit_into_ids() {
    let mut fleet = Fleet::default();
    for bad in ["", "a/b", "a b", "a\nb"] {
        assert_eq!(
            fleet.add_cluster(bad, false, 1),
            Err(FleetError::BadClusterName(bad.to_owned()))
        );
    }
    fleet.add_cluster("a", false, 1).unwrap();
    assert_eq!(
        fleet.add_cluster("a", false, 1),
        Err(FleetError::DuplicateCluster("a".into()))
    );
}

#[test]
fn a_link_that_stays_as_it_is_is_no_change() {
    let mut fleet = Fleet::default();
    fleet.add_cluster("one", false, 1).unwrap();
    fleet.set_link("one", LinkState::Live, "", 5).unwrap();
    let revision = fleet.revision();
    fleet.set_link("one", LinkState::Live, "", 9).unwrap();
    assert_eq!(fleet.revision(), revision);
    let view = fleet.clusters().next().unwrap();
    assert_eq!((view.link_since, view.contact_at), (5, Some(9)));
    fleet
        .set_link("one", LinkState::Broken, "refused", 12)
        .unwrap();
    let view = fleet.clusters().next().unwrap();
    assert_eq!((view.link_since, view.contact_at), (12, Some(9)));
}
