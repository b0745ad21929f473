//! Small fleets for tests.

use serde_json::json;
use skein_hub::Fleet;
use skein_hub::fleet::cluster::ShownObject;
use skein_hub::fleet::node::LinkState;
use skein_object::Object;

/// A connected cluster without objects.
pub fn cluster(name: &str) -> Fleet {
    let mut fleet = Fleet::default();
    fleet.add_cluster(name, true, 0).unwrap();
    fleet.set_link(name, LinkState::Live, "", 0).unwrap();
    fleet
}

/// A Kustomization with a Ready condition.
pub fn kustomization(name: &str, ready: &str, message: &str) -> ShownObject {
    let object = Object::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system", "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "flux-system"}},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": message}],
        },
    }))
    .unwrap();
    ShownObject::new(object)
}

/// The source of the Kustomizations, ready.
pub fn source() -> ShownObject {
    let object = Object::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "flux-system", "namespace": "flux-system", "generation": 1},
        "spec": {"url": "http://127.0.0.1/up.git"},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "R", "message": ""}],
        },
    }))
    .unwrap();
    ShownObject::new(object)
}
