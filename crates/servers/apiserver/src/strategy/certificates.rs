//! What is wrong with the certificate and key of a TLS Secret, in the words of Go's TLS library.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use serde_json::Value;
use skein_object::Object;

/// A block of a PEM text.
struct Block {
    label: String,
    bytes: Vec<u8>,
}

/// Why a TLS Secret cannot serve; `None` when it can, or when that is not known.
pub(super) fn problem(secret: &Object) -> Option<String> {
    if secret.str_at(&["type"]) != Some("kubernetes.io/tls") {
        return None;
    }
    let data = |name: &str| {
        let text = secret.at(&["data", name]).and_then(Value::as_str);
        let bytes = STANDARD
            .decode(text.unwrap_or_default())
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    check(&data("tls.crt"), &data("tls.key")).err()
}

fn check(certificate: &str, key: &str) -> Result<(), String> {
    let blocks = blocks(certificate);
    let (found, skipped): (Vec<Block>, Vec<Block>) = blocks
        .into_iter()
        .partition(|block| block.label == "CERTIFICATE");
    if found.is_empty() {
        return Err(no_certificate(&skipped));
    }
    let (label, key) = private_key(key)?;
    let chain = found
        .into_iter()
        .map(|block| CertificateDer::from(block.bytes))
        .collect();
    let unreadable = || "tls: failed to parse private key".to_owned();
    let key = match label.as_str() {
        "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1(key.into()),
        "EC PRIVATE KEY" => PrivateKeyDer::Sec1(key.into()),
        _ => PrivateKeyDer::Pkcs8(key.into()),
    };
    let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|_| unreadable())?;
    match CertifiedKey::new(chain, key).keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err("tls: private key does not match public key".to_owned())
        }
        Err(Error::InvalidCertificate(_)) => Err("x509: malformed certificate".to_owned()),
        _ => Ok(()),
    }
}

fn no_certificate(skipped: &[Block]) -> String {
    match skipped {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [only] if only.label.ends_with("PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; \
             PEM inputs may have been switched"
                .to_owned()
        }
        several => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: {}",
            labels(several)
        ),
    }
}

fn private_key(text: &str) -> Result<(String, Vec<u8>), String> {
    let mut skipped = Vec::new();
    for block in blocks(text) {
        if block.label == "PRIVATE KEY" || block.label.ends_with(" PRIVATE KEY") {
            return Ok((block.label, block.bytes));
        }
        skipped.push(block);
    }
    Err(match skipped.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [only] if only.label == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        several => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: {}",
            labels(several)
        ),
    })
}

/// Labels as Go prints a list of texts.
fn labels(blocks: &[Block]) -> String {
    let labels: Vec<&str> = blocks.iter().map(|block| block.label.as_str()).collect();
    format!("[{}]", labels.join(" "))
}

/// The blocks of a PEM text; what cannot be read is passed over.
fn blocks(text: &str) -> Vec<Block> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        rest = after;
        let Some((label, body)) = after.split_once(DASHES) else {
            break;
        };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = body.split_once(&end) else {
            continue;
        };
        let lines = body.lines().filter(|line| !line.contains(':'));
        let encoded: String = lines.flat_map(str::split_whitespace).collect();
        if let Ok(bytes) = STANDARD.decode(encoded) {
            out.push(Block {
                label: label.to_owned(),
                bytes,
            });
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn pairs_are_judged_as_by_go() {
        let pair = |name: &str| {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a pair");
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let ((certificate, key), (_, other)) = (pair("a.example"), pair("b.example"));
        let words = |certificate: &str, key: &str| check(certificate, key).err();
        assert_eq!(words(&certificate, &key), None);
        let text = "tls: private key does not match public key";
        assert_eq!(words(&certificate, &other).as_deref(), Some(text));
        let text = "tls: failed to find any PEM data in certificate input";
        assert_eq!(words("x", &key).as_deref(), Some(text));
        let text = "tls: found a certificate rather than a key in the PEM for the private key";
        assert_eq!(words(&certificate, &certificate).as_deref(), Some(text));
        assert!(words(&key, &certificate).is_some_and(|text| text.contains("switched")));
    }
}
