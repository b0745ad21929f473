//! A received pack: indexed on disk in a private folder that goes away with it, read by object id.

use std::fs::File;
use std::io::BufReader;
use std::sync::atomic::AtomicBool;

use gix_object::Kind;
use gix_pack::Bundle;
use tempfile::TempDir;

use crate::error::TransportError;
use crate::upload_pack::ObjectId;

/// Largest single object, in bytes.
pub const MAX_OBJECT_BYTES: usize = 256 * 1024 * 1024;
/// Threads that index one pack.
const INDEX_THREADS: usize = 2;
/// File that a pack is received into.
pub(crate) const INCOMING_FILE: &str = "incoming.pack";

/// A received pack.
pub(crate) struct PackStore {
    bundle: Bundle,
    _folder: TempDir,
}

impl PackStore {
    /// Indexes the received pack of the folder, checking every object. Blocks.
    pub(crate) fn index(folder: TempDir, interrupt: &AtomicBool) -> Result<Self, TransportError> {
        let failed = |reason: String| TransportError::Pack(reason);
        let incoming = folder.path().join(INCOMING_FILE);
        let file = File::open(&incoming).map_err(|error| failed(error.to_string()))?;
        let options = gix_pack::bundle::write::Options {
            thread_limit: Some(INDEX_THREADS),
            alloc_limit_bytes: Some(MAX_OBJECT_BYTES),
            ..gix_pack::bundle::write::Options::default()
        };
        let outcome = Bundle::write_to_directory(
            &mut BufReader::new(file),
            Some(folder.path()),
            &mut gix_utils::progress::Discard,
            interrupt,
            None::<gix_object::find::Never>,
            gix_hash::Kind::Sha1,
            options,
        )
        .map_err(|error| index_error(&error.to_string()))?;
        let _ = std::fs::remove_file(incoming);
        let bundle = outcome
            .to_bundle()
            .ok_or_else(|| failed("the pack is empty".into()))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            bundle,
            _folder: folder,
        })
    }

    /// The kind and content of an object; `None` when it is not in the pack.
    pub(crate) fn object(&self, id: &ObjectId) -> Result<Option<(Kind, Vec<u8>)>, String> {
        let mut content = Vec::new();
        let mut inflate = gix_zlib::Inflate::default();
        let mut cache = gix_pack::cache::Never;
        let found = self
            .bundle
            .find(id, &mut content, &mut inflate, &mut cache)
            .map_err(|error| error.to_string())?;
        let Some((data, _)) = found else {
            return Ok(None);
        };
        let (kind, length) = (data.kind, data.data.len());
        content.truncate(length);
        Ok(Some((kind, content)))
    }

    /// The content of an object that must be there and of that kind.
    pub(crate) fn expect(&self, id: &ObjectId, kind: Kind) -> Result<Vec<u8>, String> {
        match self.object(id)? {
            Some((found, content)) if found == kind => Ok(content),
            Some((found, _)) => Err(format!("object {id} is a {found}, not a {kind}")),
            None => Err(format!("object {id} is missing")),
        }
    }
}

fn index_error(reason: &str) -> TransportError {
    // The words of gix-pack for its `alloc_limit_bytes`.
    if reason.contains("limit") || reason.contains("too large to fit in memory") {
        let limit = format!("{MAX_OBJECT_BYTES} bytes");
        return TransportError::Limit {
            what: "a file of the repository, which must be kept elsewhere (as in Git LFS),",
            limit,
        };
    }
    TransportError::Pack(reason.to_owned())
}
