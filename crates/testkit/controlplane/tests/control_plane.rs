//! The control plane itself: Pods become ready, or end as they are told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skein_testkit::{ControlPlane, Options};

fn pod(name: &str, outcome: Option<&str>) -> Value {
    let annotations = match outcome {
        Some(outcome) => json!({"fake/outcome": outcome}),
        None => json!({}),
    };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.com/main"}]},
    })
}

#[tokio::test]
async fn workloads_behave_as_on_a_cluster() {
    let options = Options {
        audit: true,
        ..Options::default()
    };
    let plane = ControlPlane::start(&options).await.unwrap();
    let api = plane.api().unwrap();
    let pods = "/api/v1/namespaces/default/pods";
    for (name, outcome) in [
        ("runs", None),
        ("ends", Some("Succeeded")),
        ("fails", Some("Failed")),
        ("waits", Some("never")),
    ] {
        api.create(pods, &pod(name, outcome)).await.unwrap();
    }
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "three"},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": "three"}},
            "template": {
                "metadata": {"labels": {"app": "three"}},
                "spec": {"containers": [{"name": "main", "image": "example.com/main"}]},
            },
        },
    });
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    api.create(deployments, &deployment).await.unwrap();

    let deadline = Instant::now() + Duration::from_secs(60);
    let phases = loop {
        let mut phases = Vec::new();
        for name in ["runs", "ends", "fails"] {
            let object = api.get(&format!("{pods}/{name}")).await.unwrap();
            phases.push(object["status"]["phase"].as_str().unwrap().to_owned());
        }
        let three = api.get(&format!("{deployments}/three")).await.unwrap();
        let done = phases == ["Running", "Succeeded", "Failed"]
            && three["status"]["availableReplicas"] == 3;
        if done || Instant::now() > deadline {
            break phases;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(phases, ["Running", "Succeeded", "Failed"]);
    let three = api.get(&format!("{deployments}/three")).await.unwrap();
    assert_eq!(three["status"]["availableReplicas"], 3, "{three:#}");
    let waits = api.get(&format!("{pods}/waits")).await.unwrap();
    assert_eq!(waits["status"]["phase"], "Pending");

    api.delete(&format!("{pods}/runs")).await.unwrap();
    while api.find(&format!("{pods}/runs")).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "the deleted Pod stays");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let nobody = plane.api_as("nobody", &[]).unwrap();
    assert!(nobody.get(pods).await.is_err());
    let log = std::fs::read_to_string(plane.audit_log()).unwrap();
    assert!(log.contains("\"verb\":\"delete\""));
}
