//! Tests of the explanation: each story has one first broken link.

use serde_json::{Value, json};
use skein_object::ObjectKey;

use super::*;
use crate::index::{FleetIndex, ObjectIndex};
use crate::links::connection_of;
use crate::view::Contact;

mod releases;
mod workloads;

/// 2026-01-01T00:10:00Z; what the stories hold changed ten minutes before.
const NOW: &str = "2026-01-01T00:10:00Z";
const THEN: &str = "2026-01-01T00:00:00Z";
const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/v1";
const HELM: &str = "helm.toolkit.fluxcd.io/v2";

/// A Flux object with a Ready condition; an empty status for none.
fn flux(
    api_version: &str,
    kind: &str,
    name: &str,
    ready: (&str, &str, &str),
    spec: Value,
) -> Value {
    let (status, reason, message) = ready;
    let condition = json!([{"type": "Ready", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": THEN, "observedGeneration": 1}]);
    let is_source = api_version == SOURCE;
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": "f", "generation": 1, "creationTimestamp": THEN},
        "spec": spec, "status": {},
    });
    if !status.is_empty() {
        object["status"] = json!({"observedGeneration": 1, "conditions": condition});
    }
    if is_source && status == "True" {
        object["status"]["artifact"] = json!({"revision": "main@sha1:new"});
    }
    object
}

const READY: (&str, &str, &str) = ("True", "Succeeded", "all is well");
const WAITS: (&str, &str, &str) = ("False", "DependencyNotReady", "dependency is not ready");

fn git(ready: (&str, &str, &str)) -> Value {
    flux(
        SOURCE,
        "GitRepository",
        "fleet",
        ready,
        json!({"url": "https://git.example/fleet"}),
    )
}

/// A Kustomization of the repository `fleet` with dependencies and an inventory.
fn ks(name: &str, ready: (&str, &str, &str), depends: &[&str], applied: &[&str]) -> Value {
    let depends: Vec<Value> = depends.iter().map(|name| json!({"name": name})).collect();
    let entries: Vec<Value> = applied
        .iter()
        .map(|id| json!({"id": id, "v": "v1"}))
        .collect();
    let spec =
        json!({"sourceRef": {"kind": "GitRepository", "name": "fleet"}, "dependsOn": depends});
    let mut object = flux(KUSTOMIZE, "Kustomization", name, ready, spec);
    object["status"]["inventory"] = json!({"entries": entries});
    object["status"]["lastAppliedRevision"] = json!("main@sha1:new");
    object
}

fn key(kind: &str, name: &str) -> ObjectKey {
    let group = match kind {
        "Kustomization" => "kustomize.toolkit.fluxcd.io",
        "HelmRelease" => "helm.toolkit.fluxcd.io",
        _ => "source.toolkit.fluxcd.io",
    };
    ObjectKey::new(group, kind, "f", name)
}

fn index(objects: impl IntoIterator<Item = Value>) -> ObjectIndex {
    ObjectIndex::new(
        objects
            .into_iter()
            .map(|value| Object::from_value(value).expect("an object")),
    )
}

fn fleet(objects: impl IntoIterator<Item = Value>) -> FleetIndex {
    FleetIndex::of_one(index(objects))
}

fn ask(fleet: &FleetIndex, kind: &str, name: &str) -> Explanation {
    explain(
        fleet,
        &Place::new("", key(kind, name)),
        NOW.parse().expect("a time"),
    )
}

/// `cause urgency place` of the first broken link; empty when all is well.
fn verdict(explanation: &Explanation) -> String {
    explanation
        .broken
        .as_ref()
        .map_or_else(String::new, |broken| {
            let place = broken.place.as_ref().map(ToString::to_string);
            format!(
                "{} {:?} {}",
                broken.cause.as_str(),
                broken.urgency,
                place.unwrap_or_else(|| format!("cluster {}", broken.cluster))
            )
        })
}

fn of(objects: impl IntoIterator<Item = Value>, name: &str) -> Explanation {
    ask(&fleet(objects), "Kustomization", name)
}

fn names(explanation: &Explanation) -> Vec<String> {
    let name = |link: &Link| match &link.place {
        Some(place) => place.key.name.clone(),
        None => format!("cluster {}", link.cluster),
    };
    explanation.chain.iter().map(name).collect()
}

#[test]
fn all_is_well() {
    let found = of([git(READY), ks("apps", READY, &[], &[])], "apps");
    assert_eq!(
        (verdict(&found), found.sentence()),
        (String::new(), String::new())
    );
    assert_eq!(names(&found), ["fleet", "apps"]);
    assert_eq!(
        found.path(),
        "GitRepository f/fleet ✔ → Kustomization f/apps ✔"
    );
}

#[test]
fn a_source_that_fails_is_the_cause_of_all_after_it() {
    let refused = (
        "False",
        "GitOperationFailed",
        "failed to checkout: authentication required: Unauthorized",
    );
    let late = (
        "False",
        "ArtifactFailed",
        "Source artifact not found, retrying in 5s",
    );
    let found = of(
        [
            git(refused),
            ks("infra", late, &[], &[]),
            ks("apps", WAITS, &["infra"], &[]),
        ],
        "apps",
    );
    assert_eq!(verdict(&found), "unauthorised Failed GitRepository f/fleet");
    let broken = found.broken.as_ref().expect("broken");
    assert_eq!(broken.since, THEN.parse().ok());
    assert!(
        broken.remedy.contains("spec.secretRef")
            && broken.remedy.contains("https://git.example/fleet")
    );
    assert_eq!(
        found.sentence(),
        "Kustomization f/apps waits because GitRepository f/fleet fails: failed to checkout: authentication required: Unauthorized"
    );
}

#[test]
fn what_a_source_says_tells_what_to_do() {
    for (reason, message, cause) in [
        (
            "AuthenticationFailed",
            "secret 'x' not found",
            "unauthorised",
        ),
        (
            "GitOperationFailed",
            "dial tcp: connect: connection refused",
            "unreachable",
        ),
        (
            "GitOperationFailed",
            "unable to clone: couldn't find remote ref \"refs/heads/x\"",
            "notAtOrigin",
        ),
        (
            "VerificationError",
            "signature verification failed",
            "untrusted",
        ),
        ("URLInvalid", "unsupported scheme", "invalidSpec"),
        (
            "OCIArtifactPullFailed",
            "GET https://x: MANIFEST_UNKNOWN: manifest unknown",
            "notAtOrigin",
        ),
        ("StorageOperationFailed", "no space left on device", "other"),
    ] {
        let found = of(
            [git(("False", reason, message)), ks("apps", WAITS, &[], &[])],
            "apps",
        );
        assert_eq!(
            verdict(&found),
            format!("{cause} Failed GitRepository f/fleet")
        );
        assert!(!found.broken.expect("broken").remedy.is_empty());
    }
}

#[test]
fn a_source_that_fails_cuts_off_what_is_ready() {
    let failing = ("False", "GitOperationFailed", "no such host");
    let found = of([git(failing), ks("apps", READY, &[], &[])], "apps");
    assert_eq!(
        found.sentence(),
        "Kustomization f/apps is ready, but GitRepository f/fleet fails: no such host"
    );
}

#[test]
fn a_missing_source_is_named_with_its_namesake() {
    let late = (
        "False",
        "ArtifactFailed",
        "Source artifact not found, retrying in 5s",
    );
    let mut elsewhere = git(READY);
    elsewhere["metadata"]["namespace"] = json!("other");
    let found = of([elsewhere, ks("apps", late, &[], &[])], "apps");
    assert_eq!(verdict(&found), "missing Failed GitRepository f/fleet");
    let remedy = found.broken.expect("broken").remedy;
    assert!(
        remedy.contains("in other") && remedy.contains("Kustomization f/apps"),
        "{remedy}"
    );
}

#[test]
fn a_source_that_nobody_looked_at_is_asked_for_and_not_blamed() {
    let mut index = ObjectIndex::default();
    index.insert(Object::from_value(ks("apps", READY, &[], &[])).expect("an object"));
    let found = ask(&FleetIndex::of_one(index), "Kustomization", "apps");
    assert_eq!(verdict(&found), "");
    assert_eq!(
        found.unseen,
        [Place::new("", key("GitRepository", "fleet"))]
    );
}

#[test]
fn a_source_without_artifact() {
    let mut empty = git(READY);
    empty["status"]["artifact"] = Value::Null;
    let late = (
        "False",
        "ArtifactFailed",
        "Source artifact not found, retrying in 5s",
    );
    let found = of([empty, ks("apps", late, &[], &[])], "apps");
    assert_eq!(verdict(&found), "noArtifact Waiting GitRepository f/fleet");
}

#[test]
fn the_root_of_a_chain_of_dependencies_is_named() {
    let failed = (
        "False",
        "BuildFailed",
        "kustomize build failed: base/x.yaml: no such thing",
    );
    let found = of(
        [
            git(READY),
            ks("c", WAITS, &["b"], &[]),
            ks("b", WAITS, &["a"], &[]),
            ks("a", failed, &[], &[]),
        ],
        "c",
    );
    assert_eq!(verdict(&found), "build Failed Kustomization f/a");
    assert_eq!(names(&found), ["fleet", "a", "b", "c"]);
}

#[test]
fn a_dependency_that_does_not_exist_or_is_elsewhere() {
    let found = of([git(READY), ks("apps", WAITS, &["gone"], &[])], "apps");
    assert_eq!(verdict(&found), "missing Failed Kustomization f/gone");
    let mut other = ks("gone", READY, &[], &[]);
    other["metadata"]["namespace"] = json!("infra");
    let found = of(
        [git(READY), other, ks("apps", WAITS, &["gone"], &[])],
        "apps",
    );
    let remedy = found.broken.expect("broken").remedy;
    assert!(remedy.contains("spec.dependsOn[].namespace"), "{remedy}");
}

#[test]
fn circles_are_told_as_such() {
    let objects = [
        git(READY),
        ks("a", WAITS, &["b"], &[]),
        ks("b", WAITS, &["a"], &[]),
        ks("c", WAITS, &["a"], &[]),
    ];
    let found = of(objects.clone(), "a");
    assert_eq!(verdict(&found), "cycle Failed Kustomization f/a");
    let found = of(objects, "c");
    assert_eq!(
        found.sentence(),
        "Kustomization f/c waits because Kustomization f/a waits for itself: \
         dependencies go round in a circle: Kustomization/f/a → Kustomization/f/b → Kustomization/f/a"
    );
}

#[test]
fn an_expression_about_a_ready_dependency() {
    let waits = (
        "False",
        "DependencyNotReady",
        "dependency 'f/base' is not ready according to readyExpr eval",
    );
    let found = of(
        [
            git(READY),
            ks("base", READY, &[], &[]),
            ks("apps", waits, &["base"], &[]),
        ],
        "apps",
    );
    assert_eq!(verdict(&found), "expression Waiting Kustomization f/apps");
}

#[test]
fn a_dependency_with_an_older_revision() {
    let mut base = ks("base", READY, &[], &[]);
    base["status"]["lastAppliedRevision"] = json!("main@sha1:old");
    let found = of(
        [git(READY), base.clone(), ks("apps", WAITS, &["base"], &[])],
        "apps",
    );
    assert_eq!(verdict(&found), "behind Waiting Kustomization f/base");
    let found = of([git(READY), base], "base");
    assert_eq!(verdict(&found), "behind Waiting Kustomization f/base");
}

#[test]
fn a_paused_link_in_the_chain() {
    let mut paused = git(READY);
    paused["spec"]["suspend"] = json!(true);
    let found = of([paused.clone(), ks("apps", READY, &[], &[])], "apps");
    assert_eq!(verdict(&found), "suspended Paused GitRepository f/fleet");
    assert_eq!(
        found.broken.as_ref().expect("broken").remedy,
        "`skein resume source git fleet -n f`"
    );
    // What fails comes before what is paused.
    let failed = ("False", "BuildFailed", "no");
    let found = of([paused, ks("apps", failed, &[], &[])], "apps");
    assert_eq!(verdict(&found), "build Failed Kustomization f/apps");
    let mut stopped = ks("apps", failed, &[], &[]);
    stopped["spec"]["suspend"] = json!(true);
    let found = of([git(READY), stopped], "apps");
    assert_eq!(verdict(&found), "suspended Paused Kustomization f/apps");
}

#[test]
fn nobody_looked_at_it() {
    let mut sharded = ks("apps", ("", "", ""), &[], &[]);
    sharded["metadata"]["labels"] = json!({"sharding.fluxcd.io/key": "two"});
    let found = of([git(READY), sharded], "apps");
    assert_eq!(verdict(&found), "unattended Failed Kustomization f/apps");
    let broken = found.broken.expect("broken");
    assert!(
        broken.message.contains("\"two\"") && broken.remedy.contains("sharding.fluxcd.io/key=two")
    );
    let mut young = ks("apps", ("", "", ""), &[], &[]);
    young["metadata"]["creationTimestamp"] = json!("2026-01-01T00:09:30Z");
    let found = of([git(READY), young], "apps");
    assert_eq!(verdict(&found), "unattended Waiting Kustomization f/apps");
}

#[test]
fn a_status_of_an_older_spec() {
    let failed = ("False", "BuildFailed", "of the old spec");
    let mut stale = ks("apps", failed, &[], &[]);
    stale["metadata"]["generation"] = json!(3);
    let found = of([git(READY), stale.clone()], "apps");
    assert_eq!(verdict(&found), "unattended Waiting Kustomization f/apps");
    assert!(
        found.sentence().contains("generation 3, its status of 1"),
        "{}",
        found.sentence()
    );
    // Flux writes status.observedGeneration at successes only; conditions tell the newest.
    stale["status"]["conditions"][0]["observedGeneration"] = json!(3);
    assert_eq!(
        verdict(&of([git(READY), stale], "apps")),
        "build Failed Kustomization f/apps"
    );
}

#[test]
fn work_that_goes_on_for_too_long() {
    let works = ("Unknown", "Progressing", "Reconciliation in progress");
    let mut apps = ks("apps", works, &[], &[]);
    let told = |apps: Value| of([git(READY), apps], "apps").broken.expect("broken").cause;
    assert_eq!(told(apps.clone()), Cause::Progressing { overdue: true });
    apps["spec"]["timeout"] = json!("15m");
    assert_eq!(told(apps), Cause::Progressing { overdue: false });
}

#[test]
fn what_is_about_to_be_made_is_not_missing() {
    let works = ("Unknown", "Progressing", "Reconciliation in progress");
    let mut apps = ks("apps", works, &[], &["a_migrate_batch_Job"]);
    apps["spec"]["healthChecks"] =
        json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "migrate", "namespace": "a"}]);
    let other = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x", "namespace": "a"}});
    let told = |apps: &Value| verdict(&of([git(READY), apps.clone(), other.clone()], "apps"));
    assert_eq!(told(&apps), "missing Failed Job a/migrate");
    apps["spec"]["timeout"] = json!("15m");
    assert_eq!(told(&apps), "progressing Waiting Kustomization f/apps");
    // Nobody will make what the inventory does not have.
    apps["status"]["inventory"]["entries"] = json!([]);
    assert_eq!(told(&apps), "missing Failed Job a/migrate");
}

#[test]
fn a_secret_that_is_known_not_to_exist() {
    let failed = ("False", "BuildFailed", "cannot decrypt");
    let mut apps = ks("apps", failed, &[], &[]);
    apps["spec"]["decryption"] = json!({"provider": "sops", "secretRef": {"name": "age"}});
    let found = of([git(READY), apps.clone()], "apps");
    assert_eq!(verdict(&found), "decryption Failed Kustomization f/apps");
    let other =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "f"}});
    let found = of([git(READY), apps, other], "apps");
    assert_eq!(verdict(&found), "missing Failed Secret f/age");
    assert!(
        found
            .broken
            .expect("broken")
            .message
            .contains("spec.decryption.secretRef")
    );
}

#[test]
fn an_object_that_is_being_deleted() {
    let mut apps = ks("apps", READY, &[], &[]);
    apps["metadata"]["deletionTimestamp"] = json!(THEN);
    apps["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
    let found = of([git(READY), apps], "apps");
    assert_eq!(verdict(&found), "deleting Waiting Kustomization f/apps");
}

#[test]
fn a_cluster_that_does_not_answer() {
    let mut apps = ks("apps", READY, &[], &["a_web_apps_Deployment"]);
    apps["spec"]["kubeConfig"] = json!({"secretRef": {"name": "staging"}});
    let connection =
        connection_of(&Object::from_value(apps.clone()).expect("an object")).expect("a connection");
    let mut fleet = FleetIndex::default();
    fleet.put("hub", index([git(READY), apps]));
    fleet.put(
        "staging",
        index([workloads::deployment("web", 0, json!([]))]),
    );
    let place = Place::new("hub", key("Kustomization", "apps"));
    let ask = |fleet: &FleetIndex| explain(fleet, &place, NOW.parse().expect("a time"));
    // Where the connection leads is not known: nothing is said of the objects.
    assert_eq!(verdict(&ask(&fleet)), "");
    fleet.set_target("hub", connection, "staging");
    let found = ask(&fleet);
    assert_eq!(verdict(&found), "progressing Waiting Deployment a/web");
    assert!(
        found
            .sentence()
            .contains("Deployment a/web on cluster staging"),
        "{}",
        found.sentence()
    );
    let web = Place::new("staging", ObjectKey::new("apps", "Deployment", "a", "web"));
    let from_object = explain(&fleet, &web, NOW.parse().expect("a time"));
    assert_eq!(names(&from_object), ["fleet", "apps", "web"]);
    fleet.set_contact(
        "staging",
        Contact::Lost {
            message: "connection refused".into(),
            since: None,
        },
    );
    let found = ask(&fleet);
    assert_eq!(verdict(&found), "clusterLost Failed cluster staging");
    assert_eq!(
        found.sentence(),
        "Kustomization f/apps is ready, but cluster staging does not answer: connection refused"
    );
}
