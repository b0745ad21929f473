//! Create, read, update, patch, delete: codes, texts, revisions, generations.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{CONFIG_MAPS, Harness, THINGS, config_map, thing_schema};

#[tokio::test]
async fn a_created_object_has_what_the_server_sets() {
    let api = Harness::start().await;
    let created = api
        .post(CONFIG_MAPS, config_map("a", json!({"k": "v"})))
        .await;
    assert_eq!(created.code, 201);
    let metadata = &created.body["metadata"];
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        assert!(
            metadata[field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    assert_eq!(metadata["namespace"], "default");
    assert!(
        metadata.get("generation").is_none(),
        "ConfigMaps have no generation"
    );
    assert_eq!(
        metadata["managedFields"][0]["fieldsV1"],
        json!({"f:data": {".": {}, "f:k": {}}})
    );
    assert_eq!(
        api.get(&format!("{CONFIG_MAPS}/a")).await.body,
        created.body
    );
    let again = api.post(CONFIG_MAPS, config_map("a", json!({}))).await;
    assert_eq!(
        (again.code, again.message()),
        (409, "configmaps \"a\" already exists")
    );
    let details = json!({"name": "a", "kind": "configmaps"});
    assert_eq!(again.body["details"], details);
}

#[tokio::test]
async fn what_is_absent_is_named() {
    let api = Harness::start().await;
    let missing = api.get(&format!("{CONFIG_MAPS}/a")).await;
    assert_eq!(
        (missing.code, missing.message()),
        (404, "configmaps \"a\" not found")
    );
    let deployment = api
        .get("/apis/apps/v1/namespaces/default/deployments/a")
        .await;
    assert_eq!(deployment.message(), "deployments.apps \"a\" not found");
    let namespace = api
        .post(
            "/api/v1/namespaces/no/configmaps",
            config_map("a", json!({})),
        )
        .await;
    assert_eq!(
        (namespace.code, namespace.message()),
        (404, "namespaces \"no\" not found")
    );
    let unknown = api
        .get("/apis/example.com/v1/namespaces/default/things")
        .await;
    assert_eq!(unknown.code, 404);
}

#[tokio::test]
async fn stale_updates_conflict_and_equal_ones_write_nothing() {
    let api = Harness::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let created = api
        .post(CONFIG_MAPS, config_map("a", json!({"k": "1"})))
        .await;
    let mut stale = created.body.clone();
    let changed = api.put(&path, config_map("a", json!({"k": "2"}))).await;
    assert_eq!(changed.code, 200);
    assert_ne!(changed.revision(), created.revision());
    stale["data"]["k"] = "3".into();
    let refused = api.put(&path, stale).await;
    assert_eq!(refused.code, 409);
    assert_eq!(
        refused.message(),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let same = api.put(&path, config_map("a", json!({"k": "2"}))).await;
    assert_eq!(
        same.revision(),
        changed.revision(),
        "nothing changed, nothing is written"
    );
}

#[tokio::test]
async fn patches_of_each_type_change_what_they_say() {
    let api = Harness::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    api.post(CONFIG_MAPS, config_map("a", json!({"a": "1", "b": "2"})))
        .await;
    let merged = api
        .merge(&path, json!({"data": {"a": null, "c": "3"}}))
        .await;
    assert_eq!(merged.body["data"], json!({"b": "2", "c": "3"}));
    let media = [("content-type", "application/json-patch+json")];
    let operations = json!([{"op": "test", "path": "/data/b", "value": "2"},
        {"op": "replace", "path": "/data/b", "value": "4"}]);
    let patched = api
        .send(Method::PATCH, &path, &media, operations.clone())
        .await;
    assert_eq!(patched.body["data"]["b"], "4");
    let failed = api.send(Method::PATCH, &path, &media, operations).await;
    assert_eq!(failed.code, 422, "the test no longer holds");
    let media = [("content-type", "application/strategic-merge-patch+json")];
    let patch = json!({"data": {"$patch": "replace", "z": "1"}});
    let replaced = api.send(Method::PATCH, &path, &media, patch).await;
    assert_eq!(replaced.body["data"], json!({"z": "1"}));
    let media = [("content-type", "text/plain")];
    assert_eq!(
        api.send(Method::PATCH, &path, &media, json!({})).await.code,
        415
    );
}

#[tokio::test]
async fn apply_owns_conflicts_and_forces() {
    let api = Harness::start().await;
    let path = format!("{CONFIG_MAPS}/a");
    let by = |manager: &str| format!("{path}?fieldManager={manager}");
    let created = api
        .apply(&by("one"), config_map("a", json!({"k": "1", "only": "x"})))
        .await;
    assert_eq!(created.code, 201);
    let missing = api.apply(&path, config_map("a", json!({}))).await;
    assert_eq!(missing.code, 422);
    let text = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
    assert_eq!(missing.message(), text);
    let conflict = api
        .apply(&by("two"), config_map("a", json!({"k": "2"})))
        .await;
    assert_eq!(conflict.code, 409);
    let text = "Apply failed with 1 conflict: conflict with \"one\": .data.k";
    assert_eq!(conflict.message(), text);
    assert_eq!(conflict.body["details"]["causes"][0]["field"], ".data.k");
    let forced = format!("{}&force=true", by("two"));
    let taken = api.apply(&forced, config_map("a", json!({"k": "2"}))).await;
    assert_eq!((taken.code, &taken.body["data"]["k"]), (200, &json!("2")));
    let dropped = api.apply(&by("one"), config_map("a", json!({}))).await;
    assert_eq!(
        dropped.body["data"],
        json!({"k": "2"}),
        "one's field goes, two's stays"
    );
    let same = api.apply(&by("one"), config_map("a", json!({}))).await;
    assert_eq!(
        same.revision(),
        dropped.revision(),
        "an unchanged apply writes nothing"
    );
}

#[tokio::test]
async fn a_dry_run_answers_and_stores_nothing() {
    let api = Harness::start().await;
    let path = format!("{CONFIG_MAPS}?dryRun=All");
    assert_eq!(api.post(&path, config_map("a", json!({}))).await.code, 201);
    assert_eq!(api.get(&format!("{CONFIG_MAPS}/a")).await.code, 404);
    let created = api
        .post(CONFIG_MAPS, config_map("a", json!({"k": "1"})))
        .await;
    let path = format!("{CONFIG_MAPS}/a?dryRun=All");
    assert_eq!(
        api.merge(&path, json!({"data": {"k": "2"}})).await.body["data"]["k"],
        "2"
    );
    assert_eq!(api.delete(&path).await.code, 200);
    assert_eq!(
        api.get(&format!("{CONFIG_MAPS}/a")).await.revision(),
        created.revision()
    );
    let bad = api
        .post(
            &format!("{CONFIG_MAPS}?dryRun=yes"),
            config_map("b", json!({})),
        )
        .await;
    assert_eq!(bad.code, 422);
}

#[tokio::test]
async fn custom_resources_are_pruned_defaulted_and_validated() {
    let api = Harness::start().await;
    api.define_things(thing_schema()).await;
    let thing = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec});
    let strict = format!("{THINGS}?fieldValidation=Strict");
    let refused = api
        .post(&strict, thing(json!({"color": "red", "foo": 1})))
        .await;
    assert_eq!(refused.code, 400);
    assert!(
        refused
            .message()
            .contains("strict decoding error: unknown field \"spec.foo\"")
    );
    let bad = api
        .post(THINGS, thing(json!({"color": "RED", "size": 0})))
        .await;
    assert_eq!(bad.code, 422);
    assert!(
        bad.message()
            .starts_with("Thing.example.com \"a\" is invalid: ["),
        "{bad:?}"
    );
    let fields: Vec<&str> = bad.body["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|cause| cause["field"].as_str())
        .collect();
    assert_eq!(fields, ["spec.color", "spec.size"]);
    let created = api
        .post(THINGS, thing(json!({"color": "red", "foo": 1})))
        .await;
    assert_eq!(created.code, 201);
    assert_eq!(
        created.warnings,
        ["299 - \"unknown field \\\"spec.foo\\\"\""]
    );
    assert_eq!(created.body["spec"], json!({"color": "red", "size": 3}));
    assert_eq!(created.body["metadata"]["generation"], 1);
}

#[tokio::test]
async fn generation_counts_the_specification_and_status_has_its_own_endpoint() {
    let api = Harness::start().await;
    api.define_things(thing_schema()).await;
    let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"},
        "spec": {"color": "red"}, "status": {"seen": true}});
    let created = api.post(THINGS, thing).await;
    assert!(
        created.body.get("status").is_none(),
        "create ignores the status"
    );
    let path = format!("{THINGS}/a");
    let labelled = api
        .merge(&path, json!({"metadata": {"labels": {"x": "y"}}}))
        .await;
    assert_eq!(labelled.body["metadata"]["generation"], 1);
    let painted = api
        .merge(
            &path,
            json!({"spec": {"color": "blue"}, "status": {"s": 1}}),
        )
        .await;
    assert_eq!(painted.body["metadata"]["generation"], 2);
    assert!(painted.body.get("status").is_none());
    let change = json!({"spec": {"color": "green"}, "status": {"s": 1}});
    let reported = api.merge(&format!("{path}/status"), change).await;
    assert_eq!(reported.code, 200, "{reported:?}");
    assert_eq!(reported.body["status"], json!({"s": 1}));
    assert_eq!(reported.body["spec"]["color"], "blue");
    assert_eq!(reported.body["metadata"]["generation"], 2);
    let owners = reported.body["metadata"]["managedFields"]
        .as_array()
        .expect("owners");
    assert!(owners.iter().any(|owner| owner["subresource"] == "status"));
}

#[tokio::test]
async fn built_in_kinds_get_defaults_and_keep_what_cannot_change() {
    let api = Harness::start().await;
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = |app: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"selector": {"matchLabels": {"app": app}},
                "template": {"metadata": {"labels": {"app": app}},
                    "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}})
    };
    let created = api.post(path, deployment("web")).await;
    assert_eq!(created.code, 201, "{created:?}");
    assert_eq!(created.body["spec"]["replicas"], 1);
    let container = &created.body["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "Always");
    let changed = api.put(&format!("{path}/web"), deployment("other")).await;
    assert_eq!(changed.code, 422);
    assert!(
        changed.message().contains("field is immutable"),
        "{changed:?}"
    );
    let mut mismatch = deployment("web");
    mismatch["metadata"]["name"] = "b".into();
    mismatch["spec"]["template"]["metadata"]["labels"]["app"] = "other".into();
    let refused = api.post(path, mismatch).await;
    assert!(
        refused
            .message()
            .contains("`selector` does not match template `labels`")
    );
    let mut typed = deployment("web");
    typed["spec"]["replicas"] = "three".into();
    let refused = api.post(path, typed).await;
    assert_eq!(refused.code, 400);
    assert!(
        refused
            .message()
            .contains("json: cannot unmarshal string into Go struct field"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn names_are_checked_and_generated() {
    let api = Harness::start().await;
    let bad = api
        .post(CONFIG_MAPS, config_map("Bad_Name", json!({})))
        .await;
    assert_eq!(bad.code, 422);
    assert!(bad.message().starts_with("ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain"));
    let none = api
        .post(
            CONFIG_MAPS,
            json!({"apiVersion": "v1", "kind": "ConfigMap"}),
        )
        .await;
    assert!(
        none.message().contains("name or generateName is required"),
        "{none:?}"
    );
    let generated =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}});
    let (a, b) = (
        api.post(CONFIG_MAPS, generated.clone()).await,
        api.post(CONFIG_MAPS, generated).await,
    );
    assert_eq!((a.code, b.code), (201, 201));
    assert_ne!(a.body["metadata"]["name"], b.body["metadata"]["name"]);
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let api = Harness::start().await;
    let big = config_map("a", json!({"k": "x".repeat(3 * 1024 * 1024)}));
    let refused = api.post(CONFIG_MAPS, big).await;
    assert_eq!(refused.code, 413);
    assert_eq!(
        refused.message(),
        "Request entity too large: limit is 3145728"
    );
    // More than the buffers on the way hold: whoever sends must be listened to until the end.
    let huge = config_map("a", json!({"k": "x".repeat(12 * 1024 * 1024)}));
    assert_eq!(api.post(CONFIG_MAPS, huge).await.code, 413);
    let wrong = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
    assert_eq!(api.post(CONFIG_MAPS, wrong).await.code, 400);
    let yaml = [("content-type", "application/yaml")];
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata: {k: \"1\"}\n";
    let created = api
        .raw(Method::POST, CONFIG_MAPS, &yaml, text.to_owned())
        .await;
    assert_eq!(created.status().as_u16(), 201);
}

#[tokio::test]
async fn state_in_a_folder_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = skein_apiserver::Storage::Folder(folder.path().join("state"));
    let start = || Harness::with(|options| options.storage = place.clone());
    let api = start().await;
    let created = api
        .post(CONFIG_MAPS, config_map("a", json!({"k": "v"})))
        .await;
    let (url, token, ca) = (
        api.url.clone(),
        api.token.clone(),
        api.server.ca_pem().to_owned(),
    );
    api.server.stop().await;
    let again = start().await;
    assert_eq!(
        (&again.url, &again.token, again.server.ca_pem()),
        (&url, &token, ca.as_str())
    );
    assert_eq!(
        again.get(&format!("{CONFIG_MAPS}/a")).await.body,
        created.body
    );
}
