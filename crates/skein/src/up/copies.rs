//! With `--hub`: the Secrets and ConfigMaps that Flux objects of a spoke refer to, copied from the spoke to its namespace of the hub.
//!
//! A repository of several clusters keeps keys and settings beside the Flux objects that use them. When those objects run on a hub,
//! what they refer to has to be there as well.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;
use skein_api::FluxKind;
use skein_api::names::RECONCILE_REQUEST_ANNOTATION;
use skein_cluster::{Cluster, ListOptions};
use skein_graph::references_of;
use skein_object::{GroupVersionKind, Object, ObjectKey};

use super::clusters::{MANAGER, apply};
use super::layout::FLUX_SYSTEM;

/// How often references are looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// Most references that are followed per spoke.
const MAX_REFERENCES: usize = 1_000;
/// Label of a copy: the spoke that it is of.
const COPY_LABEL: &str = "skein.dev/copy-of-spoke";
/// Fields that are copied.
const CONTENT: [&str; 3] = ["data", "binaryData", "type"];

/// Keeps the copies of all spokes current; never ends.
pub async fn follow(hub: Cluster, spokes: Vec<(String, Cluster)>) {
    loop {
        for (name, spoke) in &spokes {
            if let Err(error) = copy(&hub, name, spoke).await {
                tracing::debug!(%error, spoke = name, "copying what Flux objects refer to");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn copy(hub: &Cluster, name: &str, spoke: &Cluster) -> Result<()> {
    for (key, users) in wanted(hub, name).await? {
        let gvk = GroupVersionKind::new("", "v1", &key.kind);
        let resource = hub.resource(&gvk).await?;
        let present = hub.get(&resource, name, &key.name).await?;
        if present
            .as_ref()
            .is_some_and(|o| o.label(COPY_LABEL).is_none())
        {
            continue;
        }
        let Some(original) = original(spoke, &gvk, &key.name).await? else {
            continue;
        };
        let is_same = |present: &Object| {
            let same = |field: &&str| present.at(&[field]) == original.at(&[field]);
            CONTENT.iter().all(same)
        };
        if present.as_ref().is_some_and(is_same) {
            continue;
        }
        let mut copy = Object::new(&gvk, name, &key.name);
        copy.set_label(COPY_LABEL, name);
        for field in CONTENT {
            if let Some(value) = original.at(&[field]) {
                copy.set(&[field], value.clone());
            }
        }
        apply(hub, &copy).await?;
        for user in users {
            request(hub, &user).await?;
        }
    }
    Ok(())
}

/// Asks for a run now: who failed without the copy would try again at its interval only.
async fn request(hub: &Cluster, user: &Object) -> Result<()> {
    let resource = hub.resource(&user.gvk()).await?;
    let now = Timestamp::now().to_string();
    let patch = json!({"metadata": {"annotations": {RECONCILE_REQUEST_ANNOTATION: now}}});
    let name = (user.namespace(), user.name());
    hub.merge_patch(&resource, name, None, &patch, MANAGER)
        .await?;
    Ok(())
}

/// Secrets and ConfigMaps that the appliers of a spoke's namespace name, with those appliers.
async fn wanted(hub: &Cluster, namespace: &str) -> Result<BTreeMap<ObjectKey, Vec<Object>>> {
    let mut keys: BTreeMap<ObjectKey, Vec<Object>> = BTreeMap::new();
    for kind in [FluxKind::Kustomization, FluxKind::HelmRelease] {
        let definition = kind.definition();
        let version = definition.storage_version();
        let gvk = GroupVersionKind::new(definition.group, version, definition.kind);
        let resource = hub.resource(&gvk).await?;
        let options = ListOptions {
            namespace: namespace.to_owned(),
            ..ListOptions::default()
        };
        for object in hub.list(&resource, &options).await?.items {
            let references = references_of(&object).into_iter();
            let named = references.filter(|reference| {
                matches!(reference.key.kind.as_str(), "Secret" | "ConfigMap")
                    && !reference.field.starts_with("spec.kubeConfig")
            });
            for reference in named {
                keys.entry(reference.key).or_default().push(object.clone());
            }
        }
    }
    Ok(keys.into_iter().take(MAX_REFERENCES).collect())
}

/// The object on the spoke: in the usual namespace, else the first of that name.
async fn original(spoke: &Cluster, gvk: &GroupVersionKind, name: &str) -> Result<Option<Object>> {
    let resource = spoke.resource(gvk).await?;
    let options = ListOptions {
        field_selector: format!("metadata.name={name}"),
        ..ListOptions::default()
    };
    let mut found = spoke.list(&resource, &options).await?.items;
    found.sort_by_key(|object| (object.namespace() != FLUX_SYSTEM, object.key()));
    Ok(found.into_iter().next())
}
