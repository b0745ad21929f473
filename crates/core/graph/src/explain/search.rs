//! The walk along the chain, which ends at the first broken link.

mod applied;

use std::collections::BTreeSet;

use jiff::Timestamp;
use skein_api::FluxKind;
use skein_api::names::SHARD_LABEL;
use skein_api::source::SOURCE_GROUP;
use skein_object::{GoDuration, Object, ObjectKey};

use super::classify::classify;
use super::{Broken, Cause, Explanation, Link, Part, Urgency, is_suspended};
use crate::depends::{Cycle, DependencyGraph};
use crate::links::{dependencies_of, references_of, sources_of, template_source_of};
use crate::place::Place;
use crate::standing::{Standing, Summary, is_static, summarise};
use crate::view::{Contact, Sight, Target, View};

/// Most Flux objects that are looked at for one explanation.
const MAX_VISITS: usize = 2_000;
/// How long a chain of sources, dependencies and applied reconcilers may be.
const MAX_CHAIN: usize = 64;
/// Most objects that are asked to be looked at.
const MAX_UNSEEN: usize = 1_000;
/// How many owners are followed from a Pod to what was applied.
const MAX_OWNERS: usize = 8;
/// How long an object may be without any status before that is a failure, in seconds.
const UNATTENDED_SECONDS: i64 = 60;
/// How long work may take when the object does not say, in seconds.
const PATIENCE_SECONDS: i64 = 5 * 60;

pub(super) struct Search<'a, V> {
    view: &'a V,
    now: Timestamp,
    visited: BTreeSet<Place>,
    chain: Vec<Link>,
    unseen: BTreeSet<Place>,
    /// The first paused link, which matters when nothing else is broken.
    paused: Option<Broken>,
}

impl<'a, V: View> Search<'a, V> {
    pub(super) fn new(view: &'a V, now: Timestamp) -> Self {
        Self {
            view,
            now,
            visited: BTreeSet::new(),
            chain: Vec::new(),
            unseen: BTreeSet::new(),
            paused: None,
        }
    }

    pub(super) fn explain(mut self, asked: &Place) -> Explanation {
        let asked_is_ready = self
            .find(asked)
            .seen()
            .is_some_and(|object| summarise(object, self.now).standing == Standing::Ready);
        let subject = self.subject(asked);
        let mut broken = self.lost(&subject.cluster).or_else(|| {
            let is_flux = FluxKind::of(&subject.key.group_kind()).is_some();
            is_flux.then(|| self.follow(&subject, part_of(&subject.key), None))?
        });
        if !self.has_link(asked) {
            // What is wrong before the object comes first, unless that is another object that was applied.
            let is_elsewhere = broken.as_ref().is_none_or(|b| b.part == Part::Object);
            if is_elsewhere {
                self.chain.retain(|link| link.part != Part::Object);
            }
            let found = self.applied(asked, None);
            if is_elsewhere {
                broken = found;
            }
        }
        let broken = broken.or_else(|| self.paused.take());
        Explanation {
            asked: asked.clone(),
            asked_is_ready,
            chain: self.chain,
            broken,
            unseen: self.unseen.into_iter().collect(),
        }
    }

    fn find(&mut self, place: &Place) -> Sight<'a> {
        let sight = self.view.find(place);
        if matches!(sight, Sight::Unseen) && self.unseen.len() < MAX_UNSEEN {
            self.unseen.insert(place.clone());
        }
        sight
    }

    fn has_link(&self, place: &Place) -> bool {
        self.chain
            .iter()
            .any(|link| link.place.as_ref() == Some(place))
    }

    /// The reconciler that is responsible for an object: itself, or who applied it or what controls it.
    fn subject(&mut self, asked: &Place) -> Place {
        let mut place = asked.clone();
        for _ in 0..MAX_OWNERS {
            if FluxKind::of(&place.key.group_kind()).is_some() {
                break;
            }
            if let Some(applier) = self.view.appliers(&place).into_iter().next() {
                return applier;
            }
            match self.find(&place).seen().and_then(controller_of) {
                Some(owner) => place = place.beside(owner),
                None => break,
            }
        }
        place
    }

    /// A cluster that does not answer.
    fn lost(&mut self, cluster: &str) -> Option<Broken> {
        let Contact::Lost { message, since } = self.view.contact(cluster) else {
            return None;
        };
        self.chain.push(Link {
            part: Part::Cluster,
            cluster: cluster.into(),
            place: None,
            standing: Standing::Failed,
            suspended: false,
            message: message.clone(),
        });
        let broken = Broken {
            part: Part::Cluster,
            cluster: cluster.into(),
            place: None,
            cause: Cause::ClusterLost,
            urgency: Urgency::Failed,
            reason: String::new(),
            message,
            since,
            remedy: String::new(),
        };
        Some(broken.advised(None))
    }

    /// Walks the chain of a Flux object in the order of the flow; returns the first broken link.
    fn follow(&mut self, place: &Place, part: Part, by: Option<&Place>) -> Option<Broken> {
        if self.visited.len() >= MAX_VISITS
            || self.chain.len() >= MAX_CHAIN
            || !self.visited.insert(place.clone())
        {
            return None;
        }
        let object = match self.find(place) {
            Sight::Seen(object) => object,
            Sight::Absent => return Some(self.missing(place, part, by)),
            Sight::Unseen => return None,
        };
        let summary = summarise(object, self.now);
        let before = self.before(place, object, &summary);
        self.chain
            .push(Link::of(part, place, Some(object), &summary));
        if is_suspended(object) {
            self.note_pause(place, part, object);
        }
        if before.is_some() {
            return before;
        }
        let kind = FluxKind::of(&place.key.group_kind());
        let applies = matches!(kind, Some(FluxKind::Kustomization | FluxKind::HelmRelease));
        let target = match applies {
            true => self.view.target(place, object),
            false => Target::Own,
        };
        if let Target::Cluster(cluster) = &target
            && let Some(lost) = self.lost(cluster)
        {
            return Some(lost);
        }
        if summary.standing == Standing::Ready {
            return self
                .behind(place, part, object)
                .or_else(|| self.without_artifact(place, part, object))
                .or_else(|| self.below(place, object, &target, &summary));
        }
        self.own_fault(place, part, object, &summary, &target)
    }

    /// What is broken before the object itself: its sources, then its dependencies when it waits for them.
    fn before(&mut self, place: &Place, object: &Object, summary: &Summary) -> Option<Broken> {
        for mut source in sources_of(object) {
            // The chart of a release is made by the controller; before that its repository is the source.
            if source.kind == "HelmChart"
                && matches!(self.view.find(&place.beside(source.clone())), Sight::Absent)
                && let Some(named) = template_source_of(object)
            {
                source = named;
            }
            if let Some(broken) = self.follow(&place.beside(source), Part::Source, Some(place)) {
                return Some(broken);
            }
        }
        if summary.standing == Standing::Ready || is_suspended(object) {
            return None;
        }
        self.dependency(place, object, summary)
    }

    fn dependency(&mut self, place: &Place, object: &Object, summary: &Summary) -> Option<Broken> {
        let dependencies = dependencies_of(object);
        if dependencies.is_empty() {
            return None;
        }
        if let Some(cycle) = self.cycle(place, object) {
            let member = cycle.0.first().map(|key| place.beside(key.clone()));
            let at = member.as_ref().unwrap_or(place);
            let message = format!("dependencies go round in a circle: {cycle}");
            let broken = Broken::of(Part::Dependency, at, Cause::Cycle, Urgency::Failed)
                .saying("DependencyCycle", message)
                .since(&summary.since)
                .advised(Some(object));
            return Some(broken);
        }
        let waits = summary.reason == "DependencyNotReady";
        for key in dependencies {
            let dependency = place.beside(key);
            let seen = self.find(&dependency).seen();
            let is_ready = seen.is_some_and(|o| summarise(o, self.now).standing == Standing::Ready);
            let found = match seen {
                Some(other) if is_ready && waits => {
                    self.behind(&dependency, Part::Dependency, other)
                }
                Some(_) if is_ready => None,
                _ => self.follow(&dependency, Part::Dependency, Some(place)),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The circle that an object is in or waits for, if any.
    fn cycle(&mut self, place: &Place, object: &Object) -> Option<Cycle> {
        let mut known = vec![object];
        let mut open = dependencies_of(object);
        let mut seen: BTreeSet<ObjectKey> = BTreeSet::from([place.key.clone()]);
        while let Some(key) = open.pop() {
            if seen.len() >= MAX_VISITS || !seen.insert(key.clone()) {
                continue;
            }
            if let Some(next) = self.find(&place.beside(key)).seen() {
                open.extend(dependencies_of(next));
                known.push(next);
            }
        }
        DependencyGraph::new(known).cycle_before(&place.key)
    }

    fn missing(&mut self, place: &Place, part: Part, by: Option<&Place>) -> Broken {
        let namesakes = self.view.namesakes(place);
        let elsewhere = namesakes.into_iter().map(|at| at.key.namespace).collect();
        let named_by = by.cloned().unwrap_or_else(|| place.clone());
        let message = by.map(|by| format!("{by} names it")).unwrap_or_default();
        self.chain.push(missing_link(part, place));
        let cause = Cause::Missing {
            by: named_by,
            elsewhere,
        };
        let since = by.and_then(|by| self.view.find(by).seen());
        let since = since.map(|object| summarise(object, self.now).since);
        Broken::of(part, place, cause, Urgency::Failed)
            .saying("NotFound", message)
            .since(&since.unwrap_or_default())
            .advised(None)
    }

    fn note_pause(&mut self, place: &Place, part: Part, object: &Object) {
        if self.paused.is_none() {
            let message = "nothing new arrives through it until it is resumed";
            self.paused = Some(
                Broken::of(part, place, Cause::Suspended, Urgency::Paused)
                    .saying("Suspended", message)
                    .advised(Some(object)),
            );
        }
    }

    /// A Kustomization that is ready with an older revision than its source has.
    fn behind(&mut self, place: &Place, part: Part, object: &Object) -> Option<Broken> {
        let is_kustomization =
            FluxKind::of(&place.key.group_kind()) == Some(FluxKind::Kustomization);
        if !is_kustomization || is_suspended(object) {
            return None;
        }
        let source = sources_of(object).into_iter().next()?;
        let source = self.find(&place.beside(source)).seen()?;
        let available = source.str_at(&["status", "artifact", "revision"])?;
        let applied = object.str_at(&["status", "lastAppliedRevision"])?;
        if applied == available || applied.is_empty() {
            return None;
        }
        let message = format!("{applied} is applied, {available} is there");
        let cause = Cause::Behind {
            applied: applied.to_owned(),
            available: available.to_owned(),
        };
        let since = source.str_at(&["status", "artifact", "lastUpdateTime"]);
        Some(
            Broken::of(part, place, cause, Urgency::Waiting)
                .saying("Behind", message)
                .since(since.unwrap_or_default())
                .advised(Some(object)),
        )
    }

    /// A source that says it is ready and offers nothing.
    fn without_artifact(&mut self, place: &Place, part: Part, object: &Object) -> Option<Broken> {
        let kind = FluxKind::of(&place.key.group_kind())?;
        let offers = matches!(
            kind,
            FluxKind::GitRepository
                | FluxKind::OciRepository
                | FluxKind::Bucket
                | FluxKind::HelmChart
                | FluxKind::HelmRepository
        );
        let has = object.str_at(&["status", "artifact", "revision"]).is_some();
        if !offers || has || is_static(kind, object) || is_suspended(object) {
            return None;
        }
        Some(
            Broken::of(part, place, Cause::NoArtifact, Urgency::Waiting)
                .saying("NoArtifact", "it says that it is ready and offers nothing")
                .since(&summarise(object, self.now).since)
                .advised(Some(object)),
        )
    }

    /// What is wrong with a Flux object that is not ready, after all that is before it was found well.
    fn own_fault(
        &mut self,
        place: &Place,
        part: Part,
        object: &'a Object,
        summary: &Summary,
        target: &Target,
    ) -> Option<Broken> {
        let told = |cause, urgency| {
            Broken::of(part, place, cause, urgency)
                .saying(&summary.reason, summary.message.clone())
                .since(&summary.since)
        };
        if summary.standing == Standing::Deleting {
            return Some(told(Cause::Deleting, Urgency::Waiting).advised(Some(object)));
        }
        if is_suspended(object) {
            let message = match summary.message.as_str() {
                "" => "it was suspended before it became ready".to_owned(),
                message => format!("the last thing it said: {message}"),
            };
            let broken = told(Cause::Suspended, Urgency::Paused).saying("Suspended", message);
            return Some(broken.advised(Some(object)));
        }
        if let Some(broken) = self.unattended(place, part, object, summary) {
            return Some(broken);
        }
        if let Some(broken) = self.missing_reference(place, object) {
            return Some(broken);
        }
        let is_source = !matches!(
            FluxKind::of(&place.key.group_kind()),
            Some(FluxKind::Kustomization | FluxKind::HelmRelease)
        );
        let cause = classify(is_source, &summary.reason, &summary.message);
        let waits_below = summary.standing == Standing::Progressing
            || matches!(cause, Cause::Unhealthy | Cause::Release);
        if waits_below && let Some(broken) = self.below(place, object, target, summary) {
            return Some(broken);
        }
        let is_failed = summary.standing == Standing::Failed;
        let (cause, urgency) = match cause {
            cause if is_failed => (cause, Urgency::Failed),
            Cause::Expression => (Cause::Expression, Urgency::Waiting),
            _ => {
                let overdue = self.is_overdue(object, summary);
                (Cause::Progressing { overdue }, Urgency::Waiting)
            }
        };
        Some(told(cause, urgency).advised(Some(object)))
    }

    fn is_overdue(&self, object: &Object, summary: &Summary) -> bool {
        let timeout = object
            .str_at(&["spec", "timeout"])
            .and_then(|text| text.parse::<GoDuration>().ok())
            .and_then(|timeout| i64::try_from(timeout.as_std().as_secs()).ok())
            .unwrap_or(PATIENCE_SECONDS);
        self.seconds_since(&summary.since) > timeout
    }

    fn seconds_since(&self, text: &str) -> i64 {
        text.parse::<Timestamp>()
            .map_or(0, |since| self.now.as_second() - since.as_second())
    }

    /// A Flux object without any status, or whose status is of an older spec.
    fn unattended(
        &self,
        place: &Place,
        part: Part,
        object: &Object,
        summary: &Summary,
    ) -> Option<Broken> {
        let observed = observed_generation(object);
        let never = object.condition("Ready").is_none() && object.condition("Stalled").is_none();
        let stale = observed.is_some_and(|seen| seen < object.generation());
        if !never && !stale {
            return None;
        }
        let shard = object.label(SHARD_LABEL).map(str::to_owned);
        let observed = observed.filter(|_| !never);
        let age = self.seconds_since(
            object
                .str_at(&["metadata", "creationTimestamp"])
                .unwrap_or_default(),
        );
        let urgency = if never && age > UNATTENDED_SECONDS {
            Urgency::Failed
        } else {
            Urgency::Waiting
        };
        let mut message = match observed {
            None => "no controller has looked at it".to_owned(),
            Some(observed) => format!(
                "its spec is of generation {}, its status of {observed}",
                object.generation()
            ),
        };
        if let Some(shard) = &shard {
            message.push_str(&format!("; it belongs to the shard {shard:?}"));
        }
        let cause = Cause::Unattended { shard, observed };
        let since = if never {
            object.str_at(&["metadata", "creationTimestamp"])
        } else {
            Some(summary.since.as_str())
        };
        Some(
            Broken::of(part, place, cause, urgency)
                .saying("NotReconciled", message)
                .since(since.unwrap_or_default())
                .advised(Some(object)),
        )
    }

    /// A Secret, ConfigMap or account that the object needs and that is known not to exist.
    fn missing_reference(&mut self, place: &Place, object: &Object) -> Option<Broken> {
        for reference in references_of(object) {
            let at = place.beside(reference.key);
            if matches!(self.find(&at), Sight::Absent) {
                let mut broken = self.missing(&at, Part::Reference, Some(place));
                broken.message = format!("{place} names it in {}", reference.field);
                return Some(broken);
            }
        }
        None
    }
}

/// What a Flux object is in a chain when nobody names it as a dependency.
fn part_of(key: &ObjectKey) -> Part {
    if key.group == SOURCE_GROUP {
        Part::Source
    } else {
        Part::Reconciler
    }
}

/// The newest generation that any part of the status is of.
fn observed_generation(object: &Object) -> Option<i64> {
    let conditions = object
        .at(&["status", "conditions"])
        .and_then(serde_json::Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .filter_map(|condition| condition.get("observedGeneration")?.as_i64())
        .chain(object.i64_at(&["status", "observedGeneration"]))
        .max()
}

fn missing_link(part: Part, place: &Place) -> Link {
    let summary = Summary {
        standing: Standing::Missing,
        reason: "NotFound".into(),
        message: "does not exist".into(),
        since: String::new(),
    };
    Link::of(part, place, None, &summary)
}

/// The object that controls another one.
fn controller_of(object: &Object) -> Option<ObjectKey> {
    let list = object
        .at(&["metadata", "ownerReferences"])?
        .as_array()?
        .iter();
    let is_controller = |owner: &&serde_json::Value| {
        owner.get("controller") == Some(&serde_json::Value::Bool(true))
    };
    let owner = list.into_iter().find(is_controller)?;
    let text = |field: &str| owner.get(field)?.as_str();
    let group = text("apiVersion")?
        .split_once('/')
        .map_or("", |(group, _)| group);
    Some(ObjectKey::new(
        group,
        text("kind")?,
        object.namespace(),
        text("name")?,
    ))
}
