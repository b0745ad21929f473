//! Lists: paging, selectors, forms; and discovery.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{CONFIG_MAPS, Harness, THINGS, thing_schema};

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().into_iter().flatten();
    items
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect()
}

/// A namespace that the API's own controllers do not write ConfigMaps to in the middle of a test.
async fn quiet_namespace(api: &Harness) -> &'static str {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "quiet"}});
    assert_eq!(api.post("/api/v1/namespaces", body).await.code, 201);
    "/api/v1/namespaces/quiet/secrets"
}

fn secret(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}})
}

#[tokio::test]
async fn pages_show_one_moment() {
    let api = Harness::start().await;
    let path = quiet_namespace(&api).await;
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(api.post(path, secret(name, json!({}))).await.code, 201);
    }
    let first = api.get(&format!("{path}?limit=2")).await.body;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 3);
    assert!(
        first["items"][0].get("kind").is_none(),
        "items of built-in lists leave it out"
    );
    // What changes between the pages is not seen.
    api.delete(&format!("{path}/d")).await;
    api.post(path, secret("cc", json!({}))).await;
    let token = first["metadata"]["continue"].as_str().expect("more");
    let second = api
        .get(&format!("{path}?limit=10&continue={token}"))
        .await
        .body;
    assert_eq!(names(&second), ["c", "d", "e"]);
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    assert!(second["metadata"].get("continue").is_none());
    assert_eq!(
        api.get(&format!("{path}?limit=2&continue=nonsense"))
            .await
            .code,
        400
    );
}

#[tokio::test]
async fn selectors_choose() {
    let api = Harness::start().await;
    let path = quiet_namespace(&api).await;
    for (name, tier) in [("a", "web"), ("b", "db"), ("c", "web")] {
        api.post(path, secret(name, json!({"tier": tier}))).await;
    }
    let by = async |query: &str| {
        let answer = api.get(&format!("{path}?{query}")).await;
        names(&answer.body).join(",")
    };
    assert_eq!(by("labelSelector=tier%3Dweb").await, "a,c");
    assert_eq!(by("labelSelector=tier+notin+(web)").await, "b");
    assert_eq!(by("fieldSelector=metadata.name%3Db").await, "b");
    assert_eq!(by("fieldSelector=type!%3DOpaque").await, "");
    let refused = api
        .get(&format!("{path}?fieldSelector=spec.foo%3Dbar"))
        .await;
    assert_eq!(refused.code, 400);
    assert_eq!(refused.message(), "field label not supported: spec.foo");
}

#[tokio::test]
async fn custom_fields_select_and_columns_show() {
    let api = Harness::start().await;
    api.define_things(thing_schema()).await;
    for (name, color) in [("a", "red"), ("b", "blue")] {
        let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing",
            "metadata": {"name": name}, "spec": {"color": color}});
        assert_eq!(api.post(THINGS, thing).await.code, 201);
    }
    let red = api
        .get(&format!("{THINGS}?fieldSelector=spec.color%3Dred"))
        .await
        .body;
    assert_eq!(names(&red), ["a"]);
    assert_eq!(
        red["items"][0]["kind"], "Thing",
        "items of custom lists carry it"
    );
    let accept = [(
        "accept",
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    )];
    let table = api
        .send(Method::GET, THINGS, &accept, Value::Null)
        .await
        .body;
    assert_eq!(table["kind"], "Table");
    let columns: Vec<&str> = table["columnDefinitions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|column| column["name"].as_str())
        .collect();
    assert_eq!(columns, ["Name", "Color"]);
    assert_eq!(table["rows"][1]["cells"], json!(["b", "blue"]));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
}

#[tokio::test]
async fn discovery_tells_of_new_kinds_in_both_forms() {
    let api = Harness::start().await;
    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let accept = [("accept", aggregated)];
    let before = api
        .send(Method::GET, "/apis", &accept, Value::Null)
        .await
        .body;
    api.define_things(thing_schema()).await;
    let after = api
        .send(Method::GET, "/apis", &accept, Value::Null)
        .await
        .body;
    let count = |list: &Value| list["items"].as_array().map_or(0, Vec::len);
    assert_eq!(count(&after), count(&before) + 1);
    let group = after["items"]
        .as_array()
        .and_then(|list| list.last())
        .expect("groups");
    assert_eq!(group["metadata"]["name"], "example.com");
    let thing = &group["versions"][0]["resources"][0];
    assert_eq!(thing["responseKind"]["kind"], "Thing");
    assert_eq!(thing["subresources"][0]["subresource"], "status");
    let legacy = api.get("/apis/example.com/v1").await.body;
    assert_eq!(legacy["resources"][0]["shortNames"], json!(["th"]));
    let core = api.get("/api/v1").await.body;
    let has = |name: &str| {
        core["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|r| r["name"] == name)
    };
    assert!(has("pods") && has("pods/log") && has("serviceaccounts/token"));
    let version = api.get("/version").await.body;
    assert_eq!(
        (&version["major"], &version["minor"]),
        (&json!("1"), &json!("36"))
    );
}

#[tokio::test]
async fn revisions_of_lists_are_honoured() {
    let api = Harness::start().await;
    let path = quiet_namespace(&api).await;
    let first = api.post(path, secret("a", json!({}))).await;
    api.post(path, secret("b", json!({}))).await;
    let exact = format!(
        "{path}?resourceVersion={}&resourceVersionMatch=Exact",
        first.revision()
    );
    assert_eq!(names(&api.get(&exact).await.body), ["a"]);
    let any = format!("{path}?resourceVersion=0");
    assert_eq!(names(&api.get(&any).await.body), ["a", "b"]);
    let future = api.get(&format!("{path}?resourceVersion=99999999")).await;
    assert_eq!(future.code, 504);
    assert_eq!(
        future.body["details"]["causes"][0]["reason"],
        "ResourceVersionTooLarge"
    );
    let lonely = api.get(&format!("{path}?resourceVersionMatch=Exact")).await;
    assert_eq!(lonely.code, 422);
    assert_eq!(api.get(CONFIG_MAPS).await.code, 200);
}
