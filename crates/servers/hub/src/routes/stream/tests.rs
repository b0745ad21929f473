//! A client that does not read is dropped; ids of other runs are not resumed.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{STREAM_STALL, StreamEnd, feed, known_revision};
use crate::live::LiveFleet;

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_dropped() {
    let fleet = LiveFleet::default();
    let (sender, receiver) = mpsc::channel(1);
    let started = tokio::time::Instant::now();
    let end = feed(&fleet, None, &sender).await;
    assert_eq!(end, StreamEnd::ClientStalled);
    assert!(started.elapsed() >= STREAM_STALL);
    assert!(started.elapsed() < STREAM_STALL + Duration::from_secs(10));
    drop(receiver);
    assert_eq!(feed(&fleet, None, &sender).await, StreamEnd::ClientLeft);
}

#[test]
fn only_ids_of_this_run_are_resumed() {
    assert_eq!(known_revision("run-12", "run"), Some(12));
    assert_eq!(known_revision("other-12", "run"), None);
    assert_eq!(known_revision("run", "run"), None);
    assert_eq!(known_revision("run-x", "run"), None);
    assert_eq!(known_revision("a-b-3", "a-b"), Some(3));
}
