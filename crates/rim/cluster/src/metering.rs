//! How many requests went to an API server, by verb and resource: requests are the cost of a controller.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Counts of requests by `(verb, resource)`; dry runs count as verb `dryrun-patch` and the like.
#[derive(Clone, Debug, Default)]
pub struct RequestCounts(Arc<Mutex<BTreeMap<(String, String), u64>>>);

impl RequestCounts {
    pub(crate) fn count(&self, verb: &str, resource: &str) {
        *self
            .0
            .lock()
            .entry((verb.to_owned(), resource.to_owned()))
            .or_insert(0) += 1;
    }

    /// A copy of the counts so far.
    pub fn snapshot(&self) -> BTreeMap<(String, String), u64> {
        self.0.lock().clone()
    }

    /// All requests so far.
    pub fn total(&self) -> u64 {
        self.0.lock().values().sum()
    }
}
