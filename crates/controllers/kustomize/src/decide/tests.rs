//! Decisions by table.

use super::*;
use serde_json::{Value, json};

struct Fixed(Result<bool, ExpressionFailure>);

impl ReadyExpressions for Fixed {
    fn is_ready(&self, _: &str, _: &Object, _: &Object) -> Result<bool, ExpressionFailure> {
        self.0.clone()
    }
}

const POLICY: Policy = Policy {
    no_cross_namespace_refs: false,
    external_artifact: false,
    additive_dependency_check: false,
};

fn artifact(revision: &str) -> Artifact {
    Artifact {
        revision: revision.into(),
        ..Artifact::default()
    }
}

fn kustomization(name: &str, spec: Value, status: Value) -> Object {
    let mut all = json!({
        "interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "app"},
    });
    for (key, value) in spec.as_object().unwrap() {
        all[key] = value.clone();
    }
    Object::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "ns", "generation": 1}, "spec": all, "status": status,
    }))
    .unwrap()
}

fn seen(spec: Value, dependency: Option<Object>, expression: &str) -> Observation {
    let object = kustomization("app", spec, json!({}));
    let depends = Dependency {
        name: NamespacedName::new("ns", "base"),
        expression: expression.into(),
        object: dependency,
    };
    Observation {
        kustomization: Kustomization::from_object(&object).unwrap(),
        object,
        source: Some(Some(artifact("main@sha1:2"))),
        dependencies: vec![depends],
    }
}

fn ready(revision: &str) -> Object {
    let status = json!({
        "observedGeneration": 1, "lastAppliedRevision": revision,
        "conditions": [{"type": "Ready", "status": "True", "reason": "R", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    });
    kustomization("base", json!({}), status)
}

#[test]
fn dependencies() {
    let yes = Fixed(Ok(true));
    let text = |seen: &Observation, expressions: &Fixed| match decide(seen, POLICY, expressions) {
        Decision::DependencyNotReady(text) => text,
        Decision::Apply(_) => "apply".into(),
        other => format!("{other:?}"),
    };
    let check = |dependency, expression: &str, expressions: &Fixed, wanted: &str| {
        assert_eq!(
            text(&seen(json!({}), dependency, expression), expressions),
            wanted
        );
    };
    check(
        None,
        "",
        &yes,
        "dependency 'ns/base' not found: kustomizations.kustomize.toolkit.fluxcd.io \"base\" not found",
    );
    let unready = kustomization("base", json!({}), json!({}));
    check(
        Some(unready.clone()),
        "",
        &yes,
        "dependency 'ns/base' is not ready",
    );
    check(
        Some(ready("main@sha1:1")),
        "",
        &yes,
        "dependency 'ns/base' revision is not up to date",
    );
    check(Some(ready("main@sha1:2")), "", &yes, "apply");
    check(Some(unready.clone()), "dep.x", &yes, "apply");
    check(
        Some(unready),
        "dep.x",
        &Fixed(Ok(false)),
        "dependency 'ns/base' is not ready according to readyExpr eval",
    );
}

#[test]
fn a_wrong_expression_is_terminal() {
    let wrong = Fixed(Err(ExpressionFailure::Wrong("boom".into())));
    let decision = decide(&seen(json!({}), Some(ready("x")), "dep."), POLICY, &wrong);
    assert_eq!(
        decision,
        Decision::InvalidExpression("failed to evaluate dependency base: boom".into())
    );
}

#[test]
fn a_field_that_is_not_set_yet_is_waited_for() {
    let later = Fixed(Err(ExpressionFailure::NotNow("no such key: status".into())));
    assert_eq!(
        decide(
            &seen(json!({}), Some(ready("x")), "dep.status.x"),
            POLICY,
            &later
        ),
        Decision::DependencyNotReady("no such key: status".into())
    );
}

#[test]
fn references_across_namespaces_can_be_forbidden() {
    let spec = json!({"sourceRef": {"kind": "GitRepository", "name": "app", "namespace": "other"}});
    let seen = seen(spec, Some(ready("main@sha1:2")), "");
    let locked = Policy {
        no_cross_namespace_refs: true,
        ..POLICY
    };
    assert_eq!(
        decide(&seen, locked, &Fixed(Ok(true))),
        Decision::AccessDenied(
            "can't access 'GitRepository/other/app', cross-namespace references have been blocked"
                .into()
        )
    );
    assert!(matches!(
        decide(&seen, POLICY, &Fixed(Ok(true))),
        Decision::Apply(_)
    ));
}

#[test]
fn suspension_and_deletion_come_first() {
    let mut suspended = seen(json!({"suspend": true}), None, "");
    assert_eq!(
        decide(&suspended, POLICY, &Fixed(Ok(true))),
        Decision::Suspended
    );
    suspended.kustomization.metadata.deletion_timestamp = "2026-01-01T00:00:00Z".parse().ok();
    assert_eq!(
        decide(&suspended, POLICY, &Fixed(Ok(true))),
        Decision::Finalize
    );
}
