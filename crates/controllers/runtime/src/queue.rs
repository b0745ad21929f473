//! A queue of keys: each at most once, never worked on twice at a time, with one wake-up time and a backoff per key.

mod reading;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use reading::{Readable, Reading};

use reading::Meter;

/// What a key in the queue must be.
pub trait Key: Clone + Eq + Ord + Hash + Send + Sync + std::fmt::Debug + 'static {}
impl<T: Clone + Eq + Ord + Hash + Send + Sync + std::fmt::Debug + 'static> Key for T {}

/// Bounds of the exponential backoff.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Pause after the first failure.
    pub min: Duration,
    /// Longest pause.
    pub max: Duration,
}

impl Backoff {
    /// The pause after so many failures in a row (1 is the first).
    pub fn pause(&self, failures: u32) -> Duration {
        const DOUBLINGS_MAX: u32 = 30;
        let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
        self.min.saturating_mul(1 << doublings).min(self.max)
    }
}

struct State<K> {
    ready: VecDeque<K>,
    /// Since when keys wait for a worker.
    queued: HashMap<K, Instant>,
    /// Since when keys are worked on.
    working: HashMap<K, Instant>,
    again: HashSet<K>,
    wake_at: HashMap<K, Instant>,
    wake_order: BTreeSet<(Instant, K)>,
    failures: HashMap<K, u32>,
    meter: Meter,
    closed: bool,
}

/// A queue of keys; clones share it.
pub struct Queue<K> {
    state: Arc<Mutex<State<K>>>,
    changed: Arc<Notify>,
    backoff: Backoff,
}

impl<K> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            changed: self.changed.clone(),
            backoff: self.backoff,
        }
    }
}

impl<K: Key> Queue<K> {
    /// An empty queue.
    pub fn new(backoff: Backoff) -> Self {
        let state = State {
            ready: VecDeque::new(),
            queued: HashMap::new(),
            working: HashMap::new(),
            again: HashSet::new(),
            wake_at: HashMap::new(),
            wake_order: BTreeSet::new(),
            failures: HashMap::new(),
            meter: Meter::default(),
            closed: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: Arc::new(Notify::new()),
            backoff,
        }
    }

    /// Wants the key worked on now; a key in work is worked on once more afterwards.
    pub fn add(&self, key: K) {
        self.state.lock().enqueue(key);
        self.changed.notify_one();
    }

    /// Wants the key worked on after a pause; replaces an earlier wake-up time of the key.
    pub fn add_after(&self, key: K, pause: Duration) {
        let at = Instant::now() + pause;
        self.state.lock().schedule(key, at);
        self.changed.notify_one();
    }

    /// Wants the key worked on after a pause, unless it is to be woken earlier anyway.
    pub fn add_within(&self, key: K, pause: Duration) {
        let at = Instant::now() + pause;
        let mut state = self.state.lock();
        if state.wake_at.get(&key).is_none_or(|planned| *planned > at) {
            state.schedule(key, at);
            self.changed.notify_one();
        }
    }

    /// Wants the key worked on after a backoff that grows with each failure in a row; returns the pause.
    pub fn add_failed(&self, key: K) -> Duration {
        let mut state = self.state.lock();
        let failures = state.failures.entry(key.clone()).or_insert(0);
        *failures = failures.saturating_add(1);
        let pause = self.backoff.pause(*failures);
        state.schedule(key, Instant::now() + pause);
        drop(state);
        self.changed.notify_one();
        pause
    }

    /// Ends the row of failures.
    pub fn succeeded(&self, key: &K) {
        self.state.lock().failures.remove(key);
    }

    /// Forgets wake-up time and failures of a key that is gone.
    pub fn forget(&self, key: &K) {
        let mut state = self.state.lock();
        state.unschedule(key);
        state.failures.remove(key);
    }

    /// Keys that wait to be worked on now.
    pub fn depth(&self) -> usize {
        self.state.lock().ready.len()
    }

    /// Keys in work.
    pub fn working(&self) -> usize {
        self.state.lock().working.len()
    }

    /// No more keys are handed out; waiting takers get `None`.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_waiters();
    }

    /// The next key to work on; give it back with [`Queue::done`]. `None` when the queue is closed.
    pub async fn take(&self) -> Option<K> {
        loop {
            let notified = self.changed.notified();
            let mut notified = std::pin::pin!(notified);
            notified.as_mut().enable();
            let next_wake = {
                let mut state = self.state.lock();
                if state.closed {
                    return None;
                }
                state.wake_due(Instant::now());
                if let Some(key) = state.pop() {
                    if !state.ready.is_empty() {
                        self.changed.notify_one();
                    }
                    return Some(key);
                }
                state.wake_order.first().map(|(at, _)| *at)
            };
            match next_wake {
                Some(at) => {
                    let _ = tokio::time::timeout_at(at, notified).await;
                }
                None => notified.await,
            }
        }
    }

    /// Gives back a key that [`Queue::take`] handed out.
    pub fn done(&self, key: &K) {
        let mut state = self.state.lock();
        if let Some(since) = state.working.remove(key) {
            state.meter.worked(since.elapsed());
        }
        // It was counted when it was added.
        if state.again.remove(key) {
            state.unschedule(key);
            state.await_worker(key.clone());
        }
        drop(state);
        self.changed.notify_one();
    }
}

impl<K: Key> State<K> {
    fn enqueue(&mut self, key: K) {
        self.unschedule(&key);
        if self.working.contains_key(&key) {
            if self.again.insert(key) {
                self.meter.added();
            }
        } else if !self.queued.contains_key(&key) {
            self.meter.added();
            self.await_worker(key);
        }
    }

    fn await_worker(&mut self, key: K) {
        self.queued.insert(key.clone(), Instant::now());
        self.ready.push_back(key);
    }

    fn schedule(&mut self, key: K, at: Instant) {
        self.meter.delayed();
        self.unschedule(&key);
        self.wake_at.insert(key.clone(), at);
        self.wake_order.insert((at, key));
    }

    fn unschedule(&mut self, key: &K) {
        if let Some(at) = self.wake_at.remove(key) {
            self.wake_order.remove(&(at, key.clone()));
        }
    }

    fn wake_due(&mut self, now: Instant) {
        while let Some((at, key)) = self.wake_order.first() {
            if *at > now {
                return;
            }
            let key = key.clone();
            self.enqueue(key);
        }
    }

    fn pop(&mut self) -> Option<K> {
        let key = self.ready.pop_front()?;
        if let Some(since) = self.queued.remove(&key) {
            self.meter.waited(since.elapsed());
        }
        self.working.insert(key.clone(), Instant::now());
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        min: Duration::from_millis(750),
        max: Duration::from_secs(900),
    };

    #[test]
    fn backoff_doubles_up_to_its_bound() {
        let pauses: Vec<_> = (1..=4).map(|n| BACKOFF.pause(n).as_millis()).collect();
        assert_eq!(pauses, [750, 1500, 3000, 6000]);
        assert_eq!(BACKOFF.pause(u32::MAX), BACKOFF.max);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_never_in_work_twice() {
        let queue = Queue::new(BACKOFF);
        queue.add("a");
        queue.add("a");
        assert_eq!(queue.depth(), 1);
        assert_eq!(queue.take().await, Some("a"));
        queue.add("a");
        assert_eq!(queue.depth(), 0, "held back while in work");
        queue.done(&"a");
        assert_eq!(queue.take().await, Some("a"));
        queue.done(&"a");
        queue.close();
        assert_eq!(queue.take().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn wake_ups_come_in_time_order_and_are_replaced() {
        let queue = Queue::new(BACKOFF);
        queue.add_after("late", Duration::from_secs(60));
        queue.add_after("early", Duration::from_secs(5));
        queue.add_after("early", Duration::from_secs(10));
        queue.add_within("late", Duration::from_secs(90));
        let start = Instant::now();
        assert_eq!(queue.take().await, Some("early"));
        assert_eq!(start.elapsed().as_secs(), 10);
        assert_eq!(queue.take().await, Some("late"));
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn an_add_cancels_the_planned_wake_up() {
        let queue = Queue::new(BACKOFF);
        queue.add_failed("a");
        queue.add("a");
        assert_eq!(queue.take().await, Some("a"));
        queue.done(&"a");
        let woken = tokio::time::timeout(Duration::from_secs(3600), queue.take()).await;
        assert!(woken.is_err());
    }
}
