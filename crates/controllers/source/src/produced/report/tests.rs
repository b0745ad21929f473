//! Tests of status, events and wake-ups, against recorded runs of Flux.

use std::time::Duration;

use serde_json::{Value, json};
use skein_api::GitRepositoryStatus;

use super::*;
use crate::git_repository::GitRepositories;
use crate::git_repository::fixture::{good_status, observed};

type Ended = Outcome<GitRepositories>;

fn now() -> Time {
    "2026-02-02T00:00:00Z".parse().unwrap()
}

/// Conditions as `Type=Status Reason: message`.
fn lines(status: &GitRepositoryStatus) -> Vec<String> {
    let line = |c: &Condition| {
        format!(
            "{}={} {}: {}",
            c.condition_type, c.status, c.reason, c.message
        )
    };
    status.conditions.iter().map(line).collect()
}

fn new_artifact(digest: &str) -> Ended {
    let artifact = Artifact {
        revision: "main@sha1:bb".into(),
        digest: digest.into(),
        ..Artifact::default()
    };
    let stored = Stored {
        artifact,
        url: String::new(),
        event: Told::new(
            SourceReason::NewArtifact,
            "stored artifact for commit 'subject'",
        ),
    };
    let told = Told::new(
        SourceReason::Succeeded,
        "stored artifact for revision 'main@sha1:bb'",
    );
    Outcome::stored(stored, told)
}

fn failed_fetch() -> Ended {
    Outcome::failed(Failure::fetch(SourceReason::GitOperationFailed, "no"))
}

/// Nothing new; `trace` replaces what is told to those who asked.
fn nothing_new(trace: Option<&str>) -> Ended {
    Outcome::new(End::Unchanged {
        told: Told::new(
            SourceReason::Succeeded,
            "stored artifact for revision 'main@sha1:aa'",
        ),
        recovery: Told::new(SourceReason::Succeeded, "back"),
        trace: trace.map(|text| Told::new(SourceReason::GitOperationSucceeded, text)),
    })
}

#[test]
fn the_first_run() {
    let seen = observed(1, &Value::Null, &json!({"observedGeneration": -1}));
    let begun = progress(&seen, now()).unwrap();
    assert_eq!(
        lines(&begun),
        [
            "Reconciling=True Progressing: building artifact",
            "Ready=Unknown Progressing: building artifact"
        ]
    );
    let done = report(&seen, new_artifact("sha256:11"), now());
    let text = "stored artifact for revision 'main@sha1:bb'";
    assert_eq!(
        lines(&done.status),
        [
            format!("Ready=True Succeeded: {text}"),
            format!("ArtifactInStorage=True Succeeded: {text}")
        ]
    );
    assert_eq!(done.status.observed_generation, 1);
    assert_eq!(done.next, Next::After(Duration::from_secs(600)));
    assert_eq!(done.events.len(), 1);
    assert_eq!(done.events[0].reason, "NewArtifact");
    assert_eq!(
        done.events[0].message,
        "stored artifact for commit 'subject'"
    );
    assert_eq!(
        done.events[0].metadata["source.toolkit.fluxcd.io/digest"],
        "sha256:11"
    );
}

#[test]
fn a_failing_first_run_is_told_once() {
    let seen = observed(1, &Value::Null, &json!({"observedGeneration": -1}));
    let failed = report(&seen, failed_fetch(), now());
    assert_eq!(
        lines(&failed.status),
        [
            "Reconciling=True ProgressingWithRetry: building artifact",
            "Ready=False GitOperationFailed: no",
            "FetchFailed=True GitOperationFailed: no"
        ]
    );
    assert_eq!(
        (failed.status.observed_generation, failed.next),
        (-1, Next::Backoff)
    );
    assert_eq!(failed.events[0].severity, Severity::Error);
    // The retry changes nothing: no progress, the same status.
    let status = serde_json::to_value(&failed.status).unwrap();
    let again = observed(1, &Value::Null, &status);
    assert!(progress(&again, now()).is_none());
    let later = "2026-03-03T00:00:00Z".parse().unwrap();
    assert_eq!(report(&again, failed_fetch(), later).status, failed.status);
}

#[test]
fn an_interval_without_news_writes_and_tells_nothing() {
    let seen = observed(1, &Value::Null, &good_status(1));
    assert!(progress(&seen, now()).is_none());
    let quiet = report(&seen, nothing_new(Some("no changes")), now());
    assert_eq!(quiet.status, seen.source.status);
    assert!(quiet.events.is_empty());
}

#[test]
fn the_address_follows_the_storage() {
    let mut seen = observed(1, &Value::Null, &good_status(1));
    seen.artifact_url = Some("http://moved/gitrepository/apps/app/aa.tar.gz".into());
    let quiet = report(&seen, nothing_new(Some("no changes")), now());
    assert_eq!(
        quiet.status.artifact.map(|artifact| artifact.url),
        seen.artifact_url
    );
}

#[test]
fn a_request_without_news_is_answered() {
    let mut seen = observed(1, &Value::Null, &good_status(1));
    let key = skein_api::names::RECONCILE_REQUEST_ANNOTATION.to_owned();
    seen.source.metadata.annotations.insert(key, "r1".into());
    let begun = progress(&seen, now()).unwrap();
    assert_eq!(
        lines(&begun)[0],
        "Reconciling=True Progressing: reconciliation in progress"
    );
    let answered = report(&seen, nothing_new(Some("no changes")), now());
    assert_eq!(answered.status.last_handled_reconcile_at, "r1");
    assert_eq!(answered.events[0].reason, "GitOperationSucceeded");
    assert_eq!(answered.events[0].severity, Severity::Trace);
    let pinned = report(&seen, nothing_new(None), now());
    assert_eq!(
        pinned.events[0].message,
        "artifact up-to-date with remote revision: 'main@sha1:aa'"
    );
}

#[test]
fn a_new_generation_keeps_ready_until_something_is_known() {
    let seen = observed(2, &Value::Null, &good_status(1));
    let begun = progress(&seen, now()).unwrap();
    let ready = "Ready=True Succeeded: stored artifact for revision 'main@sha1:aa'";
    assert_eq!(
        lines(&begun)[..2],
        [
            "Reconciling=True Progressing: processing object: new generation 1 -> 2",
            ready
        ]
    );
    let failed = report(&seen, failed_fetch(), now());
    assert_eq!(
        lines(&failed.status)[0],
        "Reconciling=True ProgressingWithRetry: processing object: new generation 1 -> 2"
    );
    assert!(failed.status.artifact.is_some(), "the last artifact stays");
}

#[test]
fn the_same_content_is_no_new_artifact_but_may_be_a_recovery() {
    let mut status = good_status(1);
    let seen = observed(1, &Value::Null, &status);
    assert!(
        report(&seen, new_artifact("sha256:00"), now())
            .events
            .is_empty()
    );
    status["conditions"].as_array_mut().unwrap().push(json!({
        "type": "FetchFailed", "status": "True", "reason": "GitOperationFailed", "message": "no",
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
    }));
    let seen = observed(1, &Value::Null, &status);
    assert_eq!(
        report(&seen, new_artifact("sha256:00"), now()).events[0].reason,
        "Succeeded"
    );
    let back = report(&seen, nothing_new(Some("no changes")), now());
    assert_eq!(back.events[0].message, "back");
    let mut asked = observed(1, &Value::Null, &status);
    let key = skein_api::names::RECONCILE_REQUEST_ANNOTATION.to_owned();
    asked.source.metadata.annotations.insert(key, "r1".into());
    let both = report(&asked, nothing_new(Some("no changes")), now()).events;
    let both: Vec<&str> = both.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(both, ["back", "no changes"]);
    assert_eq!(lines(&back.status).len(), 2);
}

#[test]
fn stalls_wait_for_a_change_and_waits_for_a_pause() {
    let seen = observed(3, &Value::Null, &good_status(1));
    let stalled = Outcome::failed(Failure::fetch(SourceReason::URLInvalid, "bad").stalled());
    let stalled = report(&seen, stalled, now());
    assert_eq!(
        lines(&stalled.status)[..2],
        [
            "Stalled=True URLInvalid: bad",
            "Ready=False URLInvalid: bad"
        ]
    );
    assert_eq!(
        (stalled.status.observed_generation, stalled.next),
        (3, Next::Change)
    );
    let pause = Duration::from_secs(30);
    let waiting = Outcome::failed(Failure {
        then: Then::Wait(pause),
        ..Failure::new(ConditionType::IncludeUnavailable, "NotFound", "no lib")
    });
    let waiting = report(&seen, waiting, now());
    assert_eq!(
        (waiting.events[0].severity, waiting.next),
        (Severity::Trace, Next::Retry(pause))
    );
}

#[test]
fn a_failure_after_the_fetch_keeps_what_was_found() {
    let mut status = good_status(1);
    status["conditions"].as_array_mut().unwrap().push(json!({
        "type": "FetchFailed", "status": "True", "reason": "GitOperationFailed", "message": "no",
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
    }));
    let seen = observed(1, &Value::Null, &status);
    let failure = Failure::storage(SourceReason::ArchiveOperationFailed, "full");
    let failed = Outcome::failed(failure).with_found(Some(Found {
        reason: Some(SourceReason::NewRevision),
        message: "new upstream revision 'main@sha1:bb'".into(),
    }));
    let text = lines(&report(&seen, failed, now()).status);
    assert!(
        !text.iter().any(|line| line.starts_with("FetchFailed")),
        "{text:?}"
    );
    let outdated = "ArtifactOutdated=True NewRevision: new upstream revision 'main@sha1:bb'";
    assert!(text.iter().any(|line| line == outdated), "{text:?}");
}

#[test]
fn a_damaged_artifact_is_told_and_taken_back() {
    let mut seen = observed(1, &Value::Null, &good_status(1));
    seen.stored = InStorage::Damaged("computed digest doesn't match 'x'".into());
    let failed = report(&seen, failed_fetch(), now());
    assert_eq!(failed.events[0].reason, "ArtifactVerificationFailed");
    assert!(failed.status.artifact.is_none());
    assert_eq!(
        lines(&failed.status)[0],
        "Reconciling=True ProgressingWithRetry: building artifact: disappeared from storage"
    );
}

#[test]
fn suspended_objects_keep_everything_for_the_new_generation() {
    let seen = observed(2, &json!({"suspend": true}), &good_status(1));
    let suspended = suspended(&seen, now());
    assert_eq!(lines(&suspended.status), lines(&seen.source.status));
    let generations: Vec<i64> = suspended
        .status
        .conditions
        .iter()
        .map(|c| c.observed_generation)
        .collect();
    assert_eq!(
        (suspended.status.observed_generation, generations),
        (2, vec![2, 1])
    );
    assert_eq!(suspended.next, Next::Change);
}

#[test]
fn suspended_before_the_first_run_nothing_is_written() {
    let seen = observed(
        1,
        &json!({"suspend": true}),
        &json!({"observedGeneration": -1}),
    );
    assert_eq!(suspended(&seen, now()).status, seen.source.status);
}

#[test]
fn verification_is_shown_and_forgotten() {
    let spec = json!({"verify": {"mode": "HEAD", "secretRef": {"name": "keys"}}});
    let seen = observed(1, &spec, &Value::Null);
    let failure = Failure::new(
        ConditionType::SourceVerified,
        SourceReason::InvalidCommitSignature,
        "unsigned",
    );
    let failed = report(&seen, Outcome::failed(failure), now());
    let unsigned = "SourceVerified=False InvalidCommitSignature: unsigned".to_owned();
    assert!(lines(&failed.status).contains(&unsigned));
    // The next run looks anew: what it fails with before is all that it tells.
    let status = serde_json::to_value(&failed.status).unwrap();
    let again = report(&observed(1, &spec, &status), failed_fetch(), now());
    assert!(!lines(&again.status).contains(&unsigned));
    let good = new_artifact("sha256:11").with_verified(Verified::Good("verified".into()));
    let good = report(&seen, good, now());
    assert!(lines(&good.status).contains(&"SourceVerified=True Succeeded: verified".into()));
    let status = serde_json::to_value(&good.status).unwrap();
    let without = observed(2, &Value::Null, &status);
    let forgotten = nothing_new(None).with_verified(Verified::Forget);
    assert_eq!(lines(&report(&without, forgotten, now()).status).len(), 2);
}
