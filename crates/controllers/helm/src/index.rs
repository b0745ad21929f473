//! Which HelmReleases refer to a chart's source, to another HelmRelease or to a ConfigMap or Secret.

use skein_api::helm_release::HelmRelease;
use skein_api::kustomization::ValuesKind;
use skein_object::{NamespacedName, Object};

use crate::chart::{SourceKind, source_of};

/// Something that a HelmRelease refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reference {
    /// Where its chart comes from.
    Source(SourceKind, NamespacedName),
    /// A dependency.
    Release(NamespacedName),
    /// Values, or what describes a cluster.
    ConfigMap(NamespacedName),
    /// Values or a kubeconfig.
    Secret(NamespacedName),
}

impl Reference {
    /// A ConfigMap or a Secret.
    pub(crate) fn config(kind: ValuesKind, name: NamespacedName) -> Self {
        match kind {
            ValuesKind::ConfigMap => Self::ConfigMap(name),
            ValuesKind::Secret => Self::Secret(name),
        }
    }
}

/// A HelmRelease as the cache holds it.
pub(crate) type Held = skein_runtime::referrers::Held<Reference>;
/// The references of all HelmReleases, by what is referred to.
pub(crate) type Index = skein_runtime::referrers::Index<Reference>;

/// Reduces a HelmRelease to what the cache holds.
pub(crate) fn held(object: Object) -> Held {
    let read = |object: &Object| HelmRelease::from_object(object).map(|known| references(&known));
    Held::of(object, |object| read(object).unwrap_or_default())
}

fn references(release: &HelmRelease) -> Vec<Reference> {
    let spec = &release.spec;
    let namespace = &release.metadata.namespace;
    let local = |name: &str| NamespacedName::new(namespace, name);
    let mut references: Vec<Reference> = source_of(release)
        .into_iter()
        .map(|(kind, name)| Reference::Source(kind, name))
        .collect();
    for dependency in &spec.depends_on {
        references.push(Reference::Release(dependency_name(
            namespace,
            &dependency.namespace,
            &dependency.name,
        )));
    }
    for values in &spec.values_from {
        references.push(match values.kind {
            ValuesKind::ConfigMap => Reference::ConfigMap(local(&values.name)),
            ValuesKind::Secret => Reference::Secret(local(&values.name)),
        });
    }
    if let Some(kubeconfig) = &spec.kube_config {
        let secret = kubeconfig.secret_ref.iter();
        references.extend(secret.map(|secret| Reference::Secret(local(&secret.name))));
        let map = kubeconfig.config_map_ref.iter();
        references.extend(map.map(|map| Reference::ConfigMap(local(&map.name))));
    }
    references
}

/// Namespace and name of a dependency.
pub(crate) fn dependency_name(own: &str, namespace: &str, name: &str) -> NamespacedName {
    NamespacedName::new(if namespace.is_empty() { own } else { namespace }, name)
}
