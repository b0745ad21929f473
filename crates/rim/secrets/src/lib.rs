//! SOPS decryption with age keys: YAML, JSON, dotenv, INI and binary files, and objects that hold encrypted values.
//!
//! Other key types are named in the error. Plaintext and key material never appear in errors, and files above
//! [`MAX_ENCRYPTED_BYTES`] are refused.

mod cipher;
mod decrypt;
mod error;
mod format;
mod keys;
mod metadata;
mod shamir;
mod stores;
mod tree;

pub use decrypt::{MAX_ENCRYPTED_BYTES, Mac, decrypt_file, decrypt_value, is_encrypted_value};
pub use error::SecretsError;
pub use format::Format;
pub use keys::{Keyring, MAX_IDENTITIES};
