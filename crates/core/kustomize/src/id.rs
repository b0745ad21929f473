//! Identities as kustomize compares them: group, version, kind, name, namespace.

use std::collections::HashSet;
use std::fmt;

use foldhash::fast::RandomState;
use skein_yaml::CompactString;

/// The namespace that kustomize's ids give to cluster-scoped objects.
pub(crate) const NOT_A_NAMESPACE: &str = "_non_namespaceable_";
/// The namespace that an absent one means.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind; an empty part of a selector matches anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Gvk {
    pub(crate) group: CompactString,
    pub(crate) version: CompactString,
    pub(crate) kind: CompactString,
}

/// Splits `apps/v1` into group and version.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

impl Gvk {
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether a selector, whose empty parts match anything, selects this.
    pub(crate) fn is_selected(&self, selector: &Gvk) -> bool {
        let fits = |wanted: &str, have: &str| wanted.is_empty() || wanted == have;
        fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
            && fits(&selector.kind, &self.kind)
    }
}

/// A text, or another one where it is empty.
pub(crate) fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

/// `Deployment.v1.apps`, with `[noGrp]` and its like for what is empty.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, version) = (or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"));
        write!(f, "{kind}.{version}.{}", or(&self.group, "[noGrp]"))
    }
}

/// One identity of a resource, the current or an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: CompactString,
    /// As written; empty when absent.
    pub(crate) namespace: CompactString,
    /// Whether the kind is known to be cluster-scoped.
    pub(crate) cluster_scoped: bool,
}

impl ResId {
    /// The namespace that counts in comparisons.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NOT_A_NAMESPACE
        } else {
            or(&self.namespace, DEFAULT_NAMESPACE)
        }
    }

    /// Whether both live in the same namespace.
    pub(crate) fn same_namespace(&self, other: &ResId) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Whether kind and name are equal, whatever the namespace.
    pub(crate) fn same_kind_and_name(&self, other: &ResId) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }

    /// Whether both mean the same object.
    pub(crate) fn same(&self, other: &ResId) -> bool {
        self.same_kind_and_name(other) && self.same_namespace(other)
    }

    /// Whether a selector, whose empty parts match anything, selects this.
    pub(crate) fn is_selected_by(&self, selector: &ResId) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.same_namespace(self))
            && self.gvk.is_selected(&selector.gvk)
    }
}

/// `Deployment.v1.apps/name.namespace`, as kustomize prints ids.
impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, namespace) = (or(&self.name, "[noName]"), or(&self.namespace, "[noNs]"));
        write!(f, "{}/{name}.{namespace}", self.gvk)
    }
}

/// A key that is equal for ids that mean the same object: one text, because every object of every step needs one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdKey(String);

/// Identities of which there are none twice.
pub(crate) type IdKeys = HashSet<IdKey, RandomState>;

impl IdKey {
    /// The key of an object; `namespace` is as written.
    pub(crate) fn new(
        (api_version, kind): (&str, &str),
        name: &str,
        namespace: &str,
        is_cluster_scoped: bool,
    ) -> Self {
        let namespace = if is_cluster_scoped {
            NOT_A_NAMESPACE
        } else {
            or(namespace, DEFAULT_NAMESPACE)
        };
        let parts = [api_version, kind, name, namespace];
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        let mut key = String::with_capacity(length);
        for part in parts {
            key.push_str(part);
            // No part can contain the mark: no text of a result can.
            key.push('\0');
        }
        Self(key)
    }
}
