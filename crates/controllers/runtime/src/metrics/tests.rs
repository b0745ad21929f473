//! Series come and go with objects. Names, labels and types of all families are compared with the real controllers end to end.

use super::*;
use crate::queue::{Backoff, Queue};

fn busy() -> Metrics {
    let metrics = Metrics::default();
    let queue: Queue<&'static str> = Queue::new(Backoff {
        min: Duration::from_secs(1),
        max: Duration::from_secs(2),
    });
    metrics.started("kustomization", Box::new(queue), 4);
    metrics.reconciled("kustomization", Next::Backoff, Duration::from_millis(30));
    metrics.observe_duration("Kustomization", "a", "b", Duration::from_millis(20));
    metrics.index_looked_for(CacheEvent::Miss, "a", "b");
    metrics.leads("lease", true);
    metrics
}

#[test]
fn exposes_and_forgets() {
    let metrics = busy();
    let text = metrics.text();
    for line in [
        "gotk_reconcile_duration_seconds_count{kind=\"Kustomization\",name=\"b\",namespace=\"a\"} 1",
        "controller_runtime_reconcile_errors_total{controller=\"kustomization\"} 1",
        "controller_runtime_reconcile_total{controller=\"kustomization\",result=\"requeue\"} 0",
        "controller_runtime_reconcile_time_seconds_bucket{le=\"0.05\",controller=\"kustomization\"} 1",
        "controller_runtime_max_concurrent_reconciles{controller=\"kustomization\"} 4",
        "workqueue_depth{controller=\"kustomization\",name=\"kustomization\",priority=\"0\"} 0",
        "workqueue_work_duration_seconds_bucket{le=\"1e-08\",controller=\"kustomization\",name=\"kustomization\"} 0",
        "gotk_cache_events_total{event_type=\"cache_miss\",name=\"b\",namespace=\"a\"} 1",
        "leader_election_master_status{name=\"lease\"} 1",
        "# TYPE workqueue_adds_total counter",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("# EOF"));
    assert!(metrics.open_metrics().ends_with("# EOF\n"));
    assert_eq!(
        text.matches("gotk_reconcile_duration_seconds_bucket")
            .count(),
        11
    );
    metrics.forget("Kustomization", "a", "b");
    assert!(!metrics.text().contains("kind=\"Kustomization\""));
    assert!(
        metrics.text().contains("gotk_cache_events_total{"),
        "of another kind"
    );
    metrics.forget("HelmRepository", "a", "b");
    assert!(!metrics.text().contains("gotk_cache_events_total{"));
}
