//! Phase one: reads everything that the decision may look at.

use std::sync::Arc;
use std::time::Duration;

use skein_api::{Artifact, GitRepository};
use skein_artifact::Collected;
use skein_object::{NamespacedName, Object};

use super::GitRepositoryReconciler;
use crate::controller::decode;
use crate::in_storage;
pub(super) use crate::in_storage::InStorage;
use crate::produced::SecretReader;
pub(super) use crate::produced::{Secret, SecretData};

/// An included object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Included {
    /// Its artifact.
    Artifact(Artifact),
    /// There is no such object.
    Absent,
    /// It has no artifact yet.
    NoArtifact,
}

/// Everything that was read.
pub(super) struct Observed {
    /// The object as it was read or last written.
    pub object: Arc<Object>,
    /// The same, typed; its status is that of the beginning of the run.
    pub source: GitRepository,
    /// The Secret of `spec.secretRef`.
    pub credentials: Option<Secret>,
    /// The Secret of `spec.proxySecretRef`.
    pub proxy: Option<Secret>,
    /// The Secret of `spec.verify`.
    pub keys: Option<Secret>,
    /// The objects of `spec.include`.
    pub includes: Vec<Included>,
    /// What is stored.
    pub stored: InStorage,
    /// Address of the artifact as the storage is reached now; the status may hold an older one.
    pub artifact_url: Option<String>,
    /// Old artifacts that were deleted.
    pub collected: Collected,
    /// The local address that the repository is served from, if it is.
    pub local_url: Option<String>,
    /// Pause while an included object is not ready.
    pub requeue_dependency: Duration,
}

impl GitRepositoryReconciler {
    pub(super) async fn observe(&self, object: Arc<Object>, source: GitRepository) -> Observed {
        let local_url = self.options.rewrites.local(&source.spec.url);
        let mut observed = Observed {
            stored: InStorage::None,
            artifact_url: None,
            collected: Collected::default(),
            credentials: None,
            proxy: None,
            keys: None,
            includes: Vec::new(),
            local_url,
            requeue_dependency: self.options.controller.requeue_dependency,
            object,
            source,
        };
        if observed.source.spec.suspend {
            return observed;
        }
        (observed.stored, observed.collected) = in_storage::check(
            self.storage.clone(),
            observed.source.status.artifact.clone(),
        )
        .await;
        let artifact = observed.source.status.artifact.as_ref();
        observed.artifact_url = artifact.map(|artifact| self.storage.url(&artifact.path));
        let namespace = &observed.source.metadata.namespace;
        let spec = &observed.source.spec;
        // A repository that is served from this machine needs no credentials.
        if observed.local_url.is_none() {
            if let Some(reference) = &spec.proxy_secret_ref {
                observed.proxy = Some(self.secret(namespace, &reference.name).await);
            }
            if let Some(reference) = &spec.secret_ref {
                observed.credentials = Some(self.secret(namespace, &reference.name).await);
            }
        }
        if let Some(verify) = &spec.verify {
            observed.keys = Some(self.secret(namespace, &verify.secret_ref.name).await);
        }
        let included = |name: &str| self.included(&NamespacedName::new(namespace, name));
        observed.includes = spec
            .include
            .iter()
            .map(|include| included(&include.repository.name))
            .collect();
        observed
    }

    async fn secret(&self, namespace: &str, name: &str) -> Secret {
        SecretReader::new(&self.cluster, namespace).read(name).await
    }

    fn included(&self, name: &NamespacedName) -> Included {
        let Some(object) = self.cache.get(name) else {
            return Included::Absent;
        };
        match decode(&object)
            .ok()
            .and_then(|source| source.status.artifact)
        {
            Some(artifact) => Included::Artifact(artifact),
            None => Included::NoArtifact,
        }
    }
}
