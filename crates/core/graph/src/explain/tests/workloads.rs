//! Stories that end at a workload, its Pods or another applied object.

use super::*;

/// A Deployment of two replicas, so many of which are ready.
pub(super) fn deployment(name: &str, ready: i64, conditions: Value) -> Value {
    let mut list = vec![
        json!({"type": "Available", "status": if ready == 2 { "True" } else { "False" },
        "lastTransitionTime": THEN}),
    ];
    list.extend(conditions.as_array().cloned().unwrap_or_default());
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "a", "uid": name, "generation": 1},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": ready,
            "availableReplicas": ready, "conditions": list}})
}

fn owned(api_version: &str, kind: &str, name: &str, owner: (&str, &str), status: Value) -> Value {
    let (owner_kind, owner) = owner;
    json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "a", "uid": name, "ownerReferences":
            [{"apiVersion": "apps/v1", "kind": owner_kind, "name": owner, "uid": owner, "controller": true}]},
        "spec": {"replicas": 2}, "status": status})
}

fn replica_set(status: Value) -> Value {
    owned(
        "apps/v1",
        "ReplicaSet",
        "web-1",
        ("Deployment", "web"),
        status,
    )
}

fn pod(status: Value) -> Value {
    owned("v1", "Pod", "web-1-x", ("ReplicaSet", "web-1"), status)
}

const UNHEALTHY: (&str, &str, &str) = (
    "False",
    "HealthCheckFailed",
    "health check failed after 5m0s: timeout waiting for: [Deployment/a/web status: 'InProgress']",
);

fn told(pod_status: Value) -> Explanation {
    of(
        [
            git(READY),
            ks(
                "apps",
                UNHEALTHY,
                &[],
                &["a_ok_apps_Deployment", "a_web_apps_Deployment"],
            ),
            deployment("ok", 2, json!([])),
            deployment("web", 0, json!([])),
            replica_set(json!({})),
            pod(pod_status),
        ],
        "apps",
    )
}

#[test]
fn the_pod_says_why() {
    let waiting = |reason: &str, message: &str| {
        json!({"phase": "Pending", "containerStatuses": [{"name": "app",
            "state": {"waiting": {"reason": reason, "message": message}},
            "lastState": {"terminated": {"exitCode": 3, "reason": "Error", "message": "no config\n"}}}]})
    };
    let found = told(waiting("CrashLoopBackOff", "back-off 5m0s"));
    assert_eq!(verdict(&found), "unhealthy Failed Pod a/web-1-x");
    assert_eq!(names(&found), ["fleet", "apps", "web", "web-1-x"]);
    let broken = found.broken.expect("broken");
    assert_eq!(
        broken.message,
        "CrashLoopBackOff: container app: back-off 5m0s: it ended with exit code 3: no config"
    );
    assert_eq!(
        broken.remedy,
        "`kubectl logs --previous web-1-x -n a` tells why it ended"
    );
    let broken = told(waiting(
        "ImagePullBackOff",
        "Back-off pulling image \"x:1\"",
    ))
    .broken
    .expect("broken");
    assert!(
        broken.remedy.contains("imagePullSecrets"),
        "{}",
        broken.remedy
    );
}

#[test]
fn a_pod_without_a_node() {
    let found = told(
        json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient memory."}]}),
    );
    let broken = found.broken.expect("broken");
    assert_eq!(broken.reason, "Unschedulable");
    assert!(broken.message.contains("Insufficient memory"));
}

#[test]
fn a_pod_that_only_starts_leaves_the_workload_to_tell() {
    let found = told(
        json!({"phase": "Pending", "containerStatuses": [{"name": "app",
        "state": {"waiting": {"reason": "ContainerCreating"}}}]}),
    );
    assert_eq!(verdict(&found), "progressing Waiting Deployment a/web");
}

#[test]
fn pods_that_cannot_be_made() {
    let quota = "pods \"web-1-\" is forbidden: exceeded quota: small";
    let failure = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": quota}]});
    let found = of(
        [
            git(READY),
            ks("apps", UNHEALTHY, &[], &["a_web_apps_Deployment"]),
            deployment("web", 0, json!([])),
            replica_set(failure),
        ],
        "apps",
    );
    assert_eq!(verdict(&found), "unhealthy Failed ReplicaSet a/web-1");
    assert!(found.sentence().contains("exceeded quota"));
}

#[test]
fn a_failed_job() {
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": "a", "uid": "migrate"},
        "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]}});
    let ended = json!({"phase": "Failed", "containerStatuses": [{"name": "sql", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]});
    let entries = ["a_migrate_batch_Job"];
    let parent = ks("apps", UNHEALTHY, &[], &entries);
    let found = of([git(READY), parent.clone(), job.clone()], "apps");
    assert_eq!(verdict(&found), "unhealthy Failed Job a/migrate");
    let pod = owned("v1", "Pod", "migrate-x", ("Job", "migrate"), ended);
    let found = of([git(READY), parent, job, pod], "apps");
    assert_eq!(verdict(&found), "unhealthy Failed Pod a/migrate-x");
    assert!(found.sentence().contains("exit code 137 (OOMKilled)"));
}

#[test]
fn what_the_message_names_comes_first() {
    let unwell = |name: &str| {
        json!({"apiVersion": "x.example/v1", "kind": "Thing", "metadata": {"name": name, "namespace": "a"},
            "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "No", "message": "not yet"}]}})
    };
    let named = (
        "False",
        "HealthCheckFailed",
        "health check failed after 1m0s: failed early due to stalled resources: [Thing/a/second status: 'Failed']",
    );
    let entries = ["a_first_x.example_Thing", "a_second_x.example_Thing"];
    let objects = [
        git(READY),
        ks("apps", named, &[], &entries),
        unwell("first"),
        unwell("second"),
    ];
    assert_eq!(
        of(objects, "apps")
            .broken
            .expect("broken")
            .place
            .expect("a place")
            .key
            .name,
        "second"
    );
    // A health expression may fail what the general rules find well.
    let well = json!({"apiVersion": "x.example/v1", "kind": "Thing", "metadata": {"name": "second", "namespace": "a"}});
    let found = of(
        [git(READY), ks("apps", named, &[], &entries[1..]), well],
        "apps",
    );
    assert_eq!(verdict(&found), "unhealthy Failed Thing a/second");
    assert!(found.sentence().contains("failed early"));
}

#[test]
fn an_object_that_is_gone() {
    let found = of(
        [
            git(READY),
            ks(
                "apps",
                READY,
                &[],
                &["a_ok_apps_Deployment", "a_web_apps_Deployment"],
            ),
            deployment("ok", 2, json!([])),
        ],
        "apps",
    );
    assert_eq!(verdict(&found), "missing Failed Deployment a/web");
    assert!(
        found
            .broken
            .expect("broken")
            .remedy
            .contains("Kustomization f/apps")
    );
}

#[test]
fn an_object_is_explained_by_who_applied_it_and_by_itself() {
    let objects = |ready| {
        fleet([
            git(READY),
            ks(
                "apps",
                ready,
                &[],
                &["a_ok_apps_Deployment", "a_web_apps_Deployment"],
            ),
            deployment("ok", 2, json!([])),
            deployment("web", 0, json!([])),
            replica_set(json!({})),
            pod(json!({"phase": "Failed", "reason": "Evicted", "message": "low on disk"})),
        ])
    };
    let ask = |fleet: &FleetIndex, kind: &str, name: &str| {
        let group = if kind == "Pod" { "" } else { "apps" };
        let place = Place::new("", ObjectKey::new(group, kind, "a", name));
        explain(fleet, &place, NOW.parse().expect("a time"))
    };
    // One that is well is not blamed for another one.
    let found = ask(&objects(UNHEALTHY), "Deployment", "ok");
    assert_eq!(
        (verdict(&found).as_str(), names(&found)),
        ("", vec!["fleet".into(), "apps".into(), "ok".into()])
    );
    let failed = ("False", "BuildFailed", "no");
    let found = ask(&objects(failed), "Deployment", "ok");
    assert_eq!(
        found.sentence(),
        "Deployment a/ok is ready, but Kustomization f/apps fails: no"
    );
    let found = ask(&objects(UNHEALTHY), "ReplicaSet", "web-1");
    assert_eq!(verdict(&found), "unhealthy Failed Pod a/web-1-x");
    assert!(
        found.sentence().contains("Evicted: low on disk"),
        "{}",
        found.sentence()
    );
    let found = ask(&objects(READY), "Pod", "web-1-x");
    assert_eq!(names(&found), ["fleet", "apps", "web", "web-1-x"]);
}

#[test]
fn a_child_reconciler_is_followed() {
    let child = "f_inner_kustomize.toolkit.fluxcd.io_Kustomization";
    for parent in [READY, UNHEALTHY] {
        let found = of(
            [
                git(READY),
                ks("outer", parent, &[], &[child]),
                ks("inner", UNHEALTHY, &[], &["a_web_apps_Deployment"]),
                deployment("web", 0, json!([])),
            ],
            "outer",
        );
        assert_eq!(verdict(&found), "progressing Waiting Deployment a/web");
        assert_eq!(names(&found), ["fleet", "outer", "inner", "web"]);
    }
}
