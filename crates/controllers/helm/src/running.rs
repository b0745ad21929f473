//! Runs under way: woken while they wait, cancelled when something newer comes, and parted from their worker as soon as they wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use skein_object::{NamespacedName, Object};
use tokio::sync::{Semaphore, oneshot, watch};

/// How an action says that its wait was ended.
pub(crate) const CANCELLED: &str = "context canceled";

/// One run under way.
pub(crate) struct Control {
    wakes: watch::Sender<u64>,
    cancelled: AtomicBool,
    again: AtomicBool,
    /// Tells the worker that it may go; used once.
    part: Mutex<Option<oneshot::Sender<()>>>,
    /// Places for runs that go on after a wait.
    places: Arc<Semaphore>,
}

impl Control {
    /// A run with a worker; the receiver hears when the run begins to wait.
    pub(crate) fn new(places: Arc<Semaphore>) -> (Arc<Self>, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let control = Self {
            wakes: watch::Sender::new(0),
            cancelled: AtomicBool::new(false),
            again: AtomicBool::new(false),
            part: Mutex::new(Some(sender)),
            places,
        };
        (Arc::new(control), receiver)
    }

    /// Hears of wake-ups from now on; made before a look, so that nothing in between is lost.
    pub(crate) fn woken(&self) -> watch::Receiver<u64> {
        self.wakes.subscribe()
    }

    /// Waits without a worker until woken or for so long; then for a place to go on.
    pub(crate) async fn wait(&self, mut woken: watch::Receiver<u64>, pause: Duration) {
        if let Some(part) = self.part.lock().take() {
            // An error means that the worker is gone already.
            let _ = part.send(());
        }
        let _ = tokio::time::timeout(pause, woken.changed()).await;
        // Closed only when the process ends.
        if let Ok(place) = self.places.acquire().await {
            drop(place);
        }
    }

    /// Whether the run has parted from its worker.
    pub(crate) fn has_parted(&self) -> bool {
        self.part.lock().is_none()
    }

    /// Something that is waited for may have changed.
    pub(crate) fn wake(&self) {
        self.wakes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The object is to be looked at again after this run.
    pub(crate) fn again(&self) {
        self.again.store(true, Ordering::Relaxed);
    }

    /// Whether it is to be looked at again.
    pub(crate) fn wants_again(&self) -> bool {
        self.again.load(Ordering::Relaxed)
    }

    /// Ends waits of this run.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Whether waits are to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A run with its object as it was when the run began.
type Begun = (Arc<Control>, Arc<Object>);

/// The runs under way by object.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<NamespacedName, Begun>>);

impl Running {
    /// The run of an object.
    pub(crate) fn get(&self, name: &NamespacedName) -> Option<Begun> {
        self.0.lock().get(name).cloned()
    }

    /// Notes a run.
    pub(crate) fn insert(&self, name: NamespacedName, control: Arc<Control>, started: Object) {
        self.0.lock().insert(name, (control, Arc::new(started)));
    }

    /// The run is over.
    pub(crate) fn remove(&self, name: &NamespacedName) {
        self.0.lock().remove(name);
    }
}
