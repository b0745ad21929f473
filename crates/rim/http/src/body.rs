//! Reads an answer, at most so many bytes.

use reqwest::Response;
use thiserror::Error;

use crate::reason::reason_of;

/// Why an answer could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("size exceeds the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The connection broke.
    #[error("{0}")]
    Broken(String),
}

/// The bytes of an answer. An announced size over the limit is refused before anything is read.
pub async fn read_body(mut response: Response, limit: u64) -> Result<Vec<u8>, BodyError> {
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(BodyError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                if bytes.len() as u64 + chunk.len() as u64 > limit {
                    return Err(BodyError::TooLarge { limit });
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(BodyError::Broken(reason_of(&error))),
        }
    }
}
