//! Passwords, keys, certificates and encryption. Randomness and the clock are the environment's.

mod certificate;
mod der;
mod keys;
mod password;

use aes::Aes256;
use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::arguments::text;
use super::encoding::base64_decoded;
use super::{Entry, Outcome};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("bcrypt", "string -> string", password::bcrypt),
    (
        "buildCustomCert",
        "string, string -> sprig.certificate",
        certificate::build_custom,
    ),
    ("decryptAES", "string, string -> string", decrypt_aes),
    (
        "derivePassword",
        "uint32, string, string, string, string -> string",
        password::derive,
    ),
    ("encryptAES", "string, string -> string", encrypt_aes),
    (
        "genCA",
        "string, int -> sprig.certificate",
        certificate::authority,
    ),
    (
        "genCAWithKey",
        "string, int, string -> sprig.certificate",
        certificate::authority,
    ),
    ("genPrivateKey", "string -> string", keys::generate),
    ("genSelfSignedCert", SELF_SIGNED, certificate::self_signed),
    (
        "genSelfSignedCertWithKey",
        "string, []any, []any, int, string -> sprig.certificate",
        certificate::self_signed,
    ),
    ("genSignedCert", SIGNED, certificate::signed),
    (
        "genSignedCertWithKey",
        "string, []any, []any, int, sprig.certificate, string -> sprig.certificate",
        certificate::signed,
    ),
    ("htpasswd", "string, string -> string", password::htpasswd),
];

const SELF_SIGNED: &str = "string, []any, []any, int -> sprig.certificate";
const SIGNED: &str = "string, []any, []any, int, sprig.certificate -> sprig.certificate";
const BLOCK_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; KEY_BYTES];
    let length = password.len().min(KEY_BYTES);
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&key.into())
}

/// AES-256 in CBC mode with the padded password for a key.
fn encrypt_aes(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (password, plain) = (text(arguments, 0), text(arguments, 1));
    if plain.is_empty() {
        return Ok(Value::text("").into());
    }
    runtime.charge_bytes(plain.len() * 2)?;
    let cipher = cipher(&password);
    let mut previous = [0; BLOCK_BYTES];
    runtime.environment().random(&mut previous);
    let mut out = previous.to_vec();
    let padding = BLOCK_BYTES - plain.len() % BLOCK_BYTES;
    let mut content = plain.to_vec();
    content.extend(std::iter::repeat_n(padding as u8, padding));
    for chunk in content.chunks_exact(BLOCK_BYTES) {
        for (byte, plain) in previous.iter_mut().zip(chunk) {
            *byte ^= plain;
        }
        let mut block: Block<Aes256> = previous.into();
        cipher.encrypt_block(&mut block);
        previous = block.into();
        out.extend_from_slice(&previous);
    }
    Ok(Value::text(STANDARD.encode(out)).into())
}

fn decrypt_aes(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (password, source) = (text(arguments, 0), text(arguments, 1));
    if source.is_empty() {
        return Ok(Value::text("").into());
    }
    let encrypted = base64_decoded(&source)
        .map_err(|at| CallError::new(format!("illegal base64 data at input byte {at}")))?;
    runtime.charge_bytes(encrypted.len())?;
    // Go slices the buffer, whose capacity comes from the length of the text.
    let capacity = source.len() / 4 * 3;
    if capacity < BLOCK_BYTES {
        return Err(CallError::new(format!(
            "runtime error: slice bounds out of range [:{BLOCK_BYTES}] with capacity {capacity}"
        )));
    }
    if encrypted.len() < BLOCK_BYTES {
        return Err(CallError::new(format!(
            "runtime error: slice bounds out of range [{BLOCK_BYTES}:{}]",
            encrypted.len()
        )));
    }
    if encrypted.len() % BLOCK_BYTES != 0 {
        return Err(CallError::new("crypto/cipher: input not full blocks"));
    }
    let cipher = cipher(&password);
    let mut out = Vec::with_capacity(encrypted.len());
    let mut blocks = encrypted.chunks_exact(BLOCK_BYTES);
    let mut previous = blocks.next().unwrap_or_default();
    for chunk in blocks {
        let mut block = Block::<Aes256>::try_from(chunk).unwrap_or_default();
        cipher.decrypt_block(&mut block);
        out.extend(
            block
                .iter()
                .zip(previous)
                .map(|(byte, before)| byte ^ before),
        );
        previous = chunk;
    }
    let padding = out.last().copied().map_or(0, usize::from);
    match out.len().checked_sub(padding) {
        Some(length) if !out.is_empty() => {
            out.truncate(length);
            Ok(Value::text(out).into())
        }
        _ => Err(CallError::new("runtime error: slice bounds out of range")),
    }
}
