//! Which kinds are sources and reconcilers, and what an object refers to: its source, inventory and owner.

use serde_json::Value;
use skein_object::{GroupKind, InventoryId, Object, ObjectKey};

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

/// Whether a Flux kind gets conditions from a controller; Alert and Provider are static since v1beta3.
pub fn has_status(kind: &str) -> bool {
    !matches!(kind, "Alert" | "Provider")
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
    /// What it has applied.
    pub inventory: Vec<ObjectKey>,
    /// The object that controls it.
    pub owner: Option<ObjectKey>,
    /// What it waits for.
    pub depends_on: Vec<ObjectKey>,
}

impl References {
    /// Reads them from an object; what cannot be read is left out.
    pub fn of(object: &Object) -> Self {
        let key = object.key();
        Self {
            source: source(object, &key),
            inventory: inventory(object, &key),
            owner: owner(object, &key),
            depends_on: depends_on(object, &key),
        }
    }
}

fn source(object: &Object, key: &ObjectKey) -> Option<ObjectKey> {
    let reference = match (key.group.as_str(), key.kind.as_str()) {
        (KUSTOMIZE_GROUP, "Kustomization") => object.at(&["spec", "sourceRef"])?,
        (SOURCE_GROUP, "HelmChart") => object.at(&["spec", "sourceRef"])?,
        (HELM_GROUP, "HelmRelease") => object
            .at(&["spec", "chartRef"])
            .or_else(|| object.at(&["spec", "chart", "spec", "sourceRef"]))?,
        ("image.toolkit.fluxcd.io", "ImagePolicy") => {
            let reference = object.at(&["spec", "imageRepositoryRef"])?;
            let namespace = string(reference, "namespace").unwrap_or(&key.namespace);
            let name = string(reference, "name")?;
            return Some(ObjectKey::new(
                &key.group,
                "ImageRepository",
                namespace,
                name,
            ));
        }
        _ => return None,
    };
    let namespace = string(reference, "namespace").unwrap_or(&key.namespace);
    Some(ObjectKey::new(
        SOURCE_GROUP,
        string(reference, "kind")?,
        namespace,
        string(reference, "name")?,
    ))
}

fn inventory(object: &Object, key: &ObjectKey) -> Vec<ObjectKey> {
    if role(key) != NodeRole::Reconciler {
        return Vec::new();
    }
    let entries = object
        .at(&["status", "inventory", "entries"])
        .and_then(Value::as_array);
    let mut keys: Vec<ObjectKey> = entries
        .into_iter()
        .flatten()
        .take(MAX_INVENTORY_ENTRIES)
        .filter_map(|entry| string(entry, "id")?.parse::<InventoryId>().ok())
        .map(|id| id.0)
        .filter(|entry| entry != key)
        .collect();
    keys.sort();
    keys.dedup();
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

fn depends_on(object: &Object, key: &ObjectKey) -> Vec<ObjectKey> {
    if role(key) != NodeRole::Reconciler {
        return Vec::new();
    }
    let entries = object.at(&["spec", "dependsOn"]).and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .take(MAX_DEPENDENCIES)
        .filter_map(|entry| {
            let namespace = string(entry, "namespace").unwrap_or(&key.namespace);
            Some(ObjectKey::new(
                &key.group,
                &key.kind,
                namespace,
                string(entry, "name")?,
            ))
        })
        .collect()
}

fn string<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str().filter(|text| !text.is_empty())
}
