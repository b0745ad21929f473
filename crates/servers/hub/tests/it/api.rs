//! Reading the fleet and acting on it.

use serde_json::json;
use skein_hub::WriteError;

use crate::client::{TestHub, kustomization, shown};

const APPS: &str =
    "/api/v1/objects/staging/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps";

#[tokio::test]
async fn clusters_have_counts() {
    let hub = TestHub::start().await;
    let list = hub.get("/api/v1/clusters").await.json();
    assert_eq!(list[0]["name"], "staging");
    assert_eq!(list[0]["simulated"], true);
    // The Kustomization and the Secret are there; the source is named only.
    assert_eq!(list[0]["counts"], json!({"ready": 2, "unknown": 1}));
}

#[tokio::test]
async fn nodes_come_in_pages_and_filtered() {
    let hub = TestHub::start().await;
    hub.fleet.update(|fleet, now| {
        for n in 0..7 {
            let object = shown(kustomization(&format!("k{n}"), "False"));
            fleet.upsert("staging", object, now).unwrap();
        }
    });
    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let page = hub
            .get(&format!(
                "/api/v1/nodes?role=reconciler&status=failed&limit=3{after}"
            ))
            .await
            .json();
        assert_eq!(page["total"], 7);
        names.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n["name"].to_string()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(names.len(), 7);
    names.dedup();
    assert_eq!(names.len(), 7);
    let found = hub.get("/api/v1/nodes?search=K3").await.json();
    assert_eq!(found["total"], 1);
    for bad in [
        "limit=0",
        "limit=5001",
        "status=green",
        "nonsense=1",
        &format!("search={}", "x".repeat(300)),
    ] {
        assert_eq!(
            hub.get(&format!("/api/v1/nodes?{bad}")).await.status,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn an_object_is_shown_without_its_secrets() {
    let hub = TestHub::start().await;
    let detail = hub.get("/api/v1/objects/staging/-/Secret/shop/s").await;
    assert_eq!(detail.status, 200);
    assert!(!detail.body.contains("aHVudGVyMg"), "{}", detail.body);
    let detail = detail.json();
    assert!(
        detail["yaml"]
            .as_str()
            .unwrap()
            .contains("password: '*****'"),
        "{}",
        detail["yaml"]
    );
    assert_eq!(detail["takesActions"], false);
    assert_eq!(
        detail["node"]["parent"],
        "staging/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps"
    );
    assert_eq!(
        hub.get("/api/v1/objects/staging/-/Secret/shop/none")
            .await
            .status,
        404
    );
    assert_eq!(
        hub.get("/api/v1/objects/other/-/Secret/shop/s")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn events_of_an_object() {
    let hub = TestHub::start().await;
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "flux-system"},
        "involvedObject": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "namespace": "flux-system", "name": "apps"},
        "type": "Warning", "reason": "BuildFailed", "message": "no such file", "count": 3});
    hub.fleet.update(|fleet, _| {
        let event = skein_object::Object::from_value(event).unwrap();
        fleet.record_event("staging", &event).unwrap();
    });
    let list = hub.get(&format!("{APPS}/events")).await.json();
    assert_eq!(list[0]["reason"], "BuildFailed");
    assert_eq!(list[0]["count"], 3);
}

#[tokio::test]
async fn actions_are_patches_and_are_recorded_before_and_after() {
    let hub = TestHub::start().await;
    for (action, patch) in [
        ("suspend", json!({"spec": {"suspend": true}})),
        ("resume", json!({"spec": {"suspend": false}})),
    ] {
        let answer = hub
            .post(
                &format!("{APPS}/actions"),
                &format!("{{\"action\": {action:?}}}"),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (target, written) = hub.writer.written.lock().pop().unwrap();
        assert_eq!(written, patch);
        assert_eq!(
            target.kind.to_string(),
            "kustomize.toolkit.fluxcd.io/v1, Kind=Kustomization"
        );
        assert_eq!(target.name.to_string(), "flux-system/apps");
    }
    hub.post(&format!("{APPS}/actions"), r#"{"action": "reconcile"}"#)
        .await;
    let (_, written) = hub.writer.written.lock().pop().unwrap();
    let token = &written["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
    assert!(token.as_str().is_some_and(|token| !token.is_empty()));
    let audit = hub.get("/api/v1/audit").await.json();
    let stages: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            format!(
                "{} {}",
                e["action"].as_str().unwrap(),
                e["stage"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        stages,
        [
            "reconcile done",
            "reconcile intended",
            "resume done",
            "resume intended",
            "suspend done",
            "suspend intended"
        ]
    );
    assert_eq!(audit[0]["actor"], "local session 1");
}

#[tokio::test]
async fn a_refusal_of_the_cluster_is_passed_on_and_recorded() {
    let hub = TestHub::start().await;
    let error = WriteError {
        status: 403,
        message: "not allowed here".into(),
    };
    *hub.writer.refuse.lock() = Some(error);
    let answer = hub
        .post(&format!("{APPS}/actions"), r#"{"action": "suspend"}"#)
        .await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("not allowed here")
    );
    let audit = hub.get("/api/v1/audit").await.json();
    assert_eq!(
        (&audit[0]["stage"], &audit[0]["message"]),
        (&json!("failed"), &json!("not allowed here"))
    );
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_recorded() {
    // Every write to this device fails.
    let hub = TestHub::start_with(Some("/dev/full".into())).await;
    let answer = hub
        .post(&format!("{APPS}/actions"), r#"{"action": "suspend"}"#)
        .await;
    assert_eq!(answer.status, 503);
    assert!(hub.writer.written.lock().is_empty());
}

#[tokio::test]
async fn odd_actions_are_refused() {
    let hub = TestHub::start().await;
    let actions = format!("{APPS}/actions");
    assert_eq!(
        hub.post(&actions, r#"{"action": "delete"}"#).await.status,
        422
    );
    assert_eq!(
        hub.post(&actions, r#"{"action": "suspend", "force": true}"#)
            .await
            .status,
        422
    );
    assert_eq!(hub.post(&actions, "{").await.status, 400);
    let form = [
        hub.cookie.as_str(),
        &hub.origin(),
        "Content-Type: application/x-www-form-urlencoded",
    ];
    assert_eq!(
        hub.send("POST", &actions, &form, "action=suspend")
            .await
            .status,
        415
    );
    let secret = "/api/v1/objects/staging/-/Secret/shop/s/actions";
    assert_eq!(
        hub.post(secret, r#"{"action": "suspend"}"#).await.status,
        422
    );
    let gone = actions.replace("/apps/", "/gone/");
    assert_eq!(
        hub.post(&gone, r#"{"action": "suspend"}"#).await.status,
        404
    );
    assert!(hub.writer.written.lock().is_empty());
}
