//! Standards at work; the words were compared with a real kube-apiserver (`limits.api` and `security.api`).

use serde_json::{Value, json};

use super::{Level, Standard, details, policy, violations};

fn told(level: Level, minor: Option<u32>, spec: &Value) -> String {
    details(&violations(Standard { level, minor }, None, spec))
}

#[test]
fn labels_say_what_is_enforced_and_warned_of() {
    let labels = |value: Value| {
        let (policy, errors) = policy(value.as_object());
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        (policy.enforce.to_string(), policy.warn.to_string(), errors)
    };
    let none = labels(json!({}));
    assert_eq!(none.0, "privileged:latest");
    // What is enforced is warned of as well, when nothing else is said.
    let enforced = labels(json!({"pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.25"}));
    assert_eq!(
        (enforced.0.as_str(), enforced.1.as_str()),
        ("baseline:v1.25", "baseline:v1.25")
    );
    let wrong = labels(json!({"pod-security.kubernetes.io/enforce": "bad",
        "pod-security.kubernetes.io/warn-version": "v1.03"}));
    assert_eq!((wrong.0.as_str(), wrong.2.len()), ("restricted:latest", 2));
}

#[test]
fn a_plain_pod_is_not_restricted() {
    let plain = json!({"containers": [{"name": "c"}, {"name": "d"}]});
    assert_eq!(told(Level::Baseline, None, &plain), "");
    assert_eq!(told(Level::Privileged, None, &json!({"hostPID": true})), "");
    let text = told(Level::Restricted, None, &plain);
    let lead = "allowPrivilegeEscalation != false (containers \"c\", \"d\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities";
    assert!(text.starts_with(lead), "{text}");
    let tight = json!({"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "c", "securityContext": {"allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}}]});
    assert_eq!(told(Level::Restricted, None, &tight), "");
}

#[test]
fn older_standards_ask_for_less() {
    let spec = json!({"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem"}]},
        "containers": [{"name": "c", "livenessProbe": {"httpGet": {"host": "h"}}}]});
    assert_eq!(
        told(Level::Baseline, Some(31), &spec),
        "forbidden sysctls (net.ipv4.tcp_rmem)"
    );
    assert_eq!(
        told(Level::Baseline, None, &spec),
        "probe or lifecycle host (container \"c\" uses probe or lifecycle host \"h\")"
    );
}
