//! From artifact to objects: download (shared between Kustomizations of one source), read variables and keys, render.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use skein_api::{Artifact, Kustomization};
use skein_artifact::{DownloadError, Downloader};
use skein_bases::{KeptBases, RemoteBases};
use skein_cluster::Cluster;
use skein_kustomize::{FileTree, RemoteSource};
use skein_object::{NamespacedName, Object};
use skein_render::{RenderError, Rendered, Request, render};
use thiserror::Error;

use crate::configs::{self, ConfigError, Configured, SecretValues};
use crate::decrypt::SopsDecryptor;

/// Artifacts kept unpacked.
const TREES_MAX: usize = 64;
/// Bytes of artifacts kept unpacked.
const TREE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Why there are no objects to apply.
#[derive(Debug, Error)]
pub enum BuildFailure {
    /// The artifact is not where its address says: wait for the source.
    #[error("artifact not found")]
    ArtifactNotFound,
    /// The artifact cannot be had.
    #[error(transparent)]
    Download(DownloadError),
    /// `spec.path` leads nowhere.
    #[error("{}", .0.flux_message())]
    Path(RenderError),
    /// Variables or keys cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Variables cannot be read; said about the first object that would have used them.
    #[error("post build failed for '{object}': {source}")]
    Variables {
        /// kustomize's name of the object.
        object: String,
        /// Why.
        source: ConfigError,
    },
    /// The build or what follows it fails.
    #[error("{}", .0.flux_message())]
    Render(RenderError),
    /// The blocking task died.
    #[error("the build was interrupted: {0}")]
    Interrupted(String),
}

/// Downloads and renders; keeps recently unpacked artifacts.
pub struct Builder {
    downloader: Downloader,
    trees: Mutex<VecDeque<(String, u64, FileTree)>>,
    bases: Arc<KeptBases>,
    policy: BuildPolicy,
}

/// What builds may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildPolicy {
    /// Whether variables that are not set are an error.
    pub strict: bool,
    /// Whether kustomizations that name remote bases are refused.
    pub no_remote_bases: bool,
    /// Secret with age keys for Kustomizations that name none.
    pub sops_age_secret: Option<NamespacedName>,
}

impl Builder {
    /// A builder.
    pub fn new(downloader: Downloader, policy: BuildPolicy) -> Self {
        Self {
            downloader,
            trees: Mutex::default(),
            bases: Arc::default(),
            policy,
        }
    }

    /// The files of an artifact, from memory when they were used a moment ago, unless they are wanted `afresh`.
    pub async fn tree(&self, artifact: &Artifact, afresh: bool) -> Result<FileTree, BuildFailure> {
        if afresh {
            self.forget(&artifact.digest);
        } else if let Some(tree) = self.remembered(&artifact.digest) {
            return Ok(tree);
        }
        let files = match self.downloader.fetch_tree(artifact).await {
            Ok(tree) => tree.into_files(),
            Err(DownloadError::NotFound { .. }) => return Err(BuildFailure::ArtifactNotFound),
            Err(error) => return Err(BuildFailure::Download(error)),
        };
        let (mut tree, mut bytes) = (FileTree::new(), 0u64);
        for (path, content) in files {
            bytes += u64::try_from(content.len()).unwrap_or(u64::MAX);
            tree.insert(&path, content)
                .map_err(|e| BuildFailure::Render(RenderError::Tree(e)))?;
        }
        self.remember(&artifact.digest, bytes, &tree);
        Ok(tree)
    }

    fn remembered(&self, digest: &str) -> Option<FileTree> {
        let mut trees = self.trees.lock();
        let at = trees.iter().position(|(held, _, _)| held == digest)?;
        let entry = trees.remove(at)?;
        let tree = entry.2.clone();
        trees.push_back(entry);
        Some(tree)
    }

    fn forget(&self, digest: &str) {
        self.trees.lock().retain(|(held, _, _)| held != digest);
    }

    fn remember(&self, digest: &str, bytes: u64, tree: &FileTree) {
        let mut trees = self.trees.lock();
        trees.push_back((digest.to_owned(), bytes, tree.clone()));
        let mut total: u64 = trees.iter().map(|(_, bytes, _)| bytes).sum();
        while trees.len() > TREES_MAX || (total > TREE_BYTES_MAX && trees.len() > 1) {
            let Some((_, bytes, _)) = trees.pop_front() else {
                return;
            };
            total -= bytes;
        }
    }

    /// Renders a Kustomization from its artifact's files; also the values that no message may hold.
    pub async fn render(
        &self,
        cluster: &Cluster,
        kustomization: &Kustomization,
        object: &Object,
        tree: FileTree,
    ) -> Result<(Rendered, SecretValues), BuildFailure> {
        let common = self.policy.sops_age_secret.as_ref();
        let keyring = configs::keyring(cluster, kustomization, common).await?;
        let configured = configs::variables(cluster, kustomization).await;
        let (configured, unread) = match configured {
            Ok(configured) => (configured, None),
            Err(error) => (Configured::default(), Some(error)),
        };
        let Configured { variables, secrets } = configured;
        let mut spec = object.at(&["spec"]).cloned().unwrap_or(Value::Null);
        if let (Some(_), Some(fields)) = (&unread, spec.as_object_mut()) {
            // The error names an object as it is before its substitution.
            fields.remove("postBuild");
        }
        // Flux finds out while it substitutes, after a build that works.
        let strict = self.policy.strict && unread.is_none();
        // Remote bases come without credentials, as with Flux: nothing of the controller's is lent to them.
        let remote = (!self.policy.no_remote_bases)
            .then(|| RemoteBases::new(runtime, || None).keeping(self.bases.clone()));
        let rendered = tokio::task::spawn_blocking(move || {
            let decryptor = keyring.map(SopsDecryptor::new);
            render(Request {
                tree,
                spec: &spec,
                variables,
                strict,
                decryptor: decryptor
                    .as_ref()
                    .map(|d| d as &dyn skein_render::Decryptor),
                remote: remote.as_ref().map(|r| r as &dyn RemoteSource),
                ignored: None,
            })
        })
        .await
        .map_err(|error| BuildFailure::Interrupted(error.to_string()))?;
        let rendered = rendered.map_err(|error| match error {
            RenderError::PathNotFound { .. } => BuildFailure::Path(error),
            error => BuildFailure::Render(error),
        })?;
        match unread {
            None => Ok((rendered, secrets)),
            Some(source) => match rendered
                .objects
                .iter()
                .find(|object| is_substituted(object))
            {
                Some(first) => Err(BuildFailure::Variables {
                    object: kustomize_id(first),
                    source,
                }),
                None => Ok((rendered, secrets)),
            },
        }
    }
}

/// Whether the object takes part in substitution.
fn is_substituted(object: &Object) -> bool {
    let setting = skein_api::names::SUBSTITUTE_SETTING;
    let settings = [object.label(setting), object.annotation(setting)];
    !settings.contains(&Some(skein_api::names::DISABLED))
}

/// The runtime that a build blocks on, from a thread that may block.
fn runtime() -> std::io::Result<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current().map_err(std::io::Error::other)
}

/// `Kind.version.group/name`, as kustomize writes identities.
fn kustomize_id(object: &Object) -> String {
    let gvk = object.gvk();
    let group = if gvk.group.is_empty() {
        "[noGrp]"
    } else {
        &gvk.group
    };
    format!("{}.{}.{group}/{}", gvk.kind, gvk.version, object.name())
}
