//! What is measured of controllers, under the names that Flux's dashboards read.
//!
//! Names, labels and types are those of controller-runtime, client-go and Flux, so that dashboards and alerts go on working. What only a Go program
//! has (`go_*`, certificates that are watched) is left out.

mod plain;
mod process;
mod queues;
mod requests;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets_range};
use prometheus_client::registry::Registry;
use skein_cluster::AnswerCounts;

use crate::driver::Next;
use crate::queue::Readable;

/// The kind whose indexes are kept in memory.
const INDEX_KIND: &str = "HelmRepository";
/// Results of reconciliations. controller-runtime has one more, `requeue`, for a way of coming again that is deprecated there.
const RESULTS: [&str; 4] = ["success", "error", "requeue", "requeue_after"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    kind: String,
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    event_type: &'static str,
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseLabels {
    name: String,
}

/// Whether something was in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheEvent {
    /// It was there.
    Hit,
    /// It had to be made.
    Miss,
}

impl CacheEvent {
    const ALL: [Self; 2] = [Self::Hit, Self::Miss];

    fn labels(self, namespace: &str, name: &str) -> CacheLabels {
        CacheLabels {
            event_type: match self {
                Self::Hit => "cache_hit",
                Self::Miss => "cache_miss",
            },
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        }
    }
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Metrics of all controllers of a process; clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    durations: Histograms<ObjectLabels>,
    times: Histograms<ControllerLabels>,
    results: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabels, Counter>,
    terminal_errors: Family<ControllerLabels, Counter>,
    panics: Family<ControllerLabels, Counter>,
    timeouts: Family<ControllerLabels, Counter>,
    cache_events: Family<CacheLabels, Counter>,
    leases: Family<LeaseLabels, Gauge>,
    queues: queues::Queues,
}

/// Flux's buckets: ten, exponential from 10 ms to 1800 s.
fn object_buckets() -> Histogram {
    const FIRST_SECONDS: f64 = 0.01;
    const LAST_SECONDS: f64 = 1800.0;
    const BUCKETS: u16 = 10;
    Histogram::new(exponential_buckets_range(
        FIRST_SECONDS,
        LAST_SECONDS,
        BUCKETS,
    ))
}

/// Buckets of controller-runtime.
fn controller_buckets() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8,
        0.9, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0,
        15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0,
    ])
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Arc::default(),
            durations: Family::new_with_constructor(object_buckets as fn() -> Histogram),
            times: Family::new_with_constructor(controller_buckets as fn() -> Histogram),
            results: Family::default(),
            errors: Family::default(),
            terminal_errors: Family::default(),
            panics: Family::default(),
            timeouts: Family::default(),
            cache_events: Family::default(),
            leases: Family::default(),
            queues: queues::Queues::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&self) {
        let mut registry = self.registry.lock();
        registry.register(
            "gotk_reconcile_duration_seconds",
            "Time that one reconciliation of an object took, in seconds",
            self.durations.clone(),
        );
        registry.register(
            "gotk_cache_events",
            "Indexes of chart repositories that were looked for in memory",
            self.cache_events.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Time that reconciliations of a controller took, in seconds",
            self.times.clone(),
        );
        registry.register(
            "controller_runtime_reconcile",
            "Reconciliations by controller and result",
            self.results.clone(),
        );
        let counters = [
            (
                "controller_runtime_reconcile_errors",
                "Failed reconciliations by controller",
                &self.errors,
            ),
            (
                "controller_runtime_terminal_reconcile_errors",
                "Failed reconciliations that only a change helps, by controller",
                &self.terminal_errors,
            ),
            (
                "controller_runtime_reconcile_panics",
                "Reconciliations that ended in a bug, by controller",
                &self.panics,
            ),
            (
                "controller_runtime_reconcile_timeouts",
                "Reconciliations that were cut off, by controller",
                &self.timeouts,
            ),
        ];
        for (name, help, family) in counters {
            registry.register(name, help, family.clone());
        }
        // Nothing is held before logins of cloud providers are supported: the numbers stay at zero, which is what they are.
        registry.register(
            "gotk_token_cached_items",
            "Tokens of cloud providers in memory",
            Gauge::<i64>::default(),
        );
        registry.register(
            "gotk_token_cache_evictions",
            "Tokens of cloud providers that made room for others",
            Counter::<u64>::default(),
        );
        registry.register(
            "leader_election_master_status",
            "Whether this process holds a Lease (1) or waits for it (0)",
            self.leases.clone(),
        );
        registry.register_collector(Box::new(self.queues.clone()));
        registry.register_collector(Box::new(process::Process));
    }

    /// Shows how API servers answered.
    pub fn show_answers(&self, answers: AnswerCounts) {
        let requests = Box::new(requests::Requests(answers));
        self.registry.lock().register_collector(requests);
    }

    /// A controller begins to work on a queue with so many workers; all its series are there from now on.
    pub(crate) fn started(
        &self,
        controller: &'static str,
        queue: Box<dyn Readable>,
        workers: usize,
    ) {
        self.queues.add(controller, queue, workers);
        for result in RESULTS {
            drop(
                self.results
                    .get_or_create(&ResultLabels { controller, result }),
            );
        }
        let labels = ControllerLabels { controller };
        for family in [
            &self.errors,
            &self.terminal_errors,
            &self.panics,
            &self.timeouts,
        ] {
            drop(family.get_or_create(&labels));
        }
    }

    /// One reconciliation of a controller ended.
    pub(crate) fn reconciled(&self, controller: &'static str, next: Next, took: Duration) {
        let result = match next {
            Next::Gone | Next::Change | Next::Elsewhere => "success",
            Next::After(_) | Next::Retry(_) => "requeue_after",
            Next::Backoff => "error",
        };
        self.results
            .get_or_create(&ResultLabels { controller, result })
            .inc();
        let labels = ControllerLabels { controller };
        self.times
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
        if next == Next::Backoff {
            self.errors.get_or_create(&labels).inc();
        }
    }

    /// One reconciliation of a controller ended in a bug.
    pub(crate) fn panicked(&self, controller: &'static str) {
        let labels = ControllerLabels { controller };
        self.panics.get_or_create(&labels).inc();
    }

    /// One reconciliation of an object took so long.
    pub fn observe_duration(&self, kind: &str, namespace: &str, name: &str, took: Duration) {
        let labels = ObjectLabels {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        self.durations
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// The index of a HelmRepository was looked for in memory.
    pub fn index_looked_for(&self, event: CacheEvent, namespace: &str, name: &str) {
        let labels = event.labels(namespace, name);
        self.cache_events.get_or_create(&labels).inc();
    }

    /// This process holds the Lease of a name, or waits for it.
    pub fn leads(&self, lease: &str, holds: bool) {
        let labels = LeaseLabels {
            name: lease.to_owned(),
        };
        self.leases.get_or_create(&labels).set(i64::from(holds));
    }

    /// Drops the series of a deleted object.
    pub fn forget(&self, kind: &str, namespace: &str, name: &str) {
        let labels = ObjectLabels {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        self.durations.remove(&labels);
        if kind == INDEX_KIND {
            for event in CacheEvent::ALL {
                self.cache_events.remove(&event.labels(namespace, name));
            }
        }
    }

    /// The exposition in the OpenMetrics text format.
    pub fn open_metrics(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry.lock());
        text
    }

    /// The exposition in Prometheus' text format 0.0.4, which Flux's controllers answer with.
    pub fn text(&self) -> String {
        plain::from_open_metrics(&self.open_metrics())
    }
}
