//! The fleet shared between its feeders and its readers, with a wake-up when it changes.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::access::secret::random_token;
use crate::fleet::Fleet;
use crate::fleet::node::UnixMillis;

/// A handle on the one fleet of a hub; clones share it.
#[derive(Clone)]
pub struct LiveFleet(Arc<Shared>);

struct Shared {
    fleet: Mutex<Fleet>,
    revision: watch::Sender<u64>,
    /// Distinguishes this run from others, whose revisions mean nothing here.
    epoch: String,
}

impl Default for LiveFleet {
    fn default() -> Self {
        Self::new(Fleet::default())
    }
}

impl LiveFleet {
    /// Shares a fleet.
    pub fn new(fleet: Fleet) -> Self {
        const EPOCH_CHARS: usize = 12;
        let revision = watch::Sender::new(fleet.revision());
        let epoch = random_token().chars().take(EPOCH_CHARS).collect();
        Self(Arc::new(Shared {
            fleet: Mutex::new(fleet),
            revision,
            epoch,
        }))
    }

    /// Changes the fleet and wakes readers when something changed. The function must be short: everybody waits.
    pub fn update<R>(&self, change: impl FnOnce(&mut Fleet, UnixMillis) -> R) -> R {
        let mut fleet = self.0.fleet.lock();
        let result = change(&mut fleet, unix_millis());
        let head = fleet.revision();
        drop(fleet);
        self.0.revision.send_if_modified(|known| {
            let newer = head > *known;
            *known = (*known).max(head);
            newer
        });
        result
    }

    /// Looks at the fleet. The function must be short: everybody waits.
    pub fn read<R>(&self, look: impl FnOnce(&Fleet) -> R) -> R {
        look(&self.0.fleet.lock())
    }

    /// Tells the newest revision whenever it changes.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.revision.subscribe()
    }

    /// The name of this run.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }
}

/// Now, by this machine's clock.
pub fn unix_millis() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
