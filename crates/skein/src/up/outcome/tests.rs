//! Verdicts over small fleets.

use super::*;
use crate::up::view::fixtures::{cluster, kustomization, source};

fn time() -> Timestamp {
    "2026-01-01T00:10:00Z".parse().unwrap()
}

fn fleet(ready: &str) -> Fleet {
    let mut fleet = cluster("staging");
    fleet.upsert("staging", source(), 0).unwrap();
    fleet
        .upsert("staging", kustomization("apps", ready, "boom"), 0)
        .unwrap();
    fleet
}

#[test]
fn ready_only_after_a_moment_of_calm() {
    let (fleet, mut judge) = (fleet("True"), Judge::new(Duration::from_secs(60)));
    let start = Instant::now();
    assert_eq!(judge.look(&fleet, start, time()), Verdict::Waiting);
    let later = start + CALM;
    assert_eq!(
        judge.look(&fleet, later, time()),
        Verdict::Ready {
            unattended: Vec::new()
        }
    );
}

#[test]
fn a_failure_that_stays_is_explained() {
    let (fleet, mut judge) = (fleet("False"), Judge::new(Duration::from_secs(600)));
    let start = Instant::now();
    assert_eq!(judge.look(&fleet, start, time()), Verdict::Waiting);
    let Verdict::Broken(lines) = judge.look(&fleet, start + SETTLE, time()) else {
        panic!("still waiting");
    };
    assert_eq!(
        lines,
        [
            "1. staging: Kustomization flux-system/apps fails: boom",
            "   chain: GitRepository flux-system/flux-system ✔ → Kustomization flux-system/apps ✗",
            "   since: 10m",
            "   to do: look at the conditions and events of Kustomization flux-system/apps",
        ]
    );
}

#[test]
fn one_cause_is_told_once_with_those_that_wait() {
    let mut fleet = cluster("staging");
    for name in ["a", "b", "c", "d", "e"] {
        let object = kustomization(name, "False", "Source artifact not found, retrying in 5s");
        fleet.upsert("staging", object, 0).unwrap();
    }
    let mut judge = Judge::new(Duration::from_secs(5));
    let start = Instant::now();
    judge.look(&fleet, start, time());
    let Verdict::Broken(lines) = judge.look(&fleet, start + Duration::from_secs(6), time()) else {
        panic!("still waiting");
    };
    // The hub has not seen the source's kind yet: the Kustomizations are asked themselves, each is a cause.
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains(". staging: "))
            .count(),
        5
    );
    let kind = skein_object::GroupKind::new("source.toolkit.fluxcd.io", "GitRepository");
    fleet.mark_complete("staging", &kind).unwrap();
    let lines = explain(&fleet, time());
    assert_eq!(
        lines[0],
        "1. staging: GitRepository flux-system/flux-system does not exist: Kustomization flux-system/a names it"
    );
    assert!(
        lines.contains(&"   waiting for it: Kustomization flux-system/a, Kustomization flux-system/b, Kustomization flux-system/c and 2 more".to_owned()),
        "{lines:#?}"
    );
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains(". staging: "))
            .count(),
        1
    );
}

#[test]
fn an_empty_fleet_is_not_ready() {
    let (fleet, mut judge) = (cluster("staging"), Judge::new(Duration::from_secs(5)));
    let start = Instant::now();
    judge.look(&fleet, start, time());
    let late = judge.look(&fleet, start + Duration::from_secs(6), time());
    assert!(matches!(late, Verdict::Broken(lines) if lines[0].contains("nothing to reconcile")));
}
