//! Tokens, roles, impersonation and reviews.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{CONFIG_MAPS, Harness, config_map};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

#[tokio::test]
async fn who_may_not_is_told_in_the_words_of_kubernetes() {
    let api = Harness::start().await;
    let bad = [("authorization", "Bearer wrong")];
    let refused = api.send(Method::GET, CONFIG_MAPS, &bad, Value::Null).await;
    assert_eq!((refused.code, refused.message()), (401, "Unauthorized"));
    let nobody = [("authorization", "")];
    let refused = api
        .send(Method::GET, CONFIG_MAPS, &nobody, Value::Null)
        .await;
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message(),
        "configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let refused = api
        .send(
            Method::GET,
            "/apis/apps/v1/deployments",
            &nobody,
            Value::Null,
        )
        .await;
    assert!(
        refused
            .message()
            .ends_with("in API group \"apps\" at the cluster scope")
    );
    let path = api
        .send(Method::GET, "/metrics", &nobody, Value::Null)
        .await;
    assert_eq!(
        path.message(),
        "forbidden: User \"system:anonymous\" cannot get path \"/metrics\""
    );
    let health = api.send(Method::GET, "/readyz", &nobody, Value::Null).await;
    assert_eq!((health.code, &health.body), (200, &json!("ok")));
}

#[tokio::test]
async fn roles_give_what_they_list() {
    let api = Harness::start().await;
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "maps"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "maps"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maps"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]});
    let space = format!("{RBAC}/namespaces/default");
    assert_eq!(api.post(&format!("{space}/roles"), role).await.code, 201);
    assert_eq!(
        api.post(&format!("{space}/rolebindings"), binding.clone())
            .await
            .code,
        201
    );
    api.until("/api/v1/namespaces/default/serviceaccounts/default", |a| {
        a.code == 200
    })
    .await;
    let token = api
        .post(
            "/api/v1/namespaces/default/serviceaccounts/default/token",
            json!({"spec": {}}),
        )
        .await;
    assert_eq!(token.code, 201, "{token:?}");
    let bearer = format!(
        "Bearer {}",
        token.body["status"]["token"].as_str().expect("a token")
    );
    let by_token = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let as_account = [
        ("impersonate-user", "system:serviceaccount:default:default"),
        ("content-type", "application/json"),
    ];
    for headers in [by_token, as_account] {
        let code = async |method: Method, path: &str, body: Value| {
            api.send(method, path, &headers, body).await.code
        };
        assert_eq!(code(Method::GET, CONFIG_MAPS, Value::Null).await, 200);
        assert_eq!(
            code(
                Method::POST,
                &format!("{CONFIG_MAPS}?dryRun=All"),
                config_map("z", json!({}))
            )
            .await,
            201
        );
        assert_eq!(
            code(Method::DELETE, &format!("{CONFIG_MAPS}/z"), Value::Null).await,
            403
        );
        assert_eq!(
            code(Method::GET, "/api/v1/configmaps", Value::Null).await,
            403
        );
        assert_eq!(
            code(
                Method::GET,
                "/api/v1/namespaces/default/secrets/one",
                Value::Null
            )
            .await,
            404
        );
        assert_eq!(
            code(
                Method::GET,
                "/api/v1/namespaces/default/secrets/two",
                Value::Null
            )
            .await,
            403
        );
    }
    let mut other = binding;
    other["roleRef"]["name"] = "else".into();
    let refused = api.put(&format!("{space}/rolebindings/maps"), other).await;
    assert_eq!(refused.code, 422);
    assert!(refused.message().contains("cannot change roleRef"));
}

#[tokio::test]
async fn the_key_of_tokens_is_published() {
    let api = Harness::start().await;
    let configuration = api.get("/.well-known/openid-configuration").await.body;
    assert_eq!(configuration["issuer"], "https://kubernetes.default.svc");
    let keys = configuration["jwks_uri"].as_str().expect("an address");
    assert!(keys.ends_with("/openid/v1/jwks"), "{keys}");
    let keys = api.get("/openid/v1/jwks").await.body;
    let token = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let token = api.post(token, json!({})).await.body;
    let token = token["status"]["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let header = token.split('.').next().expect("a header");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    assert_eq!(header["kid"], keys["keys"][0]["kid"]);
    assert_eq!(header["alg"], keys["keys"][0]["alg"]);
    let other = [("accept", "application/json")];
    let refused = api.send(Method::GET, "/openid/v1/jwks", &other, Value::Null);
    assert_eq!(refused.await.code, 406);
}

#[tokio::test]
async fn only_who_may_impersonate_can() {
    let api = Harness::start().await;
    let as_user = [("impersonate-user", "jane"), ("impersonate-group", "devs")];
    let me = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let media = [as_user[0], as_user[1], ("content-type", "application/json")];
    let answer = api.send(Method::POST, me, &media, body).await;
    assert_eq!(answer.code, 201, "{answer:?}");
    let user = &answer.body["status"]["userInfo"];
    assert_eq!(user["username"], "jane");
    assert_eq!(user["groups"], json!(["devs", "system:authenticated"]));
    api.until("/api/v1/namespaces/default/serviceaccounts/default", |a| {
        a.code == 200
    })
    .await;
    let token = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let token = api.post(token, json!({})).await;
    let bearer = format!(
        "Bearer {}",
        token.body["status"]["token"].as_str().expect("a token")
    );
    let headers = [
        ("authorization", bearer.as_str()),
        ("impersonate-user", "jane"),
    ];
    let refused = api
        .send(Method::GET, CONFIG_MAPS, &headers, Value::Null)
        .await;
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message(),
        "users \"jane\" is forbidden: User \"system:serviceaccount:default:default\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope"
    );
}

#[tokio::test]
async fn reviews_answer_questions() {
    let api = Harness::start().await;
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let ask = |group: &str| {
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": "x", "groups": [group],
                "resourceAttributes": {"verb": "delete", "resource": "nodes"}}})
    };
    assert_eq!(
        api.post(path, ask("system:masters")).await.body["status"]["allowed"],
        true
    );
    assert_eq!(
        api.post(path, ask("others")).await.body["status"]["allowed"],
        false
    );
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": api.token}});
    let answer = api
        .post("/apis/authentication.k8s.io/v1/tokenreviews", review)
        .await;
    assert_eq!(
        answer.body["status"]["user"]["username"],
        "kubernetes-admin"
    );
}

#[tokio::test]
async fn aggregated_roles_collect_their_rules() {
    let api = Harness::start().await;
    let view = api.get(&format!("{RBAC}/clusterroles/view")).await.body;
    assert!(
        view["rules"]
            .as_array()
            .is_some_and(|rules| rules.len() > 5),
        "collected at the start"
    );
    let extra = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "things-view", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
        "rules": [{"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]}]});
    api.post(&format!("{RBAC}/clusterroles"), extra).await;
    for name in ["view", "edit", "admin"] {
        api.until(&format!("{RBAC}/clusterroles/{name}"), |answer| {
            let rules = answer.body["rules"].as_array();
            rules.is_some_and(|rules| {
                rules
                    .iter()
                    .any(|rule| rule["apiGroups"] == json!(["example.com"]))
            })
        })
        .await;
    }
}
