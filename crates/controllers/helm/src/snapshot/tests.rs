//! Which snapshots count, and what actions make of the history.

use super::*;

fn snapshot(version: i64, status: &str) -> ReleaseSnapshot {
    ReleaseSnapshot {
        name: "a".into(),
        namespace: "n".into(),
        version,
        status: status.into(),
        ..ReleaseSnapshot::default()
    }
}

fn tested(mut snapshot: ReleaseSnapshot, phase: &str) -> ReleaseSnapshot {
    let hook = TestHookStatus {
        phase: phase.into(),
        ..TestHookStatus::default()
    };
    snapshot.test_hooks = Some(BTreeMap::from([("t".into(), hook)]));
    snapshot
}

fn versions(history: &[ReleaseSnapshot]) -> Vec<i64> {
    history.iter().map(|snapshot| snapshot.version).collect()
}

#[test]
fn the_previous_good_snapshot_is_older_and_not_failed() {
    let history = [
        snapshot(2, "superseded"),
        snapshot(4, "failed"),
        tested(snapshot(3, "superseded"), "Failed"),
    ];
    assert_eq!(previous(&history, false).map(|s| s.version), Some(2));
    assert_eq!(previous(&history, true).map(|s| s.version), Some(3));
    assert_eq!(previous(&history[..1], true), None);
}

#[test]
fn history_ends_at_the_previous_good_snapshot() {
    let mut history = vec![
        snapshot(5, "deployed"),
        snapshot(4, "failed"),
        snapshot(3, "superseded"),
        snapshot(2, "superseded"),
    ];
    truncate(&mut history, false);
    assert_eq!(versions(&history), [5, 4, 3]);
    let mut failed: Vec<_> = (1..=7).map(|version| snapshot(version, "failed")).collect();
    truncate(&mut failed, false);
    assert_eq!(versions(&failed), [7, 6, 5, 4, 3]);
}

#[test]
fn no_tests_and_failed_tests_are_results() {
    assert!(!is_tested(&snapshot(1, "deployed")));
    let mut without = snapshot(1, "deployed");
    without.test_hooks = Some(BTreeMap::new());
    assert!(is_tested(&without));
    assert!(is_tested(&tested(snapshot(1, "deployed"), "Failed")));
    assert!(is_tested(&tested(snapshot(1, "deployed"), "Succeeded")));
    assert!(!is_tested(&tested(snapshot(1, "deployed"), "Running")));
}

#[test]
fn an_upgrade_puts_its_record_in_front_and_renews_the_one_before() {
    let record = |version| Release {
        name: "a".into(),
        namespace: "n".into(),
        version,
        ..Release::default()
    };
    let mut history = vec![tested(snapshot(1, "deployed"), "Succeeded")];
    note_release(
        &mut history,
        &[record(2), record(1), record(2)],
        "",
        "upgrade",
    );
    assert_eq!(versions(&history), [2, 1]);
    assert_eq!(history[0].action, "upgrade");
    assert!(has_test_in_phase(&history[1], "Succeeded"));
}

/// A rollback renews the record that it goes back to as well, which may have left the history since. Flux shows it in front until
/// the next run (recorded).
#[test]
fn a_record_that_left_the_history_comes_back_in_front_until_sorted() {
    let mut history = vec![snapshot(6, "failed"), snapshot(5, "superseded")];
    let record = |version| Release {
        name: "a".into(),
        namespace: "n".into(),
        version,
        ..Release::default()
    };
    note_rollback(&mut history, &[record(2), record(7), record(7)]);
    assert_eq!(versions(&history), [7, 2, 6, 5]);
    sort(&mut history);
    assert_eq!(versions(&history), [7, 6, 5, 2]);
}
