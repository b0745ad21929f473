//! Phase four: status, events and the next wake-up, from how a run ended. Pure.

use skein_api::{
    Artifact, Condition, ConditionType, ConditionWriter, GitRepositoryStatus, SourceReason,
    SummaryRules, Time,
};
use skein_object::Object;
use skein_runtime::{Event, Next, Severity};

use super::act::{NewArtifact, Outcome};
use super::decide::{Decision, includes_differ};
use super::failure::{Failure, Step, Then};
use super::observe::{InStorage, Observed};
use crate::controller::decode;
use crate::event::event;

/// Prefix of revision and digest in events.
const METADATA_PREFIX: &str = "source.toolkit.fluxcd.io/";
/// Conditions that count for Ready, and of equally bad ones the order.
const SUMMARY: SummaryRules<'static> = SummaryRules {
    summarized: &[
        ConditionType::StorageOperationFailed,
        ConditionType::FetchFailed,
        ConditionType::IncludeUnavailable,
        ConditionType::ArtifactOutdated,
        ConditionType::SourceVerified,
        ConditionType::ArtifactInStorage,
        ConditionType::Stalled,
        ConditionType::Reconciling,
    ],
    negative: &[
        ConditionType::StorageOperationFailed,
        ConditionType::FetchFailed,
        ConditionType::IncludeUnavailable,
        ConditionType::ArtifactOutdated,
        ConditionType::Stalled,
        ConditionType::Reconciling,
    ],
};
/// Conditions whose end is a recovery.
const FAILURES: [ConditionType; 3] = [
    ConditionType::StorageOperationFailed,
    ConditionType::FetchFailed,
    ConditionType::IncludeUnavailable,
];

/// What is written, told and done next.
pub(super) struct Report {
    /// The status at the end.
    pub status: GitRepositoryStatus,
    /// Events, in order.
    pub events: Vec<Event>,
    /// The next wake-up.
    pub next: Next,
}

/// The status at the beginning of a run, when there is news: a new generation or a request.
pub(super) fn progress(
    observed: &Observed,
    decision: &Decision,
    now: Time,
) -> Option<GitRepositoryStatus> {
    if matches!(decision, Decision::Suspended) {
        return None;
    }
    let source = &observed.source;
    let generation = source.metadata.generation;
    let reconciling = skein_api::conditions::find(
        &source.status.conditions,
        ConditionType::Reconciling.as_str(),
    );
    // A retry of the same generation says nothing new.
    let told = reconciling.is_some_and(|c| c.observed_generation == generation);
    let news = generation != source.status.observed_generation && !told;
    if !news && !source.has_unhandled_request() {
        return None;
    }
    let mut status = source.status.clone();
    begin(observed, &mut status, now);
    Some(status)
}

/// The conditions of a run that has begun; the status without an artifact that is gone.
fn begin(observed: &Observed, status: &mut GitRepositoryStatus, now: Time) {
    let generation = observed.source.metadata.generation;
    let mut conditions = ConditionWriter::new(&mut status.conditions, generation, now);
    let (message, drift) = match &observed.stored {
        InStorage::Good => (start_message(observed), false),
        InStorage::None => ("building artifact".to_owned(), true),
        InStorage::Missing | InStorage::Damaged(_) => (
            "building artifact: disappeared from storage".to_owned(),
            true,
        ),
    };
    mark_progress(&mut conditions, &message, drift);
    if drift {
        conditions.remove(ConditionType::ArtifactInStorage);
        status.artifact = None;
    }
}

fn start_message(observed: &Observed) -> String {
    let source = &observed.source;
    let (old, new) = (
        source.status.observed_generation,
        source.metadata.generation,
    );
    if old == new {
        "reconciliation in progress".to_owned()
    } else {
        format!("processing object: new generation {old} -> {new}")
    }
}

/// Reconciling is set; Ready too when it is not there yet, or what it says no longer holds.
fn mark_progress(conditions: &mut ConditionWriter<'_>, message: &str, drift: bool) {
    let reason = SourceReason::Progressing;
    conditions.mark_reconciling(reason, message);
    if drift || conditions.get(ConditionType::Ready).is_none() {
        conditions.mark_unknown(ConditionType::Ready, reason, message);
    }
}

/// The end of a run.
pub(super) fn report(observed: &Observed, outcome: Outcome, now: Time) -> Report {
    let mut report = match outcome {
        Outcome::Suspended => suspended(observed, now),
        Outcome::Failed {
            failure,
            new_revision,
            includes,
        } => failed(observed, &failure, new_revision, includes, now),
        Outcome::Unchanged { by_listing } => unchanged(observed, by_listing, now),
        Outcome::Stored(new) => stored(observed, *new, now),
    };
    let request = observed.source.reconcile_request();
    if !request.is_empty() {
        request.clone_into(&mut report.status.last_handled_reconcile_at);
    }
    if let (Some(artifact), Some(url)) = (&mut report.status.artifact, &observed.artifact_url)
        && Some(&artifact.path)
            == observed
                .source
                .status
                .artifact
                .as_ref()
                .map(|old| &old.path)
    {
        artifact.url.clone_from(url);
    }
    keep_times(&observed.object, &mut report.status.conditions);
    let mut events = storage_events(observed);
    events.append(&mut report.events);
    Report { events, ..report }
}

/// A condition that says what it said when it was last written has not changed in between: the
/// steps of a run in memory are not seen by anybody. A retry with the same end writes nothing.
fn keep_times(written: &Object, conditions: &mut [Condition]) {
    let Ok(before) = decode(written) else { return };
    for condition in conditions {
        let old = skein_api::conditions::find(&before.status.conditions, &condition.condition_type);
        if let Some(old) = old
            && (old.status, &old.reason, &old.message)
                == (condition.status, &condition.reason, &condition.message)
        {
            condition.last_transition_time = old.last_transition_time;
        }
    }
}

fn suspended(observed: &Observed, now: Time) -> Report {
    let source = &observed.source;
    let mut status = source.status.clone();
    let generation = source.metadata.generation;
    // Ready keeps what it says, but for the present generation.
    if let Some(ready) = ready(&status.conditions) {
        let (state, reason, message) = (ready.status, ready.reason.clone(), ready.message.clone());
        ConditionWriter::new(&mut status.conditions, generation, now).set(
            ConditionType::Ready,
            state,
            reason,
            message,
        );
    }
    status.observed_generation = generation;
    Report {
        status,
        events: Vec::new(),
        next: Next::Change,
    }
}

fn ready(conditions: &[Condition]) -> Option<&Condition> {
    skein_api::conditions::find(conditions, ConditionType::Ready.as_str())
}

fn unchanged(observed: &Observed, by_listing: bool, now: Time) -> Report {
    let source = &observed.source;
    let mut status = source.status.clone();
    if source.spec.verify.is_none() {
        status.source_verification_mode = None;
        ConditionWriter::new(&mut status.conditions, source.metadata.generation, now)
            .remove(ConditionType::SourceVerified);
    }
    if let Some(artifact) = &status.artifact {
        let revision = artifact.revision.clone();
        succeed(&mut status, source.metadata.generation, &revision, now);
    }
    let mut events = Vec::new();
    let revision = status
        .artifact
        .as_ref()
        .map(|a| a.revision.clone())
        .unwrap_or_default();
    // Told when somebody asked; an interval without news makes no request at all.
    if source.has_unhandled_request() || !observed_now(observed) {
        let (reason, message) = if by_listing {
            let message =
                format!("no changes since last reconciliation: observed revision '{revision}'");
            (SourceReason::GitOperationSucceeded, message)
        } else {
            let message = format!("artifact up-to-date with remote revision: '{revision}'");
            (SourceReason::ArtifactUpToDate, message)
        };
        events.push(event(
            &observed.object,
            Severity::Trace,
            reason.as_str(),
            message,
        ));
    }
    if recovered(&source.status.conditions, &status.conditions)
        && let Some(artifact) = &status.artifact
    {
        let message = format!("stored artifact for commit '{revision}'");
        events.push(artifact_event(
            observed,
            SourceReason::Succeeded,
            artifact,
            message,
        ));
    }
    Report {
        status,
        events,
        next: after_interval(observed),
    }
}

fn stored(observed: &Observed, new: NewArtifact, now: Time) -> Report {
    let source = &observed.source;
    let mut status = source.status.clone();
    let old_digest = source
        .status
        .artifact
        .as_ref()
        .map(|artifact| artifact.digest.clone());
    let message = format!("stored artifact for commit '{}'", new.subject);
    status.observed_ignore.clone_from(&source.spec.ignore);
    status.observed_recurse_submodules = source.spec.recurse_submodules;
    status.observed_include.clone_from(&source.spec.include);
    status
        .observed_sparse_checkout
        .clone_from(&source.spec.sparse_checkout);
    status.included_artifacts = new.includes;
    let generation = source.metadata.generation;
    let mut conditions = ConditionWriter::new(&mut status.conditions, generation, now);
    match new.verified {
        Some((mode, text)) => {
            status.source_verification_mode = Some(mode);
            conditions.mark_true(ConditionType::SourceVerified, SourceReason::Succeeded, text);
        }
        None => {
            status.source_verification_mode = None;
            conditions.remove(ConditionType::SourceVerified);
        }
    }
    succeed(&mut status, generation, &new.artifact.revision, now);
    let mut events = Vec::new();
    if old_digest.as_deref() != Some(new.artifact.digest.as_str()) {
        events.push(artifact_event(
            observed,
            SourceReason::NewArtifact,
            &new.artifact,
            message,
        ));
    } else if recovered(&source.status.conditions, &status.conditions) {
        events.push(artifact_event(
            observed,
            SourceReason::Succeeded,
            &new.artifact,
            message,
        ));
    }
    status.artifact = Some(new.artifact);
    Report {
        status,
        events,
        next: after_interval(observed),
    }
}

/// All is well: failures and progress go, the artifact is in the storage, Ready sums up.
fn succeed(status: &mut GitRepositoryStatus, generation: i64, revision: &str, now: Time) {
    let mut conditions = ConditionWriter::new(&mut status.conditions, generation, now);
    for gone in FAILURES {
        conditions.remove(gone);
    }
    for gone in [
        ConditionType::BuildFailed,
        ConditionType::ArtifactOutdated,
        ConditionType::Reconciling,
        ConditionType::Stalled,
    ] {
        conditions.remove(gone);
    }
    let message = format!("stored artifact for revision '{revision}'");
    conditions.mark_true(
        ConditionType::ArtifactInStorage,
        SourceReason::Succeeded,
        message,
    );
    conditions.summarize(ConditionType::Ready, &SUMMARY);
    status.observed_generation = generation;
}

fn failed(
    observed: &Observed,
    failure: &Failure,
    new_revision: Option<String>,
    includes: Option<Vec<Artifact>>,
    now: Time,
) -> Report {
    let source = &observed.source;
    let generation = source.metadata.generation;
    let mut status = source.status.clone();
    begin(observed, &mut status, now);
    let had_artifact = status.artifact.is_some();
    let mut conditions = ConditionWriter::new(&mut status.conditions, generation, now);
    remove_passed(&mut conditions, failure.step);
    if let Some(includes) = includes
        && includes_differ(source, &includes)
    {
        let text = "included artifacts differ from last observed includes";
        mark_progress(&mut conditions, &format!("building artifact: {text}"), true);
    }
    if let Some(revision) = new_revision {
        let text = format!("new upstream revision '{revision}'");
        mark_progress(&mut conditions, &format!("building artifact: {text}"), true);
        if had_artifact {
            conditions.mark_true(
                ConditionType::ArtifactOutdated,
                SourceReason::NewRevision,
                text,
            );
        }
    }
    match failure.condition {
        ConditionType::SourceVerified => {
            conditions.mark_false(failure.condition, &failure.reason, &failure.message);
        }
        condition => conditions.mark_true(condition, &failure.reason, &failure.message),
    }
    if failure.then == Then::Stall {
        conditions.mark_stalled(&failure.reason, &failure.message);
        status.observed_generation = generation;
    } else if let Some(reconciling) = conditions.get(ConditionType::Reconciling) {
        let message = reconciling.message.clone();
        conditions.mark_reconciling(SourceReason::ProgressingWithRetry, message);
    }
    let mut conditions = ConditionWriter::new(&mut status.conditions, generation, now);
    conditions.mark_false(ConditionType::Ready, &failure.reason, &failure.message);
    let severity = match failure.then {
        // Waiting is no failure: it is told, but not sent on.
        Then::Wait(_) => Severity::Trace,
        Then::Retry | Then::Stall => Severity::Error,
    };
    let told = event(
        &observed.object,
        severity,
        &failure.reason,
        failure.message.clone(),
    );
    let next = match failure.then {
        Then::Retry => Next::Backoff,
        Then::Stall => Next::Change,
        Then::Wait(pause) => Next::Retry(pause),
    };
    Report {
        status,
        events: vec![told],
        next,
    }
}

/// Removes what earlier runs said about steps that this run has passed.
fn remove_passed(conditions: &mut ConditionWriter<'_>, failed: Step) {
    let unverified = conditions
        .get(ConditionType::SourceVerified)
        .is_some_and(|c| c.status == skein_api::ConditionStatus::False);
    if unverified {
        conditions.remove(ConditionType::SourceVerified);
    }
    let passed = [
        (Step::Includes, ConditionType::IncludeUnavailable),
        (Step::Fetch, ConditionType::FetchFailed),
        (Step::Copy, ConditionType::StorageOperationFailed),
        (Step::Fetch, ConditionType::ArtifactOutdated),
    ];
    for (step, condition) in passed {
        if failed > step {
            conditions.remove(condition);
        }
    }
}

fn after_interval(observed: &Observed) -> Next {
    let interval = observed.source.spec.interval.as_std();
    if interval.is_zero() {
        Next::Change
    } else {
        Next::After(interval)
    }
}

/// Whether the status is about the present generation.
fn observed_now(observed: &Observed) -> bool {
    observed.source.status.observed_generation == observed.source.metadata.generation
}

fn recovered(old: &[Condition], new: &[Condition]) -> bool {
    let failing = |conditions: &[Condition]| {
        FAILURES
            .iter()
            .any(|f| skein_api::conditions::is_true(conditions, f.as_str()))
    };
    failing(old) && !failing(new)
}

/// What happened in the storage before the run.
fn storage_events(observed: &Observed) -> Vec<Event> {
    let mut events = Vec::new();
    let collected = observed.collected.files.len();
    if collected > 0 {
        let message = format!("garbage collected {collected} artifacts");
        let reason = SourceReason::GarbageCollectionSucceeded.as_str();
        events.push(event(&observed.object, Severity::Trace, reason, message));
    }
    if let InStorage::Damaged(error) = &observed.stored {
        let message = format!("failed to verify integrity of artifact: {error}");
        let reason = SourceReason::ArtifactVerificationFailed.as_str();
        events.push(event(&observed.object, Severity::Error, reason, message));
    }
    events
}

/// What is told when the stored files of a deleted object are gone.
pub(super) fn deletion_event(object: &Object, removed: bool) -> Option<Event> {
    removed.then(|| {
        let message = "garbage collected artifacts for deleted resource".to_owned();
        let reason = SourceReason::GarbageCollectionSucceeded.as_str();
        event(object, Severity::Trace, reason, message)
    })
}

/// What is told when they cannot be deleted.
pub(super) fn deletion_failed(object: &Object, error: &str) -> Event {
    let message = format!("garbage collection for deleted resource failed: {error}");
    event(
        object,
        Severity::Error,
        SourceReason::GarbageCollectionFailed.as_str(),
        message,
    )
}

fn artifact_event(
    observed: &Observed,
    reason: SourceReason,
    artifact: &Artifact,
    message: String,
) -> Event {
    let mut event = event(&observed.object, Severity::Info, reason.as_str(), message);
    event.metadata.insert(
        format!("{METADATA_PREFIX}revision"),
        artifact.revision.clone(),
    );
    event
        .metadata
        .insert(format!("{METADATA_PREFIX}digest"), artifact.digest.clone());
    event
}

#[cfg(test)]
mod tests;
