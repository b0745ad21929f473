//! Deletes what left the build, and on the Kustomization's own end everything that it owns.

use std::collections::HashSet;

use skein_cluster::{ApiError, DeleteOptions, Propagation};
use skein_object::{NamespacedName, Object, ObjectKey};
use skein_plan::inventory::OwnedObject;
use skein_plan::prune::{PruneStep, ordered, step};
use skein_plan::{Action, ChangeEntry, ChangeSet};

use skein_runtime::targets::Target;

/// What pruning did, and what could not be deleted.
#[derive(Default)]
pub struct Pruned {
    /// What was deleted or left alone.
    pub changes: ChangeSet,
    /// One line per object that could not be deleted.
    pub failures: Vec<String>,
}

/// Deletes the stale objects of a Kustomization, last applied first; never one that is among the `kept`.
pub async fn prune(
    target: &Target,
    owner: &NamespacedName,
    stale: Vec<OwnedObject>,
    kept: &HashSet<ObjectKey>,
) -> Pruned {
    let mut pruned = Pruned::default();
    for object in ordered(stale) {
        // A run that was killed may have noted a cluster-scoped object with the namespace of its manifest.
        let bare = ObjectKey {
            namespace: String::new(),
            ..object.key.clone()
        };
        if kept.contains(&bare) {
            continue;
        }
        match prune_one(target, owner, &object).await {
            Ok(action) => pruned.changes.entries.push(entry(&object, action)),
            Err(error) => {
                pruned
                    .failures
                    .push(format!("{} delete failed: {error}", object.key));
            }
        }
    }
    pruned
}

/// How failed deletions are told.
pub fn failure_text(failures: &[String]) -> String {
    let failures: String = failures
        .iter()
        .map(|failure| format!("{failure};"))
        .collect();
    format!("delete failed, errors: {failures}")
}

fn entry(object: &OwnedObject, action: Action) -> ChangeEntry {
    ChangeEntry {
        key: object.key.clone(),
        version: object.version.clone(),
        action,
    }
}

async fn prune_one(
    target: &Target,
    owner: &NamespacedName,
    object: &OwnedObject,
) -> Result<Action, ApiError> {
    let resource = match target.cluster.resource(&object.gvk()).await {
        Ok(resource) => resource,
        // The kind is gone, and its objects with it.
        Err(error) if error.is_no_match() => return Ok(Action::Deleted),
        Err(error) => return Err(error),
    };
    let (namespace, name) = (&object.key.namespace, &object.key.name);
    let live = target.cluster.get(&resource, namespace, name).await?;
    match step(live.as_ref(), &owner.namespace, &owner.name) {
        PruneStep::Gone => Ok(Action::Deleted),
        PruneStep::Skip => Ok(Action::Skipped),
        // It is on its way out: it is not asked to go again.
        PruneStep::Delete if live.as_ref().is_some_and(Object::is_deleting) => Ok(Action::Deleted),
        PruneStep::Delete => {
            target
                .observed
                .deleting(&resource, &object.key.namespaced_name());
            let uid = live.as_ref().map(|live| live.uid().to_owned());
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                uid: uid.as_deref(),
            };
            target
                .cluster
                .delete(&resource, namespace, name, &options)
                .await?;
            Ok(Action::Deleted)
        }
    }
}

/// What of deleted objects is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All are gone.
    Nothing,
    /// A watch shows all that are left, and tells when they go.
    Watched,
    /// Some are left that no watch shows.
    Unwatched,
}

/// Which of the objects are still there after their deletion.
pub async fn left(target: &Target, deleted: &[&OwnedObject]) -> Result<Left, ApiError> {
    let mut left = Left::Nothing;
    for object in deleted {
        let resource = match target.cluster.resource(&object.gvk()).await {
            Ok(resource) => resource,
            Err(error) if error.is_no_match() => continue,
            Err(error) => return Err(error),
        };
        let name = object.key.namespaced_name();
        if target.observed.ours(&resource, &name).await.is_some() {
            left = Left::Watched;
            continue;
        }
        let (namespace, name) = (&object.key.namespace, &object.key.name);
        let found = target.cluster.get(&resource, namespace, name).await?;
        if found.is_some() {
            return Ok(Left::Unwatched);
        }
    }
    Ok(left)
}
