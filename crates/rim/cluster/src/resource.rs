//! A served resource and the request paths of its collections and objects.

use skein_object::{GroupKind, GroupVersionKind};

/// One resource as discovery lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiResource {
    /// API group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name in paths, for example `deployments`.
    pub plural: String,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Verbs that the server offers; empty when unknown (built by hand).
    pub verbs: Vec<String>,
    /// Short names, for example `deploy`.
    pub short_names: Vec<String>,
    /// Singular name, for example `deployment`.
    pub singular: String,
}

impl ApiResource {
    /// A resource known without discovery.
    pub fn new(gvk: &GroupVersionKind, plural: &str, namespaced: bool) -> Self {
        Self {
            group: gvk.group.clone(),
            version: gvk.version.clone(),
            kind: gvk.kind.clone(),
            plural: plural.to_owned(),
            namespaced,
            ..Self::default()
        }
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &self.version, &self.kind)
    }

    /// Group and kind.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(&self.group, &self.kind)
    }

    /// Whether the server offers the verb; unknown verbs count as offered.
    pub fn offers(&self, verb: &str) -> bool {
        self.verbs.is_empty() || self.verbs.iter().any(|offered| offered == verb)
    }

    /// `resource.group`, or `resource` in the core group.
    pub fn qualified_name(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// The path of the collection: of one namespace, or of all when `namespace` is empty.
    pub fn collection_path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{}/{}", encode(namespace), self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// The path of one object, with an optional subresource.
    pub fn object_path(&self, namespace: &str, name: &str, subresource: Option<&str>) -> String {
        let mut path = format!("{}/{}", self.collection_path(namespace), encode(name));
        if let Some(subresource) = subresource {
            path.push('/');
            path.push_str(subresource);
        }
        path
    }
}

/// Percent-encodes everything but the characters that names of Kubernetes objects are made of.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let deployments = ApiResource::new(
            &GroupVersionKind::new("apps", "v1", "Deployment"),
            "deployments",
            true,
        );
        assert_eq!(deployments.collection_path(""), "/apis/apps/v1/deployments");
        assert_eq!(
            deployments.object_path("a", "b", Some("status")),
            "/apis/apps/v1/namespaces/a/deployments/b/status"
        );
        let roles = ApiResource::new(
            &GroupVersionKind::new("rbac.authorization.k8s.io", "v1", "ClusterRole"),
            "clusterroles",
            false,
        );
        assert_eq!(
            roles.object_path("ignored", "system:x/../y", None),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax%2F..%2Fy"
        );
    }
}
