//! Phase one: reads everything that the decision may look at.

use skein_api::{Artifact, GitRepository};
use skein_cluster::Cache;
use skein_object::{NamespacedName, Object};

use std::sync::Arc;
use std::time::Duration;

use skein_git::PinnedCommits;

use crate::produced::{Secret, SecretReader, Surroundings};

/// An included object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Included {
    /// Its artifact.
    Artifact(Artifact),
    /// There is no such object.
    Absent,
    /// It has no artifact yet.
    NoArtifact,
}

/// What a GitRepository looks at beside itself and the storage.
#[derive(Default)]
pub(crate) struct Inputs {
    /// The Secret of `spec.secretRef`.
    pub credentials: Option<Secret>,
    /// The Secret of `spec.proxySecretRef`.
    pub proxy: Option<Secret>,
    /// The Secret of `spec.verify`.
    pub keys: Option<Secret>,
    /// The objects of `spec.include`.
    pub includes: Vec<Included>,
    /// The local address that the repository is served from, if it is.
    pub local_url: Option<String>,
    /// Pause while an included object is not ready.
    pub requeue_dependency: Duration,
    /// Pinned commits that were found where they should be.
    pub pinned: Arc<PinnedCommits>,
}

pub(super) async fn observe(
    surroundings: &Surroundings,
    cache: &Cache<Object>,
    source: &GitRepository,
) -> Inputs {
    let spec = &source.spec;
    if spec.suspend {
        return Inputs::default();
    }
    let namespace = &source.metadata.namespace;
    let secrets = SecretReader::new(&surroundings.cluster, namespace);
    let local_url = surroundings.options.rewrites.local(&spec.url);
    // A repository that is served from this machine needs no credentials.
    let (proxy, credentials) = if local_url.is_some() {
        (None, None)
    } else {
        (
            secrets.read_optional(spec.proxy_secret_ref.as_ref()).await,
            secrets.read_optional(spec.secret_ref.as_ref()).await,
        )
    };
    let keys = spec.verify.as_ref().map(|verify| &verify.secret_ref);
    let keys = secrets.read_optional(keys).await;
    let included = |name: &str| included(cache, &NamespacedName::new(namespace, name));
    let includes = spec.include.iter();
    Inputs {
        credentials,
        proxy,
        keys,
        includes: includes
            .map(|include| included(&include.repository.name))
            .collect(),
        local_url,
        pinned: Arc::default(),
        requeue_dependency: surroundings.options.controller.requeue_dependency,
    }
}

fn included(cache: &Cache<Object>, name: &NamespacedName) -> Included {
    let Some(object) = cache.get(name) else {
        return Included::Absent;
    };
    match GitRepository::from_object(&object)
        .ok()
        .and_then(|source| source.status.artifact)
    {
        Some(artifact) => Included::Artifact(artifact),
        None => Included::NoArtifact,
    }
}
