//! Which kinds are sources and reconcilers, and what an object refers to: its source, inventory and owner.

use serde_json::Value;
use skein_graph::{ConnectionRef, connection_of, dependencies_of, inventory_of, source_of};
use skein_object::{GroupKind, Object, ObjectKey};

use super::node::NodeRole;

/// Group of Flux's sources.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
/// Group of Kustomization.
pub const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Group of HelmRelease.
pub const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";

const FLUX_SUFFIX: &str = ".toolkit.fluxcd.io";

/// Most inventory entries that are read of one object.
pub const MAX_INVENTORY_ENTRIES: usize = 20_000;
/// Most `dependsOn` entries that are read of one object.
pub const MAX_DEPENDENCIES: usize = 1_000;

/// Whether the group is one of Flux's.
pub fn is_flux(group: &str) -> bool {
    group.ends_with(FLUX_SUFFIX)
}

/// Where objects of the kind stand in the tree.
pub fn role(key: &ObjectKey) -> NodeRole {
    match (key.group.as_str(), key.kind.as_str()) {
        (SOURCE_GROUP, _) => NodeRole::Source,
        (KUSTOMIZE_GROUP, "Kustomization") | (HELM_GROUP, "HelmRelease") => NodeRole::Reconciler,
        _ => NodeRole::Object,
    }
}

/// Whether people may reconcile, suspend and resume objects of the kind.
pub fn takes_actions(kind: &GroupKind) -> bool {
    is_flux(&kind.group)
}

/// What an object refers to, as far as the tree needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// What it hangs under by its own declaration: the source of a reconciler, the repository of a chart.
    pub source: Option<ObjectKey>,
    /// What it has applied, sorted.
    pub inventory: Vec<ObjectKey>,
    /// How the cluster is reached that it applies to; absent for its own.
    pub connection: Option<ConnectionRef>,
    /// The object that controls it.
    pub owner: Option<ObjectKey>,
    /// What it waits for.
    pub depends_on: Vec<ObjectKey>,
}

impl References {
    /// What it has applied to its own cluster.
    pub fn applied_here(&self) -> &[ObjectKey] {
        match self.connection {
            None => &self.inventory,
            Some(_) => &[],
        }
    }

    /// Reads them from an object; what cannot be read is left out.
    pub fn of(object: &Object) -> Self {
        let key = object.key();
        let applies = role(&key) == NodeRole::Reconciler;
        Self {
            source: source_of(object).filter(|source| *source != key),
            inventory: if applies {
                inventory(object, &key)
            } else {
                Vec::new()
            },
            connection: connection_of(object).filter(|_| applies),
            owner: owner(object, &key),
            depends_on: if applies {
                dependencies(object)
            } else {
                Vec::new()
            },
        }
    }
}

fn inventory(object: &Object, key: &ObjectKey) -> Vec<ObjectKey> {
    let entries = inventory_of(object).into_iter().take(MAX_INVENTORY_ENTRIES);
    let mut keys: Vec<ObjectKey> = entries
        .map(|(entry, _)| entry)
        .filter(|k| k != key)
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn dependencies(object: &Object) -> Vec<ObjectKey> {
    let mut keys = dependencies_of(object);
    keys.truncate(MAX_DEPENDENCIES);
    keys
}

fn owner(object: &Object, key: &ObjectKey) -> Option<ObjectKey> {
    let references = object.at(&["metadata", "ownerReferences"])?.as_array()?;
    let controller = references
        .iter()
        .find(|reference| reference.get("controller") == Some(&Value::Bool(true)))?;
    let api_version = string(controller, "apiVersion")?;
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    Some(ObjectKey::new(
        group,
        string(controller, "kind")?,
        &key.namespace,
        string(controller, "name")?,
    ))
}

fn string<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str().filter(|text| !text.is_empty())
}
