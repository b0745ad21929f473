//! What the storage holds of the artifact that a status names.

use std::sync::Arc;
use std::time::SystemTime;

use skein_api::Artifact;
use skein_artifact::storage::COLLECTION_BUDGET;
use skein_artifact::{Collected, Storage};

/// What is stored for the artifact in the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InStorage {
    /// The status has no artifact.
    None,
    /// The file is there and has its digest.
    Good,
    /// The file is not there.
    Missing,
    /// The file has another digest and was removed.
    Damaged(String),
}

/// Deletes old artifacts, then checks the present one.
pub(crate) async fn check(
    storage: Arc<Storage>,
    artifact: Option<Artifact>,
) -> (InStorage, Collected) {
    let Some(artifact) = artifact else {
        return (InStorage::None, Collected::default());
    };
    let checked = tokio::task::spawn_blocking(move || {
        let collected = storage.collect_garbage(&artifact, SystemTime::now(), COLLECTION_BUDGET);
        let collected = collected.unwrap_or_else(|error| {
            tracing::warn!(%error, "old artifacts not deleted");
            Collected::default()
        });
        if !storage.contains(&artifact) {
            return (InStorage::Missing, collected);
        }
        match storage.verify(&artifact) {
            Ok(()) => (InStorage::Good, collected),
            Err(error) => {
                if let Err(error) = storage.remove(&artifact) {
                    tracing::warn!(%error, "damaged artifact not deleted");
                }
                (InStorage::Damaged(error.to_string()), collected)
            }
        }
    })
    .await;
    checked.unwrap_or((InStorage::Missing, Collected::default()))
}
