//! Which objects may be deleted, in which order, and what the outcome means for the inventory.

use skein_object::Object;

use crate::change::{Action, ChangeEntry};
use crate::inventory::{InventoryEntry, OwnedObject};
use crate::settings;

/// What to do with an object that left the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneStep {
    /// Nothing to delete: it does not exist. Reported as deleted.
    Gone,
    /// Delete it, with background propagation.
    Delete,
    /// Leave it: another owner, or an annotation says so.
    Skip,
}

/// The order in which stale objects are deleted: the reverse of applying.
pub fn ordered(mut stale: Vec<OwnedObject>) -> Vec<OwnedObject> {
    stale.sort_by(|a, b| crate::order::compare(&b.key, &a.key));
    stale
}

/// Decides for one object, given what is in the cluster.
pub fn step(live: Option<&Object>, owner_namespace: &str, owner_name: &str) -> PruneStep {
    match live {
        None => PruneStep::Gone,
        Some(live) if !settings::is_owned_by(live, owner_namespace, owner_name) => PruneStep::Skip,
        Some(live) if settings::is_kept(live) => PruneStep::Skip,
        Some(_) => PruneStep::Delete,
    }
}

/// The objects that must stay in the inventory because their deletion was not confirmed.
pub fn survivors(stale: &[OwnedObject], outcome: &[ChangeEntry]) -> Vec<InventoryEntry> {
    let settled = |object: &OwnedObject| {
        outcome.iter().any(|entry| {
            entry.key == object.key && matches!(entry.action, Action::Deleted | Action::Skipped)
        })
    };
    stale
        .iter()
        .filter(|object| !settled(object))
        .map(|object| InventoryEntry::new(&object.key, &object.version))
        .collect()
}

/// What happens to the inventory when the Kustomization itself is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The objects stay.
    Keep,
    /// The objects are deleted.
    Delete,
    /// The objects are deleted and the finalizer stays until they are gone or the timeout is over.
    DeleteAndWait,
}

/// From `spec.deletionPolicy` (default `MirrorPrune`), `spec.prune` and `spec.suspend`.
pub fn farewell(policy: Option<&str>, prune: bool, suspended: bool) -> Farewell {
    if suspended {
        return Farewell::Keep;
    }
    match policy.unwrap_or("MirrorPrune") {
        "Delete" => Farewell::Delete,
        "WaitForTermination" => Farewell::DeleteAndWait,
        "MirrorPrune" if prune => Farewell::Delete,
        _ => Farewell::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use skein_object::ObjectKey;

    fn live(labels: serde_json::Value, annotations: serde_json::Value) -> Object {
        Object::from_value(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "x", "labels": labels, "annotations": annotations}}))
        .unwrap()
    }

    #[test]
    fn only_own_objects_without_a_veto_are_deleted() {
        let ours = json!({settings::OWNER_NAME: "app", settings::OWNER_NAMESPACE: "ns"});
        assert_eq!(step(None, "ns", "app"), PruneStep::Gone);
        assert_eq!(
            step(Some(&live(ours.clone(), json!({}))), "ns", "app"),
            PruneStep::Delete
        );
        assert_eq!(
            step(Some(&live(ours.clone(), json!({}))), "ns", "other"),
            PruneStep::Skip
        );
        assert_eq!(
            step(Some(&live(json!({}), json!({}))), "ns", "app"),
            PruneStep::Skip
        );
        for veto in [
            json!({settings::PRUNE: "Disabled"}),
            json!({settings::RECONCILE: "disabled"}),
            json!({settings::SSA: "ignore"}),
        ] {
            assert_eq!(
                step(Some(&live(ours.clone(), veto)), "ns", "app"),
                PruneStep::Skip
            );
        }
    }

    #[test]
    fn unconfirmed_deletions_survive() {
        let object = |name: &str| OwnedObject {
            key: ObjectKey::new("", "Secret", "a", name),
            version: "v1".into(),
        };
        let entry = |name: &str, action| ChangeEntry {
            key: ObjectKey::new("", "Secret", "a", name),
            version: "v1".into(),
            action,
        };
        let kept = survivors(
            &[object("a"), object("b"), object("c")],
            &[
                entry("a", Action::Deleted),
                entry("b", Action::Unknown),
                entry("c", Action::Skipped),
            ],
        );
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].id, "a_b__Secret");
    }

    #[test]
    fn deletion_policies() {
        use Farewell::{Delete, DeleteAndWait, Keep};
        for (policy, prune, suspended, expected) in [
            (None, true, false, Delete),
            (None, false, false, Keep),
            (Some("MirrorPrune"), true, true, Keep),
            (Some("Delete"), false, false, Delete),
            (Some("WaitForTermination"), false, false, DeleteAndWait),
            (Some("Orphan"), true, false, Keep),
        ] {
            assert_eq!(farewell(policy, prune, suspended), expected);
        }
    }
}
