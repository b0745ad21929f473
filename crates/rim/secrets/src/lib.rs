//! SOPS decryption with age keys.
