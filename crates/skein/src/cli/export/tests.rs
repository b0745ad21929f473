//! Tests of exported documents.

use super::*;

#[test]
fn only_what_people_wrote_is_exported() {
    let object = Object::from_value(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": "a", "namespace": "b", "uid": "u", "generation": 3, "managedFields": [{}],
            "finalizers": ["finalizers.fluxcd.io"],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "labels": {"team": "x"}},
        "spec": {"url": "https://example.com", "interval": "1m", "timeout": "60s"},
        "status": {"observedGeneration": 3},
    }))
    .expect("an object");
    assert_eq!(
        document(FluxKind::GitRepository, &object),
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  labels:\n    team: x\n  \
         name: a\n  namespace: b\nspec:\n  interval: 1m0s\n  timeout: 1m0s\n  url: https://example.com\n"
    );
}
