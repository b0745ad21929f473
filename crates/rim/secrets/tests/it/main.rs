//! Integration tests of skein-secrets: files that sops 3.13.3 encrypted, compared with what it decrypts.

mod sops;
