//! Tests of reports.

use serde_json::json;

use super::*;

fn object(kind: &str, value: Value) -> Object {
    let mut object = Object::new(
        &GroupVersionKind::new("g", "v1", kind),
        "flux-system",
        "app",
    );
    for (key, part) in value.as_object().into_iter().flatten() {
        object.set(&[key.as_str()], part.clone());
    }
    object
}

fn ready(status: &str) -> Value {
    json!({"conditions": [{"type": "Ready", "status": status, "message": "says so",
        "lastTransitionTime": "2026-01-31T12:30:00Z"}],
        "artifact": {"revision": "main@sha1:abc"}, "lastAppliedRevision": "main@sha1:abc"})
}

#[test]
fn the_way_to_the_source_is_told() {
    let mut deployment = Object::new(
        &GroupVersionKind::new("apps", "v1", "Deployment"),
        "apps",
        "web",
    );
    deployment.set_label("kustomize.toolkit.fluxcd.io/name", "app");
    let applier = object(
        "Kustomization",
        json!({"spec": {"path": "./apps"}, "status": ready("True")}),
    );
    let source = object(
        "GitRepository",
        json!({
            "spec": {"url": "https://example.com/x", "ref": {"branch": "main"}}, "status": ready("False"),
        }),
    );
    assert_eq!(
        kustomization_report(&deployment, &applier, Some(&source)),
        "
Object:          Deployment/web
Namespace:       apps
Status:          Managed by Flux
---
Kustomization:   app
Namespace:       flux-system
Path:            ./apps
Revision:        main@sha1:abc
Status:          Last reconciled at 2026-01-31 12:30:00 +0000 UTC
Message:         says so
---
GitRepository:   app
Namespace:       flux-system
URL:             https://example.com/x
Branch:          main
Revision:        main@sha1:abc
Status:          Last reconciliation failed at 2026-01-31 12:30:00 +0000 UTC
Message:         says so
"
    );
}

#[test]
fn resources_have_several_names() {
    let mut resource = ApiResource::new(
        &GroupVersionKind::new("apps", "v1", "Deployment"),
        "deployments",
        true,
    );
    resource.short_names = vec!["deploy".into()];
    resource.singular = "deployment".into();
    for word in ["deploy", "Deployment", "deployments", "deployments.apps"] {
        assert!(is_named(&resource, word), "{word}");
    }
    assert!(!is_named(&resource, "pods"));
}
