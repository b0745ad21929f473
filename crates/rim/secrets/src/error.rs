//! Why something could not be decrypted. No variant holds plaintext, key material or ciphertext.

use thiserror::Error;

use crate::decrypt::MAX_ENCRYPTED_BYTES;
use crate::format::Format;

/// Why something could not be decrypted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretsError {
    /// The file is larger than [`MAX_ENCRYPTED_BYTES`].
    #[error("cannot decrypt file with size ({0} bytes) exceeding limit ({MAX_ENCRYPTED_BYTES})")]
    TooLarge(usize),
    /// The file is not what its format says.
    #[error("failed to load encrypted {format} data: {reason}")]
    Load {
        /// Format in which it was read.
        format: Format,
        /// What is wrong, without content.
        reason: String,
    },
    /// The metadata are incomplete or contradictory.
    #[error("failed to read the sops metadata: {0}")]
    Metadata(String),
    /// None of our keys opens the data key.
    #[error("cannot get sops data key: {0}")]
    DataKey(String),
    /// A value does not decrypt.
    #[error("error decrypting sops tree: could not decrypt the value at {path:?}: {reason}")]
    Value {
        /// Keys down to the value, joined by dots.
        path: String,
        /// What is wrong, without content.
        reason: &'static str,
    },
    /// The content was changed after it was encrypted.
    #[error("failed to verify sops data integrity: the computed MAC differs from the stored one")]
    Mac,
    /// The result cannot be written in the wanted format.
    #[error("failed to emit encrypted {input} file as decrypted {output}: {reason}")]
    Emit {
        /// Format of the input.
        input: Format,
        /// Wanted format.
        output: Format,
        /// What is wrong, without content.
        reason: String,
    },
    /// A key of a key file cannot be used.
    #[error("line {line}: {reason}")]
    Identity {
        /// Line in the key file, from 1.
        line: usize,
        /// What is wrong, without the key.
        reason: &'static str,
    },
}

impl SecretsError {
    /// What is wrong, without where.
    pub fn reason(&self) -> String {
        match self {
            Self::Identity { reason, .. } => (*reason).to_owned(),
            other => other.to_string(),
        }
    }
}
