//! The private keys that are at hand, and what they open.

use std::fmt;
use std::io::Read;

use age::armor::ArmoredReader;
use age::x25519;

use crate::error::SecretsError;

/// Most keys of a keyring.
pub const MAX_IDENTITIES: usize = 256;
/// Largest wrapped data key, in bytes: an age file of 32 bytes for many recipients.
const MAX_WRAPPED_BYTES: usize = 64 * 1024;
/// Largest data key (with a Shamir share's extra byte), in bytes.
const MAX_DATA_KEY_BYTES: u64 = 256;

/// Private keys. Its debug form shows only how many there are.
#[derive(Clone, Default)]
pub struct Keyring {
    identities: Vec<x25519::Identity>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("identities", &self.identities.len())
            .finish()
    }
}

/// Why a line is no key, in the words of age; an age key begins with AGE-SECRET-KEY-1.
fn wrong_key(line: &str) -> &'static str {
    const BEGIN: &str = "AGE-SECRET-KEY-1";
    /// Letters and digits of Bech32, in capitals.
    const ALPHABET: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    match line.strip_prefix(BEGIN) {
        None => "unknown identity type",
        Some(rest) if rest.chars().all(|character| ALPHABET.contains(character)) => {
            "malformed secret key: invalid checksum"
        }
        Some(_) => "malformed secret key",
    }
}

impl Keyring {
    /// Takes the keys of an age key file: one per line, with comments and empty lines.
    pub fn import_age(&mut self, text: &str) -> Result<(), SecretsError> {
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let wrong = |reason| {
                Err(SecretsError::Identity {
                    line: line_number,
                    reason,
                })
            };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with("AGE-PLUGIN-") {
                return wrong("keys of age plugins are not supported, use an X25519 key");
            }
            if line.starts_with("AGE-SECRET-KEY-PQ-") {
                return wrong("post-quantum age keys are not supported, use an X25519 key");
            }
            if line.starts_with("-----BEGIN") {
                return wrong("SSH keys are not supported as age keys, use an X25519 key");
            }
            let Ok(identity) = line.parse::<x25519::Identity>() else {
                return wrong(wrong_key(line));
            };
            if self.identities.len() >= MAX_IDENTITIES {
                return wrong("too many keys");
            }
            self.identities.push(identity);
        }
        Ok(())
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Opens an armoured age file; `None` when no key fits or it is malformed.
    pub(crate) fn open_age(&self, armoured: &str) -> Option<Vec<u8>> {
        if armoured.len() > MAX_WRAPPED_BYTES {
            return None;
        }
        let decryptor =
            age::Decryptor::new_buffered(ArmoredReader::new(armoured.as_bytes())).ok()?;
        // Passphrases would cost as much work as the file says.
        if decryptor.is_scrypt() {
            return None;
        }
        let identities = self
            .identities
            .iter()
            .map(|identity| identity as &dyn age::Identity);
        let reader = decryptor.decrypt(identities).ok()?;
        let mut key = Vec::new();
        reader.take(MAX_DATA_KEY_BYTES).read_to_end(&mut key).ok()?;
        Some(key)
    }
}
