//! Which Flux object refers to which: sources, dependencies and inventories.

use serde_json::Value;
use skein_api::FluxKind;
use skein_api::source::SOURCE_GROUP;
use skein_object::{InventoryId, Object, ObjectKey};

/// The object that a Flux object takes its files or its chart from, if it names one.
///
/// Read from the untyped object: a link is shown even when another field of the object cannot be decoded.
pub fn source_of(object: &Object) -> Option<ObjectKey> {
    match FluxKind::of(&object.gvk().group_kind())? {
        FluxKind::Kustomization | FluxKind::ImageUpdateAutomation => {
            reference(object, &["spec", "sourceRef"], "GitRepository")
        }
        FluxKind::HelmChart => reference(object, &["spec", "sourceRef"], "HelmRepository"),
        FluxKind::HelmRelease => chart_of(object),
        FluxKind::ExternalArtifact => producer_of(object),
        FluxKind::ImagePolicy => {
            let mut key = reference(object, &["spec", "imageRepositoryRef"], "ImageRepository")?;
            key.group = skein_api::image::IMAGE_GROUP.to_owned();
            Some(key)
        }
        _ => None,
    }
}

/// The chart of a HelmRelease: what `chartRef` names, else the HelmChart that the controller made or will make.
fn chart_of(object: &Object) -> Option<ObjectKey> {
    if object.at(&["spec", "chartRef"]).is_some() {
        return reference(object, &["spec", "chartRef"], "HelmChart");
    }
    object.at(&["spec", "chart", "spec"])?;
    let made = object
        .str_at(&["status", "helmChart"])
        .and_then(|text| text.split_once('/'));
    let source = &["spec", "chart", "spec", "sourceRef", "namespace"];
    let namespace = object.str_at(source).filter(|text| !text.is_empty());
    let default_name = format!("{}-{}", object.namespace(), object.name());
    let (namespace, name) = made.unwrap_or((
        namespace.unwrap_or(object.namespace()),
        default_name.as_str(),
    ));
    Some(ObjectKey::new(SOURCE_GROUP, "HelmChart", namespace, name))
}

/// The object that publishes an ExternalArtifact; its kind may be anybody's.
fn producer_of(object: &Object) -> Option<ObjectKey> {
    let mut key = reference(object, &["spec", "sourceRef"], "")?;
    let api_version = object
        .str_at(&["spec", "sourceRef", "apiVersion"])
        .unwrap_or_default();
    key.group = api_version
        .split_once('/')
        .map_or("", |(group, _)| group)
        .to_owned();
    Some(key)
}

fn reference(object: &Object, path: &[&str], default_kind: &str) -> Option<ObjectKey> {
    let reference = object.at(path)?.as_object()?;
    let text = |field: &str| {
        reference
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    Some(ObjectKey::new(
        SOURCE_GROUP,
        text("kind").unwrap_or(default_kind),
        text("namespace").unwrap_or(object.namespace()),
        text("name")?,
    ))
}

/// The objects of the same kind that must be ready before this one (`spec.dependsOn`).
pub fn dependencies_of(object: &Object) -> Vec<ObjectKey> {
    let kind = object.gvk().group_kind();
    let list = object.at(&["spec", "dependsOn"]).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let text = |field: &str| {
                entry
                    .get(field)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
            };
            let namespace = text("namespace").unwrap_or(object.namespace());
            Some(ObjectKey::new(
                &kind.group,
                &kind.kind,
                namespace,
                text("name")?,
            ))
        })
        .collect()
}

/// The objects that an applier owns, with the API version at which it applied them; entries that cannot be read are left out.
pub fn inventory_of(object: &Object) -> Vec<(ObjectKey, String)> {
    let list = object
        .at(&["status", "inventory", "entries"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let id: InventoryId = entry.get("id")?.as_str()?.parse().ok()?;
            let version = entry.get("v").and_then(Value::as_str).unwrap_or_default();
            Some((id.0, version.to_owned()))
        })
        .collect()
}
