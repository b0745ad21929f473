//! Which objects of a kind exist at all, labelled or not: asked one by one, and watched for a while when many are asked about.
//!
//! Only objects that are not among the labelled ones are asked about, which is when they are made. A watch of everything of a
//! kind (all Secrets of a cluster, say) costs the API server and us something with every change by anybody, so it ends a while
//! after the last question.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use skein_cluster::{Cache, Cluster, WatchSpec};
use skein_object::NamespacedName;
use tokio::time::Instant;

/// Questions within [`WINDOW`] that are left to single reads; one more starts the watch.
const SINGLE_READS_MAX: usize = 3;
/// See [`SINGLE_READS_MAX`].
const WINDOW: Duration = Duration::from_secs(10);
/// How long after the last question the watch ends.
const IDLE: Duration = Duration::from_secs(60);
/// How long the first list may take before reads go to the API server instead.
const SYNC_LIMIT: Duration = Duration::from_secs(10);

/// The existence of the objects of one kind.
pub(crate) struct Presence {
    cluster: Cluster,
    spec: WatchSpec,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When questions came that were left to single reads.
    asked: VecDeque<Instant>,
    watch: Option<(Arc<Cache<()>>, Instant)>,
}

impl Presence {
    /// Nothing is asked yet. `spec` should want metadata alone.
    pub(crate) fn new(cluster: Cluster, spec: WatchSpec) -> Arc<Self> {
        Arc::new(Self {
            cluster,
            spec,
            state: Mutex::default(),
        })
    }

    /// Whether an object exists; `None` when it has to be read from the API server.
    pub(crate) async fn exists(self: &Arc<Self>, name: &NamespacedName) -> Option<bool> {
        let watch = self.watch(Instant::now())?;
        is_synced(&watch).await.then(|| watch.get(name).is_some())
    }

    fn watch(self: &Arc<Self>, now: Instant) -> Option<Arc<Cache<()>>> {
        let mut state = self.state.lock();
        if let Some((watch, used)) = &mut state.watch {
            *used = now;
            return Some(watch.clone());
        }
        if state.is_worth_a_single_read(now) {
            return None;
        }
        state.asked.clear();
        let watch = Cache::start(self.cluster.clone(), self.spec.clone(), |_| (), |_| {});
        state.watch = Some((watch.clone(), now));
        tokio::spawn(end_when_idle(Arc::downgrade(self)));
        Some(watch)
    }

    /// Ends the watch if it was not used for a while; otherwise the time at which to look again.
    fn end_if_idle(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let end = state.watch.as_ref().map(|(_, used)| *used + IDLE)?;
        if end <= now {
            state.watch = None;
            return None;
        }
        Some(end)
    }
}

impl State {
    /// Notes the question if so.
    fn is_worth_a_single_read(&mut self, now: Instant) -> bool {
        while self.asked.front().is_some_and(|at| *at + WINDOW < now) {
            self.asked.pop_front();
        }
        if self.asked.len() >= SINGLE_READS_MAX {
            return false;
        }
        self.asked.push_back(now);
        true
    }
}

/// Whether the first list of a watch is there.
pub(crate) async fn is_synced<T: Send + Sync + 'static>(cache: &Cache<T>) -> bool {
    // A watch that is refused will not come, and what one without contact held may be long gone: then the API server is asked,
    // which also tells when it is away. A watch that is on its way is worth a moment.
    cache.contact().problem.is_none() && (cache.is_synced() || cache.wait_synced(SYNC_LIMIT).await)
}

async fn end_when_idle(presence: Weak<Presence>) {
    let mut at = Instant::now() + IDLE;
    loop {
        tokio::time::sleep_until(at).await;
        let next = presence
            .upgrade()
            .and_then(|presence| presence.end_if_idle(Instant::now()));
        match next {
            Some(next) => at = next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_questions_are_read_one_by_one() {
        let mut state = State::default();
        let start = Instant::now();
        for _ in 0..SINGLE_READS_MAX {
            assert!(state.is_worth_a_single_read(start));
        }
        assert!(!state.is_worth_a_single_read(start + WINDOW));
        assert!(state.is_worth_a_single_read(start + WINDOW + Duration::from_millis(1)));
    }
}
