//! A watcher: a cursor over a bounded history, woken by changes; it holds no queue of its own.

use std::sync::Arc;

use tokio::sync::watch;

use crate::key::ResourceId;
use crate::store::{Cluster, ReadError};
use crate::stored::Event;

/// What a watcher looks at.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Every change of the cluster.
    Cluster,
    /// The objects of a resource, in one namespace or all (`None`).
    Resource(ResourceId, Option<String>),
}

/// A cursor over the changes of a scope. Dropping it ends the watch.
pub struct Watcher {
    cluster: Cluster,
    scope: Scope,
    cursor: u64,
    changed: watch::Receiver<u64>,
}

impl Watcher {
    pub(crate) fn new(
        cluster: Cluster,
        scope: Scope,
        cursor: u64,
        changed: watch::Receiver<u64>,
    ) -> Self {
        Self {
            cluster,
            scope,
            cursor,
            changed,
        }
    }

    /// The revision up to which everything has been handed out.
    pub fn position(&self) -> u64 {
        self.cursor
    }

    /// The changes since the last call, without waiting; moves the position to the cluster's revision.
    pub fn pending(&mut self) -> Result<Vec<Arc<Event>>, ReadError> {
        let (events, position) = self.cluster.events_since(&self.scope, self.cursor)?;
        self.cursor = position;
        Ok(events)
    }

    /// Waits until there are changes and returns them, oldest first. Safe to cancel.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, ReadError> {
        loop {
            self.changed.borrow_and_update();
            let events = self.pending()?;
            if !events.is_empty() {
                return Ok(events);
            }
            if self.changed.changed().await.is_err() {
                return Err(ReadError::Closed);
            }
        }
    }
}
