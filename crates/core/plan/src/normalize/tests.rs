//! Tests of normalize by table and against recorded answers.

use super::*;

fn normalized(value: Value) -> Value {
    let mut object = Object::from_value(value).unwrap();
    normalize(&mut object);
    object.into_value()
}

#[test]
fn a_deployment_gains_what_its_type_always_writes() {
    let found = normalized(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "creationTimestamp": null},
        "spec": {"replicas": 0, "unknown": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "i", "ports": [{"containerPort": 8080}], "command": []}]}}},
        "status": {}}));
    assert_eq!(
        found,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "strategy": {}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "i", "resources": {},
                    "ports": [{"containerPort": 8080, "protocol": "TCP"}]}]}}}})
    );
}

#[test]
fn secrets_services_and_quantities() {
    let found = normalized(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "stringData": {"a": "b"}, "data": {"c": "ZA=="}, "sops": {"mac": "x"}}),
    );
    assert_eq!(
        found,
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg==", "c": "ZA=="}})
    );
    let found = normalized(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": 53, "protocol": "UDP"}]}}),
    );
    assert_eq!(
        found["spec"]["ports"],
        json!([{"port": 80, "protocol": "TCP", "targetPort": "http"}, {"port": 53, "protocol": "UDP", "targetPort": 0}])
    );
    let found = normalized(
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}]}}}}}}),
    );
    assert_eq!(
        found["spec"]["jobTemplate"],
        json!({"metadata": {}, "spec": {"template": {"metadata": {}, "spec": {"containers": [
            {"name": "a", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}]}}}})
    );
}

#[test]
fn misfits_and_foreign_kinds_stay() {
    let misfit = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"replicas": "three"}});
    assert_eq!(normalized(misfit.clone()), misfit);
    let custom = json!({"apiVersion": "example.io/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": {"any": []}, "status": {"x": 1}});
    let mut expected = custom.clone();
    expected.as_object_mut().unwrap().remove("status");
    assert_eq!(normalized(custom), expected);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "x"}, "rules": [], "status": {}});
    assert_eq!(normalized(role.clone()), role);
}

#[test]
fn crds_keep_status_and_lose_broken_bundles() {
    let crd = |bundle: &str| {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"},
            "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": bundle}}}}, "status": {}})
    };
    let found = normalized(crd("Cg=="));
    assert_eq!(
        found["spec"]["conversion"]["webhook"]["clientConfig"],
        json!({})
    );
    assert_eq!(found["status"], json!({}));
    let good = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
    assert_eq!(normalized(crd(&good)), crd(&good));
}

#[test]
fn quantities() {
    for (text, expected) in [
        ("0", "0"),
        ("1", "1"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1024Mi", "1Gi"),
        ("1Gi", "1Gi"),
        ("1536Mi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1000", "1k"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("100000000", "100M"),
        ("-1", "-1"),
        ("+1", "+1"),
        ("01", "01"),
        ("01.0", "1"),
        (".5", "500m"),
        ("1.", "1"),
        ("0.1Ki", "102400m"),
        ("512", "512"),
        ("1000Ki", "1000Ki"),
    ] {
        assert_eq!(
            quantity::canonical(text).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for text in ["", "x", "1x", "1.2.3", "1 Gi", "--1", "e3"] {
        assert_eq!(quantity::canonical(text), None, "{text}");
    }
}
