//! The key that ServiceAccount tokens are signed with, and what is published of it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How tokens are signed, as JSON Web Tokens name it.
pub(crate) const ALGORITHM: &str = "ES256";
/// How many bytes each coordinate of a public key has; one byte that says what follows comes before them.
const COORDINATE_BYTES: usize = 32;

/// A key pair of one cluster.
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    /// The hash of the public key, by which a token names it.
    id: String,
}

impl SigningKey {
    /// A new key as text; empty in the odd case that there is no randomness.
    pub(crate) fn make() -> String {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|key| STANDARD.encode(key))
            .unwrap_or_default()
    }

    /// Reads a key that [`Self::make`] made.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes).ok()?;
        let public = pair.public_key().as_der().ok()?;
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, public.as_ref()));
        Some(Self { pair, id })
    }

    /// A JSON Web Token of these claims.
    pub(crate) fn sign(&self, claims: &[u8]) -> Result<String, Unspecified> {
        let header = json!({"alg": ALGORITHM, "kid": self.id}).to_string();
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("{signed}.{signature}"))
    }

    /// The claims of a token, if it was signed with this key.
    pub(crate) fn claims(&self, token: &str) -> Option<Vec<u8>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key())
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        let (_, claims) = signed.split_once('.')?;
        URL_SAFE_NO_PAD.decode(claims).ok()
    }

    /// The public key as a JSON Web Key.
    pub(crate) fn published(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point
            .get(1..)
            .unwrap_or_default()
            .split_at_checked(COORDINATE_BYTES)
            .unwrap_or_default();
        json!({
            "use": "sig", "kty": "EC", "kid": self.id, "crv": "P-256", "alg": ALGORITHM,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::SigningKey;

    fn key() -> SigningKey {
        SigningKey::read(&SigningKey::make()).expect("a key")
    }

    #[test]
    fn only_tokens_of_this_key_have_claims() {
        let (key, other) = (key(), key());
        let token = key.sign(b"{}").expect("signs");
        assert_eq!(key.claims(&token).as_deref(), Some(&b"{}"[..]));
        assert_eq!(other.claims(&token), None);
        let (start, _) = token.rsplit_once('.').expect("a token");
        assert_eq!(key.claims(&format!("{start}.AAAA")), None);
        assert_eq!(key.claims("no token"), None);
    }

    #[test]
    fn tokens_verify_with_the_published_key() {
        let key = key();
        let published = key.published();
        let coordinate = |name: &str| {
            let text = published[name].as_str().expect("text");
            URL_SAFE_NO_PAD.decode(text).expect("base64")
        };
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let token = key.sign(b"{}").expect("signs");
        let (signed, signature) = token.rsplit_once('.').expect("a token");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
            .verify(signed.as_bytes(), &signature)
            .expect("verifies");
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header"));
        let header: serde_json::Value =
            serde_json::from_slice(&header.expect("base64")).expect("JSON");
        assert_eq!(header["kid"], published["kid"]);
    }

    #[test]
    fn other_texts_are_no_key() {
        assert!(SigningKey::read("").is_none());
        assert!(SigningKey::read("AAAA").is_none());
    }
}
