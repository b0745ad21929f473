//! What the server knows of single kinds: empty lists, changes of pods, events of both versions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Harness;

const PODS: &str = "/api/v1/namespaces/default/pods";
const THINGS: &str = "/apis/example.com/v1/namespaces/default/things";
const POLICIES: &str = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";

/// A server alone: nothing is simulated, so that pods stay as they were made.
async fn bare() -> Harness {
    Harness::with(|options| {
        options.simulate = false;
        options.controllers = false;
    })
    .await
}

async fn strategic(api: &Harness, path: &str, body: Value) -> (u16, Value) {
    let headers = [("content-type", "application/strategic-merge-patch+json")];
    let response = api
        .raw(Method::PATCH, path, &headers, body.to_string())
        .await;
    let code = response.status().as_u16();
    let text = response.text().await.expect("an answer");
    (code, serde_json::from_str(&text).expect("a JSON answer"))
}

async fn make_pod(api: &Harness) {
    let account = json!({"metadata": {"name": "default"}});
    api.post("/api/v1/namespaces/default/serviceaccounts", account)
        .await;
    let pod =
        json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}});
    assert_eq!(api.post(PODS, pod).await.code, 201);
}

#[tokio::test]
async fn empty_lists_are_owned_and_quoted_and_then_lost() {
    let api = bare().await;
    let path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
    let role = api
        .post(path, json!({"metadata": {"name": "r"}, "rules": []}))
        .await;
    assert_eq!(role.body["rules"], Value::Null);
    let owned = &role.body["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(*owned, json!({"f:rules": {}}));

    let path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
    let refused = api
        .post(
            path,
            json!({"metadata": {"name": "i"}, "spec": {"rules": []}}),
        )
        .await;
    assert!(
        refused.message().contains("Invalid value: []:"),
        "{}",
        refused.message()
    );
}

#[tokio::test]
async fn a_network_policy_with_an_empty_list_is_another_one_each_time() {
    let api = bare().await;
    let policy =
        json!({"metadata": {"name": "n"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}});
    assert_eq!(
        api.post(POLICIES, policy).await.body["metadata"]["generation"],
        1
    );
    let path = format!("{POLICIES}/n");
    for generation in 2..4 {
        let changed = api.merge(&path, json!({"spec": {"ingress": []}})).await;
        assert_eq!(changed.body["metadata"]["generation"], generation);
        assert_eq!(changed.body["spec"].get("ingress"), None);
    }
}

#[tokio::test]
async fn of_a_pod_little_changes() {
    let api = bare().await;
    make_pod(&api).await;
    let path = format!("{PODS}/p");
    for refused in [
        json!({"spec": {"nodeName": "n"}}),
        json!({"spec": {"terminationGracePeriodSeconds": 1}}),
        json!({"spec": {"schedulingGates": [{"name": "x/y"}]}}),
        json!({"spec": {"containers": [{"name": "c", "args": ["x"]}]}}),
        json!({"spec": {"containers": [{"name": "d", "image": "i"}]}}),
        json!({"spec": {"activeDeadlineSeconds": -1}}),
    ] {
        let (code, answer) = strategic(&api, &path, refused.clone()).await;
        assert_eq!(code, 422, "{refused} {answer}");
    }
    for allowed in [
        json!({"spec": {"containers": [{"name": "c", "image": "i:2"}]}}),
        json!({"spec": {"activeDeadlineSeconds": 5}}),
        json!({"spec": {"tolerations": [{"key": "a", "operator": "Exists"}]}}),
    ] {
        let (code, answer) = strategic(&api, &path, allowed.clone()).await;
        assert_eq!(code, 200, "{allowed} {answer}");
        // What every pod endures comes back.
        assert!(
            answer["spec"]["tolerations"]
                .as_array()
                .expect("a list")
                .len()
                >= 2
        );
    }
}

#[tokio::test]
async fn ephemeral_containers_come_and_stay() {
    let api = bare().await;
    make_pod(&api).await;
    let path = format!("{PODS}/p/ephemeralcontainers");
    let one = |container: Value| json!({"spec": {"ephemeralContainers": [container]}});
    let (code, pod) = strategic(&api, &path, one(json!({"name": "e", "image": "i"}))).await;
    assert_eq!(
        (code, &pod["metadata"]["generation"]),
        (200, &json!(2)),
        "{pod}"
    );
    for (wrong, place) in [
        (json!({"name": "c", "image": "i"}), ".name"),
        (json!({"name": "f"}), ".image"),
        (
            json!({"name": "g", "image": "i", "targetContainerName": "z"}),
            ".targetContainerName",
        ),
        (
            json!({"name": "h", "image": "i", "ports": [{"containerPort": 1}]}),
            ".ports",
        ),
    ] {
        let (code, answer) = strategic(&api, &path, one(wrong)).await;
        let text = answer["message"].as_str().unwrap_or_default();
        assert!(code == 422 && text.contains(place), "{answer}");
    }
    let (code, answer) = strategic(&api, &path, one(json!({"name": "e", "image": "other"}))).await;
    let text = answer["message"].as_str().unwrap_or_default();
    assert!(
        code == 422 && text.contains("may not be changed\n@@"),
        "{answer}"
    );
}

#[tokio::test]
async fn events_of_the_newer_version_are_asked_for_more() {
    let api = bare().await;
    let new = "/apis/events.k8s.io/v1/namespaces/default/events";
    let old = "/api/v1/namespaces/default/events";
    let short = json!({"metadata": {"name": "e"}, "reason": "R"});
    let refused = api.post(new, short.clone()).await;
    assert_eq!(refused.code, 422);
    assert!(
        refused.message().starts_with("Event \"e\" is invalid"),
        "{}",
        refused.message()
    );
    for field in ["eventTime: Required value", "type: Invalid value"] {
        assert!(refused.message().contains(field), "{}", refused.message());
    }
    assert_eq!(api.post(old, short).await.code, 201);
    let elsewhere = json!({"metadata": {"name": "f"}, "involvedObject": {"namespace": "other"}});
    let refused = api.post(old, elsewhere).await;
    assert!(refused.message().contains("does not match event.namespace"));
    let whole = json!({"metadata": {"name": "g"}, "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "c.example/x", "reportingInstance": "i", "action": "A", "reason": "R",
        "type": "Normal", "note": "n", "regarding": {"kind": "Node", "name": "a"}});
    assert_eq!(api.post(new, whole).await.code, 201);
    let path = format!("{new}/g");
    let refused = api.merge(&path, json!({"note": "other"})).await;
    assert!(
        refused
            .message()
            .contains("message: Invalid value: \"other\": field is immutable")
    );
    assert_eq!(
        api.merge(&format!("{old}/g"), json!({"message": "other"}))
            .await
            .code,
        200
    );
}

#[tokio::test]
async fn quotas_have_room_or_not() {
    let api = Harness::start().await;
    let quotas = "/api/v1/namespaces/default/resourcequotas";
    let hard = json!({"count/secrets": "1", "services.nodeports": "0"});
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": hard}});
    assert_eq!(api.post(quotas, quota).await.code, 201);
    let path = format!("{quotas}/q");
    let used = |count: &'static str| {
        move |quota: &crate::harness::Answer| quota.body["status"]["used"]["count/secrets"] == count
    };
    api.until(&path, used("0")).await;
    let secrets = "/api/v1/namespaces/default/secrets";
    let secret = |name: &str| json!({"metadata": {"name": name}});
    assert_eq!(api.post(secrets, secret("a")).await.code, 201);
    let refused = api.post(secrets, secret("b")).await;
    assert_eq!(
        refused.message(),
        "secrets \"b\" is forbidden: exceeded quota: q, requested: count/secrets=1, used: count/secrets=1, limited: count/secrets=1"
    );
    api.until(&path, used("1")).await;
    let service =
        json!({"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}});
    let refused = api
        .post("/api/v1/namespaces/default/services", service)
        .await;
    assert!(
        refused
            .message()
            .contains("requested: services.nodeports=1")
    );
    // What goes makes room.
    api.delete(&format!("{secrets}/a")).await;
    api.until(&path, used("0")).await;
    assert_eq!(api.post(secrets, secret("b")).await.code, 201);
}

#[tokio::test]
async fn namespaces_refuse_pods_and_warn_of_workloads() {
    let api = bare().await;
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let namespace = json!({"metadata": {"name": "tight", "labels": labels}});
    assert_eq!(api.post("/api/v1/namespaces", namespace).await.code, 201);
    let account = json!({"metadata": {"name": "default"}});
    api.post("/api/v1/namespaces/tight/serviceaccounts", account)
        .await;
    let spec = json!({"containers": [{"name": "c", "image": "i"}]});
    let pod = json!({"metadata": {"name": "p"}, "spec": spec});
    let refused = api.post("/api/v1/namespaces/tight/pods", pod).await;
    assert_eq!(refused.code, 403);
    let text = "violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false";
    assert!(refused.message().contains(text), "{}", refused.message());
    let workload = json!({"metadata": {"name": "w"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}});
    let path = "/apis/apps/v1/namespaces/tight/deployments";
    let warned = api.post(path, workload).await;
    assert_eq!(
        (warned.code, warned.warnings.len()),
        (201, 1),
        "{:?}",
        warned.warnings
    );
    let bad = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "bad"}}});
    let refused = api.merge("/api/v1/namespaces/tight", bad).await;
    assert!(
        refused
            .message()
            .contains("must be one of privileged, baseline, restricted")
    );
}

#[tokio::test]
async fn policies_with_broken_expressions_are_refused() {
    let api = bare().await;
    let path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    let rules = json!({"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
        "operations": ["CREATE"], "resources": ["configmaps"]}]});
    let policy = |expression: &str| {
        json!({"metadata": {"name": "p"}, "spec": {"matchConstraints": rules,
            "validations": [{"expression": expression}]}})
    };
    for (wrong, why) in [
        (
            "object.",
            "Syntax error: no viable alternative at input '.'",
        ),
        ("1 + 1", "must evaluate to bool but got int"),
        ("params.x == 1", "undeclared reference to 'params'"),
        (" ", "expression is not specified"),
    ] {
        let refused = api.post(path, policy(wrong)).await;
        assert!(refused.message().contains(why), "{}", refused.message());
    }
    let good = policy("object.metadata.name != 'bad' || request.dryRun == true");
    assert_eq!(api.post(path, good).await.code, 201);
}

#[tokio::test]
async fn keys_of_yaml_that_come_twice_are_told() {
    let api = bare().await;
    let text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: twice}\ndata:\n  a: b\n  a: c\n";
    let headers = [("content-type", "application/yaml")];
    for (mode, code) in [("Strict", 400), ("Ignore", 201)] {
        let path = format!("{}?fieldValidation={mode}", crate::harness::CONFIG_MAPS);
        let answer = api
            .raw(Method::POST, &path, &headers, text.to_owned())
            .await;
        assert_eq!(answer.status().as_u16(), code);
        let body = answer.text().await.expect("an answer");
        assert_eq!(
            body.contains("line 6: key \\\"a\\\" already set in map"),
            code == 400,
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_a_scale_reads_has_to_be_of_its_type() {
    let api = bare().await;
    let scale = json!({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"});
    let subresources = json!({"status": {}, "scale": scale});
    api.define_things_with(schema_with_a_rule(), subresources)
        .await;
    let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": "x"}});
    let refused = api.post(THINGS, thing).await;
    assert_eq!(
        causes(&refused.body),
        [
            "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
            ".spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64",
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        ]
    );
}

#[tokio::test]
async fn rules_are_not_run_over_what_is_too_long() {
    let api = bare().await;
    api.define_things(schema_with_a_rule()).await;
    let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing", "spec": {"size": 10}, "metadata": {
        "name": "a", "annotations": {"big": "a".repeat(300_000)},
    }});
    let refused = api.post(THINGS, thing).await;
    assert_eq!(
        causes(&refused.body),
        [
            "metadata.annotations: Too long: may not be more than 262144 bytes",
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        ]
    );
}

#[tokio::test]
async fn addresses_outside_of_the_service_network_are_refused() {
    const SERVICES: &str = "/api/v1/namespaces/default/services";
    let api = bare().await;
    let other = "the provided network does not match the current range".to_owned();
    let outside = |address: &str| {
        format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.96.0.0/16"
        )
    };
    for (query, address, why) in [
        ("", "9.9.9.9", other),
        ("", "10.96.255.255", outside("10.96.255.255")),
        ("?dryRun=All", "9.9.9.9", outside("9.9.9.9")),
        ("?dryRun=All", "10.96.255.255", outside("10.96.255.255")),
    ] {
        let service = json!({"metadata": {"name": "s"}, "spec": {"clusterIP": address, "ports": [{"port": 80}]}});
        let refused = api.post(&format!("{SERVICES}{query}"), service).await;
        let wanted = format!(
            "Service \"s\" is invalid: spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: {why}"
        );
        assert_eq!(refused.message(), wanted);
    }
}

#[tokio::test]
async fn new_slices_of_names_are_warned_of() {
    let api = bare().await;
    let slice = json!({"metadata": {"name": "s"}, "addressType": "FQDN",
        "endpoints": [{"addresses": ["a.example.com"]}], "ports": [{"name": "", "port": 80}]});
    let made = api
        .post(
            "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
            slice,
        )
        .await;
    assert_eq!(made.code, 201);
    assert_eq!(
        made.warnings,
        ["299 - \"spec.addressType: FQDN endpoints are deprecated\""]
    );
}

#[tokio::test]
async fn texts_that_are_no_quantities_are_told_apart() {
    let api = bare().await;
    const FORM: &str = "quantities must match the regular expression";
    const SUFFIX: &str = "unable to parse quantity's suffix";
    for (text, why) in [
        ("1 core", FORM),
        ("1x", FORM),
        ("1.2.3", FORM),
        ("x", FORM),
        ("1Mii", SUFFIX),
        ("1e", SUFFIX),
        ("+-1", SUFFIX),
    ] {
        let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [
            {"name": "c", "image": "i:1", "resources": {"limits": {"cpu": text}}},
        ]}});
        let refused = api.post(PODS, pod).await;
        assert!(
            refused.message().contains(why),
            "{text}: {}",
            refused.message()
        );
    }
}

/// Things whose size stays below nine.
fn schema_with_a_rule() -> Value {
    let fields = json!({"color": {"type": "string"}, "size": {"type": "integer"}});
    let rules = json!([{"rule": "self.size < 9"}]);
    let spec = json!({"type": "object", "x-kubernetes-validations": rules, "properties": fields});
    let status = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
    json!({"type": "object", "properties": {"spec": spec, "status": status}})
}

/// The causes of a refusal, field first.
fn causes(body: &Value) -> Vec<String> {
    let causes = body["details"]["causes"].as_array();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |cause: &Value| format!("{}: {}", text(&cause["field"]), text(&cause["message"]));
    causes.into_iter().flatten().map(line).collect()
}
