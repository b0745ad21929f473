//! Defaults that kube-apiserver fills in by code.

use serde_json::{Value, json};
use skein_object::Object;
use skein_schema::api_defaults;

fn defaulted(value: Value) -> Value {
    let mut object = Object::from_value(value).expect("an object");
    api_defaults::apply(&mut object);
    object.into_value()
}

#[test]
fn a_service_gets_types_ports_and_policies() {
    let service = defaulted(
        json!({ "apiVersion": "v1", "kind": "Service", "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] } }),
    );
    assert_eq!(
        service["spec"],
        json!({
            "type": "LoadBalancer", "sessionAffinity": "None", "externalTrafficPolicy": "Cluster",
            "internalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": true,
            "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 80 }],
        })
    );
    let sticky = defaulted(
        json!({ "apiVersion": "v1", "kind": "Service", "spec": { "sessionAffinity": "ClientIP" } }),
    );
    assert_eq!(
        sticky["spec"]["sessionAffinityConfig"],
        json!({ "clientIP": { "timeoutSeconds": 10800 } })
    );
}

#[test]
fn pull_policies_follow_the_tag() {
    let policy = |image: &str| {
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": { "containers": [{ "name": "a", "image": image }] } });
        defaulted(pod)["spec"]["containers"][0]["imagePullPolicy"].clone()
    };
    for (image, expected) in [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("registry:5000/nginx:1", "IfNotPresent"),
        (
            "nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "IfNotPresent",
        ),
    ] {
        assert_eq!(policy(image), json!(expected), "{image}");
    }
}

#[test]
fn templates_are_filled_wherever_they_stand() {
    let containers = json!([{ "name": "a", "image": "a:1", "livenessProbe": { "httpGet": { "port": 1 } }, "env": [{ "name": "X", "valueFrom": { "fieldRef": { "fieldPath": "x" } } }] }]);
    let template = json!({ "spec": { "serviceAccountName": "sa", "containers": containers, "volumes": [{ "name": "v" }, { "name": "c", "configMap": {} }] } });
    let cron = defaulted(
        json!({ "apiVersion": "batch/v1", "kind": "CronJob", "spec": { "jobTemplate": { "spec": { "template": template } } } }),
    );
    let spec = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(spec["serviceAccount"], json!("sa"));
    assert_eq!(
        spec["volumes"],
        json!([{ "name": "v", "emptyDir": {} }, { "name": "c", "configMap": { "defaultMode": 420 } }])
    );
    assert_eq!(
        spec["containers"][0]["livenessProbe"],
        json!({ "httpGet": { "port": 1, "path": "/", "scheme": "HTTP" }, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 })
    );
    assert_eq!(
        spec["containers"][0]["env"][0]["valueFrom"]["fieldRef"]["apiVersion"],
        json!("v1")
    );
    assert_eq!(
        spec["enableServiceLinks"],
        Value::Null,
        "only Pods themselves"
    );
    assert_eq!(cron["spec"]["failedJobsHistoryLimit"], json!(1));
}

#[test]
fn text_secrets_become_data() {
    let secret = defaulted(
        json!({ "apiVersion": "v1", "kind": "Secret", "data": { "a": "b2xk" }, "stringData": { "a": "new", "b": "x" } }),
    );
    assert_eq!(
        secret,
        json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": { "a": "bmV3", "b": "eA==" } })
    );
}

#[test]
fn defaulting_twice_changes_nothing_and_other_kinds_stay() {
    for value in [
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "spec": { "updateStrategy": {}, "template": { "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "a" }] } } } }),
        json!({ "apiVersion": "batch/v1", "kind": "Job", "spec": { "template": { "spec": { "containers": [] } } } }),
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": { "behavior": { "scaleUp": {} } } }),
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": { "egress": [{ "ports": [{ "port": 1 }] }] } }),
    ] {
        let once = defaulted(value.clone());
        assert_ne!(once, value);
        assert_eq!(defaulted(once.clone()), once);
    }
    let custom =
        json!({ "apiVersion": "example.com/v1", "kind": "Service", "spec": { "ports": [{}] } });
    assert_eq!(defaulted(custom.clone()), custom);
}
