//! CustomResourceDefinitions over time: versions that are lost, and the end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Harness, thing_schema};

const DEFINITION: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com";
const THINGS: &str = "/apis/example.com/v1/namespaces/default/things";
const NEW_THINGS: &str = "/apis/example.com/v2/namespaces/default/things";

fn thing(version: &str, name: &str) -> Value {
    json!({"apiVersion": format!("example.com/{version}"), "kind": "Thing", "metadata": {"name": name}})
}

async fn change(api: &Harness, path: &str, patch: Value) {
    let headers = [("content-type", "application/json-patch+json")];
    let changed = api.send(Method::PATCH, path, &headers, patch).await;
    assert_eq!(changed.code, 200, "{changed:?}");
}

/// A thing that is stored as v1, of which only v2 is left.
async fn lose_a_version(api: &Harness) {
    api.define_things(thing_schema()).await;
    assert_eq!(api.post(THINGS, thing("v1", "a")).await.code, 201);
    let version = json!({"name": "v2", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}});
    let both = json!([
        {"op": "replace", "path": "/spec/versions/0/storage", "value": false},
        {"op": "add", "path": "/spec/versions/1", "value": version},
    ]);
    change(api, DEFINITION, both).await;
    let forget = json!([{"op": "replace", "path": "/status/storedVersions", "value": ["v2"]}]);
    change(api, &format!("{DEFINITION}/status"), forget).await;
    change(
        api,
        DEFINITION,
        json!([{"op": "remove", "path": "/spec/versions/0"}]),
    )
    .await;
    api.until(THINGS, |answer| answer.code == 404).await;
}

#[tokio::test]
async fn objects_of_a_lost_version_cannot_be_read() {
    let api = Harness::start().await;
    lose_a_version(&api).await;
    let why = "request to convert CR from an invalid group/version: example.com/v1";
    let listed = api.until(NEW_THINGS, |answer| answer.code == 429).await;
    let cause =
        format!("storage is (re)initializing: failed to list example.com/v2, Kind=Thing: {why}");
    assert_eq!(listed.body["message"], cause);
    assert_eq!(api.get(&format!("{NEW_THINGS}?watch=1")).await.code, 429);
    for path in [format!("{NEW_THINGS}/a"), format!("{NEW_THINGS}?limit=1")] {
        let read = api.get(&path).await;
        assert_eq!((read.code, read.message()), (500, why), "{path}");
    }
    assert_eq!(api.delete(&format!("{NEW_THINGS}/a")).await.code, 500);
    let created = api.post(NEW_THINGS, thing("v2", "b")).await;
    assert_eq!(created.code, 201, "{created:?}");
    assert_eq!(api.get(&format!("{NEW_THINGS}/b")).await.code, 200);
}

#[tokio::test]
async fn a_definition_that_cannot_go_says_why_and_takes_nothing_new() {
    let api = Harness::start().await;
    lose_a_version(&api).await;
    api.delete(DEFINITION).await;
    let told = |answer: &crate::harness::Answer| {
        answer.body["status"]["conditions"][2]["reason"] == "InstanceDeletionFailed"
    };
    api.until(DEFINITION, told).await;
    let refused = api.post(NEW_THINGS, thing("v2", "b")).await;
    let why = "things.example.com \"b\" is forbidden: create not allowed while custom resource definition is terminating";
    assert_eq!((refused.code, refused.message()), (403, why));
    let verbs = &api.get("/apis/example.com/v2").await.body["resources"][0]["verbs"];
    assert_eq!(
        *verbs,
        json!(["delete", "deletecollection", "get", "list", "watch"])
    );
}
