//! The decryptor that rendering is given: age keys, MAC not checked (labels were added since; the artifact's digest vouches).

use serde_json::Value;
use skein_render::Decryptor;
use skein_secrets::{Format, Keyring, Mac, decrypt_file, decrypt_value};

/// Decrypts with the keys of one Kustomization.
pub struct SopsDecryptor {
    keyring: Keyring,
}

impl SopsDecryptor {
    /// A decryptor with these keys.
    pub fn new(keyring: Keyring) -> Self {
        Self { keyring }
    }

    fn plain(&self, content: &[u8], format: Format) -> Result<Option<Vec<u8>>, String> {
        if !format.is_marked(content) {
            return Ok(None);
        }
        decrypt_file(content, format, format, &self.keyring, Mac::Ignore)
            .map(Some)
            .map_err(|error| error.to_string())
    }
}

impl Decryptor for SopsDecryptor {
    fn file(&self, name: &str, content: &[u8], env: bool) -> Result<Option<Vec<u8>>, String> {
        let format = match Format::of_path(name) {
            Format::Binary if env => Format::Dotenv,
            format => format,
        };
        self.plain(content, format)
    }

    fn secret_value(&self, key: &str, content: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let Some(input) = Format::sniff(content) else {
            return Ok(None);
        };
        let output = Format::of_path(key);
        decrypt_file(content, input, output, &self.keyring, Mac::Ignore)
            .map(Some)
            .map_err(|error| error.to_string())
    }

    fn object(&self, object: Value) -> Result<Value, String> {
        decrypt_value(object, &self.keyring).map_err(|error| error.to_string())
    }
}
