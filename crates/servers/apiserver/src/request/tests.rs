//! Paths and queries taken apart.

use http::Method;

use super::{Query, RequestInfo};

fn parse(method: Method, path: &str, query: &str) -> RequestInfo {
    RequestInfo::parse(&method, path, &Query::parse(query))
}

fn summary(method: Method, path: &str, query: &str) -> String {
    let info = parse(method, path, query);
    format!(
        "{} group={} version={} ns={} {} sub={} name={}",
        info.verb,
        info.group,
        info.version,
        info.namespace,
        info.resource,
        info.subresource,
        info.name
    )
}

#[test]
fn paths_become_verbs_and_resources() {
    let cases = [
        (
            (Method::GET, "/api/v1/namespaces/a/configmaps", ""),
            "list group= version=v1 ns=a configmaps sub= name=",
        ),
        (
            (Method::GET, "/apis/apps/v1/deployments", "watch=1"),
            "watch group=apps version=v1 ns= deployments sub= name=",
        ),
        (
            (Method::GET, "/api/v1/namespaces", "watch=false"),
            "list group= version=v1 ns= namespaces sub= name=",
        ),
        (
            (Method::DELETE, "/api/v1/namespaces/a", ""),
            "delete group= version=v1 ns=a namespaces sub= name=a",
        ),
        (
            (Method::PUT, "/api/v1/namespaces/a/finalize", ""),
            "update group= version=v1 ns=a namespaces sub=finalize name=a",
        ),
        (
            (
                Method::PATCH,
                "/apis/apps/v1/namespaces/a/deployments/b/status",
                "",
            ),
            "patch group=apps version=v1 ns=a deployments sub=status name=b",
        ),
        (
            (
                Method::DELETE,
                "/apis/rbac.authorization.k8s.io/v1/clusterroles",
                "",
            ),
            "deletecollection group=rbac.authorization.k8s.io version=v1 ns= clusterroles sub= name=",
        ),
        (
            (
                Method::GET,
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
                "",
            ),
            "get group=rbac.authorization.k8s.io version=v1 ns= clusterroles sub= name=system:node",
        ),
        (
            (Method::GET, "/api/v1/watch/namespaces/a/pods/b", ""),
            "watch group= version=v1 ns=a pods sub= name=b",
        ),
    ];
    for ((method, path, query), expected) in cases {
        assert_eq!(summary(method, path, query), expected, "{path}?{query}");
    }
}

#[test]
fn other_paths_keep_the_method_as_verb() {
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/apis",
        "/apis/apps",
        "/apis/apps/v1",
        "/version",
    ] {
        let info = parse(Method::GET, path, "");
        assert!(!info.is_resource, "{path}");
        assert_eq!(info.verb, "get");
    }
}

#[test]
fn queries_are_form_encoded() {
    let query = Query::parse("labelSelector=a%3Db%2Cc+in+%28d%29&watch&limit=5&limit=6&bad=%zz");
    assert_eq!(query.text("labelSelector"), "a=b,c in (d)");
    assert!(query.flag("watch"));
    assert!(!query.flag("absent"));
    assert_eq!(query.signed("limit"), Ok(Some(5)));
    assert_eq!(query.text("bad"), "%zz");
    assert!(query.signed("labelSelector").is_err());
}
