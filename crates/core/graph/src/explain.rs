//! Why is it not ready: the first broken link on the way from source to objects.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use skein_api::FluxKind;
use skein_health::{Health, Status, health};
use skein_object::{Object, ObjectKey};

use crate::depends::DependencyGraph;
use crate::index::ObjectIndex;
use crate::links::{dependencies_of, inventory_of, source_of};

/// Which link is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkKind {
    /// An object that is referred to does not exist.
    Missing,
    /// Dependencies go round in a circle.
    Cycle,
    /// A source has no good artifact.
    Source,
    /// A dependency is not ready for a reason of its own.
    Dependency,
    /// The object itself failed: build, apply, prune, install.
    Applier,
    /// An object that was applied is not healthy.
    Object,
    /// The object is paused.
    Suspended,
}

/// The first broken link: the object to look at, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokenLink {
    /// Which link it is.
    pub kind: LinkKind,
    /// The object to look at.
    pub key: ObjectKey,
    /// From the object that was asked about to the one before `key`.
    pub path: Vec<ObjectKey>,
    /// Whether there is still hope: the object is on its way.
    pub in_progress: bool,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// The health of a Flux object, in which `Ready=False` without `Reconciling` is a failure and not progress; `None` for other
/// kinds. A Flux object without conditions has not been reconciled, unless its kind has none.
pub fn flux_health(object: &Object) -> Option<Health> {
    let kind = FluxKind::of(&object.gvk().group_kind())?;
    if object.is_deleting() {
        return Some(Health::new(
            Status::Terminating,
            "",
            "Resource scheduled for deletion",
        ));
    }
    if is_static(kind, object) {
        return Some(Health::current("Resource is current"));
    }
    let text = |condition: &str, field: &str| {
        let value = object
            .condition(condition)
            .and_then(|c| c.get(field))
            .and_then(|v| v.as_str());
        value.unwrap_or_default().to_owned()
    };
    let observed = object.i64_at(&["status", "observedGeneration"]);
    let is_observed = observed.is_none_or(|observed| observed == object.generation());
    let (reason, message) = (text("Ready", "reason"), text("Ready", "message"));
    Some(match object.condition_status("Ready") {
        _ if object.condition_status("Stalled") == Some("True") => {
            Health::failed(text("Stalled", "reason"), text("Stalled", "message"))
        }
        Some("True") if is_observed => Health::new(Status::Current, reason, message),
        // A retry of something that failed is told as the failure that it is.
        Some("False") => Health::failed(reason, message),
        None => Health::in_progress("", "waiting to be reconciled"),
        Some(_) => Health::in_progress(reason, message),
    })
}

/// Kinds and types that are never reconciled, and so have no conditions.
fn is_static(kind: FluxKind, object: &Object) -> bool {
    match kind {
        FluxKind::Alert | FluxKind::Provider => true,
        FluxKind::HelmRepository => object.str_at(&["spec", "type"]) == Some("oci"),
        FluxKind::ExternalArtifact => object.at(&["status", "artifact"]).is_some(),
        _ => false,
    }
}

/// The first broken link of an object, or `None` when all is well with it: asks the source first, then the dependencies, then
/// the object itself, then what it applied.
pub fn first_broken_link(
    index: &ObjectIndex,
    key: &ObjectKey,
    now: Timestamp,
) -> Option<BrokenLink> {
    let mut search = Search {
        index,
        now,
        seen: BTreeSet::new(),
    };
    search.broken(key, &[])
}

struct Search<'a> {
    index: &'a ObjectIndex,
    now: Timestamp,
    seen: BTreeSet<ObjectKey>,
}

impl Search<'_> {
    /// Every object is asked once, which bounds the depth by the number of Flux objects; the path is cut at that depth.
    fn broken(&mut self, key: &ObjectKey, path: &[ObjectKey]) -> Option<BrokenLink> {
        if path.len() > crate::tree::MAX_DEPTH_LEVELS || !self.seen.insert(key.clone()) {
            return None;
        }
        let Some(object) = self.index.get(key) else {
            return Some(link(
                LinkKind::Missing,
                key,
                path,
                false,
                "NotFound",
                "does not exist",
            ));
        };
        let state = flux_health(object).unwrap_or_else(|| health(object, self.now));
        if state.status == Status::Current {
            return self.broken_below(object, key, path);
        }
        if object.bool_at(&["spec", "suspend"]) == Some(true) {
            let message = "is suspended; resume it to reconcile";
            return Some(link(
                LinkKind::Suspended,
                key,
                path,
                false,
                "Suspended",
                message,
            ));
        }
        let mut longer = path.to_vec();
        longer.push(key.clone());
        if let Some(found) = source_of(object).and_then(|source| self.broken(&source, &longer)) {
            return Some(found);
        }
        if let Some(found) = self.broken_dependency(object, key, &longer) {
            return Some(found);
        }
        if let Some(found) = self.broken_object(object, &longer, &state) {
            return Some(found);
        }
        let kind = match FluxKind::of(&object.gvk().group_kind()) {
            Some(FluxKind::Kustomization | FluxKind::HelmRelease) => LinkKind::Applier,
            Some(_) => LinkKind::Source,
            None => LinkKind::Object,
        };
        let in_progress = state.status == Status::InProgress;
        Some(link(
            kind,
            key,
            path,
            in_progress,
            &state.reason,
            &state.message,
        ))
    }

    /// A Flux object that is well may own Flux objects that are not.
    fn broken_below(
        &mut self,
        object: &Object,
        key: &ObjectKey,
        path: &[ObjectKey],
    ) -> Option<BrokenLink> {
        let mut longer = path.to_vec();
        longer.push(key.clone());
        inventory_of(object)
            .into_iter()
            .filter(|(child, _)| FluxKind::of(&child.group_kind()).is_some())
            .find_map(|(child, _)| self.broken(&child, &longer))
    }

    fn broken_dependency(
        &mut self,
        object: &Object,
        key: &ObjectKey,
        path: &[ObjectKey],
    ) -> Option<BrokenLink> {
        let dependencies = dependencies_of(object);
        if dependencies.is_empty() {
            return None;
        }
        let kind = object.gvk().group_kind();
        let same_kind = self
            .index
            .iter()
            .filter(|other| other.gvk().group_kind() == kind);
        if let Some(cycle) = DependencyGraph::new(same_kind).cycle_before(key) {
            let message = format!("dependencies go round in a circle: {cycle}");
            return Some(link(
                LinkKind::Cycle,
                key,
                path,
                false,
                "DependencyCycle",
                &message,
            ));
        }
        dependencies.into_iter().find_map(|dependency| {
            let mut found = self.broken(&dependency, path)?;
            if found.key == dependency && found.kind == LinkKind::Applier {
                found.kind = LinkKind::Dependency;
            }
            Some(found)
        })
    }

    /// An applied object that is not healthy explains an applier that waits for it.
    fn broken_object(
        &mut self,
        object: &Object,
        path: &[ObjectKey],
        state: &Health,
    ) -> Option<BrokenLink> {
        const WAITING: [&str; 4] = [
            "HealthCheckFailed",
            "HealthCheckCanceled",
            "Progressing",
            "ProgressingWithRetry",
        ];
        if !WAITING.contains(&state.reason.as_str()) {
            return None;
        }
        inventory_of(object).into_iter().find_map(|(key, _)| {
            // An object outside of the snapshot says nothing.
            let child = self.index.get(&key)?;
            if FluxKind::of(&key.group_kind()).is_some() {
                return self.broken(&key, path);
            }
            let state = health(child, self.now);
            let in_progress = state.status == Status::InProgress;
            (state.status != Status::Current).then(|| {
                link(
                    LinkKind::Object,
                    &key,
                    path,
                    in_progress,
                    &state.reason,
                    &state.message,
                )
            })
        })
    }
}

fn link(
    kind: LinkKind,
    key: &ObjectKey,
    path: &[ObjectKey],
    in_progress: bool,
    reason: &str,
    message: &str,
) -> BrokenLink {
    BrokenLink {
        kind,
        key: key.clone(),
        path: path.to_vec(),
        in_progress,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
