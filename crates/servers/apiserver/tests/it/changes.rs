//! Watches, finalizers, namespaces and garbage collection.

use reqwest::Method;
use serde_json::{Value, json};

use crate::events::Events;
use crate::harness::{CONFIG_MAPS, Harness, THINGS, config_map, thing_schema};

#[tokio::test]
async fn a_watch_follows_an_object_through_its_selector() {
    let api = Harness::start().await;
    let revision = api.get(CONFIG_MAPS).await.revision().to_owned();
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion={revision}&labelSelector=on");
    let mut events = Events::open(&api, &path).await;
    let object = format!("{CONFIG_MAPS}/a");
    api.post(CONFIG_MAPS, config_map("a", json!({}))).await;
    api.merge(&object, json!({"metadata": {"labels": {"on": "1"}}}))
        .await;
    api.merge(&object, json!({"data": {"k": "v"}})).await;
    api.merge(&object, json!({"metadata": {"labels": {"on": null}}}))
        .await;
    api.merge(&object, json!({"metadata": {"labels": {"on": "2"}}}))
        .await;
    api.delete(&object).await;
    for expected in ["ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a"] {
        assert_eq!(events.summary().await, expected);
    }
}

#[tokio::test]
async fn a_streaming_list_ends_with_a_marked_bookmark() {
    let api = Harness::start().await;
    api.define_things(thing_schema()).await;
    let thing = |name: &str| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name}});
    api.post(THINGS, thing("a")).await;
    let query =
        "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut events = Events::open(&api, &format!("{THINGS}?{query}")).await;
    assert_eq!(events.summary().await, "ADDED a");
    let bookmark = events.next().await.expect("a bookmark");
    assert_eq!(bookmark["type"], "BOOKMARK");
    let metadata = &bookmark["object"]["metadata"];
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    let revision = metadata["resourceVersion"]
        .as_str()
        .expect("a revision")
        .to_owned();
    api.post(THINGS, thing("b")).await;
    assert_eq!(events.summary().await, "ADDED b");
    let resumed = format!(
        "{THINGS}?watch=1&resourceVersion={revision}&timeoutSeconds=3&allowWatchBookmarks=true"
    );
    let mut resumed = Events::open(&api, &resumed).await;
    assert_eq!(resumed.summary().await, "ADDED b");
    assert_eq!(resumed.summary().await, "BOOKMARK");
    assert_eq!(resumed.summary().await, "END", "the time is up");
    let refused = api
        .get(&format!("{THINGS}?watch=1&sendInitialEvents=true"))
        .await;
    assert_eq!(refused.code, 422);
}

#[tokio::test]
async fn a_watch_for_lists_of_metadata_ends_with_the_first_object() {
    let api = Harness::start().await;
    let form = [(
        "accept",
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    )];
    let path = "/api/v1/namespaces?watch=1&timeoutSeconds=60";
    let watched = api.raw(Method::GET, path, &form, String::new()).await;
    assert_eq!(watched.status().as_u16(), 200);
    assert_eq!(watched.text().await.expect("an end"), "");
}

#[tokio::test]
async fn a_forgotten_revision_is_told_as_an_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = skein_apiserver::Storage::Folder(folder.path().join("state"));
    let start = || Harness::with(|options| options.storage = place.clone());
    let api = start().await;
    let old = api.get(CONFIG_MAPS).await.revision().to_owned();
    api.post(CONFIG_MAPS, config_map("a", json!({}))).await;
    api.server.stop().await;
    let api = start().await;
    let mut events = Events::open(
        &api,
        &format!("{CONFIG_MAPS}?watch=1&resourceVersion={old}"),
    )
    .await;
    let event = events.next().await.expect("an event");
    assert_eq!(
        (&event["type"], &event["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    assert_eq!(event["object"]["reason"], "Expired");
    assert_eq!(events.summary().await, "END");
}

#[tokio::test]
async fn finalizers_hold_and_nothing_may_be_added() {
    let api = Harness::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let mut object = config_map("a", json!({}));
    object["metadata"]["finalizers"] = json!(["example.com/hold"]);
    api.post(CONFIG_MAPS, object).await;
    let waiting = api.delete(&path).await;
    assert_eq!(waiting.code, 200);
    assert!(waiting.body["metadata"]["deletionTimestamp"].is_string());
    let add = json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}});
    let refused = api.merge(&path, add).await;
    assert_eq!(refused.code, 422);
    assert!(refused.message().contains("no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/more\"}"));
    let released = api
        .merge(&path, json!({"metadata": {"finalizers": null}}))
        .await;
    assert_eq!(released.code, 200);
    assert_eq!(api.get(&path).await.code, 404);
}

#[tokio::test]
async fn preconditions_guard_deletes() {
    let api = Harness::start().await;
    let created = api.post(CONFIG_MAPS, config_map("a", json!({}))).await;
    let path = format!("{CONFIG_MAPS}/a");
    let options = |uid: &str| json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}});
    let media = [("content-type", "application/json")];
    let wrong = api
        .send(Method::DELETE, &path, &media, options("other"))
        .await;
    assert_eq!(wrong.code, 409);
    let text = "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (other) does not match the UID in record (";
    assert!(wrong.message().starts_with(text), "{wrong:?}");
    let uid = created.body["metadata"]["uid"].as_str().expect("a uid");
    let right = api.send(Method::DELETE, &path, &media, options(uid)).await;
    assert_eq!(
        (right.code, &right.body["status"]),
        (200, &json!("Success"))
    );
    assert_eq!(
        right.body["details"],
        json!({"name": "a", "kind": "configmaps", "uid": uid})
    );
}

fn owned(name: &str, owner: &Value, block: bool) -> Value {
    let mut object = config_map(name, json!({}));
    object["metadata"]["ownerReferences"] = json!([{"apiVersion": "v1", "kind": "ConfigMap",
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], "blockOwnerDeletion": block}]);
    object
}

#[tokio::test]
async fn what_an_object_owns_goes_with_it_or_is_let_go() {
    let api = Harness::start().await;
    let gone = |answer: &crate::harness::Answer| answer.code == 404;
    for policy in ["Background", "Foreground", "Orphan"] {
        let owner = api
            .post(CONFIG_MAPS, config_map("owner", json!({})))
            .await
            .body;
        let child = api
            .post(CONFIG_MAPS, owned("child", &owner, true))
            .await
            .body;
        api.post(CONFIG_MAPS, owned("grandchild", &child, true))
            .await;
        api.delete(&format!("{CONFIG_MAPS}/owner?propagationPolicy={policy}"))
            .await;
        api.until(&format!("{CONFIG_MAPS}/owner"), gone).await;
        let child = format!("{CONFIG_MAPS}/child");
        if policy == "Orphan" {
            let left = api.get(&child).await;
            assert_eq!(left.code, 200);
            assert!(
                left.body["metadata"].get("ownerReferences").is_none(),
                "let go"
            );
            api.delete(&child).await;
        } else {
            api.until(&child, gone).await;
        }
        api.until(&format!("{CONFIG_MAPS}/grandchild"), gone).await;
    }
    let stranger =
        json!({"metadata": {"name": "never", "uid": "00000000-0000-4000-8000-000000000000"}});
    api.post(CONFIG_MAPS, owned("stray", &stranger, false))
        .await;
    api.until(&format!("{CONFIG_MAPS}/stray"), gone).await;
}

#[tokio::test]
async fn namespaces_have_their_objects_and_empty_themselves() {
    let api = Harness::start().await;
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}});
    let created = api.post("/api/v1/namespaces", body).await;
    assert_eq!(
        created.body["metadata"]["labels"]["kubernetes.io/metadata.name"],
        "x"
    );
    let here = |answer: &crate::harness::Answer| answer.code == 200;
    api.until("/api/v1/namespaces/x/serviceaccounts/default", here)
        .await;
    api.until("/api/v1/namespaces/x/configmaps/kube-root-ca.crt", here)
        .await;
    let maps = "/api/v1/namespaces/x/configmaps";
    let mut held = config_map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    api.post(maps, held).await;
    let deleted = api.delete("/api/v1/namespaces/x").await;
    assert_eq!(deleted.body["status"]["phase"], "Terminating");
    let refused = api.post(maps, config_map("late", json!({}))).await;
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message(),
        "configmaps \"late\" is forbidden: unable to create new content in namespace x because it is being terminated"
    );
    assert_eq!(
        refused.body["details"]["causes"][0]["reason"],
        "NamespaceTerminating"
    );
    api.until(&format!("{maps}/held"), |a| {
        a.body["metadata"]["deletionTimestamp"].is_string()
    })
    .await;
    api.merge(
        &format!("{maps}/held"),
        json!({"metadata": {"finalizers": []}}),
    )
    .await;
    api.until("/api/v1/namespaces/x", |answer| answer.code == 404)
        .await;
    let protected = api.delete("/api/v1/namespaces/default").await;
    assert_eq!(protected.code, 403);
    assert_eq!(
        protected.message(),
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[tokio::test]
async fn a_definition_takes_its_objects_with_it() {
    let api = Harness::start().await;
    api.define_things(thing_schema()).await;
    let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}});
    assert_eq!(api.post(THINGS, thing.clone()).await.code, 201);
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com";
    api.delete(path).await;
    api.until(path, |answer| answer.code == 404).await;
    api.until(THINGS, |answer| answer.code == 404).await;
    api.define_things(thing_schema()).await;
    assert_eq!(api.get(&format!("{THINGS}/a")).await.code, 404);
}
