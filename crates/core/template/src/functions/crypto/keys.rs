//! Private keys: made, read, and used to sign.

use std::convert::Infallible;

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use p256::pkcs8::EncodePublicKey as _;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs1v15;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::signature::{SignatureEncoding, Signer};
use sha2::Sha256;

use super::super::Outcome;
use super::super::arguments::text;
use super::der;
use crate::environment::Environment;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::value::{Operand, Value};

/// Bits of the keys of certificates.
pub const CERTIFICATE_RSA_BITS: usize = 2_048;
const RSA_BITS: usize = 4_096;
/// Work of making a key on an elliptic curve, in steps.
const CURVE_KEY_STEPS: u64 = 10_000;
/// Work of making an RSA key for each 1,024 bits to the third power, in steps: some 80 keys of certificates, or ten long ones, in one rendering. Charts make
/// a certificate authority and a certificate for each time that a template is included for its checksum.
const RSA_KEY_STEPS: u64 = 30_000;

/// The environment's randomness for the crates that make keys.
struct Randomness<'e>(&'e mut dyn Environment);

impl TryRng for Randomness<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Randomness<'_> {}

/// A private key of a kind that certificates can have.
pub enum PrivateKey {
    Rsa(Box<rsa::RsaPrivateKey>),
    Ecdsa(p256::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl PrivateKey {
    /// A new RSA key.
    pub fn rsa(runtime: &mut Runtime<'_>, bits: usize) -> Result<Self, CallError> {
        runtime.charge(RSA_KEY_STEPS * (bits as u64 / 1_024).pow(3))?;
        let drawn = runtime.environment().rsa_key(bits);
        if let Some(key) = drawn.and_then(|der| rsa::RsaPrivateKey::from_pkcs8_der(&der).ok()) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        let mut randomness = Randomness(runtime.environment());
        rsa::RsaPrivateKey::new(&mut randomness, bits)
            .map(|key| Self::Rsa(Box::new(key)))
            .map_err(|error| CallError::new(format!("error generating rsa key: {error}")))
    }

    /// A key read from PEM.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let Some((label, bytes)) = der::from_pem(pem) else {
            return Err("no PEM data in input".to_owned());
        };
        match label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&bytes)
                .ok_or_else(|| "decoding PEM as PKCS#8: the key is of no known kind".to_owned()),
            "RSA PRIVATE KEY" => rsa::RsaPrivateKey::from_pkcs1_der(&bytes)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(&bytes)
                .map(Self::Ecdsa)
                .map_err(|error| format!("parsing EC private key from PEM: {error}")),
            other => match other.strip_suffix(" PRIVATE KEY") {
                Some(kind) => Err(format!("invalid private key type {kind}")),
                None => Err(format!("no private key data in PEM block of type {other}")),
            },
        }
    }

    fn from_pkcs8(bytes: &[u8]) -> Option<Self> {
        if let Ok(key) = rsa::RsaPrivateKey::from_pkcs8_der(bytes) {
            return Some(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(bytes) {
            return Some(Self::Ecdsa(key));
        }
        let key = ed25519_dalek::SigningKey::from_pkcs8_der(bytes).ok()?;
        Some(Self::Ed25519(key))
    }

    /// The key as sprig writes it.
    pub fn to_pem(&self) -> Result<String, CallError> {
        let failed = |error: String| CallError::new(format!("error pem-encoding key: {error}"));
        match self {
            Self::Rsa(key) => {
                let document = key
                    .to_pkcs1_der()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(der::pem("RSA PRIVATE KEY", document.as_bytes()))
            }
            Self::Ecdsa(key) => {
                let document = key
                    .to_sec1_der()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(der::pem("EC PRIVATE KEY", &document))
            }
            Self::Ed25519(key) => {
                // Go writes the first version of PKCS #8, without the public key.
                let seed = der::element(der::OCTET_STRING, &key.to_bytes());
                let version = der::element(der::INTEGER, &[0]);
                let algorithm = der::sequence(&[&der::object_id(ED25519)]);
                let outer = der::element(der::OCTET_STRING, &seed);
                let document = der::sequence(&[&version, &algorithm, &outer]);
                Ok(der::pem("PRIVATE KEY", &document))
            }
        }
    }

    /// The public key as certificates hold it.
    pub fn public_key(&self) -> Result<Vec<u8>, CallError> {
        let failed = |error: String| {
            CallError::new(format!(
                "error retrieving public key from signee key: {error}"
            ))
        };
        let document = match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_der(),
            Self::Ecdsa(key) => key.public_key().to_public_key_der(),
            Self::Ed25519(key) => {
                let algorithm = der::sequence(&[&der::object_id(ED25519)]);
                let key = der::bit_string(key.verifying_key().as_bytes());
                return Ok(der::sequence(&[&algorithm, &key]));
            }
        };
        document
            .map(|document| document.as_bytes().to_vec())
            .map_err(|error| failed(error.to_string()))
    }

    /// The algorithm of its signatures as certificates name it.
    pub fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => {
                let id = der::object_id(SHA256_WITH_RSA);
                der::sequence(&[&id, &der::element(der::NULL, &[])])
            }
            Self::Ecdsa(_) => der::sequence(&[&der::object_id(ECDSA_WITH_SHA256)]),
            Self::Ed25519(_) => der::sequence(&[&der::object_id(ED25519)]),
        }
    }

    /// Signs a message.
    pub fn sign(&self, environment: &mut dyn Environment, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let document = key.to_pkcs1_der().ok();
                let signed = document
                    .and_then(|document| environment.rsa_signature(document.as_bytes(), message));
                if let Some(signature) = signed {
                    return signature;
                }
                let key = pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                key.sign(message).to_vec()
            }
            Self::Ecdsa(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_vec(),
        }
    }
}

/// 1.2.840.113549.1.1.11.
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// 1.3.101.112.
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// `genPrivateKey`.
pub fn generate(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let kind = text(arguments, 0);
    let key = match kind.as_bytes() {
        b"" | b"rsa" => PrivateKey::rsa(runtime, RSA_BITS)?,
        b"ecdsa" => {
            runtime.charge(CURVE_KEY_STEPS)?;
            PrivateKey::Ecdsa(ecdsa_key(runtime))
        }
        b"ed25519" => {
            let mut seed = [0; 32];
            runtime.environment().random(&mut seed);
            PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        b"dsa" => {
            return Err(CallError::new(
                "DSA keys are not supported: use rsa, ecdsa or ed25519",
            ));
        }
        _ => return Ok(Value::text(format!("Unknown type {kind}")).into()),
    };
    Ok(Value::text(key.to_pem()?).into())
}

/// A random number that is a key: nearly every one is.
fn ecdsa_key(runtime: &mut Runtime<'_>) -> p256::SecretKey {
    loop {
        let mut bytes = [0; 32];
        runtime.environment().random(&mut bytes);
        if let Ok(key) = p256::SecretKey::from_slice(&bytes) {
            return key;
        }
    }
}
