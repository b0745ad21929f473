//! Tests of the columns of each kind.

use serde_json::json;

use super::*;

fn object(kind: FluxKind, spec: Value, status: Value) -> Object {
    let definition = kind.definition();
    Object::from_value(json!({
        "apiVersion": definition.api_version(), "kind": definition.kind,
        "metadata": {"name": "app", "namespace": "ns"}, "spec": spec, "status": status,
    }))
    .expect("an object")
}

fn cells(kind: FluxKind, spec: Value, status: Value, options: RowOptions) -> Vec<String> {
    let row = row(kind, &object(kind, spec, status), options);
    assert_eq!(row.len(), heading(kind, options).len());
    row
}

const ALL: RowOptions = RowOptions {
    with_namespace: true,
    with_kind: true,
    with_source: true,
};

#[test]
fn a_kustomization_shows_source_and_short_revision() {
    let revision = format!("main@sha1:{}", "a".repeat(40));
    let status = json!({
        "lastAppliedRevision": revision,
        "conditions": [{"type": "Ready", "status": "True", "message": format!("Applied revision: {revision}")}],
    });
    let spec = json!({"sourceRef": {"kind": "GitRepository", "name": "fleet"}, "suspend": true});
    assert_eq!(
        cells(FluxKind::Kustomization, spec, status, ALL),
        [
            "ns",
            "kustomization/app",
            "GitRepository/ns/fleet",
            "main@sha1:aaaaaaaa",
            "True",
            "True",
            "Applied revision: main@sha1:aaaaaaaa",
        ]
    );
}

#[test]
fn every_kind_has_a_row_before_its_first_run() {
    for kind in FluxKind::ALL {
        let row = cells(kind, json!({}), json!({}), RowOptions::default());
        let message = row.last().map(String::as_str);
        let expected = match kind {
            FluxKind::Alert => "Alert is Ready",
            FluxKind::Provider => "Provider is Ready",
            _ => "waiting to be reconciled",
        };
        assert_eq!((row[0].as_str(), message), ("app", Some(expected)));
    }
}

#[test]
fn a_release_shows_the_version_of_its_newest_entry() {
    let status = json!({"history": [{"chartVersion": "2.0.0"}], "lastAttemptedRevision": "3.0.0"});
    let spec = json!({"chartRef": {"kind": "HelmChart", "name": "c", "namespace": "x"}});
    let row = cells(FluxKind::HelmRelease, spec, status, ALL);
    assert_eq!(row[2..4], ["HelmChart/x/c".to_owned(), "2.0.0".to_owned()]);
}

#[test]
fn status_selectors_compare_without_case() {
    let broken = object(
        FluxKind::Kustomization,
        json!({}),
        json!({
            "conditions": [{"type": "Ready", "status": "False"}, {"type": "Healthy", "status": "Unknown"}],
        }),
    );
    let matches = |text: &str| {
        StatusSelector::parse(text)
            .expect("parses")
            .matches(FluxKind::Kustomization, &broken)
    };
    assert!(matches("ready=false") && matches("Ready!=True") && matches("healthy=unknown"));
    assert!(!matches("ready=true") && !matches("stalled=true") && matches("stalled!=true"));
    assert!(StatusSelector::parse("ready").is_err());
    let alert = object(FluxKind::Alert, json!({}), json!({}));
    assert!(
        StatusSelector::parse("ready=true")
            .expect("parses")
            .matches(FluxKind::Alert, &alert)
    );
}
