//! Conditions and history after runs.

use serde_json::json;

use super::*;

fn artifact(revision: &str) -> Artifact {
    Artifact {
        revision: revision.into(),
        ..Artifact::default()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn a_run_from_progress_to_success() {
    let mut status = KustomizationStatus::default();
    let mut report = Report {
        status: &mut status,
        generation: 2,
        now: at(1),
    };
    report.progressing(Phase::Applying, "main@sha1:1", GoDuration::from_secs(60));
    assert!(find(&report.status.conditions, "Reconciling").is_some());
    report.succeeded(&artifact("main@sha1:1"));
    let kinds: Vec<_> = status
        .conditions
        .iter()
        .map(|c| c.condition_type.as_str())
        .collect();
    assert_eq!(kinds, ["Ready"]);
    assert_eq!(
        status.conditions[0].message,
        "Applied revision: main@sha1:1"
    );
    assert_eq!(status.observed_generation, 2);
}

#[test]
fn a_failure_is_retried_and_leaves_the_generation_unobserved() {
    let mut status = KustomizationStatus {
        observed_generation: -1,
        ..Default::default()
    };
    let mut report = Report {
        status: &mut status,
        generation: 1,
        now: at(1),
    };
    report.failed(KustomizationReason::BuildFailed, "boom", "Building");
    let words: Vec<_> = status
        .conditions
        .iter()
        .map(|c| format!("{}={} {}", c.condition_type, c.status, c.reason))
        .collect();
    assert_eq!(
        words,
        [
            "Reconciling=True ProgressingWithRetry",
            "Ready=False BuildFailed"
        ]
    );
    assert_eq!(status.observed_generation, -1);
}

#[test]
fn history_counts_by_digest_and_outcome() {
    let mut status = KustomizationStatus::default();
    for (second, digest, reason) in [
        (1, "a", KustomizationReason::ReconciliationSucceeded),
        (2, "b", KustomizationReason::ReconciliationFailed),
        (3, "a", KustomizationReason::ReconciliationSucceeded),
        (4, "b", KustomizationReason::ReconciliationSucceeded),
    ] {
        let mut report = Report {
            status: &mut status,
            generation: 1,
            now: at(second),
        };
        let artifact = artifact("main@sha1:1");
        report.record(Outcome {
            digest,
            reason,
            artifact: &artifact,
            took: Duration::ZERO,
        });
    }
    let seen: Vec<_> = status
        .history
        .iter()
        .map(|h| {
            (
                h.digest.as_str(),
                h.total_reconciliations,
                h.last_reconciled_status.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("b", 1, "ReconciliationSucceeded"),
            ("a", 2, "ReconciliationSucceeded"),
            ("b", 1, "ReconciliationFailed"),
        ]
    );
}

#[test]
fn the_time_limit_is_the_interval_without_its_margin_and_never_under_it() {
    for (fields, seconds) in [
        (json!({"interval": "10m"}), 570),
        (json!({"interval": "40s"}), 30),
        (json!({"interval": "1s"}), 30),
        (json!({"interval": "10m", "timeout": "2m"}), 120),
        (json!({"interval": "10m", "timeout": "5s"}), 30),
        (json!({"interval": "10m", "timeout": "0s"}), 30),
    ] {
        let mut spec = json!({"path": "./", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "a"}});
        for (key, value) in fields.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": "a", "namespace": "n"}, "spec": spec,
        });
        let object = skein_object::Object::from_value(object).unwrap();
        let kustomization = Kustomization::from_object(&object).unwrap();
        assert_eq!(
            timeout(&kustomization).as_std().as_secs(),
            seconds,
            "{fields}"
        );
    }
}
