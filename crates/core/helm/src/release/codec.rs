//! A record as the text that a Secret or ConfigMap holds: JSON, compressed, in base64.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

use super::{Release, go_json};

/// Largest record, in bytes of its JSON: a Secret takes 1 MiB compressed, and charts compress well.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Why a record cannot be read or written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The text is no base64.
    #[error("the release record is no base64: {0}")]
    Base64(base64::DecodeError),
    /// The bytes cannot be decompressed.
    #[error("the release record cannot be decompressed: {0}")]
    Gzip(std::io::Error),
    /// It is too large to be a release record.
    #[error("the release record is larger than {MAX_RECORD_BYTES} bytes")]
    TooLarge,
    /// The JSON is not that of a release.
    #[error("the release record is no release: {0}")]
    Json(serde_json::Error),
}

/// The text of a record.
pub fn encode(release: &Release) -> Result<String, RecordError> {
    let json = go_json::to_vec(release).map_err(RecordError::Json)?;
    let mut gzip = GzEncoder::new(Vec::with_capacity(json.len() / 3), Compression::best());
    gzip.write_all(&json).map_err(RecordError::Gzip)?;
    let bytes = gzip.finish().map_err(RecordError::Gzip)?;
    Ok(STANDARD.encode(bytes))
}

/// Reads a record; old records are not compressed.
pub fn decode(text: &str) -> Result<Release, RecordError> {
    let bytes = STANDARD.decode(text.trim()).map_err(RecordError::Base64)?;
    if !bytes.starts_with(&GZIP_MAGIC) {
        return serde_json::from_slice(&bytes).map_err(RecordError::Json);
    }
    let mut json = Vec::new();
    GzDecoder::new(bytes.as_slice())
        .take(MAX_RECORD_BYTES + 1)
        .read_to_end(&mut json)
        .map_err(RecordError::Gzip)?;
    if u64::try_from(json.len()).unwrap_or(u64::MAX) > MAX_RECORD_BYTES {
        return Err(RecordError::TooLarge);
    }
    serde_json::from_slice(&json).map_err(RecordError::Json)
}
