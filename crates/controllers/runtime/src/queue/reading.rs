//! What a queue tells of itself, as workqueues of client-go do.

use std::time::Duration;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use tokio::time::Instant;

use super::{Key, Queue};

/// Counts that only a queue can take.
pub(super) struct Meter {
    adds: u64,
    delayed: u64,
    waited: Histogram,
    worked: Histogram,
}

/// Buckets of client-go: twelve, from 10 ns on, each ten times the one before.
fn buckets() -> Histogram {
    const FIRST_SECONDS: f64 = 10e-9;
    const GROWTH: f64 = 10.0;
    const BUCKETS: u16 = 12;
    Histogram::new(exponential_buckets(FIRST_SECONDS, GROWTH, BUCKETS))
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            adds: 0,
            delayed: 0,
            waited: buckets(),
            worked: buckets(),
        }
    }
}

impl Meter {
    pub(super) fn added(&mut self) {
        self.adds += 1;
    }

    pub(super) fn delayed(&mut self) {
        self.delayed += 1;
    }

    pub(super) fn waited(&self, time: Duration) {
        self.waited.observe(time.as_secs_f64());
    }

    pub(super) fn worked(&self, time: Duration) {
        self.worked.observe(time.as_secs_f64());
    }
}

/// A queue at one moment.
pub(crate) struct Reading {
    /// Keys that wait for a worker.
    pub depth: usize,
    /// Keys in work.
    pub working: usize,
    /// Keys that came in so far, those that were there already left out.
    pub adds: u64,
    /// Keys that were put back with a pause so far.
    pub delayed: u64,
    /// Work in progress, summed.
    pub unfinished: Duration,
    /// The longest work in progress.
    pub longest: Duration,
    /// How long keys waited for a worker, in seconds.
    pub waited: Histogram,
    /// How long work on a key took, in seconds.
    pub worked: Histogram,
}

/// What can be read whatever its keys are.
pub(crate) trait Readable: Send + Sync {
    /// The queue now.
    fn reading(&self) -> Reading;
}

impl<K: Key> Readable for Queue<K> {
    fn reading(&self) -> Reading {
        let now = Instant::now();
        let state = self.state.lock();
        let in_work = || state.working.values().map(|since| now - *since);
        Reading {
            depth: state.ready.len(),
            working: state.working.len(),
            adds: state.meter.adds,
            delayed: state.meter.delayed,
            unfinished: in_work().sum(),
            longest: in_work().max().unwrap_or_default(),
            waited: state.meter.waited.clone(),
            worked: state.meter.worked.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Backoff;

    #[tokio::test(start_paused = true)]
    async fn adds_pauses_and_work_are_counted() {
        let queue = Queue::new(Backoff {
            min: Duration::from_secs(1),
            max: Duration::from_secs(60),
        });
        queue.add("a");
        queue.add("a");
        queue.add("b");
        let reading = queue.reading();
        assert_eq!((reading.depth, reading.adds, reading.delayed), (2, 2, 0));
        assert_eq!(queue.take().await, Some("a"));
        assert_eq!(queue.take().await, Some("b"));
        tokio::time::advance(Duration::from_secs(3)).await;
        queue.add("a");
        queue.add("a");
        let reading = queue.reading();
        assert_eq!((reading.depth, reading.working, reading.adds), (0, 2, 3));
        assert_eq!(reading.unfinished, Duration::from_secs(6));
        assert_eq!(reading.longest, Duration::from_secs(3));
        queue.add_failed("b");
        queue.done(&"a");
        queue.done(&"b");
        let reading = queue.reading();
        assert_eq!((reading.depth, reading.adds, reading.delayed), (1, 3, 1));
        assert_eq!(reading.longest, Duration::ZERO);
    }

    /// A change during the work and a pause at its end: the change wins, and the key is not woken twice.
    #[tokio::test(start_paused = true)]
    async fn a_change_during_work_replaces_the_pause_at_its_end() {
        let queue = Queue::new(Backoff {
            min: Duration::from_secs(1),
            max: Duration::from_secs(60),
        });
        queue.add("a");
        assert_eq!(queue.take().await, Some("a"));
        queue.add("a");
        queue.add_after("a", Duration::from_secs(10));
        queue.done(&"a");
        assert_eq!(queue.take().await, Some("a"));
        queue.done(&"a");
        let again = tokio::time::timeout(Duration::from_secs(60), queue.take()).await;
        assert!(again.is_err(), "nothing wakes it later");
    }
}
