//! Which Flux object refers to which: sources, dependencies and inventories.

use serde_json::Value;
use skein_api::FluxKind;
use skein_api::source::SOURCE_GROUP;
use skein_object::{GroupVersionKind, InventoryId, Object, ObjectKey};

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

/// The sources of a Flux object: the one it takes its files or its chart from, and those that a GitRepository includes.
pub fn sources_of(object: &Object) -> Vec<ObjectKey> {
    let included = object.at(&["spec", "include"]).and_then(Value::as_array);
    let is_git = FluxKind::of(&object.gvk().group_kind()) == Some(FluxKind::GitRepository);
    let included = included.into_iter().flatten().filter_map(|entry| {
        let name = entry.get("repository")?.get("name")?.as_str()?;
        is_git.then(|| ObjectKey::new(SOURCE_GROUP, "GitRepository", object.namespace(), name))
    });
    source_of(object).into_iter().chain(included).collect()
}

/// The source that the chart template of a HelmRelease names; the HelmChart made of it takes its chart from there.
pub(crate) fn template_source_of(object: &Object) -> Option<ObjectKey> {
    reference(
        object,
        &["spec", "chart", "spec", "sourceRef"],
        "HelmRepository",
    )
}

/// The objects that a Kustomization waits for by name (`spec.healthChecks`).
pub fn health_checks_of(object: &Object) -> Vec<ObjectKey> {
    let list = object
        .at(&["spec", "healthChecks"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| {
            let text = |field: &str| entry.get(field).and_then(Value::as_str);
            let gvk = GroupVersionKind::from_api_version(
                text("apiVersion").unwrap_or("apps/v1"),
                text("kind")?,
            );
            let namespace = text("namespace").unwrap_or_default();
            Some(ObjectKey::new(
                gvk.group,
                gvk.kind,
                namespace,
                text("name")?,
            ))
        })
        .collect()
}

/// Uids of the owners of an object.
pub fn owners_of(object: &Object) -> impl Iterator<Item = &str> {
    let list = object
        .at(&["metadata", "ownerReferences"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|owner| owner.get("uid").and_then(Value::as_str))
        .filter(|uid| !uid.is_empty())
}

/// The Secret or ConfigMap that says how the cluster of an applier is reached (`spec.kubeConfig`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionRef {
    /// `Secret` or `ConfigMap`.
    pub kind: String,
    /// Namespace of the applier.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Key of its data; empty for the default ones.
    pub data_key: String,
}

/// The connection of an applier to another cluster, if it has one.
pub fn connection_of(object: &Object) -> Option<ConnectionRef> {
    let of = |field: &str, kind: &str| {
        let text = |part: &str| object.str_at(&["spec", "kubeConfig", field, part]);
        Some(ConnectionRef {
            kind: kind.to_owned(),
            namespace: object.namespace().to_owned(),
            name: text("name").filter(|name| !name.is_empty())?.to_owned(),
            data_key: text("key").unwrap_or_default().to_owned(),
        })
    };
    of("secretRef", "Secret").or_else(|| of("configMapRef", "ConfigMap"))
}

/// A Secret, ConfigMap or ServiceAccount that an object needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The object that is needed.
    pub key: ObjectKey,
    /// The field that names it.
    pub field: String,
}

/// Fields `spec.….name` that name a Secret or ConfigMap of the object's own namespace.
const NAMED_FIELDS: [(&[&str], &str); 11] = [
    (&["secretRef"], "Secret"),
    (&["certSecretRef"], "Secret"),
    (&["proxySecretRef"], "Secret"),
    (&["verify", "secretRef"], "Secret"),
    (&["verify", "trustedRootSecretRef"], "Secret"),
    (&["sts", "secretRef"], "Secret"),
    (&["decryption", "secretRef"], "Secret"),
    (&["kubeConfig", "secretRef"], "Secret"),
    (&["kubeConfig", "configMapRef"], "ConfigMap"),
    (&["chart", "spec", "verify", "secretRef"], "Secret"),
    (&["sts", "certSecretRef"], "Secret"),
];

/// Lists whose entries name a Secret or ConfigMap by `kind` and `name`, unless `optional`.
const LISTED_FIELDS: [&[&str]; 2] = [&["postBuild", "substituteFrom"], &["valuesFrom"]];

/// What an object needs besides its source and its dependencies, in the order in which it is named; optional ones are left out.
pub fn references_of(object: &Object) -> Vec<Reference> {
    let namespace = object.namespace();
    let mut found = Vec::new();
    for (path, kind) in NAMED_FIELDS {
        let full: Vec<&str> = [&["spec"], path, &["name"]].concat();
        if let Some(name) = object.str_at(&full).filter(|name| !name.is_empty()) {
            found.push(Reference {
                key: ObjectKey::new("", kind, namespace, name),
                field: format!("spec.{}", path.join(".")),
            });
        }
    }
    for path in LISTED_FIELDS {
        let full: Vec<&str> = [&["spec"], path].concat();
        let list = object.at(&full).and_then(Value::as_array);
        for (place, entry) in list.into_iter().flatten().enumerate() {
            let text = |field: &str| entry.get(field).and_then(Value::as_str);
            let is_optional = entry.get("optional") == Some(&Value::Bool(true));
            if let (Some(kind), Some(name), false) = (text("kind"), text("name"), is_optional) {
                found.push(Reference {
                    key: ObjectKey::new("", kind, namespace, name),
                    field: format!("spec.{}[{place}]", path.join(".")),
                });
            }
        }
    }
    // The account of a remote cluster is over there.
    let account = object.str_at(&["spec", "serviceAccountName"]);
    if let Some(name) = account.filter(|name| !name.is_empty() && connection_of(object).is_none()) {
        found.push(Reference {
            key: ObjectKey::new("", "ServiceAccount", namespace, name),
            field: "spec.serviceAccountName".into(),
        });
    }
    found
}
