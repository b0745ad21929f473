//! Pictures of small fleets.

use super::*;
use serde_json::json;
use skein_hub::Fleet;
use skein_object::Object;

fn kustomization(name: &str, ready: &str, message: &str) -> Object {
    Object::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system", "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "flux-system"}},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": message}],
        },
    }))
    .unwrap()
}

fn fleet() -> Fleet {
    let mut fleet = Fleet::default();
    fleet.add_cluster("staging", true, 0).unwrap();
    fleet
        .upsert("staging", &kustomization("apps", "False", "boom\nmore"), 0)
        .unwrap();
    fleet
}

#[test]
fn failed_nodes_show_the_first_line_of_their_message() {
    let lines = tree(&fleet().snapshot(), 100);
    assert!(
        lines[0].starts_with("staging  (workloads simulated)"),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(
            |line| line.contains("✗ Kustomization flux-system/apps  failed")
                && line.ends_with("boom")
        ),
        "{lines:?}"
    );
    assert!(
        tree(&fleet().snapshot(), 10)
            .iter()
            .all(|line| line.chars().count() <= 10)
    );
}

#[test]
fn plain_lines_are_printed_once() {
    let (mut fleet, mut news) = (fleet(), News::default());
    assert_eq!(news.lines(&fleet.snapshot(), 0.5).len(), 1);
    assert!(news.lines(&fleet.snapshot(), 0.6).is_empty());
    fleet
        .upsert("staging", &kustomization("apps", "True", "Applied"), 1)
        .unwrap();
    let lines = news.lines(&fleet.snapshot(), 1.25);
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("✔ Kustomization flux-system/apps  ready"),
        "{lines:?}"
    );
}
