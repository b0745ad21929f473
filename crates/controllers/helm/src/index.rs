//! Which HelmReleases refer to a chart's source, to another HelmRelease or to a ConfigMap or Secret.

use std::collections::{BTreeSet, HashMap};

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
    /// Values.
    ConfigMap(NamespacedName),
    /// Values or a kubeconfig.
    Secret(NamespacedName),
}

/// A HelmRelease as the cache holds it.
pub(crate) struct Held {
    /// The object without managedFields.
    pub(crate) object: Object,
    /// What it refers to.
    pub(crate) references: Vec<Reference>,
}

impl Held {
    /// Reduces an object.
    pub(crate) fn of(mut object: Object) -> Self {
        object.remove(&["metadata", "managedFields"]);
        let references = HelmRelease::from_object(&object)
            .map(|release| references(&release))
            .unwrap_or_default();
        Self { object, references }
    }
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
    let kubeconfig = spec.kube_config.iter();
    references.extend(
        kubeconfig
            .filter_map(|config| config.secret_ref.as_ref())
            .map(|secret| Reference::Secret(local(&secret.name))),
    );
    references
}

/// Namespace and name of a dependency.
pub(crate) fn dependency_name(own: &str, namespace: &str, name: &str) -> NamespacedName {
    NamespacedName::new(if namespace.is_empty() { own } else { namespace }, name)
}

/// The references of all HelmReleases, by what is referred to.
#[derive(Default)]
pub(crate) struct Index(HashMap<Reference, BTreeSet<NamespacedName>>);

impl Index {
    /// Takes the change of one HelmRelease.
    pub(crate) fn update(
        &mut self,
        name: &NamespacedName,
        before: &[Reference],
        after: &[Reference],
    ) {
        for reference in before.iter().filter(|r| !after.contains(r)) {
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
    pub(crate) fn referrers(&self, reference: &Reference) -> Vec<NamespacedName> {
        self.0
            .get(reference)
            .map(|names| names.iter().cloned().collect())
            .unwrap_or_default()
    }
}
