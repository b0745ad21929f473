//! Tests of the pace at which failures are looked at.

use super::*;

#[test]
fn failures_count_at_once_and_then_at_the_pace_of_the_poller() {
    let mut waiting = Waiting {
        list: WaitList::default(),
        started: Instant::now(),
        run_started: Instant::now(),
        limit: Duration::from_secs(60),
        subject: Subject::default(),
        digest: String::new(),
        was_healthy: false,
        failures_from: Duration::ZERO,
        tell: false,
    };
    let looks = [
        (0, true),
        (0, false),
        (4_999, false),
        (5_100, true),
        (5_200, false),
        // A look that comes late stands for all before it.
        (17_000, true),
        (19_900, false),
        (20_000, true),
    ];
    for (milliseconds, counts) in looks {
        let waited = Duration::from_millis(milliseconds);
        assert_eq!(waiting.counts_failures(waited), counts, "after {waited:?}");
    }
}
