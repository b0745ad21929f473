//! Which Kustomizations refer to a source, to another Kustomization or to a ConfigMap or Secret.

use std::collections::{BTreeSet, HashMap};

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
    /// Variables.
    ConfigMap(NamespacedName),
    /// Variables, keys or a kubeconfig.
    Secret(NamespacedName),
}

/// A Kustomization as the cache holds it.
pub struct Held {
    /// The object without managedFields.
    pub object: Object,
    /// What it refers to.
    pub references: Vec<Reference>,
}

impl Held {
    /// Reduces an object.
    pub fn of(mut object: Object) -> Self {
        object.remove(&["metadata", "managedFields"]);
        let references = Kustomization::from_object(&object)
            .map(|k| references(&k))
            .unwrap_or_default();
        Self { object, references }
    }
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
    let kubeconfig = spec
        .kube_config
        .iter()
        .filter_map(|config| config.secret_ref.as_ref());
    references.extend(kubeconfig.map(|secret| Reference::Secret(local(&secret.name))));
    references
}

/// The references of all Kustomizations, by what is referred to.
#[derive(Default)]
pub struct Index(HashMap<Reference, BTreeSet<NamespacedName>>);

impl Index {
    /// Takes the change of one Kustomization.
    pub fn update(&mut self, name: &NamespacedName, before: &[Reference], after: &[Reference]) {
        for reference in before.iter().filter(|reference| !after.contains(reference)) {
            if let Some(names) = self.0.get_mut(reference) {
                names.remove(name);
                if names.is_empty() {
                    self.0.remove(reference);
                }
            }
        }
        for reference in after {
            self.0
                .entry(reference.clone())
                .or_default()
                .insert(name.clone());
        }
    }

    /// Who refers to it.
    pub fn referrers(&self, reference: &Reference) -> Vec<NamespacedName> {
        self.0
            .get(reference)
            .map(|names| names.iter().cloned().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_changes() {
        let (app, base) = (
            NamespacedName::new("a", "app"),
            NamespacedName::new("a", "base"),
        );
        let on = |name: &NamespacedName| Reference::Kustomization(name.clone());
        let mut index = Index::default();
        index.update(&app, &[], &[on(&base)]);
        assert_eq!(index.referrers(&on(&base)), std::slice::from_ref(&app));
        index.update(&app, &[on(&base)], &[]);
        assert!(index.referrers(&on(&base)).is_empty());
    }
}
