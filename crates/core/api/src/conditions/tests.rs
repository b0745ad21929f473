//! Tests of the rules by which conditions change.

use super::*;

fn at(seconds: i64) -> Time {
    Time::new(jiff::Timestamp::from_second(seconds).expect("a time"))
}

fn types(conditions: &[Condition]) -> Vec<&str> {
    conditions
        .iter()
        .map(|c| c.condition_type.as_str())
        .collect()
}

#[test]
fn the_transition_time_stays_while_nothing_but_the_generation_changes() {
    let mut list = Vec::new();
    ConditionWriter::new(&mut list, 1, at(10)).mark_true(ConditionType::Ready, "Succeeded", "fine");
    ConditionWriter::new(&mut list, 2, at(20)).mark_true(ConditionType::Ready, "Succeeded", "fine");
    assert_eq!(
        (list[0].observed_generation, list[0].last_transition_time),
        (2, at(10))
    );
    ConditionWriter::new(&mut list, 2, at(30)).mark_true(
        ConditionType::Ready,
        "Succeeded",
        "finer",
    );
    assert_eq!(list[0].last_transition_time, at(30));
}

#[test]
fn the_list_is_sorted() {
    let mut list = Vec::new();
    let mut old = ConditionWriter::new(&mut list, 1, at(0));
    old.mark_true(ConditionType::ArtifactInStorage, "Succeeded", "");
    old.mark_true(ConditionType::FetchFailed, "GitOperationFailed", "");
    let mut writer = ConditionWriter::new(&mut list, 2, at(1));
    writer.mark_true(ConditionType::SourceVerified, "Succeeded", "");
    writer.mark_false(ConditionType::Ready, "GitOperationFailed", "");
    writer.mark_reconciling("ProgressingWithRetry", "");
    assert_eq!(
        types(&list),
        [
            "Reconciling",
            "Ready",
            "SourceVerified",
            "ArtifactInStorage",
            "FetchFailed"
        ]
    );
}

#[test]
fn reconciling_and_stalled_exclude_each_other() {
    let mut list = Vec::new();
    let mut writer = ConditionWriter::new(&mut list, 1, at(0));
    writer.mark_reconciling("Progressing", "a");
    writer.mark_stalled("URLInvalid", "b");
    assert_eq!(types(writer.conditions()), ["Stalled"]);
    writer.mark_reconciling("Progressing", "c");
    assert_eq!(types(writer.conditions()), ["Reconciling"]);
}

#[test]
fn long_messages_are_cut_at_a_character() {
    let mut list = Vec::new();
    let message = "ä".repeat(CONDITION_MESSAGE_LIMIT_BYTES);
    ConditionWriter::new(&mut list, 1, at(0)).mark_true(ConditionType::Ready, "A", message);
    assert!(list[0].message.len() <= CONDITION_MESSAGE_LIMIT_BYTES);
    assert!(list[0].message.ends_with("ä..."));
}

const SOURCE: SummaryRules<'static> = SummaryRules {
    summarized: &[
        ConditionType::StorageOperationFailed,
        ConditionType::FetchFailed,
        ConditionType::ArtifactOutdated,
        ConditionType::ArtifactInStorage,
        ConditionType::SourceVerified,
        ConditionType::Stalled,
        ConditionType::Reconciling,
    ],
    negative: &[
        ConditionType::StorageOperationFailed,
        ConditionType::FetchFailed,
        ConditionType::ArtifactOutdated,
        ConditionType::Stalled,
        ConditionType::Reconciling,
    ],
};

#[test]
fn the_worst_condition_decides_and_the_first_of_its_group_speaks() {
    let mut list = Vec::new();
    let mut writer = ConditionWriter::new(&mut list, 1, at(0));
    writer.summarize(ConditionType::Ready, &SOURCE);
    assert!(writer.get(ConditionType::Ready).is_none());
    writer.mark_true(ConditionType::ArtifactInStorage, "Succeeded", "stored");
    writer.summarize(ConditionType::Ready, &SOURCE);
    assert_eq!(
        writer.get(ConditionType::Ready).map(|c| c.message.as_str()),
        Some("stored")
    );
    assert!(writer.is_true(ConditionType::Ready));
    writer.mark_true(ConditionType::ArtifactOutdated, "NewRevision", "outdated");
    writer.mark_true(ConditionType::FetchFailed, "GitOperationFailed", "failed");
    writer.summarize(ConditionType::Ready, &SOURCE);
    let ready = writer.get(ConditionType::Ready).expect("Ready");
    assert_eq!(
        (ready.status, ready.reason.as_str()),
        (ConditionStatus::False, "GitOperationFailed")
    );
    writer.mark_unknown(ConditionType::SourceVerified, "A", "b");
    for bad in [
        ConditionType::ArtifactOutdated,
        ConditionType::FetchFailed,
        ConditionType::ArtifactInStorage,
    ] {
        writer.remove(bad);
    }
    writer.summarize(ConditionType::Ready, &SOURCE);
    assert_eq!(
        writer.get(ConditionType::Ready).map(|c| c.status),
        Some(ConditionStatus::Unknown)
    );
}
