//! Phase four: status, events and the next wake-up, from how a run ended. Pure.

use skein_api::{
    Artifact, Condition, ConditionStatus, ConditionType, ConditionWriter, KindSpec, Resource,
    SourceReason, StatusConditions as _, Time, conditions,
};
use skein_object::Object;
use skein_runtime::{Event, Next, Severity};

use super::kind::{SourceKind, SourceStatus};
use super::outcome::{End, Failure, Found, Outcome, Stored, Then, Told, Verified};
use super::{InStorage, Observed};
use crate::event::event;

/// Prefix of revision and digest in events.
const METADATA_PREFIX: &str = "source.toolkit.fluxcd.io/";

type StatusOf<K> = <<K as SourceKind>::Spec as KindSpec>::Status;

/// What is written, told and done next.
pub(super) struct Report<K: SourceKind> {
    /// The status at the end.
    pub status: StatusOf<K>,
    /// Events, in order.
    pub events: Vec<Event>,
    /// The next wake-up.
    pub next: Next,
}

/// The status at the beginning of a run, when there is news: a new generation or a request.
pub(super) fn progress<K: SourceKind>(observed: &Observed<K>, now: Time) -> Option<StatusOf<K>> {
    let source = &observed.source;
    let generation = source.metadata.generation;
    let status = &source.status;
    let reconciling = conditions::find(status.conditions(), ConditionType::Reconciling.as_str());
    // A retry of the same generation says nothing new.
    let told = reconciling.is_some_and(|c| c.observed_generation == generation);
    let news = status.observed_generation() != Some(generation) && !told;
    if !news && !source.has_unhandled_request() {
        return None;
    }
    let mut status = source.status.clone();
    begin(observed, &mut status, now);
    Some(status)
}

/// The conditions of a run that has begun; the status without an artifact that is gone.
fn begin<K: SourceKind>(observed: &Observed<K>, status: &mut StatusOf<K>, now: Time) {
    let generation = observed.source.metadata.generation;
    let (message, drift) = match &observed.stored {
        InStorage::Good => (start_message(observed), false),
        InStorage::None => ("building artifact".to_owned(), true),
        InStorage::Missing | InStorage::Damaged(_) => (
            "building artifact: disappeared from storage".to_owned(),
            true,
        ),
    };
    let parts = status.parts();
    let mut writer = ConditionWriter::new(parts.conditions, generation, now);
    mark_progress(&mut writer, &message, drift);
    if drift {
        writer.remove(ConditionType::ArtifactInStorage);
        *parts.artifact = None;
        if let Some(url) = parts.url {
            url.clear();
        }
    }
}

fn start_message<K: SourceKind>(observed: &Observed<K>) -> String {
    let source = &observed.source;
    let old = source.status.observed_generation().unwrap_or_default();
    let new = source.metadata.generation;
    if old == new {
        "reconciliation in progress".to_owned()
    } else {
        format!("processing object: new generation {old} -> {new}")
    }
}

/// Reconciling is set; Ready too when it is not there yet, or what it says no longer holds.
fn mark_progress(writer: &mut ConditionWriter<'_>, message: &str, drift: bool) {
    let reason = SourceReason::Progressing;
    writer.mark_reconciling(reason, message);
    if drift || writer.get(ConditionType::Ready).is_none() {
        writer.mark_unknown(ConditionType::Ready, reason, message);
    }
}

/// The end of a run.
pub(super) fn report<K: SourceKind>(
    observed: &Observed<K>,
    outcome: Outcome<K>,
    now: Time,
) -> Report<K> {
    let Outcome {
        end,
        found,
        verified,
        change,
    } = outcome;
    let mut report = match end {
        End::Wait(pause) => waiting(observed, pause, now),
        End::Failed(failure) => failed(observed, &failure, found, now),
        End::Unchanged {
            told,
            recovery,
            trace,
        } => {
            let status = succeeded(observed, &told, verified, now);
            unchanged(observed, status, &recovery, trace)
        }
        End::Stored { stored, told } => {
            let status = succeeded(observed, &told, verified, now);
            self::stored(observed, status, *stored)
        }
    };
    change(&mut report.status);
    let request = observed.source.reconcile_request();
    let parts = report.status.parts();
    if !request.is_empty() {
        request.clone_into(parts.last_handled_reconcile_at);
    }
    let old_path = observed.source.status.artifact().map(|old| &old.path);
    if let (Some(artifact), Some(url)) = (parts.artifact, &observed.artifact_url)
        && Some(&artifact.path) == old_path
    {
        artifact.url.clone_from(url);
    }
    keep_times::<K>(&observed.object, parts.conditions);
    let mut events = storage_events(observed);
    events.append(&mut report.events);
    Report { events, ..report }
}

/// A condition that says what it said when it was last written has not changed in between: the
/// steps of a run in memory are not seen by anybody. A retry with the same end writes nothing.
fn keep_times<K: SourceKind>(written: &Object, conditions: &mut [Condition]) {
    let Ok(before) = Resource::<K::Spec>::from_object(written) else {
        return;
    };
    for condition in conditions {
        let old = conditions::find(before.status.conditions(), &condition.condition_type);
        if let Some(old) = old
            && (old.status, &old.reason, &old.message)
                == (condition.status, &condition.reason, &condition.message)
        {
            condition.last_transition_time = old.last_transition_time;
        }
    }
}

/// Ready keeps what it says, but for the present generation.
pub(super) fn suspended<K: SourceKind>(observed: &Observed<K>, now: Time) -> Report<K> {
    let generation = observed.source.metadata.generation;
    let mut status = observed.source.status.clone();
    let parts = status.parts();
    let ready = conditions::find(parts.conditions, ConditionType::Ready.as_str()).cloned();
    if let Some(ready) = ready {
        ConditionWriter::new(parts.conditions, generation, now).set(
            ConditionType::Ready,
            ready.status,
            ready.reason,
            ready.message,
        );
    }
    let mut writer = ConditionWriter::new(parts.conditions, generation, now);
    if let Some(reconciling) = writer.get(ConditionType::Reconciling) {
        let (reason, message) = (reconciling.reason.clone(), reconciling.message.clone());
        writer.mark_true(ConditionType::Reconciling, reason, message);
    }
    // Whether the new spec stalls it is found out when it is resumed.
    writer.remove(ConditionType::Stalled);
    // One that was suspended before its first run has nothing to say yet, its generation included.
    if !parts.conditions.is_empty() {
        *parts.observed_generation = generation;
    }
    let request = observed.source.reconcile_request();
    if !request.is_empty() {
        request.clone_into(parts.last_handled_reconcile_at);
    }
    Report {
        status,
        events: Vec::new(),
        next: Next::Change,
    }
}

fn waiting<K: SourceKind>(
    observed: &Observed<K>,
    pause: std::time::Duration,
    now: Time,
) -> Report<K> {
    let mut status = observed.source.status.clone();
    begin(observed, &mut status, now);
    Report {
        status,
        events: Vec::new(),
        next: Next::Retry(pause),
    }
}

fn unchanged<K: SourceKind>(
    observed: &Observed<K>,
    status: StatusOf<K>,
    recovery: &Told,
    trace: Option<Told>,
) -> Report<K> {
    let source = &observed.source;
    let mut events = Vec::new();
    let current = source.status.artifact();
    let revision = current.map_or("", |artifact| artifact.revision.as_str());
    // Flux tells of a recovery before it sums the run up.
    if let Some(artifact) = current
        && recovered::<K>(source.status.conditions(), status.conditions())
    {
        events.push(artifact_event(&observed.object, artifact, recovery));
    }
    // Told when somebody asked; an interval without news makes no request at all.
    let observed_now = source.status.observed_generation() == Some(source.metadata.generation);
    if source.has_unhandled_request() || !observed_now {
        let told = trace.unwrap_or_else(|| {
            let message = format!("artifact up-to-date with remote revision: '{revision}'");
            Told::new(SourceReason::ArtifactUpToDate, message)
        });
        let object = &observed.object;
        events.push(event(object, Severity::Trace, &told.reason, told.message));
    }
    Report {
        status,
        events,
        next: after_interval(observed),
    }
}

fn stored<K: SourceKind>(
    observed: &Observed<K>,
    mut status: StatusOf<K>,
    new: Stored,
) -> Report<K> {
    let source = &observed.source;
    let old_digest = source.status.artifact().map(|artifact| &artifact.digest);
    let mut events = Vec::new();
    if old_digest != Some(&new.artifact.digest) {
        events.push(artifact_event(&observed.object, &new.artifact, &new.event));
    } else if recovered::<K>(source.status.conditions(), status.conditions()) {
        let reason = if new.event.reason == SourceReason::NewArtifact.as_str() {
            SourceReason::Succeeded.as_str()
        } else {
            &new.event.reason
        };
        let told = Told::new(reason, &new.event.message);
        events.push(artifact_event(&observed.object, &new.artifact, &told));
    }
    let parts = status.parts();
    *parts.artifact = Some(new.artifact);
    if let Some(url) = parts.url {
        *url = new.url;
    }
    Report {
        status,
        events,
        next: after_interval(observed),
    }
}

/// All is well: failures and progress go, the artifact is in the storage, Ready sums up.
fn succeeded<K: SourceKind>(
    observed: &Observed<K>,
    told: &Told,
    verified: Verified,
    now: Time,
) -> StatusOf<K> {
    let generation = observed.source.metadata.generation;
    let mut status = observed.source.status.clone();
    let parts = status.parts();
    let mut writer = ConditionWriter::new(parts.conditions, generation, now);
    match verified {
        Verified::Keep => {}
        Verified::Forget => writer.remove(ConditionType::SourceVerified),
        Verified::Good(text) => {
            writer.mark_true(ConditionType::SourceVerified, SourceReason::Succeeded, text);
        }
    }
    for gone in K::RULES.failures {
        writer.remove(*gone);
    }
    for gone in [
        ConditionType::BuildFailed,
        ConditionType::ArtifactOutdated,
        ConditionType::Reconciling,
        ConditionType::Stalled,
    ] {
        writer.remove(gone);
    }
    let (reason, message) = (told.reason.clone(), told.message.clone());
    writer.mark_true(ConditionType::ArtifactInStorage, reason, message);
    writer.summarize(ConditionType::Ready, &K::RULES.summary);
    *parts.observed_generation = generation;
    status
}

fn failed<K: SourceKind>(
    observed: &Observed<K>,
    failure: &Failure,
    found: Option<Found>,
    now: Time,
) -> Report<K> {
    let generation = observed.source.metadata.generation;
    let mut status = observed.source.status.clone();
    begin(observed, &mut status, now);
    let parts = status.parts();
    let had_artifact = parts.artifact.is_some();
    let mut writer = ConditionWriter::new(parts.conditions, generation, now);
    forget_passed(&mut writer, failure.passed);
    if let Some(Found { reason, message }) = found {
        mark_progress(&mut writer, &format!("building artifact: {message}"), true);
        if let (Some(reason), true) = (reason, had_artifact) {
            writer.mark_true(ConditionType::ArtifactOutdated, reason, message);
        }
    }
    let (reason, message) = (failure.reason.clone(), failure.message.clone());
    match failure.condition {
        ConditionType::SourceVerified => writer.mark_false(failure.condition, reason, message),
        condition => writer.mark_true(condition, reason, message),
    }
    let shown = Told::new(&failure.reason, &failure.message);
    let told = failure.told.as_deref().unwrap_or(&shown);
    if let Some(unverified) = &failure.unverified {
        let (reason, message) = (&unverified.reason, &unverified.message);
        writer.mark_false(ConditionType::SourceVerified, reason, message);
    }
    if failure.then == Then::Stall {
        writer.mark_stalled(&told.reason, &told.message);
        *parts.observed_generation = generation;
    } else if let Some(reconciling) = writer.get(ConditionType::Reconciling) {
        let message = reconciling.message.clone();
        writer.mark_reconciling(SourceReason::ProgressingWithRetry, message);
    }
    let ready = failure.unverified.as_deref().unwrap_or(&shown);
    writer.mark_false(ConditionType::Ready, &ready.reason, &ready.message);
    let severity = match failure.then {
        // Waiting is no failure: it is told, but not sent on.
        Then::Wait(_) => Severity::Trace,
        Then::Retry | Then::Stall => Severity::Error,
    };
    let message = told.message.clone();
    let told = event(&observed.object, severity, &told.reason, message);
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

/// Removes what earlier runs said about steps that this run has passed, and a bad signature: this run looks anew.
fn forget_passed(writer: &mut ConditionWriter<'_>, passed: &[ConditionType]) {
    let unverified = writer
        .get(ConditionType::SourceVerified)
        .is_some_and(|condition| condition.status == ConditionStatus::False);
    if unverified {
        writer.remove(ConditionType::SourceVerified);
    }
    passed
        .iter()
        .for_each(|condition| writer.remove(*condition));
}

fn after_interval<K: SourceKind>(observed: &Observed<K>) -> Next {
    let interval = K::interval(&observed.source.spec);
    if interval.is_zero() {
        Next::Change
    } else {
        Next::After(interval)
    }
}

fn recovered<K: SourceKind>(old: &[Condition], new: &[Condition]) -> bool {
    let failing = |list: &[Condition]| {
        let mut failures = K::RULES.failures.iter();
        failures.any(|failure| conditions::is_true(list, failure.as_str()))
    };
    failing(old) && !failing(new)
}

/// What happened in the storage before the run.
fn storage_events<K: SourceKind>(observed: &Observed<K>) -> Vec<Event> {
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
pub(super) fn deletion_event(object: &Object) -> Event {
    let message = "garbage collected artifacts for deleted resource".to_owned();
    let reason = SourceReason::GarbageCollectionSucceeded.as_str();
    event(object, Severity::Trace, reason, message)
}

/// What is told when they cannot be deleted.
pub(super) fn deletion_failed(object: &Object, error: &str) -> Event {
    let message = format!("garbage collection for deleted resource failed: {error}");
    let reason = SourceReason::GarbageCollectionFailed.as_str();
    event(object, Severity::Error, reason, message)
}

fn artifact_event(object: &Object, artifact: &Artifact, told: &Told) -> Event {
    let mut event = event(object, Severity::Info, &told.reason, told.message.clone());
    for (key, value) in [
        ("revision", &artifact.revision),
        ("digest", &artifact.digest),
    ] {
        event
            .metadata
            .insert(format!("{METADATA_PREFIX}{key}"), value.clone());
    }
    event
}

#[cfg(test)]
mod tests;
