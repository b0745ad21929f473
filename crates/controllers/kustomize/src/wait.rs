//! The wait for health: held in memory, looked at when a watched object changes or the deadline comes; no worker is held.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use skein_api::Kustomization;
use skein_cluster::ApiError;
use skein_health::{
    Evaluate, Health, HealthExpressions, Status, WaitVerdict, Waited, health, judge,
};
use skein_object::{GroupVersionKind, Object, ObjectKey};
use skein_plan::{Action, ChangeSet};
use skein_runtime::observed::Observed;

use skein_runtime::targets::Target;

/// How long a wait may last before the status tells of it: most end sooner, and each status costs a request.
pub const UNTOLD: Duration = Duration::from_secs(2);
/// Pause between looks at objects that no watch covers.
pub const UNWATCHED_POLL: Duration = Duration::from_secs(1);

/// Flux looks as soon as everything is applied and then at this pace (cli-utils' status poller as kustomize-controller runs it). Health is told as
/// soon as a watch shows it, but a failure counts only at these looks: a state from before the apply, or one that its controller is about to
/// leave, is gone by the next.
pub const FAILURE_LOOKS: Duration = Duration::from_secs(5);

/// What is waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitList {
    /// Objects with their kind, without repetition.
    pub objects: Vec<(ObjectKey, GroupVersionKind)>,
    /// Jobs that delete themselves some time after their end.
    pub short_lived: Vec<ObjectKey>,
}

impl WaitList {
    /// Everything that was applied when `spec.wait` is set, else what `spec.healthChecks` names. Skipped objects and the
    /// Kustomization itself are left out.
    pub fn of(kustomization: &Kustomization, applied: &[Object], changes: &ChangeSet) -> Self {
        let itself = kustomization.key();
        let mut seen = HashSet::new();
        let mut list = Self {
            short_lived: applied
                .iter()
                .filter(|o| is_short_lived(o))
                .map(Object::key)
                .collect(),
            ..Self::default()
        };
        let mut add = |key: ObjectKey, gvk: GroupVersionKind| {
            if key != itself && seen.insert(key.clone()) {
                list.objects.push((key, gvk));
            }
        };
        if kustomization.spec.wait {
            // Skipped objects are in somebody else's hands and may never be healthy.
            let applied_entries = changes
                .entries
                .iter()
                .filter(|entry| entry.action != Action::Skipped);
            for entry in applied_entries {
                let key = &entry.key;
                add(
                    key.clone(),
                    GroupVersionKind::new(&key.group, &entry.version, &key.kind),
                );
            }
            return list;
        }
        for check in &kustomization.spec.health_checks {
            let api_version = if check.api_version.is_empty() {
                "apps/v1"
            } else {
                &check.api_version
            };
            let gvk = GroupVersionKind::from_api_version(api_version, &check.kind);
            let key = ObjectKey::new(&gvk.group, &check.kind, &check.namespace, &check.name);
            add(key, gvk);
        }
        list
    }
}

/// A Job with a time to live after its end.
fn is_short_lived(object: &Object) -> bool {
    let gvk = object.gvk();
    gvk.group == "batch"
        && gvk.kind == "Job"
        && object
            .i64_at(&["spec", "ttlSecondsAfterFinished"])
            .is_some()
}

/// A wait under way.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What is waited for.
    pub list: WaitList,
    /// When it began.
    pub started: Instant,
    /// When the run began.
    pub run_started: Instant,
    /// How long it may last.
    pub limit: Duration,
    /// Generation, request and revision that it belongs to: a change of one ends it.
    pub subject: Subject,
    /// Digest of the build.
    pub digest: String,
    /// Whether the Kustomization was healthy before the run.
    pub was_healthy: bool,
    /// How long it must have lasted until failures are looked at again.
    pub failures_from: Duration,
    /// Whether the verdict is told even when it is good and was good before.
    pub tell: bool,
}

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// `metadata.generation`.
    pub generation: i64,
    /// Value of the request annotation.
    pub request: String,
    /// Revision of the artifact.
    pub revision: String,
    /// Digest of the artifact.
    pub digest: String,
}

/// A wait for dependencies. They are looked at when they become ready, but told of only at the pace at which Flux looks.
#[derive(Clone, Debug)]
pub struct Awaiting {
    /// What is wanted; something else is told anew.
    pub subject: Subject,
    /// When the wait was told of.
    pub told: Instant,
}

impl Waiting {
    /// Whether failures count in a look at this time, and notes the next time when they do.
    pub fn counts_failures(&mut self, waited: Duration) -> bool {
        let counts = waited >= self.failures_from;
        while waited >= self.failures_from {
            self.failures_from += FAILURE_LOOKS;
        }
        counts
    }
}

/// What a look at a wait gives.
pub struct Look {
    /// The verdict.
    pub verdict: WaitVerdict,
    /// Whether some object is not covered by a watch.
    pub unwatched: bool,
}

/// Looks at the objects of a wait. Where failures do not count, only health or the deadline ends it.
pub async fn look<E: Evaluate>(
    waiting: &Waiting,
    target: &Target,
    expressions: &HealthExpressions<E>,
    fail_fast: bool,
    counts_failures: bool,
) -> Look {
    let mut states: BTreeMap<&ObjectKey, Health> = BTreeMap::new();
    let mut deletes_itself = HashSet::new();
    let mut unwatched = false;
    for (key, gvk) in &waiting.list.objects {
        let (found, watched) = match find(key, gvk, target).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => (Found::Nothing, false),
            // Flux asks for the kind in whatever version.
            Err(ApiError::NoMatch { kind, .. }) => {
                unwatched = true;
                let text = format!("no matches for kind \"{kind}\" in group \"{}\"", gvk.group);
                states.insert(key, Health::unknown(text));
                continue;
            }
            Err(error) => {
                unwatched = true;
                states.insert(key, Health::unknown(error.to_string()));
                continue;
            }
        };
        unwatched |= !watched;
        if waiting.list.short_lived.contains(key) {
            deletes_itself.insert(key);
        }
        states.insert(key, found.health(expressions));
    }
    let waited: Vec<Waited<'_>> = waiting
        .list
        .objects
        .iter()
        .map(|(key, _)| Waited {
            key,
            health: states.get(key),
            deletes_itself: deletes_itself.contains(key),
        })
        .collect();
    let is_late = waiting.started.elapsed() >= waiting.limit;
    let verdict = match judge(&waited, fail_fast, is_late) {
        WaitVerdict::Failed(_) if !counts_failures && !is_late => WaitVerdict::Waiting,
        verdict => verdict,
    };
    Look { verdict, unwatched }
}

/// What is known of an object.
enum Found {
    Nothing,
    Object(Object),
    Observed(Arc<Observed>),
}

impl Found {
    fn health<E: Evaluate>(&self, expressions: &HealthExpressions<E>) -> Health {
        let judged = |object: &Object| {
            expressions
                .health(object)
                .unwrap_or_else(|| health(object, Timestamp::now()))
        };
        match self {
            Self::Nothing => Health::not_found(),
            Self::Object(object) => judged(object),
            // Judged when it was seen; time can only make a bad verdict another.
            Self::Observed(observed)
                if expressions.is_empty() && observed.health.status == Status::Current =>
            {
                observed.health.clone()
            }
            Self::Observed(observed) => observed
                .object()
                .as_ref()
                .map_or_else(Health::not_found, judged),
        }
    }
}

/// What is known of the object and whether a watch covers it.
async fn find(
    key: &ObjectKey,
    gvk: &GroupVersionKind,
    target: &Target,
) -> Result<(Found, bool), ApiError> {
    let resource = target.cluster.resource(gvk).await?;
    let name = key.namespaced_name();
    if let Some(observed) = target.observed.ours(&resource, &name).await {
        return Ok((Found::Observed(observed), true));
    }
    let found = target
        .cluster
        .get(&resource, &key.namespace, &key.name)
        .await?;
    Ok((found.map_or(Found::Nothing, Found::Object), false))
}

#[cfg(test)]
mod tests;
