//! Deletes what left the build, and on the Kustomization's own end everything that it owns.

use std::collections::HashSet;

use skein_cluster::{ApiError, DeleteOptions, Propagation};
use skein_object::{NamespacedName, ObjectKey};
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

/// Objects that are still there after their deletion.
pub async fn still_there(
    target: &Target,
    deleted: &[OwnedObject],
) -> Result<Vec<String>, ApiError> {
    let mut left = Vec::new();
    for object in deleted {
        let resource = match target.cluster.resource(&object.gvk()).await {
            Ok(resource) => resource,
            Err(error) if error.is_no_match() => continue,
            Err(error) => return Err(error),
        };
        let (namespace, name) = (&object.key.namespace, &object.key.name);
        if target
            .cluster
            .get(&resource, namespace, name)
            .await?
            .is_some()
        {
            left.push(object.key.to_string());
        }
    }
    Ok(left)
}
