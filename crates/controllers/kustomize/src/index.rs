//! Which Kustomizations refer to a source, to another Kustomization or to a ConfigMap or Secret.

use skein_api::Kustomization;
use skein_api::kustomization::{KustomizationSourceKind, ValuesKind};
use skein_object::{NamespacedName, Object};

use crate::sources::source_name;

/// Something that a Kustomization refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// Its source.
    Source(KustomizationSourceKind, NamespacedName),
    /// A dependency.
    Kustomization(NamespacedName),
    /// Variables, or what describes a cluster.
    ConfigMap(NamespacedName),
    /// Variables, keys or a kubeconfig.
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

/// A Kustomization as the cache holds it.
pub type Held = skein_runtime::referrers::Held<Reference>;
/// The references of all Kustomizations, by what is referred to.
pub type Index = skein_runtime::referrers::Index<Reference>;

/// Reduces a Kustomization to what the cache holds.
pub fn held(object: Object) -> Held {
    let read = |object: &Object| Kustomization::from_object(object).map(|known| references(&known));
    Held::of(object, |object| read(object).unwrap_or_default())
}

/// Everything that a Kustomization refers to.
pub fn references(kustomization: &Kustomization) -> Vec<Reference> {
    let spec = &kustomization.spec;
    let namespace = &kustomization.metadata.namespace;
    let local = |name: &str| NamespacedName::new(namespace, name);
    let source = source_name(&spec.source_ref, namespace);
    let mut references = vec![Reference::Source(spec.source_ref.kind, source)];
    for dependency in &spec.depends_on {
        let at = if dependency.namespace.is_empty() {
            namespace
        } else {
            &dependency.namespace
        };
        references.push(Reference::Kustomization(NamespacedName::new(
            at,
            &dependency.name,
        )));
    }
    for from in spec
        .post_build
        .iter()
        .flat_map(|post_build| &post_build.substitute_from)
    {
        references.push(match from.kind {
            ValuesKind::ConfigMap => Reference::ConfigMap(local(&from.name)),
            ValuesKind::Secret => Reference::Secret(local(&from.name)),
        });
    }
    let keys = spec
        .decryption
        .iter()
        .filter_map(|decryption| decryption.secret_ref.as_ref());
    references.extend(keys.map(|secret| Reference::Secret(local(&secret.name))));
    if let Some(kubeconfig) = &spec.kube_config {
        let secret = kubeconfig.secret_ref.iter();
        references.extend(secret.map(|secret| Reference::Secret(local(&secret.name))));
        let map = kubeconfig.config_map_ref.iter();
        references.extend(map.map(|map| Reference::ConfigMap(local(&map.name))));
    }
    references
}
