//! Phase one: reads everything that the decision may look at.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use skein_api::{Artifact, GitRepository};
use skein_artifact::Collected;
use skein_object::{NamespacedName, Object};

use super::GitRepositoryReconciler;
use crate::controller::decode;
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

/// What is stored for the artifact in the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// The status has no artifact.
    None,
    /// The file is there and has its digest.
    Good,
    /// The file is not there.
    Missing,
    /// The file has another digest and was removed.
    Damaged(String),
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
    pub stored: Stored,
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
            stored: Stored::None,
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
        (observed.stored, observed.collected) = self.check_storage(&observed.source).await;
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

    /// Deletes old artifacts, then checks the present one.
    async fn check_storage(&self, source: &GitRepository) -> (Stored, Collected) {
        let Some(artifact) = source.status.artifact.clone() else {
            return (Stored::None, Collected::default());
        };
        let storage = self.storage.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let collected = storage.collect_garbage(&artifact, SystemTime::now());
            let collected = collected.unwrap_or_else(|error| {
                tracing::warn!(%error, "old artifacts not deleted");
                Collected::default()
            });
            if !storage.contains(&artifact) {
                return (Stored::Missing, collected);
            }
            match storage.verify(&artifact) {
                Ok(()) => (Stored::Good, collected),
                Err(error) => {
                    if let Err(error) = storage.remove(&artifact) {
                        tracing::warn!(%error, "damaged artifact not deleted");
                    }
                    (Stored::Damaged(error.to_string()), collected)
                }
            }
        })
        .await;
        checked.unwrap_or((Stored::Missing, Collected::default()))
    }
}
