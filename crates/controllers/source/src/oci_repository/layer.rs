//! Chooses a layer and turns it into an artifact.

use skein_api::source::oci_repository::{OciLayerOperation, OciLayerSelector};
use skein_api::{Artifact, SourceReason, Time};
use skein_artifact::{ArtifactLocation, IgnoreRules, Storage, StorageError, unpack};
use skein_registry::{Descriptor, Manifest};

use crate::produced::Failure;

/// Largest layer, in bytes: what consumers take of one artifact.
pub(super) const MAX_LAYER_BYTES: u64 = skein_artifact::download::MAX_ARTIFACT_BYTES;
/// Bytes of a gzip header.
const GZIP_HEADER_BYTES: usize = 10;
/// The first bytes of gzip.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The layer that is asked for.
pub(super) fn select<'a>(
    manifest: &'a Manifest,
    selector: &OciLayerSelector,
) -> Result<&'a Descriptor, Failure> {
    let wanted = &selector.media_type;
    if wanted.is_empty() {
        let first = manifest.layers.first();
        return first.ok_or_else(|| failed("no layers found in artifact".into()));
    }
    let mut layers = manifest.layers.iter();
    layers
        .find(|layer| &layer.media_type == wanted)
        .ok_or_else(|| {
            failed(format!(
                "failed to find layer with media type '{wanted}' in artifact"
            ))
        })
}

pub(super) fn failed(message: String) -> Failure {
    Failure::fetch(SourceReason::OCIArtifactLayerOperationFailed, message)
}

/// A layer with what is to be made of it.
pub(super) struct LayerSource {
    pub bytes: Vec<u8>,
    pub operation: Option<OciLayerOperation>,
    /// `spec.ignore`.
    pub ignore: Option<String>,
    pub location: ArtifactLocation,
    pub revision: String,
    /// Name of the link to the newest artifact.
    pub latest: &'static str,
    /// Time of the write.
    pub now: Time,
}

impl LayerSource {
    /// Stores it; gives the artifact and the address of the link. Blocks.
    pub(super) fn store(self, storage: &Storage) -> Result<(Artifact, String), Failure> {
        let stored = |error: StorageError| {
            let message = format!("unable to archive artifact to storage: {error}");
            Failure::storage(SourceReason::ArchiveOperationFailed, message)
        };
        let artifact = match self.operation {
            Some(OciLayerOperation::Copy) => storage
                .store_bytes(&self.location, &self.revision, &self.bytes, self.now)
                .map_err(stored)?,
            Some(OciLayerOperation::Extract) | None => {
                check_gzip(&self.bytes)?;
                let tree = unpack(&self.bytes, true).map_err(|error| not_extracted(&error))?;
                let rules = IgnoreRules::for_tree(&tree, self.ignore.as_deref());
                storage
                    .store_tree(&self.location, &self.revision, &tree, &rules, self.now)
                    .map_err(stored)?
            }
        };
        let url = storage.link(&artifact, self.latest).map_err(|error| {
            let message = format!("failed to update status URL symlink: {error}");
            Failure::storage(SourceReason::SymlinkUpdateFailed, message)
        })?;
        Ok((artifact, url))
    }
}

fn not_extracted(reason: &dyn std::fmt::Display) -> Failure {
    failed(format!(
        "failed to extract layer contents from artifact: {reason}"
    ))
}

/// Says in Go's words that the layer is no gzip.
fn check_gzip(bytes: &[u8]) -> Result<(), Failure> {
    let reason = match bytes.len() {
        0 => "EOF",
        length if length < GZIP_HEADER_BYTES => "unexpected EOF",
        _ if !bytes.starts_with(&GZIP_MAGIC) => "gzip: invalid header",
        _ => return Ok(()),
    };
    Err(not_extracted(&format!(
        "requires gzip-compressed body: {reason}"
    )))
}
