//! Brings the objects of a build into a cluster, stage by stage: look, check, apply. Nothing of a stage is written before all of
//! it was checked, as far as the API server's answer is not known in advance.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use parking_lot::Mutex;
use skein_cluster::{ApiError, ApiResource, ApplyOptions, DeleteOptions, Propagation};
use skein_health::{Status, health};
use skein_object::{GroupKind, Object, ObjectKey};
use skein_plan::apply::{self, Refusal, Rules};
use skein_plan::takeover::{Predecessor, early_cleanup};
use skein_plan::{Action, ChangeEntry, ChangeSet, Decision, Live, Stage, order};
use thiserror::Error;

use skein_runtime::dry_run_refused;
use skein_runtime::observed::{Seen, content_hash};
use skein_runtime::targets::Target;

/// How long definitions, namespaces and the like may take to become ready.
const STAGE_TIMEOUT: Duration = Duration::from_secs(60);
/// How often they are looked at meanwhile.
const STAGE_POLL: Duration = Duration::from_millis(50);
/// How long a kind may take to be served after its definition is established.
const SERVED_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a deleted object may take to go before it is made anew.
const RECREATE_TIMEOUT: Duration = Duration::from_secs(60);
/// Dry runs whose outcome "nothing to do" is remembered, per Kustomization set.
const SETTLED_MAX: usize = 50_000;

/// Why a stage was not (or not wholly) applied. The text starts with the object.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct ApplyError {
    /// For people.
    pub message: String,
    /// Whether the API server could not be reached: the object is not to blame.
    pub unavailable: bool,
    /// Whether the account may not do it: what was known of its rights is outdated.
    pub forbidden: bool,
}

impl ApplyError {
    fn new(message: String) -> Self {
        Self {
            message,
            unavailable: false,
            forbidden: false,
        }
    }
}

/// Objects of which a dry run told that nothing would change: by content wanted and content there.
#[derive(Default)]
pub struct Settled(Mutex<HashMap<ObjectKey, (u64, u64)>>);

impl Settled {
    fn holds(&self, desired: &Object, live: &Object) -> bool {
        let found = self.0.lock().get(&desired.key()).copied();
        found == Some((content_hash(desired), content_hash(live)))
    }

    fn note(&self, desired: &Object, live: &Object) {
        let mut settled = self.0.lock();
        if settled.len() >= SETTLED_MAX {
            settled.clear();
        }
        settled.insert(desired.key(), (content_hash(desired), content_hash(live)));
    }
}

/// What is needed to apply.
pub struct Applier<'a> {
    /// Where to.
    pub target: &'a Target,
    /// Choices of the Kustomization and the operator.
    pub rules: Rules<'a>,
    /// Managers whose fields are taken over before anything is tried.
    pub early_predecessors: &'a [Predecessor],
    /// Requests at a time.
    pub concurrency: usize,
    /// Memory of dry runs.
    pub settled: &'a Settled,
    /// Kinds that the build itself defines.
    pub defined: Defined,
}

/// Kinds whose definitions are part of the build: they are served a moment after their definitions are established.
#[derive(Debug, Default)]
pub struct Defined(HashSet<GroupKind>);

impl Defined {
    /// What the definitions among the objects define.
    pub fn by(objects: &[Object]) -> Self {
        let definitions = objects.iter().filter(|object| order::is_crd(object));
        let kinds = definitions.filter_map(|object| {
            let group = object.str_at(&["spec", "group"])?;
            Some(GroupKind::new(
                group,
                object.str_at(&["spec", "names", "kind"])?,
            ))
        });
        Self(kinds.collect())
    }

    /// Whether an answer means no more than that the kind is not served yet.
    fn excuses(&self, object: &Object, error: &ApiError) -> bool {
        // What kube-apiserver says of a path that it does not serve; a missing namespace or object is told by name.
        const UNSERVED: &str = "the server could not find the requested resource";
        let unserved = matches!(error, ApiError::NoMatch { .. })
            || (error.is_not_found() && error.to_string().contains(UNSERVED));
        unserved && self.0.contains(&object.gvk().group_kind())
    }
}

/// One object with what is known of it.
struct Item {
    desired: Object,
    resource: Arc<ApiResource>,
    live: Option<Object>,
    decision: Decision,
    plain: bool,
}

impl Applier<'_> {
    /// Looks at all objects of a stage and decides about each. An account goes ahead with one object: one that may do nothing
    /// is refused once and not for each object.
    async fn look(&self, objects: Vec<Object>) -> Result<Vec<Item>, ApplyError> {
        let mut looks = objects.into_iter().map(|object| self.look_at(object));
        let mut items = Vec::new();
        if self.target.cluster.impersonation().is_some()
            && let Some(first) = looks.next()
        {
            items.push(first.await?);
        }
        let rest: Vec<_> = looks.collect();
        let mut rest = stream::iter(rest).buffered(self.concurrency);
        while let Some(looked) = rest.next().await {
            match looked {
                Ok(item) => items.push(item),
                Err(error) if error.unavailable => return Err(error),
                Err(error) => {
                    // Those before it were looked at, but not tried.
                    return Err(self.first_refusal(&items, error).await);
                }
            }
        }
        Ok(items)
    }

    /// Whether to try again, after a pause: the kind of the object is about to be served.
    async fn comes_soon(&self, object: &Object, error: Option<&ApiError>, since: Instant) -> bool {
        let excused = error.is_some_and(|error| self.defined.excuses(object, error));
        if !excused || since.elapsed() > SERVED_TIMEOUT {
            return false;
        }
        tokio::time::sleep(STAGE_POLL).await;
        self.target.cluster.forget_discovery();
        true
    }

    async fn look_at(&self, mut desired: Object) -> Result<Item, ApplyError> {
        let since = Instant::now();
        let found = loop {
            let found = self.target.cluster.resource(&desired.gvk()).await;
            if !self.comes_soon(&desired, found.as_ref().err(), since).await {
                break found;
            }
        };
        let resource = found.map_err(|error| {
            let unavailable = error.is_unavailable();
            let message = format!("{} dry-run failed: {error}", desired.key());
            ApplyError {
                unavailable,
                ..ApplyError::new(message)
            }
        })?;
        if !resource.namespaced {
            desired.remove(&["metadata", "namespace"]);
        }
        let name = desired.namespaced_name();
        let seen = self.target.observed.look(&resource, &name).await;
        let mut live = match &seen {
            Some(Seen::Ours(observed)) => observed.object(),
            _ => None,
        };
        let mut decision = match (&seen, &live) {
            (_, Some(live)) => apply::decide(&desired, Live::Present(live), &self.rules),
            (Some(Seen::Absent), None) => apply::decide(&desired, Live::Absent, &self.rules),
            _ => Decision::Look,
        };
        if decision == Decision::Look {
            live = self.read(&resource, &desired).await?;
            let known = live.as_ref().map_or(Live::Absent, Live::Present);
            decision = apply::decide(&desired, known, &self.rules);
        }
        if !matches!(decision, Decision::Skip(_))
            && let Some(theirs) = &live
            && let Some(ours) = self.take_over(&resource, &desired, theirs).await?
        {
            decision = apply::decide(&desired, Live::Present(&ours), &self.rules);
            live = Some(ours);
        }
        if let (Decision::Apply { cleanup: None, .. }, Some(live)) = (&decision, &live)
            && self.settled.holds(&desired, live)
        {
            decision = Decision::Settled(apply::entry(live, Action::Unchanged));
        }
        let plain = matches!(decision, Decision::Apply { .. })
            && apply::is_plain(&desired, live.as_ref().map_or(Live::Absent, Live::Present))
            && self.may_write(&resource, &desired, live.is_none()).await;
        Ok(Item {
            desired,
            resource,
            live,
            decision,
            plain,
        })
    }

    /// The object after what the early predecessors own became ours; `None` when they own nothing.
    async fn take_over(
        &self,
        resource: &ApiResource,
        desired: &Object,
        live: &Object,
    ) -> Result<Option<Object>, ApplyError> {
        let manager = self.rules.manager;
        let patch = early_cleanup(desired, live, manager, self.early_predecessors);
        let Some(patch) = patch else { return Ok(None) };
        let target = (desired.namespace(), desired.name());
        let cluster = &self.target.cluster;
        let patched = cluster.json_patch(resource, target, None, &patch, manager);
        let patched = patched.await.map_err(|error| self.refused(desired, &error));
        patched.map(Some)
    }

    /// The object as it is; one that cannot be read counts as absent if it could be written all the same.
    async fn read(
        &self,
        resource: &ApiResource,
        desired: &Object,
    ) -> Result<Option<Object>, ApplyError> {
        let (namespace, name) = (desired.namespace(), desired.name());
        let cluster = &self.target.cluster;
        match cluster.get(resource, namespace, name).await {
            Ok(found) => Ok(found),
            Err(error) if error.is_unavailable() => Err(self.refused(desired, &error)),
            // A dry run tells better what is missing: the right, or the namespace.
            Err(error) if error.is_forbidden() => {
                let options = ApplyOptions {
                    dry_run: true,
                    ..self.options()
                };
                let tried = cluster.apply(resource, desired, &options).await;
                tried
                    .map(|_| None)
                    .map_err(|error| self.refused(desired, &error))
            }
            Err(_) => Ok(None),
        }
    }

    async fn may_write(&self, resource: &ApiResource, desired: &Object, is_new: bool) -> bool {
        let cluster = &self.target.cluster;
        let rights = &self.target.rights;
        rights
            .known(cluster, resource, desired.namespace(), is_new)
            .await
    }

    fn refused(&self, desired: &Object, error: &ApiError) -> ApplyError {
        if error.is_forbidden() {
            self.target.rights.forget(&self.target.cluster);
        }
        ApplyError {
            message: dry_run_refused(desired, error),
            unavailable: error.is_unavailable(),
            forbidden: error.is_forbidden(),
        }
    }

    /// Checks by dry run what cannot be known, and settles what would not change.
    async fn check(&self, items: &mut [Item]) -> Result<(), ApplyError> {
        let uncertain = items
            .iter()
            .filter(|item| item.is_to_apply() && !item.plain)
            .count();
        // A single uncertain object is applied first instead: refused, it leaves everything as it was.
        let sole = uncertain == 1;
        let checks: Vec<_> = items
            .iter()
            .map(|item| self.check_one(item, sole))
            .collect();
        let mut outcomes = Vec::with_capacity(items.len());
        let mut running = stream::iter(checks).buffered(self.concurrency);
        while let Some(outcome) = running.next().await {
            match outcome {
                Ok(checked) => outcomes.push(checked),
                Err(error) => {
                    drop(running);
                    return Err(self.first_refusal(&items[..outcomes.len()], error).await);
                }
            }
        }
        drop(running);
        for (item, outcome) in items.iter_mut().zip(outcomes) {
            if let Some(Checked::Would(result)) = outcome {
                self.settle(item, result);
            }
        }
        Ok(())
    }

    /// What is told of a stage that fails: Flux tries one object after the other and tells of the first that is refused, so those before this
    /// one are tried now, where that was saved. An account that lost rights may be refused what was settled, too.
    async fn first_refusal(&self, before: &[Item], error: ApplyError) -> ApplyError {
        for item in before {
            let is_tried = match item.decision {
                Decision::Apply { .. } => true,
                Decision::Settled(_) => error.forbidden,
                Decision::Skip(_) | Decision::Look => false,
            };
            if is_tried && let Err(earlier) = self.dry_run(item).await {
                return earlier;
            }
        }
        error
    }

    async fn check_one(&self, item: &Item, sole: bool) -> Result<Option<Checked>, ApplyError> {
        let Decision::Apply { cleanup, compare } = &item.decision else {
            return Ok(None);
        };
        let must = *compare || cleanup.is_some();
        if !must && (item.plain || sole) {
            return Ok(None);
        }
        self.dry_run(item).await.map(Some)
    }

    fn settle(&self, item: &mut Item, result: Object) {
        let Some(live) = &item.live else { return };
        let Decision::Apply { cleanup, .. } = &item.decision else {
            return;
        };
        if !apply::is_drifted(live, &result, &self.rules) && cleanup.is_none() {
            self.settled.note(&item.desired, live);
            item.decision = Decision::Settled(apply::entry(live, Action::Unchanged));
        } else {
            item.desired = apply::payload(&item.desired, Some(live), &result, &self.rules);
        }
    }

    async fn dry_run(&self, item: &Item) -> Result<Checked, ApplyError> {
        let options = ApplyOptions {
            dry_run: true,
            ..self.options()
        };
        let cluster = &self.target.cluster;
        let since = Instant::now();
        let answer = loop {
            let answer = cluster.apply(&item.resource, &item.desired, &options).await;
            if !self
                .comes_soon(&item.desired, answer.as_ref().err(), since)
                .await
            {
                break answer;
            }
        };
        match answer {
            Ok(result) => Ok(Checked::Would(result)),
            Err(error) if self.may_recreate(item, &error) => Ok(Checked::Recreate),
            Err(error) => Err(self.refused(&item.desired, &error)),
        }
    }

    fn may_recreate(&self, item: &Item, error: &ApiError) -> bool {
        let message = error.to_string();
        let refusal = Refusal {
            code: error.code(),
            reason: error.reason(),
            message: &message,
            field_conflict: false,
        };
        apply::may_recreate(&item.desired, item.live.as_ref(), &self.rules, &refusal)
    }

    fn options(&self) -> ApplyOptions<'_> {
        ApplyOptions {
            field_manager: self.rules.manager,
            force: true,
            ..ApplyOptions::default()
        }
    }

    /// Applies one object that was checked.
    async fn write(&self, item: &Item) -> Result<ChangeEntry, ApplyError> {
        let cluster = &self.target.cluster;
        let target = (item.desired.namespace(), item.desired.name());
        if let Decision::Apply {
            cleanup: Some(patch),
            ..
        } = &item.decision
        {
            cluster
                .json_patch(&item.resource, target, None, patch, self.rules.manager)
                .await
                .map_err(|error| self.refused(&item.desired, &error))?;
        }
        let since = Instant::now();
        let answer = loop {
            let options = self.options();
            let answer = cluster
                .apply_telling(&item.resource, &item.desired, &options)
                .await;
            if !self
                .comes_soon(&item.desired, answer.as_ref().err(), since)
                .await
            {
                break answer;
            }
        };
        match answer {
            Ok(applied) => {
                self.target.observed.wrote(&item.resource, &applied.object);
                let rights = &self.target.rights;
                rights.note(cluster, &item.resource, item.desired.namespace());
                let action = apply::action_of(applied.status, item.live.as_ref(), &applied.object);
                if action == Action::Unchanged {
                    self.settled.note(&item.desired, &applied.object);
                }
                Ok(apply::entry(&applied.object, action))
            }
            Err(error) if self.may_recreate(item, &error) => self.recreate(item).await,
            Err(error) => Err(self.refused(&item.desired, &error)),
        }
    }

    async fn recreate(&self, item: &Item) -> Result<ChangeEntry, ApplyError> {
        let cluster = &self.target.cluster;
        let (namespace, name) = (item.desired.namespace(), item.desired.name());
        let refused = |error: ApiError| self.refused(&item.desired, &error);
        self.target
            .observed
            .deleting(&item.resource, &item.desired.namespaced_name());
        let options = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        cluster
            .delete(&item.resource, namespace, name, &options)
            .await
            .map_err(refused)?;
        let started = Instant::now();
        while cluster
            .get(&item.resource, namespace, name)
            .await
            .map_err(refused)?
            .is_some()
        {
            if started.elapsed() > RECREATE_TIMEOUT {
                let message = format!(
                    "{} recreate failed: still there {} s after its deletion; see its finalizers",
                    item.desired.key(),
                    RECREATE_TIMEOUT.as_secs()
                );
                return Err(ApplyError::new(message));
            }
            tokio::time::sleep(STAGE_POLL).await;
        }
        let applied = cluster
            .apply_telling(&item.resource, &item.desired, &self.options())
            .await
            .map_err(refused)?;
        self.target.observed.wrote(&item.resource, &applied.object);
        Ok(apply::entry(&applied.object, Action::Created))
    }

    /// Applies the objects of one stage; the entries are in the order of the objects.
    async fn apply_stage(
        &self,
        stage: Stage,
        objects: Vec<Object>,
        changes: &mut ChangeSet,
    ) -> Result<(), ApplyError> {
        let mut items = self.look(objects).await?;
        self.check(&mut items).await?;
        let mut entries: Vec<Option<ChangeEntry>> = items.iter().map(Item::known_entry).collect();
        let (uncertain, plain): (Vec<usize>, Vec<usize>) = (0..items.len())
            .filter(|index| items[*index].is_to_apply())
            .partition(|index| !items[*index].plain);
        // One after another where a refusal is possible, so that it leaves the rest alone when it is the only one.
        let first = if uncertain.len() == 1 {
            uncertain.clone()
        } else {
            Vec::new()
        };
        let sole = first.first().copied().unwrap_or(usize::MAX);
        let rest: Vec<usize> = if first.is_empty() {
            merged(uncertain, plain)
        } else {
            plain
        };
        let mut failure = None;
        for batch in [first, rest] {
            if failure.is_some() {
                break;
            }
            let writes: Vec<_> = batch
                .iter()
                .map(|index| self.write(&items[*index]))
                .collect();
            let outcomes: Vec<_> = stream::iter(writes)
                .buffered(self.concurrency)
                .collect()
                .await;
            for (index, outcome) in batch.into_iter().zip(outcomes) {
                match outcome {
                    Ok(entry) => entries[index] = Some(entry),
                    Err(error) if index == sole || error.forbidden => {
                        let earlier = self.first_refusal(&items[..index], error).await;
                        failure = failure.or(Some(earlier));
                    }
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
        changes.entries.extend(entries.into_iter().flatten());
        if let Some(error) = failure {
            return Err(error);
        }
        if stage.waits() {
            self.wait_ready(&items).await?;
        }
        if items
            .iter()
            .any(|item| order::is_crd(&item.desired) && item.is_to_apply())
        {
            self.target.cluster.forget_discovery();
        }
        Ok(())
    }

    /// Waits until what the next stages need is there: established definitions, active namespaces.
    async fn wait_ready(&self, items: &[Item]) -> Result<(), ApplyError> {
        let started = Instant::now();
        for item in items.iter().filter(|item| item.is_to_apply()) {
            loop {
                let (namespace, name) = (item.desired.namespace(), item.desired.name());
                let found = self
                    .target
                    .cluster
                    .get(&item.resource, namespace, name)
                    .await;
                let found = found.map_err(|error| self.refused(&item.desired, &error))?;
                let state = found.map(|object| health(&object, Timestamp::now()));
                if state
                    .as_ref()
                    .is_some_and(|state| state.status == Status::Current)
                {
                    break;
                }
                if started.elapsed() > STAGE_TIMEOUT {
                    let status = state.map_or(Status::NotFound, |state| state.status);
                    let message = format!(
                        "timeout waiting for: [{} status: '{status}']",
                        item.desired.key()
                    );
                    return Err(ApplyError::new(message));
                }
                tokio::time::sleep(STAGE_POLL).await;
            }
        }
        Ok(())
    }

    /// Applies all stages. `changes` holds what was done, also when it ends with an error.
    pub async fn apply(
        &self,
        stages: Vec<(Stage, Vec<Object>)>,
        changes: &mut ChangeSet,
    ) -> Result<(), ApplyError> {
        for (stage, objects) in stages {
            self.apply_stage(stage, objects, changes).await?;
        }
        Ok(())
    }
}

fn merged(mut left: Vec<usize>, right: Vec<usize>) -> Vec<usize> {
    left.extend(right);
    left.sort_unstable();
    left
}

enum Checked {
    /// The server would store this.
    Would(Object),
    /// The server refuses the change, and the object may be made anew.
    Recreate,
}

impl Item {
    fn is_to_apply(&self) -> bool {
        matches!(self.decision, Decision::Apply { .. })
    }

    /// The entry of an object to which nothing is done.
    fn known_entry(&self) -> Option<ChangeEntry> {
        match &self.decision {
            Decision::Skip(entry) | Decision::Settled(entry) => Some(entry.clone()),
            Decision::Look | Decision::Apply { .. } => None,
        }
    }
}
