//! A bounded ring of changes, from which watches resume and older states are rebuilt.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::stored::Event;

/// How many changes are kept per resource, and for the cluster as a whole.
pub const HISTORY_EVENTS: usize = 10_000;

/// Changes in order of revision; complete for every revision greater than `floor`.
#[derive(Debug)]
pub(crate) struct History {
    events: VecDeque<Arc<Event>>,
    floor: u64,
    capacity: usize,
}

impl History {
    pub(crate) fn new(floor: u64, capacity: usize) -> Self {
        Self {
            events: VecDeque::new(),
            floor,
            capacity,
        }
    }

    /// The revision up to which changes may be missing.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn push(&mut self, event: Arc<Event>) {
        if self.events.len() >= self.capacity
            && let Some(dropped) = self.events.pop_front()
        {
            self.floor = dropped.revision;
        }
        self.events.push_back(event);
    }

    /// The changes after a revision, oldest first; `None` when some of them are gone.
    pub(crate) fn since(
        &self,
        revision: u64,
    ) -> Option<impl DoubleEndedIterator<Item = &Arc<Event>>> {
        if revision < self.floor {
            return None;
        }
        let start = self
            .events
            .partition_point(|event| event.revision <= revision);
        Some(self.events.range(start..))
    }
}
