//! Tests of counting, combining and holding back.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;
use crate::Severity;
use crate::events::Reference;

fn event(message: &str) -> Event {
    Event {
        object: Reference {
            kind: "HelmRelease".into(),
            name: "app".into(),
            ..Reference::default()
        },
        severity: Severity::Error,
        reason: "UpgradeFailed".into(),
        message: message.to_owned(),
        metadata: BTreeMap::new(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// Message and count of what is written; nothing for what is held back.
fn told(decision: &Decision) -> Option<(String, u64)> {
    match decision {
        Decision::HoldBack => None,
        Decision::Create(one) | Decision::Count(one) => Some((one.message.clone(), one.count)),
    }
}

#[test]
fn the_same_event_counts_up_in_one_object() {
    let mut correlator = Correlator::default();
    let Decision::Create(first) = correlator.decide(&event("m"), at(0)) else {
        panic!("the first one is new");
    };
    // However late: client-go has no time after which it forgets.
    let Decision::Count(second) = correlator.decide(&event("m"), at(5_000)) else {
        panic!("the second one counts");
    };
    assert_eq!((second.name, second.count), (first.name, 2));
    assert_eq!(second.first, at(0));
}

#[test]
fn the_tenth_message_is_combined_and_goes_on_in_one_event() {
    let mut correlator = Correlator::default();
    for number in 0..9 {
        let message = format!("m{number}");
        let decision = correlator.decide(&event(&message), at(number));
        assert_eq!(told(&decision), Some((message, 1)));
    }
    let Decision::Create(tenth) = correlator.decide(&event("m9"), at(10)) else {
        panic!("a combined event is new at first");
    };
    assert_eq!(tenth.message, "(combined from similar events): m9");
    assert!(tenth.is_combined);
    let Decision::Count(next) = correlator.decide(&event("m10"), at(11)) else {
        panic!("the next one is the same event");
    };
    assert_eq!((next.name, next.count), (tenth.name, 2));
    assert_eq!(next.message, "(combined from similar events): m10");
    // A retry of a message that is remembered is an event of its own.
    let retried = correlator.decide(&event("m10"), at(12));
    assert_eq!(told(&retried), Some(("m10".into(), 1)));
}

#[test]
fn other_reasons_objects_and_types_are_not_similar() {
    let mut correlator = Correlator::default();
    for number in 0..9 {
        correlator.decide(&event(&format!("m{number}")), at(0));
    }
    let mut reason = event("a");
    reason.reason = "InstallFailed".into();
    let mut object = event("b");
    object.object.name = "other".into();
    let mut normal = event("c");
    normal.severity = Severity::Info;
    for other in [reason, object, normal] {
        let decision = correlator.decide(&other, at(1));
        assert_eq!(told(&decision), Some((other.message.clone(), 1)));
    }
}

#[test]
fn after_a_pause_similar_events_count_anew() {
    let mut correlator = Correlator::default();
    for number in 0..9 {
        correlator.decide(&event(&format!("m{number}")), at(0));
    }
    let decision = correlator.decide(&event("late"), at(601));
    assert_eq!(told(&decision), Some(("late".into(), 1)));
}

#[test]
fn a_flood_about_one_object_is_held_back_and_counted() {
    let mut correlator = Correlator::default();
    for count in 1..=25 {
        let decision = correlator.decide(&event("m"), at(0));
        assert_eq!(told(&decision), Some(("m".into(), count)));
    }
    assert_eq!(correlator.decide(&event("m"), at(0)), Decision::HoldBack);
    let mut other = event("m");
    other.object.name = "other".into();
    assert_eq!(
        told(&correlator.decide(&other, at(0))),
        Some(("m".into(), 1))
    );
    assert_eq!(correlator.decide(&event("m"), at(299)), Decision::HoldBack);
    let decision = correlator.decide(&event("m"), at(301));
    assert_eq!(told(&decision), Some(("m".into(), 28)));
}

#[test]
fn memories_are_bounded_and_forget_the_least_used() {
    let mut recent = Recent::default();
    recent.put(0, "kept");
    for number in 1..20_000 {
        recent.put(number, "other");
        recent.put(0, "kept");
    }
    assert_eq!(recent.get(&0), Some(&"kept"));
    assert_eq!(recent.get(&1), None);
    assert!(recent.entries.len() <= REMEMBERED_MAX);
    assert!(recent.uses.len() <= 2 * REMEMBERED_MAX);
}
