//! The end of the walk: what an applier applied, and what the Pods of a workload say.

use std::collections::BTreeSet;

use skein_api::FluxKind;
use skein_object::Object;

use super::{Search, part_of};
use crate::explain::workload::{Problem, is_pod, pod_problem, replica_failure};
use crate::explain::{Broken, Cause, Link, Part, Urgency};
use crate::links::{health_checks_of, inventory_of};
use crate::place::Place;
use crate::standing::{Standing, Summary, summarise};
use crate::view::{Sight, Target, View};

/// Most objects that one workload's owners are followed to.
const MAX_OWNED: usize = 500;

impl<'a, V: View> Search<'a, V> {
    /// The worst of what an applier applied, or waits for by name.
    pub(super) fn below(
        &mut self,
        place: &Place,
        object: &Object,
        target: &Target,
        summary: &Summary,
    ) -> Option<Broken> {
        let cluster = match target {
            Target::Own => place.cluster.as_ref(),
            Target::Cluster(name) => name.as_str(),
            Target::Unknown => return None,
        };
        let waited = health_checks_of(object).into_iter();
        let applied: Vec<_> = inventory_of(object)
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        // The inventory is written before its objects are made.
        let works = summary.standing == Standing::Progressing && !self.is_overdue(object, summary);
        let expected: BTreeSet<_> = applied.iter().filter(|_| works).collect();
        let mut known = BTreeSet::new();
        let mut broken = Vec::new();
        let mut flux = Vec::new();
        for (number, key) in waited.chain(applied.iter().cloned()).enumerate() {
            let child = Place::new(cluster, key);
            if child == *place || !known.insert(child.clone()) {
                continue;
            }
            let is_named = summary.standing != Standing::Ready
                && summary.message.contains(&child.key.to_string());
            let standing = match self.find(&child) {
                Sight::Seen(object) => summarise(object, self.now).standing,
                Sight::Absent if !is_named && expected.contains(&child.key) => continue,
                Sight::Absent => Standing::Missing,
                Sight::Unseen => continue,
            };
            if is_named || standing.is_broken() {
                broken.push((!is_named, urgency_of(standing), number, child));
            } else if FluxKind::of(&child.key.group_kind()).is_some() {
                flux.push(child);
            }
        }
        broken.sort();
        for (_, _, _, child) in broken {
            if let Some(found) = self.child(&child, Some(place), summary) {
                return Some(found);
            }
        }
        flux.iter()
            .find_map(|child| self.child(child, Some(place), summary))
    }

    /// A child of an applier; a chain that leads nowhere is forgotten.
    fn child(&mut self, child: &Place, by: Option<&Place>, parent: &Summary) -> Option<Broken> {
        let length = self.chain.len();
        let found = if FluxKind::of(&child.key.group_kind()).is_some() {
            self.follow(child, part_of(&child.key), by)
        } else {
            let found = self.applied(child, by);
            // Health expressions may see what the general rules do not.
            found.or_else(|| {
                Some(
                    Broken::of(Part::Object, child, Cause::Unhealthy, Urgency::Failed)
                        .saying(&parent.reason, parent.message.clone())
                        .since(&parent.since)
                        .advised(None),
                )
            })
        };
        if found.is_none() {
            self.chain.truncate(length);
        }
        found
    }

    /// An object that is not Flux's: what is wrong with it, in the words of its Pods if it has some.
    pub(super) fn applied(&mut self, place: &Place, by: Option<&Place>) -> Option<Broken> {
        let object = match self.find(place) {
            Sight::Seen(object) => object,
            Sight::Absent => return Some(self.missing(place, Part::Object, by)),
            Sight::Unseen => return None,
        };
        let summary = summarise(object, self.now);
        self.chain
            .push(Link::of(Part::Object, place, Some(object), &summary));
        if let Some(broken) = self.pod_or_replicas(place, object, &summary) {
            return Some(broken);
        }
        let (cause, urgency) = match summary.standing {
            Standing::Ready | Standing::Unknown => return None,
            Standing::Deleting => (Cause::Deleting, Urgency::Waiting),
            Standing::Failed | Standing::Missing => (Cause::Unhealthy, Urgency::Failed),
            Standing::Progressing => {
                let overdue = self.is_overdue(object, &summary);
                (Cause::Progressing { overdue }, Urgency::Waiting)
            }
        };
        let mut broken = Broken::of(Part::Object, place, cause, urgency)
            .saying(&summary.reason, summary.message)
            .since(&summary.since);
        if let Some(warning) = self.view.warning(place) {
            broken.message = format!(
                "{}; {}: {}",
                broken.message, warning.reason, warning.message
            );
        }
        Some(broken.advised(Some(object)))
    }

    /// The first Pod with a problem below a workload that is not well, or why it cannot make Pods.
    fn pod_or_replicas(
        &mut self,
        place: &Place,
        object: &'a Object,
        summary: &Summary,
    ) -> Option<Broken> {
        if summary.standing == Standing::Ready && !is_pod(&place.key) {
            return None;
        }
        let mut open = vec![place.clone()];
        let mut looked_at = 0;
        let mut starting: Option<(Place, Problem)> = None;
        let mut refused: Option<(Place, Problem)> = None;
        while let Some(at) = open.pop()
            && looked_at < MAX_OWNED
        {
            looked_at += 1;
            let Some(seen) = self.find(&at).seen() else {
                continue;
            };
            if is_pod(&at.key) {
                match pod_problem(seen) {
                    Some(problem) if problem.is_starting => {
                        starting.get_or_insert((at, problem));
                    }
                    Some(problem) => return Some(self.pod(place, &at, problem)),
                    None => {}
                }
                continue;
            }
            if let Some(problem) = replica_failure(seen) {
                refused = Some((at.clone(), problem));
            }
            // The newest is asked first: keys of one owner's children are in no order of time, Pods of old ones are well.
            open.extend(self.view.owned(&at));
        }
        let is_pod_itself = is_pod(&object.key());
        match (refused, starting) {
            (Some((at, problem)), _) => Some(self.pod(place, &at, problem)),
            (None, Some((at, mut problem))) => {
                let warning = self.view.warning(&at);
                if let Some(warning) = warning {
                    problem = Problem {
                        reason: warning.reason,
                        message: warning.message,
                        is_starting: true,
                    };
                } else if !is_pod_itself {
                    // A Pod that is starting says less than what waits for it.
                    return None;
                }
                Some(self.pod(place, &at, problem))
            }
            (None, None) => None,
        }
    }

    fn pod(&mut self, workload: &Place, at: &Place, problem: Problem) -> Broken {
        let object = self.view.find(at).seen();
        let summary = object.map(|object| summarise(object, self.now));
        if at != workload {
            let standing = Summary {
                standing: if problem.is_starting {
                    Standing::Progressing
                } else {
                    Standing::Failed
                },
                reason: problem.reason.clone(),
                message: problem.message.clone(),
                since: String::new(),
            };
            self.chain
                .push(Link::of(Part::Object, at, object, &standing));
        }
        let urgency = if problem.is_starting {
            Urgency::Waiting
        } else {
            Urgency::Failed
        };
        Broken::of(Part::Object, at, Cause::Unhealthy, urgency)
            .saying(
                &problem.reason,
                format!("{}: {}", problem.reason, problem.message),
            )
            .since(&summary.map(|summary| summary.since).unwrap_or_default())
            .advised(object)
    }
}

/// Lower is worse.
fn urgency_of(standing: Standing) -> u8 {
    match standing {
        Standing::Failed => 0,
        Standing::Missing => 1,
        Standing::Deleting => 2,
        Standing::Progressing => 3,
        Standing::Unknown => 4,
        Standing::Ready => 5,
    }
}
