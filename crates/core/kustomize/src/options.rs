//! What a build may do beyond its files.

use crate::charts::Charts;
use crate::tree::FileTree;

/// Order of the objects in the result, when the kustomization has no `sortOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reorder {
    /// As the kustomization lists them: what Flux builds with.
    #[default]
    None,
    /// kustomize's fixed order of kinds (namespaces and definitions first, webhooks last), then by name: what `kustomize build` prints.
    Legacy,
}

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadRestrictions {
    /// Any file of the tree: what Flux builds with.
    #[default]
    None,
    /// Only files in or below the kustomization's own directory (bases anywhere in the tree).
    RootOnly,
}

/// Where bases and files come from that are not in the tree. The answer is the caller's: from a cache, from the network, or an error text.
pub trait RemoteSource {
    /// The file at an `http` or `https` address.
    fn file(&self, url: &str) -> Result<Vec<u8>, String>;
    /// The tree of a remote base, and the path of the base in it.
    fn directory(&self, url: &str) -> Result<(FileTree, String), String>;
}

/// How to build.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Order of the result.
    pub reorder: Reorder,
    /// Which files may be loaded.
    pub load_restrictions: LoadRestrictions,
    /// Adds the label `app.kubernetes.io/managed-by: kustomize-v5.8.1`, as the flag `--enable-managedby-label` does.
    pub managed_by_label: bool,
    /// Notes where every field came from; see [`crate::Build::histories`].
    pub trace: bool,
    /// Remote bases and files; `None` refuses them.
    pub remote: Option<&'a dyn RemoteSource>,
    /// Helm charts; `None` refuses them.
    pub charts: Option<&'a dyn Charts>,
}
