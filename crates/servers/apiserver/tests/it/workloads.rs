//! Simulated workloads come alive, with the status of real ones.

use serde_json::{Value, json};

use crate::harness::{Answer, Harness};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

async fn start() -> Harness {
    Harness::with(|options| options.simulate = true).await
}

fn template(app: &str, outcome: &str) -> Value {
    let mut metadata = json!({"labels": {"app": app}});
    if !outcome.is_empty() {
        metadata["annotations"] = json!({"fake/outcome": outcome});
    }
    json!({"metadata": metadata,
        "spec": {"containers": [{"name": "c", "image": "nginx:1", "ports": [{"name": "web", "containerPort": 8080}]}]}})
}

fn workload(kind: &str, name: &str, replicas: i64, outcome: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": template(name, outcome)}})
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let list = object["status"]["conditions"].as_array();
    list.into_iter()
        .flatten()
        .find(|c| c["type"] == kind)
        .unwrap_or(&Value::Null)
}

fn count(answer: &Answer) -> usize {
    answer.body["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_deployment_becomes_available_rolls_and_scales() {
    let api = start().await;
    api.post(DEPLOYMENTS, workload("Deployment", "web", 3, ""))
        .await;
    let path = format!("{DEPLOYMENTS}/web");
    let done = |generation: i64| {
        move |answer: &Answer| {
            let status = &answer.body["status"];
            status["observedGeneration"] == generation
                && condition(&answer.body, "Progressing")["reason"] == "NewReplicaSetAvailable"
                && status["replicas"] == status["availableReplicas"]
                && status["updatedReplicas"] == status["replicas"]
        }
    };
    let ready = api.until(&path, done(1)).await;
    assert_eq!(ready.body["status"]["readyReplicas"], 3);
    assert_eq!(
        condition(&ready.body, "Available")["reason"],
        "MinimumReplicasAvailable"
    );
    let annotations = &ready.body["metadata"]["annotations"];
    assert_eq!(annotations["deployment.kubernetes.io/revision"], "1");
    let pods = api.get(PODS).await;
    assert_eq!(count(&pods), 3);
    let pod = &pods.body["items"][0];
    assert_eq!(
        pod["metadata"]["annotations"]["skein.dev/simulated"],
        "true"
    );
    assert_eq!(condition(pod, "Ready")["status"], "True");
    api.merge(&path, json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}}})).await;
    let rolled = api.until(&path, done(2)).await;
    assert_eq!(
        rolled.body["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "2"
    );
    let media = [("content-type", "application/merge-patch+json")];
    let scale = json!({"spec": {"replicas": 1}});
    let scaled = api
        .send(
            reqwest::Method::PATCH,
            &format!("{path}/scale"),
            &media,
            scale,
        )
        .await;
    assert_eq!(scaled.body["spec"]["replicas"], 1, "{scaled:?}");
    assert_eq!(scaled.body["status"]["selector"], "app=web");
    api.until(&path, done(3)).await;
    api.until(PODS, |answer| count(answer) == 1).await;
    api.delete(&path).await;
    api.until(PODS, |answer| count(answer) == 0).await;
}

#[tokio::test]
async fn a_deployment_that_never_starts_says_so() {
    let api = start().await;
    let mut never = workload("Deployment", "never", 1, "never");
    never["spec"]["progressDeadlineSeconds"] = 2.into();
    never["spec"]["minReadySeconds"] = 0.into();
    api.post(DEPLOYMENTS, never).await;
    let path = format!("{DEPLOYMENTS}/never");
    let late = api
        .until(&path, |answer| {
            condition(&answer.body, "Progressing")["status"] == "False"
        })
        .await;
    assert_eq!(
        condition(&late.body, "Progressing")["reason"],
        "ProgressDeadlineExceeded"
    );
    assert_eq!(condition(&late.body, "Available")["status"], "False");
    assert_eq!(late.body["status"]["unavailableReplicas"], 1);
    assert_eq!(
        api.get(PODS).await.body["items"][0]["status"]["phase"],
        "Pending"
    );
}

#[tokio::test]
async fn sets_of_other_kinds_become_ready() {
    let api = start().await;
    let mut stateful = workload("StatefulSet", "db", 2, "");
    stateful["spec"]["serviceName"] = "db".into();
    stateful["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    let path = "/apis/apps/v1/namespaces/default/statefulsets";
    assert_eq!(api.post(path, stateful).await.code, 201);
    let ready = api
        .until(&format!("{path}/db"), |a| {
            a.body["status"]["readyReplicas"] == 2
        })
        .await;
    let status = &ready.body["status"];
    assert_eq!(status["currentRevision"], status["updateRevision"]);
    assert_eq!(api.get(&format!("{PODS}/db-1")).await.code, 200);
    let claims = "/api/v1/namespaces/default/persistentvolumeclaims";
    let claim = api
        .until(&format!("{claims}/data-db-1"), |a| {
            a.body["status"]["phase"] == "Bound"
        })
        .await;
    assert_eq!(claim.body["status"]["capacity"]["storage"], "1Gi");
    let volume = claim.body["spec"]["volumeName"]
        .as_str()
        .expect("a volume")
        .to_owned();
    assert_eq!(
        api.get(&format!("/api/v1/persistentvolumes/{volume}"))
            .await
            .code,
        200
    );
    let mut daemon = workload("DaemonSet", "agent", 1, "");
    daemon["spec"]
        .as_object_mut()
        .expect("a map")
        .remove("replicas");
    let path = "/apis/apps/v1/namespaces/default/daemonsets";
    assert_eq!(api.post(path, daemon).await.code, 201);
    api.until(&format!("{path}/agent"), |a| {
        a.body["status"]["numberAvailable"] == 1
    })
    .await;
    // A claim that a Pod uses waits for it.
    api.delete(&format!("{claims}/data-db-1")).await;
    let waiting = api.get(&format!("{claims}/data-db-1")).await;
    assert!(waiting.body["metadata"]["deletionTimestamp"].is_string());
    api.delete("/apis/apps/v1/namespaces/default/statefulsets/db")
        .await;
    api.until(&format!("/api/v1/persistentvolumes/{volume}"), |answer| {
        answer.code == 404
    })
    .await;
}

#[tokio::test]
async fn jobs_complete_fail_or_wait() {
    let api = start().await;
    let path = "/apis/batch/v1/namespaces/default/jobs";
    let job = |name: &str, outcome: &str, suspend: bool| {
        let mut template = template(name, outcome);
        template["spec"]["restartPolicy"] = "Never".into();
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"backoffLimit": 1, "suspend": suspend, "template": template}})
    };
    for (name, outcome, suspend) in [
        ("good", "", false),
        ("bad", "Failed", false),
        ("idle", "", true),
    ] {
        let created = api.post(path, job(name, outcome, suspend)).await;
        assert_eq!(created.code, 201, "{created:?}");
    }
    let is = |kind: &'static str| move |a: &Answer| condition(&a.body, kind)["status"] == "True";
    let good = api.until(&format!("{path}/good"), is("Complete")).await;
    assert_eq!(good.body["status"]["succeeded"], 1);
    assert_eq!(
        condition(&good.body, "Complete")["reason"],
        "CompletionsReached"
    );
    let bad = api.until(&format!("{path}/bad"), is("Failed")).await;
    assert_eq!(bad.body["status"]["failed"], 2, "the first and one retry");
    assert_eq!(
        condition(&bad.body, "Failed")["reason"],
        "BackoffLimitExceeded"
    );
    api.until(&format!("{path}/idle"), is("Suspended")).await;
    api.merge(&format!("{path}/idle"), json!({"spec": {"suspend": false}}))
        .await;
    api.until(&format!("{path}/idle"), is("Complete")).await;
}

#[tokio::test]
async fn services_get_addresses_and_endpoints() {
    let api = start().await;
    api.post(DEPLOYMENTS, workload("Deployment", "web", 2, ""))
        .await;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "web"}]}});
    let created = api
        .post("/api/v1/namespaces/default/services", service)
        .await;
    assert_eq!(created.code, 201, "{created:?}");
    assert!(
        created.body["spec"]["ports"][0]["nodePort"]
            .as_u64()
            .is_some_and(|port| port >= 30_000)
    );
    let path = "/api/v1/namespaces/default/services/web";
    api.until(path, |a| {
        a.body["status"]["loadBalancer"]["ingress"][0]["ip"].is_string()
    })
    .await;
    let path = "/api/v1/namespaces/default/endpoints/web";
    let endpoints = api
        .until(path, |a| {
            a.body["subsets"][0]["addresses"]
                .as_array()
                .is_some_and(|l| l.len() == 2)
        })
        .await;
    assert_eq!(endpoints.body["subsets"][0]["ports"][0]["port"], 8080);
    let path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb";
    api.until(path, |a| {
        a.body["items"][0]["endpoints"]
            .as_array()
            .is_some_and(|l| l.len() == 2)
    })
    .await;
    let refused = api
        .merge(
            "/api/v1/namespaces/default/services/web",
            json!({"spec": {"clusterIP": "10.96.7.7"}}),
        )
        .await;
    assert_eq!(refused.code, 422, "{refused:?}");
}
