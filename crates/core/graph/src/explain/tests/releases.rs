//! Stories of Helm releases, their charts and repositories.

use super::*;

fn release(name: &str, ready: (&str, &str, &str), depends: &[&str]) -> Value {
    let depends: Vec<Value> = depends.iter().map(|name| json!({"name": name})).collect();
    let template = json!({"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}});
    flux(
        HELM,
        "HelmRelease",
        name,
        ready,
        json!({"chart": template, "dependsOn": depends}),
    )
}

fn chart(release: &str, ready: (&str, &str, &str)) -> Value {
    let spec = json!({"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "charts"}});
    flux(SOURCE, "HelmChart", &format!("f-{release}"), ready, spec)
}

fn repository(ready: (&str, &str, &str)) -> Value {
    flux(
        SOURCE,
        "HelmRepository",
        "charts",
        ready,
        json!({"url": "https://charts.example"}),
    )
}

const NO_CHART: (&str, &str, &str) = (
    "False",
    "SourceNotReady",
    "HelmChart 'f/f-web' is not ready: no artifact",
);

fn about(objects: impl IntoIterator<Item = Value>, name: &str) -> Explanation {
    ask(&fleet(objects), "HelmRelease", name)
}

#[test]
fn a_release_waits_for_chart_and_repository() {
    let lost = ("False", "Failed", "failed to fetch index: no such host");
    let found = about(
        [
            release("web", NO_CHART, &[]),
            chart("web", WAITS),
            repository(lost),
        ],
        "web",
    );
    assert_eq!(
        verdict(&found),
        "unreachable Failed HelmRepository f/charts"
    );
    assert_eq!(names(&found), ["charts", "f-web", "web"]);
    assert!(
        found
            .broken
            .expect("broken")
            .remedy
            .contains("https://charts.example")
    );
    let pull = (
        "False",
        "ChartPullError",
        "no chart version found for web-9.x",
    );
    let found = about(
        [
            release("web", NO_CHART, &[]),
            chart("web", pull),
            repository(READY),
        ],
        "web",
    );
    assert_eq!(verdict(&found), "notAtOrigin Failed HelmChart f/f-web");
}

#[test]
fn before_its_chart_is_made_the_repository_counts() {
    let young = ("", "", "");
    let other = chart("other", READY);
    let found = about(
        [release("web", young, &[]), other.clone(), repository(READY)],
        "web",
    );
    assert_eq!(verdict(&found), "unattended Failed HelmRelease f/web");
    let found = about(
        [
            release("web", NO_CHART, &[]),
            other,
            flux(SOURCE, "HelmRepository", "x", READY, json!({})),
        ],
        "web",
    );
    assert_eq!(verdict(&found), "missing Failed HelmRepository f/charts");
}

#[test]
fn an_oci_repository_needs_nobody() {
    let oci = flux(
        SOURCE,
        "HelmRepository",
        "charts",
        ("", "", ""),
        json!({"type": "oci", "url": "oci://x"}),
    );
    let found = about(
        [release("web", READY, &[]), chart("web", READY), oci],
        "web",
    );
    assert_eq!(verdict(&found), "");
}

#[test]
fn a_chart_from_an_oci_repository() {
    let spec = json!({"chartRef": {"kind": "OCIRepository", "name": "web"}});
    let release = flux(
        HELM,
        "HelmRelease",
        "web",
        ("False", "SourceNotReady", "not yet"),
        spec,
    );
    let refused = (
        "False",
        "OCIArtifactPullFailed",
        "GET https://x: UNAUTHORIZED: authentication required",
    );
    let source = flux(
        SOURCE,
        "OCIRepository",
        "web",
        refused,
        json!({"url": "oci://x", "secretRef": {"name": "pull"}}),
    );
    let found = about([release, source], "web");
    assert_eq!(verdict(&found), "unauthorised Failed OCIRepository f/web");
    assert!(found.broken.expect("broken").remedy.contains("Secret pull"));
}

#[test]
fn a_release_that_depends_on_a_failed_one() {
    let failed = (
        "False",
        "InstallFailed",
        "Helm install failed: release db failed: resource Secret/x invalid",
    );
    let found = about(
        [
            release("web", WAITS, &["db"]),
            release("db", failed, &[]),
            chart("web", READY),
            chart("db", READY),
            repository(READY),
        ],
        "web",
    );
    assert_eq!(verdict(&found), "release Failed HelmRelease f/db");
}

#[test]
fn values_that_are_missing() {
    let failed = (
        "False",
        "ValuesError",
        "could not resolve ConfigMap chart values reference 'f/extra' with key 'values.yaml': not found",
    );
    let mut web = release("web", failed, &[]);
    web["spec"]["valuesFrom"] = json!([{"kind": "ConfigMap", "name": "may", "optional": true}, {"kind": "ConfigMap", "name": "extra"}]);
    let found = about([web.clone(), chart("web", READY), repository(READY)], "web");
    assert_eq!(verdict(&found), "values Failed HelmRelease f/web");
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "f"}});
    let found = about([web, other, chart("web", READY), repository(READY)], "web");
    assert_eq!(verdict(&found), "missing Failed ConfigMap f/extra");
    assert!(
        found
            .broken
            .expect("broken")
            .message
            .contains("spec.valuesFrom[1]")
    );
}

#[test]
fn an_install_that_waits_for_a_pod() {
    let failed = (
        "False",
        "InstallFailed",
        "Helm install failed: timeout waiting for: [Deployment/a/web status: 'InProgress']",
    );
    let mut web = release("web", failed, &[]);
    web["status"]["inventory"] = json!({"entries": [{"id": "a_web_apps_Deployment", "v": "v1"}]});
    let found = about(
        [
            web,
            chart("web", READY),
            repository(READY),
            workloads::deployment("web", 1, json!([])),
        ],
        "web",
    );
    assert_eq!(verdict(&found), "progressing Waiting Deployment a/web");
}

#[test]
fn includes_and_causes_of_many() {
    let mut fleet_source = git((
        "False",
        "IncludeUnavailable",
        "could not get resource for include",
    ));
    fleet_source["spec"]["include"] = json!([{"repository": {"name": "shared"}}]);
    let objects = [
        fleet_source,
        ks("a", WAITS, &[], &[]),
        ks("b", WAITS, &["a"], &[]),
        release("web", ("False", "UpgradeFailed", "no"), &[]),
        chart("web", READY),
        repository(READY),
    ];
    let fleet = fleet(objects);
    let places = [
        ("Kustomization", "b"),
        ("Kustomization", "a"),
        ("HelmRelease", "web"),
        ("HelmChart", "f-web"),
    ];
    let places = places.map(|(kind, name)| Place::new("", key(kind, name)));
    let groups = crate::causes::root_causes(&fleet, places, NOW.parse().expect("a time"));
    let told: Vec<(String, usize)> = groups
        .iter()
        .map(|group| (verdict(&group.explanation), group.waiting.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("missing Failed GitRepository f/shared".to_owned(), 2),
            ("release Failed HelmRelease f/web".to_owned(), 1),
        ]
    );
}

#[test]
fn ages_are_short() {
    let at = |text: &str| text.parse().expect("a time");
    let told = |since: &str| age(at(since), at("2026-01-03T00:00:00Z"));
    assert_eq!(told("2026-01-02T23:59:18Z"), "42s");
    assert_eq!(told("2026-01-02T23:54:48Z"), "5m12s");
    assert_eq!(told("2026-01-02T20:40:00Z"), "3h20m");
    assert_eq!(told("2025-12-31T20:00:00Z"), "2d4h");
    assert_eq!(told("2026-01-02T23:00:00Z"), "1h");
    assert_eq!(told("2026-01-04T00:00:00Z"), "");
}
