//! Verdicts over small fleets.

use super::*;
use crate::up::view::fixtures::{cluster, kustomization, source};
use skein_hub::Fleet;

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
    assert_eq!(judge.look(&fleet.snapshot(), start), Verdict::Waiting);
    let later = start + CALM;
    assert_eq!(
        judge.look(&fleet.snapshot(), later),
        Verdict::Ready {
            unattended: Vec::new()
        }
    );
}

#[test]
fn a_failure_that_stays_is_explained() {
    let (fleet, mut judge) = (fleet("False"), Judge::new(Duration::from_secs(600)));
    let start = Instant::now();
    assert_eq!(judge.look(&fleet.snapshot(), start), Verdict::Waiting);
    let Verdict::Broken(lines) = judge.look(&fleet.snapshot(), start + SETTLE) else {
        panic!("still waiting");
    };
    assert_eq!(
        lines[0],
        "staging: Kustomization flux-system/apps is not ready: boom"
    );
}

#[test]
fn an_empty_fleet_is_not_ready() {
    let (fleet, mut judge) = (cluster("staging"), Judge::new(Duration::from_secs(5)));
    let start = Instant::now();
    judge.look(&fleet.snapshot(), start);
    let late = judge.look(&fleet.snapshot(), start + Duration::from_secs(6));
    assert!(matches!(late, Verdict::Broken(lines) if lines[0].contains("nothing to reconcile")));
}
