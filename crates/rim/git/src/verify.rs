//! Signatures of commits and tags: which kind they are, and whether a trusted key made them.

use russh::keys::ssh_key::{HashAlg, SshSig};

/// The namespace that git signs in.
const SSH_NAMESPACE: &str = "git";

/// The kind of a signature, by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// OpenPGP.
    OpenPgp,
    /// SSH.
    Ssh,
    /// S/MIME.
    X509,
    /// None at all.
    Empty,
    /// Anything else.
    Unknown,
}

impl SignatureKind {
    /// The kind of a signature.
    pub fn of(signature: &str) -> Self {
        let text = signature.trim();
        if text.is_empty() {
            Self::Empty
        } else if text.starts_with("-----BEGIN PGP SIGNATURE-----") {
            Self::OpenPgp
        } else if text.starts_with("-----BEGIN SSH SIGNATURE-----") {
            Self::Ssh
        } else if text.starts_with("-----BEGIN SIGNED MESSAGE-----") {
            Self::X509
        } else {
            Self::Unknown
        }
    }

    /// The word for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::Ssh => "ssh",
            Self::X509 => "x509",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }
}

/// Checks an SSH signature against lines of authorized keys; answers the key's fingerprint.
pub fn verify_ssh(signature: &str, payload: &[u8], keys: &[String]) -> Result<String, String> {
    let signature = SshSig::from_pem(signature.trim().as_bytes())
        .map_err(|error| format!("unable to unarmor SSH signature: {error}"))?;
    let mut parsed_any = false;
    let mut parse_error = None;
    for line in keys.iter().flat_map(|text| text.lines()).map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match russh::keys::PublicKey::from_openssh(line) {
            Ok(key) => {
                parsed_any = true;
                if key.verify(SSH_NAMESPACE, payload, &signature).is_ok() {
                    return Ok(key.fingerprint(HashAlg::Sha256).to_string());
                }
            }
            Err(error) => parse_error = Some(error),
        }
    }
    match parse_error {
        Some(error) if !parsed_any => Err(format!(
            "unable to parse authorized keys: unable to parse authorized key: {error}"
        )),
        _ => Err(
            "unable to verify payload with any of the given authorized keys: no matching key"
                .into(),
        ),
    }
}
