//! What is measured of controllers, under the names that Flux's dashboards read.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::driver::Next;

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

/// Metrics of all controllers of a process; clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    durations: Family<ObjectLabels, Histogram, fn() -> Histogram>,
    results: Family<ResultLabels, Counter>,
    errors: Family<ControllerLabels, Counter>,
}

/// Flux's buckets: ten, exponential from 10 ms to 1800 s.
fn reconcile_buckets() -> Histogram {
    const FIRST_SECONDS: f64 = 0.01;
    const LAST_SECONDS: f64 = 1800.0;
    const BUCKETS: i32 = 10;
    let growth = (LAST_SECONDS / FIRST_SECONDS).powf(1.0 / f64::from(BUCKETS - 1));
    Histogram::new((0..BUCKETS).map(move |n| FIRST_SECONDS * growth.powi(n)))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let durations = Family::new_with_constructor(reconcile_buckets as fn() -> Histogram);
        let (results, errors) = (Family::default(), Family::default());
        registry.register(
            "gotk_reconcile_duration_seconds",
            "Time that one reconciliation of an object took, in seconds",
            durations.clone(),
        );
        registry.register(
            "controller_runtime_reconcile",
            "Reconciliations by controller and result",
            results.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Failed reconciliations by controller",
            errors.clone(),
        );
        Self {
            registry: Arc::new(Mutex::new(registry)),
            durations,
            results,
            errors,
        }
    }
}

impl Metrics {
    /// One reconciliation of a controller ended.
    pub(crate) fn reconciled(&self, controller: &'static str, next: Next, _took: Duration) {
        let result = match next {
            Next::Gone | Next::Change | Next::Elsewhere => "success",
            Next::After(_) | Next::Retry(_) => "requeue_after",
            Next::Backoff => "error",
        };
        self.results
            .get_or_create(&ResultLabels { controller, result })
            .inc();
        if next == Next::Backoff {
            self.errors
                .get_or_create(&ControllerLabels { controller })
                .inc();
        }
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

    /// Drops the series of a deleted object.
    pub fn forget(&self, kind: &str, namespace: &str, name: &str) {
        let labels = ObjectLabels {
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        self.durations.remove(&labels);
    }

    /// The exposition in the OpenMetrics text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry.lock());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposes_and_forgets() {
        let metrics = Metrics::default();
        metrics.observe_duration("Kustomization", "a", "b", Duration::from_millis(20));
        metrics.reconciled("kustomization", Next::Backoff, Duration::ZERO);
        let text = metrics.text();
        assert!(text.contains(
            "gotk_reconcile_duration_seconds_count{kind=\"Kustomization\",name=\"b\",namespace=\"a\"} 1"
        ));
        assert!(
            text.contains(
                "controller_runtime_reconcile_errors_total{controller=\"kustomization\"} 1"
            )
        );
        assert_eq!(
            text.matches("gotk_reconcile_duration_seconds_bucket")
                .count(),
            11
        );
        metrics.forget("Kustomization", "a", "b");
        assert!(!metrics.text().contains("name=\"b\""));
    }
}
