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
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": message,
                "lastTransitionTime": "2026-01-01T00:00:00Z"}],
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
            "artifact": {"revision": "main@sha1:1b7e05a3d8c1e2f46c1d2f8e94b7a6059f2c4d81"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "R", "message": ""}],
        },
    }))
    .unwrap();
    ShownObject::new(object)
}

/// A ready Kustomization that has applied objects through the Secret `connection`.
pub fn remote(name: &str, connection: &str, applied: &[&str]) -> ShownObject {
    let mut value = kustomization(name, "True", "").to_value();
    value["spec"]["kubeConfig"] = json!({"secretRef": {"name": connection}});
    let entries: Vec<_> = applied
        .iter()
        .map(|id| json!({"id": id, "v": "v1"}))
        .collect();
    value["status"]["inventory"] = json!({"entries": entries});
    ShownObject::new(Object::from_value(value).unwrap())
}
