//! What Helm 3 took for ready: `spec.waitStrategy.name: legacy`. Health expressions do not count, and most kinds are ready at once.

use skein_object::Object;

use super::Readiness;

/// The error when time is up.
pub(super) const TIMED_OUT: &str = "context deadline exceeded";
/// The error when time is up for a hook.
pub(super) const HOOK_TIMED_OUT: &str = "timed out waiting for the condition";

/// Whether a live object is ready; an error when it never will be.
pub(super) fn is_ready(object: &Object, readiness: Readiness) -> Result<bool, String> {
    let gvk = object.gvk();
    let kind = (gvk.group.as_str(), gvk.kind.as_str());
    match (readiness, kind) {
        (Readiness::Hooks, ("batch", "Job")) => hook_job(object),
        (Readiness::Hooks, ("", "Pod")) => hook_pod(object),
        (Readiness::Hooks, _) => Ok(true),
        (Readiness::WithJobs, ("batch", "Job")) => job(object),
        (_, kind) => Ok(released(object, kind)),
    }
}

fn hook_job(job: &Object) -> Result<bool, String> {
    if job.condition_status("Complete") == Some("True") {
        return Ok(true);
    }
    match job.condition("Failed") {
        Some(failed) if failed.get("status").is_some_and(|status| status == "True") => {
            let reason = failed.get("reason").and_then(|reason| reason.as_str());
            let reason = reason.unwrap_or_default();
            Err(format!("job {} failed: {reason}", job.name()))
        }
        _ => Ok(false),
    }
}

fn hook_pod(pod: &Object) -> Result<bool, String> {
    match pod.str_at(&["status", "phase"]) {
        Some("Succeeded") => Ok(true),
        Some("Failed") => Err(format!("pod {} failed", pod.name())),
        _ => Ok(false),
    }
}

fn job(job: &Object) -> Result<bool, String> {
    /// What the API server fills in.
    const DEFAULT_BACKOFF_LIMIT: i64 = 6;
    let limit = job.i64_at(&["spec", "backoffLimit"]);
    if number(job, "failed") > limit.unwrap_or(DEFAULT_BACKOFF_LIMIT) {
        return Err(format!("job is failed: {}/{}", job.namespace(), job.name()));
    }
    let completions = job.i64_at(&["spec", "completions"]);
    Ok(completions.is_none_or(|wanted| number(job, "succeeded") >= wanted))
}

fn released(object: &Object, kind: (&str, &str)) -> bool {
    match kind {
        ("", "Pod") => object.condition_status("Ready") == Some("True"),
        ("", "PersistentVolumeClaim") => object.str_at(&["status", "phase"]) == Some("Bound"),
        ("", "Service") => service(object),
        ("apps", "Deployment") => deployment(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replicas_ready(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            object.condition_status("Established") == Some("True")
                || object.condition_status("NamesAccepted") == Some("False")
        }
        _ => true,
    }
}

fn service(object: &Object) -> bool {
    let sort = object.str_at(&["spec", "type"]);
    if sort == Some("ExternalName") {
        return true;
    }
    if object
        .str_at(&["spec", "clusterIP"])
        .unwrap_or_default()
        .is_empty()
    {
        return false;
    }
    let has = |path: &[&str]| {
        let list = object.at(path).and_then(|list| list.as_array());
        list.is_some_and(|list| !list.is_empty())
    };
    sort != Some("LoadBalancer")
        || has(&["spec", "externalIPs"])
        || object.at(&["status", "loadBalancer", "ingress"]).is_some()
}

/// So many new replicas as the update leaves available.
fn deployment(object: &Object) -> bool {
    if object.bool_at(&["spec", "paused"]) == Some(true) {
        return true;
    }
    if !is_observed(object) {
        return false;
    }
    let replicas = object.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let is_rolling = object.str_at(&["spec", "strategy", "type"]) != Some("Recreate");
    let unavailable = match is_rolling && replicas > 0 {
        true => max_unavailable(object, &["spec", "strategy"], replicas, false),
        false => 0,
    };
    // Ready replicas of older sets do not count.
    let older = number(object, "replicas") - number(object, "updatedReplicas");
    let ready = number(object, "readyReplicas") - older;
    ready.min(number(object, "updatedReplicas")) >= replicas - unavailable
}

fn daemon_set(object: &Object) -> bool {
    if !is_observed(object) {
        return false;
    }
    if object.str_at(&["spec", "updateStrategy", "type"]) != Some("RollingUpdate") {
        return true;
    }
    let desired = number(object, "desiredNumberScheduled");
    if number(object, "updatedNumberScheduled") != desired {
        return false;
    }
    let unavailable = max_unavailable(object, &["spec", "updateStrategy"], desired, true);
    number(object, "numberReady") >= desired - unavailable
}

fn stateful_set(object: &Object) -> bool {
    if !is_observed(object) {
        return false;
    }
    if object.str_at(&["spec", "updateStrategy", "type"]) != Some("RollingUpdate") {
        return true;
    }
    let partition = object.i64_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]);
    let partition = partition.unwrap_or_default();
    let replicas = object.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let is_current =
        object.at(&["status", "currentRevision"]) == object.at(&["status", "updateRevision"]);
    number(object, "updatedReplicas") >= replicas - partition
        && number(object, "readyReplicas") == replicas
        && (partition != 0 || is_current)
}

fn replicas_ready(object: &Object) -> bool {
    is_observed(object)
        && number(object, "readyReplicas") >= object.i64_at(&["spec", "replicas"]).unwrap_or(1)
}

fn is_observed(object: &Object) -> bool {
    number(object, "observedGeneration") == object.generation()
}

fn number(object: &Object, field: &str) -> i64 {
    object.i64_at(&["status", field]).unwrap_or_default()
}

/// `rollingUpdate.maxUnavailable` of a strategy: a number, or percent of the total, a quarter where a Deployment names none.
fn max_unavailable(object: &Object, strategy: &[&str], total: i64, rounds_up: bool) -> i64 {
    const PERCENT: i64 = 100;
    const DEFAULT_PERCENT: i64 = 25;
    let mut path = strategy.to_vec();
    path.extend(["rollingUpdate", "maxUnavailable"]);
    let of_percent = |percent: i64| {
        let parts = total.saturating_mul(percent);
        match rounds_up {
            true => parts.saturating_add(PERCENT - 1) / PERCENT,
            false => parts / PERCENT,
        }
    };
    let value = object.at(&path);
    let found = value.and_then(|value| match value.as_str() {
        Some(text) => text.strip_suffix('%')?.parse().ok().map(of_percent),
        None => value.as_i64(),
    });
    let default = if rounds_up {
        1
    } else {
        of_percent(DEFAULT_PERCENT)
    };
    found.unwrap_or(default).min(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(api_version: &str, kind: &str, spec: Value, status: Value) -> Object {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "n", "generation": 2},
            "spec": spec, "status": status});
        Object::from_value(object).unwrap()
    }

    #[test]
    fn a_deployment_needs_new_replicas() {
        let deployment = |status: Value| {
            let spec = json!({"replicas": 4, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%"}}});
            is_ready(
                &object("apps/v1", "Deployment", spec, status),
                Readiness::WithJobs,
            )
            .unwrap()
        };
        assert!(deployment(
            json!({"observedGeneration": 2, "replicas": 4, "updatedReplicas": 4, "readyReplicas": 3})
        ));
        assert!(!deployment(
            json!({"observedGeneration": 1, "replicas": 4, "updatedReplicas": 4, "readyReplicas": 4})
        ));
        assert!(!deployment(
            json!({"observedGeneration": 2, "replicas": 5, "updatedReplicas": 1, "readyReplicas": 4})
        ));
    }

    #[test]
    fn jobs_count_only_where_they_are_waited_for() {
        let failed = object(
            "batch/v1",
            "Job",
            json!({"backoffLimit": 0, "completions": 1}),
            json!({"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}),
        );
        assert_eq!(is_ready(&failed, Readiness::WithoutJobs), Ok(true));
        assert_eq!(
            is_ready(&failed, Readiness::WithJobs),
            Err("job is failed: n/a".to_owned())
        );
        assert_eq!(
            is_ready(&failed, Readiness::Hooks),
            Err("job a failed: BackoffLimitExceeded".to_owned())
        );
    }

    #[test]
    fn services_and_claims() {
        let of = |kind: &str, spec: Value, status: Value| {
            is_ready(&object("v1", kind, spec, status), Readiness::WithJobs).unwrap()
        };
        assert!(of("Service", json!({"type": "ExternalName"}), json!({})));
        assert!(!of(
            "Service",
            json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"}),
            json!({})
        ));
        assert!(of(
            "Service",
            json!({"type": "ClusterIP", "clusterIP": "10.0.0.1"}),
            json!({})
        ));
        assert!(!of(
            "PersistentVolumeClaim",
            json!({}),
            json!({"phase": "Pending"})
        ));
        assert!(of("ConfigMap", json!({}), json!({})));
    }
}
