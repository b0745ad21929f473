//! One encrypted value: `ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]`.

use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::tree::Leaf;

/// The data key of a file: 32 bytes.
pub(crate) type DataKey = [u8; 32];

pub(crate) const NOT_ENCRYPTED: &str = "it does not have the form of an encrypted value";
const DAMAGED: &str = "it was changed, or was encrypted at another place or with another key";
const MALFORMED: &str = "its parts are malformed";

/// Whether the text has the form of an encrypted value.
pub(crate) fn looks_encrypted(text: &str) -> bool {
    text.starts_with("ENC[AES256_GCM,data:") && text.ends_with(']')
}

/// Decrypts a value; `place` is the path that it was encrypted at, each part followed by a colon. Empty text stays empty.
pub(crate) fn decrypt(text: &str, key: &DataKey, place: &str) -> Result<Leaf, &'static str> {
    if text.is_empty() {
        return Ok(Leaf::Text(String::new()));
    }
    let (data, iv, tag, kind) = parts(text).ok_or(NOT_ENCRYPTED)?;
    let decode = |part: &str| STANDARD.decode(part).map_err(|_| MALFORMED);
    let (mut sealed, iv) = (decode(data)?, decode(iv)?);
    sealed.extend(decode(tag)?);
    let plain = open(key, &iv, &sealed, place.as_bytes())?;
    let text = |plain: Vec<u8>| String::from_utf8(plain).map_err(|_| MALFORMED);
    match kind {
        "str" => {
            Ok(String::from_utf8(plain).map_or_else(|e| Leaf::Bytes(e.into_bytes()), Leaf::Text))
        }
        "bytes" => Ok(Leaf::Bytes(plain)),
        "int" => text(plain)?.parse().map(Leaf::Int).map_err(|_| MALFORMED),
        "float" => text(plain)?.parse().map(Leaf::Float).map_err(|_| MALFORMED),
        "bool" => match text(plain)?.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Leaf::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Leaf::Bool(false)),
            _ => Err(MALFORMED),
        },
        "time" => Ok(Leaf::Time(text(plain)?)),
        "comment" => Ok(Leaf::Comment(text(plain)?)),
        _ => Err("its type is unknown"),
    }
}

/// Data, nonce, tag and type.
fn parts(text: &str) -> Option<(&str, &str, &str, &str)> {
    let body = text.strip_prefix("ENC[AES256_GCM,data:")?;
    let (body, _) = body.rsplit_once(']')?;
    let (body, kind) = body.rsplit_once(",type:")?;
    let (body, tag) = body.rsplit_once(",tag:")?;
    let (data, iv) = body.rsplit_once(",iv:")?;
    (!data.is_empty() && !iv.is_empty() && !tag.is_empty() && !kind.is_empty())
        .then_some((data, iv, tag, kind))
}

/// sops uses nonces of 32 bytes; other implementations the usual 12, and 16.
fn open(key: &DataKey, iv: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, &'static str> {
    let payload = Payload { msg: sealed, aad };
    let opened = match iv.len() {
        32 => AesGcm::<Aes256, U32>::new(key.into()).decrypt(Nonce::from_slice(iv), payload),
        16 => AesGcm::<Aes256, U16>::new(key.into()).decrypt(Nonce::from_slice(iv), payload),
        12 => AesGcm::<Aes256, U12>::new(key.into()).decrypt(Nonce::from_slice(iv), payload),
        _ => return Err("its nonce has an unusual length"),
    };
    opened.map_err(|_| DAMAGED)
}
