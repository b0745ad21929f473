//! Passwords: bcrypt, htpasswd, and Master Password's derivation.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::arguments::text;
use super::super::{Outcome, integer};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::value::{Operand, Value};

/// Cost of Go's default.
const BCRYPT_COST: u32 = 10;
const MAX_BCRYPT_BYTES: usize = 72;
/// Work of one bcrypt or scrypt, in steps.
const HASH_STEPS: u64 = 200_000;

fn bcrypt_text(runtime: &mut Runtime<'_>, password: &[u8]) -> Result<String, CallError> {
    if password.len() > MAX_BCRYPT_BYTES {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
                .to_owned(),
        );
    }
    runtime.charge(HASH_STEPS)?;
    let mut salt = [0; 16];
    runtime.environment().random(&mut salt);
    let mut terminated = password.to_vec();
    terminated.push(0);
    terminated.truncate(MAX_BCRYPT_BYTES);
    let hash = bcrypt::bcrypt(BCRYPT_COST, salt, &terminated);
    let engine = GeneralPurpose::new(&BCRYPT, NO_PAD);
    let (salt, hash) = (engine.encode(salt), engine.encode(&hash[..23]));
    Ok(format!("$2a${BCRYPT_COST:02}${salt}{hash}"))
}

pub fn bcrypt(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::text(bcrypt_text(runtime, &text(arguments, 0))?).into())
}

/// A line of a password file. (The algorithm is a parameter that sprig has since 3.4: bcrypt, or sha for SHA-1.)
pub fn htpasswd(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (name, password) = (text(arguments, 0), text(arguments, 1));
    if name.contains(&b':') {
        return Ok(Value::text(format!("invalid username: {name}")).into());
    }
    let hash = bcrypt_text(runtime, &password)?;
    Ok(Value::text(format!("{name}:{hash}")).into())
}

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// Templates of a type of password: each letter is a class of characters.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn class(letter: u8) -> &'static [u8] {
    match letter {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

fn salted(name: &[u8]) -> Vec<u8> {
    let length = (name.len() as u32).to_be_bytes();
    [SEED, &length, name].concat()
}

/// Master Password's algorithm: scrypt of the master password, then a digest of site and counter.
pub fn derive(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let kind = text(arguments, 1);
    let Some(templates) = templates(&kind) else {
        return Ok(Value::text(format!("cannot find password template {kind}")).into());
    };
    runtime.charge(HASH_STEPS)?;
    let (password, user, site) = (text(arguments, 2), text(arguments, 3), text(arguments, 4));
    let failed = |error: String| CallError::new(format!("failed to derive password: {error}"));
    let parameters = scrypt::Params::new(15, 8, 2).map_err(|error| failed(error.to_string()))?;
    let mut key = [0; 64];
    scrypt::scrypt(&password, &salted(&user), &parameters, &mut key)
        .map_err(|error| failed(error.to_string()))?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(error.to_string()))?;
    mac.update(&salted(&site));
    mac.update(&(integer(arguments, 0) as u32).to_be_bytes());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let derived: Vec<u8> = template
        .bytes()
        .zip(seed.iter().skip(1))
        .map(|(letter, byte)| {
            let class = class(letter);
            class[usize::from(*byte) % class.len()]
        })
        .collect();
    Ok(Value::text(derived).into())
}
