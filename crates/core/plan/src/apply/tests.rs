//! Tests of apply by table and against recorded answers.

use super::*;
use crate::ignore::IgnoreRule;
use serde_json::json;

fn object(value: Value) -> Object {
    Object::from_value(value).unwrap()
}

fn config_map(data: Value, annotations: Value) -> Object {
    object(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "x", "namespace": "n", "annotations": annotations}, "data": data}))
}

fn live_config_map(data: Value) -> Object {
    let mut live = config_map(data, json!({}));
    live.set(&["metadata", "resourceVersion"], "7".into());
    live.set(
        &["metadata", "managedFields"],
        json!([{"manager": "us", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:a": {}}}}]),
    );
    live
}

fn with_rules<T>(ignore: &IgnoreRules, test: impl FnOnce(&Rules<'_>) -> T) -> T {
    let predecessors = takeover::predecessors("us", &[]);
    test(&Rules {
        manager: "us",
        predecessors: &predecessors,
        ignore,
        force: false,
    })
}

#[test]
fn decisions() {
    let none = IgnoreRules::default();
    with_rules(&none, |rules| {
        let desired = object(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n"}, "data": {"a": "1"}}),
        );
        let live = live_config_map(json!({"a": "1"}));
        assert_eq!(decide(&desired, Live::Unknown, rules), Decision::Look);
        let send = Decision::Apply {
            cleanup: None,
            compare: false,
        };
        assert_eq!(decide(&desired, Live::Absent, rules), send);
        assert_eq!(
            decide(&desired, Live::Present(&live), rules),
            Decision::Settled(entry(&live, Action::Unchanged))
        );
        let drifted = live_config_map(json!({"a": "2"}));
        assert_eq!(decide(&desired, Live::Present(&drifted), rules), send);
        let ignored = config_map(json!({}), json!({settings::SSA: "Ignore"}));
        assert_eq!(
            decide(&ignored, Live::Absent, rules),
            Decision::Skip(entry(&ignored, Action::Skipped))
        );
        let once = config_map(json!({"a": "2"}), json!({settings::SSA: "ifnotpresent"}));
        assert_eq!(decide(&once, Live::Absent, rules), send);
        assert_eq!(
            decide(&once, Live::Present(&live), rules),
            Decision::Skip(entry(&live, Action::Skipped))
        );
        let vetoed = config_map(json!({"a": "2"}), json!({settings::RECONCILE: "disabled"}));
        assert_eq!(
            decide(&desired, Live::Present(&vetoed), rules),
            Decision::Skip(entry(&vetoed, Action::Skipped))
        );
    });
}

#[test]
fn a_skipped_cluster_object_has_the_identity_of_the_live_one() {
    let none = IgnoreRules::default();
    let role = |namespace: Option<&str>| {
        let mut role = object(
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "r", "annotations": {settings::SSA: "Ignore"}}}),
        );
        if let Some(namespace) = namespace {
            role.set(&["metadata", "namespace"], namespace.into());
        }
        role
    };
    with_rules(&none, |rules| {
        let Decision::Skip(entry) = decide(&role(Some("n")), Live::Present(&role(None)), rules)
        else {
            panic!()
        };
        assert_eq!(entry.key.namespace, "");
    });
}

#[test]
fn drift_ignores_status_metadata_and_ignored_fields() {
    let rules = [IgnoreRule {
        paths: vec!["/data/a".into()],
        target: None,
    }];
    let ignore = IgnoreRules::compile(&rules).unwrap();
    let (one, two) = (
        live_config_map(json!({"a": "1"})),
        live_config_map(json!({"a": "2"})),
    );
    with_rules(&IgnoreRules::default(), |rules| {
        assert!(is_drifted(&one, &two, rules));
        let mut other = one.clone();
        other.set(&["metadata", "resourceVersion"], "8".into());
        other.set(&["status"], json!({"x": 1}));
        assert!(!is_drifted(&one, &other, rules));
        other.set_label("a", "b");
        assert!(is_drifted(&one, &other, rules));
    });
    with_rules(&ignore, |rules| {
        assert!(!is_drifted(&one, &two, rules));
        assert_eq!(
            payload(&two, Some(&one), &two, rules).str_at(&["data", "a"]),
            Some("1")
        );
    });
}

#[test]
fn refusals() {
    let refusal = |code, reason, message| Refusal {
        code,
        reason,
        message,
        field_conflict: false,
    };
    let desired = config_map(json!({}), json!({}));
    let invalid = refusal(
        422,
        "Invalid",
        "data: Forbidden: field is immutable when `immutable` is set",
    );
    assert!(invalid.is_immutable());
    assert_eq!(
        invalid.dry_run_message(&desired),
        "ConfigMap/n/x dry-run failed (Invalid): data: Forbidden: field is immutable when `immutable` is set"
    );
    assert!(
        refusal(
            403,
            "Forbidden",
            "admission webhook denied: spec is immutable"
        )
        .is_immutable()
    );
    assert!(!refusal(403, "Forbidden", "no").is_immutable());
    assert_eq!(
        refusal(404, "NotFound", "namespaces \"n\" not found").dry_run_message(&desired),
        "ConfigMap/n/x not found: namespaces \"n\" not found"
    );
    let none = IgnoreRules::default();
    with_rules(&none, |rules| {
        assert!(!may_recreate(&desired, Some(&desired), rules, &invalid));
        let forced = config_map(json!({}), json!({settings::FORCE: "enabled"}));
        assert!(may_recreate(&forced, Some(&desired), rules, &invalid));
        assert!(
            !may_recreate(&forced, None, rules, &invalid),
            "a new object has no immutable fields"
        );
    });
}

#[test]
fn plain_objects_need_no_dry_run() {
    let plain = config_map(json!({"a.yaml": "1"}), json!({"example.io/x": "any text"}));
    assert!(is_plain(&plain, Live::Absent));
    assert!(!is_plain(&plain, Live::Unknown));
    let mut frozen = plain.clone();
    frozen.set(&["immutable"], true.into());
    assert!(!is_plain(&plain, Live::Present(&frozen)));
    assert!(!is_plain(&frozen, Live::Absent), "a field that has rules");
    for (path, value) in [
        (vec!["metadata", "name"], json!("Upper")),
        (vec!["metadata", "namespace"], json!("")),
        (vec!["metadata", "labels"], json!({"a": "not a label"})),
        (vec!["metadata", "annotations"], json!({"a": 1})),
        (vec!["metadata", "ownerReferences"], json!([])),
        (vec!["data"], json!({"a/b": "1"})),
        (vec!["data"], json!({"a": 1})),
        (vec!["data"], json!("x")),
    ] {
        let mut odd = plain.clone();
        odd.set(&path, value.clone());
        assert!(!is_plain(&odd, Live::Absent), "{path:?} {value}");
    }
    let secret = |kind: &str, data: &str| {
        object(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "n"}, "type": kind, "data": {"a": data}}),
        )
    };
    assert!(is_plain(&secret("Opaque", "QQ=="), Live::Absent));
    assert!(!is_plain(&secret("Opaque", "?"), Live::Absent));
    assert!(!is_plain(
        &secret("kubernetes.io/tls", "QQ=="),
        Live::Absent
    ));
    assert!(!is_plain(
        &secret("kubernetes.io/tls", "QQ=="),
        Live::Present(&secret("Opaque", "QQ=="))
    ));
}
