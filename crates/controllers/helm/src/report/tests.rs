//! What Ready repeats.

use super::*;

fn condition(name: &str, status: ConditionStatus, generation: i64) -> Condition {
    Condition {
        condition_type: name.into(),
        status,
        observed_generation: generation,
        reason: format!("{name}Reason"),
        ..Condition::default()
    }
}

fn ready_of(conditions: Vec<Condition>, release: &HelmRelease) -> (ConditionStatus, String) {
    let mut status = HelmReleaseStatus {
        conditions,
        ..HelmReleaseStatus::default()
    };
    let mut report = Report {
        status: &mut status,
        generation: 3,
        now: Timestamp::UNIX_EPOCH,
    };
    report.summarize(
        release,
        &Options::of(release, crate::spec::Defaults::default()),
    );
    let ready = find(&status.conditions, "Ready").expect("Ready is set");
    (ready.status, ready.reason.clone())
}

#[test]
fn a_remediated_release_is_not_ready() {
    let conditions = vec![
        condition("Ready", ConditionStatus::Unknown, 3),
        condition("Released", ConditionStatus::False, 3),
        condition("Remediated", ConditionStatus::True, 3),
    ];
    assert_eq!(
        ready_of(conditions, &HelmRelease::default()),
        (ConditionStatus::False, "RemediatedReason".into())
    );
}

#[test]
fn tests_count_only_when_they_are_enabled() {
    let conditions = || {
        vec![
            condition("Released", ConditionStatus::True, 3),
            condition("TestSuccess", ConditionStatus::False, 3),
        ]
    };
    let mut release = HelmRelease::default();
    assert_eq!(ready_of(conditions(), &release).0, ConditionStatus::True);
    release.spec.test = Some(skein_api::helm_release::actions::Test {
        enable: true,
        ..Default::default()
    });
    assert_eq!(ready_of(conditions(), &release).0, ConditionStatus::False);
}
