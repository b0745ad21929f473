//! What Helm 3 took for ready: `spec.waitStrategy.name: legacy`. Health expressions do not count, and most kinds are ready at once.

use serde_json::Value;
use skein_object::Object;

use super::Readiness;

/// The error when time is up.
pub(super) const TIMED_OUT: &str = "context deadline exceeded";
/// The error when time is up for a hook.
pub(super) const HOOK_TIMED_OUT: &str = "timed out waiting for the condition";

/// Whether the ReplicaSets of an object have to be known to tell whether it is ready.
pub(super) fn needs_replica_sets(object: &Object, readiness: Readiness) -> bool {
    let gvk = object.gvk();
    readiness != Readiness::Hooks
        && (gvk.group.as_str(), gvk.kind.as_str()) == ("apps", "Deployment")
        && !is_paused(object)
}

/// The ReplicaSet of a Deployment that has its template: the oldest, should there be several.
pub(super) fn new_replica_set<'s>(deployment: &Object, sets: &'s [Object]) -> Option<&'s Object> {
    let template = template_without_hash(deployment);
    let matching = sets
        .iter()
        .filter(|set| is_controlled_by(set, deployment) && template_without_hash(set) == template);
    let made = |set: &&Object| {
        let made = set.str_at(&["metadata", "creationTimestamp"]);
        (made.unwrap_or_default().to_owned(), set.name().to_owned())
    };
    matching.min_by_key(made)
}

fn is_controlled_by(object: &Object, owner: &Object) -> bool {
    let references = object.at(&["metadata", "ownerReferences"]);
    let references = references.and_then(Value::as_array).into_iter().flatten();
    let uid = owner.str_at(&["metadata", "uid"]);
    references
        .filter(|reference| reference["controller"] == true)
        .any(|reference| uid.is_some() && reference["uid"].as_str() == uid)
}

fn template_without_hash(object: &Object) -> Value {
    const HASH_LABEL: &str = "pod-template-hash";
    let mut template = object
        .at(&["spec", "template"])
        .cloned()
        .unwrap_or_default();
    if let Some(labels) = template.pointer_mut("/metadata/labels")
        && let Some(labels) = labels.as_object_mut()
    {
        labels.remove(HASH_LABEL);
    }
    template
}

/// Whether a live object is ready; an error when it never will be. Of a Deployment `new_set` is the ReplicaSet with its template, if there is one.
pub(super) fn is_ready(
    object: &Object,
    readiness: Readiness,
    new_set: Option<&Object>,
) -> Result<bool, String> {
    let gvk = object.gvk();
    let kind = (gvk.group.as_str(), gvk.kind.as_str());
    match (readiness, kind) {
        (Readiness::Hooks, ("batch", "Job")) => hook_job(object),
        (Readiness::Hooks, ("", "Pod")) => hook_pod(object),
        (Readiness::Hooks, _) => Ok(true),
        (Readiness::WithJobs, ("batch", "Job")) => job(object),
        (_, ("apps", "Deployment")) => {
            Ok(is_paused(object) || new_set.is_some_and(|new_set| deployment(object, new_set)))
        }
        (_, kind) => Ok(released(object, kind)),
    }
}

fn is_paused(deployment: &Object) -> bool {
    deployment.bool_at(&["spec", "paused"]) == Some(true)
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

/// So many new replicas as the update leaves available; those of older sets do not count.
fn deployment(object: &Object, new_set: &Object) -> bool {
    if !is_observed(new_set) || !is_observed(object) {
        return false;
    }
    let replicas = object.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let is_rolling = object.str_at(&["spec", "strategy", "type"]) == Some("RollingUpdate");
    let unavailable = match is_rolling && replicas > 0 {
        true => unavailable_in_update(object, replicas),
        false => 0,
    };
    number(new_set, "readyReplicas") >= replicas - unavailable
}

/// What a rolling update leaves unavailable; one where it could not go on otherwise.
fn unavailable_in_update(deployment: &Object, replicas: i64) -> i64 {
    let strategy = ["spec", "strategy", "rollingUpdate"];
    let of = |field: &str, rounds_up| {
        let [a, b, c] = strategy;
        count_of(deployment.at(&[a, b, c, field]), replicas, rounds_up).unwrap_or(0)
    };
    let (surge, unavailable) = (of("maxSurge", true), of("maxUnavailable", false));
    match (surge, unavailable) {
        (0, 0) => 1,
        (_, unavailable) => unavailable.min(replicas),
    }
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
    let path = ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"];
    let unavailable = count_of(object.at(&path), desired, true).unwrap_or(1);
    number(object, "numberReady") >= desired - unavailable.min(desired)
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

/// A number, or percent of a total.
fn count_of(value: Option<&Value>, total: i64, rounds_up: bool) -> Option<i64> {
    const PERCENT: i64 = 100;
    let value = value?;
    let Some(text) = value.as_str() else {
        return value.as_i64();
    };
    let parts = total.saturating_mul(text.strip_suffix('%')?.parse().ok()?);
    Some(match rounds_up {
        true => parts.saturating_add(PERCENT - 1) / PERCENT,
        false => parts / PERCENT,
    })
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

    fn with_metadata(mut object: Object, uid: &str, owner: &str, made: &str) -> Object {
        object.set(&["metadata", "uid"], uid.into());
        object.set(&["metadata", "name"], uid.into());
        object.set(&["metadata", "creationTimestamp"], made.into());
        let reference = json!([{"uid": owner, "controller": true}]);
        object.set(&["metadata", "ownerReferences"], reference);
        object
    }

    fn deployment_of(replicas: i64, update: Value) -> Object {
        let spec = json!({"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": update},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"image": "new"}]}}});
        let status = json!({"observedGeneration": 2});
        with_metadata(
            object("apps/v1", "Deployment", spec, status),
            "d",
            "",
            "2026-01-01T00:00:00Z",
        )
    }

    fn set_of(name: &str, image: &str, ready: i64, made: &str) -> Object {
        let spec = json!({"template": {"metadata": {"labels": {"app": "a", "pod-template-hash": name}},
            "spec": {"containers": [{"image": image}]}}});
        let status = json!({"observedGeneration": 2, "readyReplicas": ready});
        with_metadata(
            object("apps/v1", "ReplicaSet", spec, status),
            name,
            "d",
            made,
        )
    }

    #[test]
    fn a_deployment_needs_new_replicas() {
        let quarter = json!({"maxUnavailable": "25%", "maxSurge": "25%"});
        let deployment = deployment_of(4, quarter);
        assert!(needs_replica_sets(&deployment, Readiness::WithJobs));
        assert!(!needs_replica_sets(&deployment, Readiness::Hooks));
        let ready = |sets: &[Object]| {
            let new_set = new_replica_set(&deployment, sets);
            is_ready(&deployment, Readiness::WithJobs, new_set).unwrap()
        };
        let old = set_of("old", "old", 4, "2026-01-01T00:00:00Z");
        let new = |ready| set_of("new", "new", ready, "2026-01-01T00:00:01Z");
        assert!(
            !ready(std::slice::from_ref(&old)),
            "there is no new set yet"
        );
        assert!(!ready(&[old.clone(), new(2)]));
        assert!(ready(&[old.clone(), new(3)]));
        let mut unobserved = new(4);
        unobserved.set(&["status", "observedGeneration"], 1.into());
        assert!(!ready(&[unobserved]));
        let mut foreign = new(4);
        foreign.set(&["metadata", "ownerReferences"], json!([]));
        assert!(!ready(&[foreign]));
        // Of two sets with the template the older one counts.
        let newer = set_of("newer", "new", 4, "2026-01-01T00:00:02Z");
        assert!(!ready(&[newer, new(0)]));
    }

    #[test]
    fn an_update_leaves_some_unavailable() {
        let of =
            |replicas, update| unavailable_in_update(&deployment_of(replicas, update), replicas);
        assert_eq!(
            of(4, json!({"maxSurge": "25%", "maxUnavailable": "50%"})),
            2
        );
        assert_eq!(of(3, json!({"maxSurge": 1, "maxUnavailable": "25%"})), 0);
        // Neither more nor less than wanted would never end.
        assert_eq!(of(3, json!({"maxSurge": 0, "maxUnavailable": "25%"})), 1);
        assert_eq!(of(2, json!({"maxSurge": 0, "maxUnavailable": 9})), 2);
    }

    #[test]
    fn jobs_count_only_where_they_are_waited_for() {
        let failed = object(
            "batch/v1",
            "Job",
            json!({"backoffLimit": 0, "completions": 1}),
            json!({"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}),
        );
        assert_eq!(is_ready(&failed, Readiness::WithoutJobs, None), Ok(true));
        assert_eq!(
            is_ready(&failed, Readiness::WithJobs, None),
            Err("job is failed: n/a".to_owned())
        );
        assert_eq!(
            is_ready(&failed, Readiness::Hooks, None),
            Err("job a failed: BackoffLimitExceeded".to_owned())
        );
    }

    #[test]
    fn services_and_claims() {
        let of = |kind: &str, spec: Value, status: Value| {
            let object = object("v1", kind, spec, status);
            is_ready(&object, Readiness::WithJobs, None).unwrap()
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
