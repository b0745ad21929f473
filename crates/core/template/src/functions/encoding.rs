//! Base64, base32 and checksums.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::arguments::text;
use super::strings::made;
use super::{Entry, Outcome};
use crate::exec::Runtime;
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("adler32sum", TEXT, |_, arguments| {
        Ok(Value::text(adler32(&text(arguments, 0)).to_string()).into())
    }),
    ("b32dec", TEXT, |runtime, arguments| {
        made(runtime, base32_decoded(&text(arguments, 0)))
    }),
    ("b32enc", TEXT, |runtime, arguments| {
        made(runtime, base32(&text(arguments, 0)))
    }),
    ("b64dec", TEXT, b64dec),
    ("b64enc", TEXT, |runtime, arguments| {
        made(runtime, STANDARD.encode(text(arguments, 0).as_bytes()))
    }),
    ("sha1sum", TEXT, |_, arguments| {
        Ok(digest::<Sha1>(arguments))
    }),
    ("sha256sum", TEXT, |_, arguments| {
        Ok(digest::<Sha256>(arguments))
    }),
    ("sha512sum", TEXT, |_, arguments| {
        Ok(digest::<Sha512>(arguments))
    }),
];

const TEXT: &str = "string -> string";

fn digest<D: Digest>(arguments: &[Operand]) -> Operand {
    let digest = D::digest(text(arguments, 0).as_bytes());
    Value::text(hex::encode(digest.as_slice())).into()
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % MODULUS;
        b = (b + a) % MODULUS;
    }
    b << 16 | a
}

fn b64dec(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    match base64_decoded(&source) {
        Ok(bytes) => made(runtime, bytes),
        // sprig returns the error for the text.
        Err(at) => made(runtime, format!("illegal base64 data at input byte {at}")),
    }
}

/// Base64 as Go reads it: line breaks are skipped, and the last bits may be anything. The error is the place that Go names.
pub(crate) fn base64_decoded(source: &[u8]) -> Result<Vec<u8>, usize> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    static ENGINE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    let clean: Vec<u8> = source
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\n' | b'\r'))
        .collect();
    ENGINE.decode(&clean).map_err(|_| bad_place(source))
}

/// Where Go's decoder gives up.
fn bad_place(source: &[u8]) -> usize {
    let mut count = 0;
    let mut group = 0;
    let mut at = 0;
    while let Some(byte) = source.get(at) {
        at += 1;
        match byte {
            b'\n' | b'\r' => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                count += 1;
                if count % 4 == 0 {
                    group = at;
                }
            }
            b'=' => return bad_padding(source, at, count % 4),
            _ => return at - 1,
        }
    }
    let _ = group;
    // An incomplete group: Go names the byte behind the last complete one.
    at - count % 4
}

/// Padding that is wrong: too early, incomplete, or followed by something.
fn bad_padding(source: &[u8], behind: usize, in_group: usize) -> usize {
    let next = |from: usize| (from..source.len()).find(|at| !matches!(source[*at], b'\n' | b'\r'));
    match in_group {
        0 | 1 => behind - 1,
        2 => match next(behind) {
            None => source.len(),
            Some(at) if source[at] != b'=' => at,
            Some(at) => next(at + 1).unwrap_or(source.len()),
        },
        _ => next(behind).unwrap_or(source.len()),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut bits = 0_u64;
        for index in 0..5 {
            bits = bits << 8 | u64::from(group.get(index).copied().unwrap_or_default());
        }
        let shown = (group.len() * 8).div_ceil(5);
        for index in 0..8 {
            if index < shown {
                let digit = bits >> (35 - 5 * index) & 31;
                out.push(char::from(BASE32[digit as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Base32 as Go reads it; the text of the error where it is none.
fn base32_decoded(source: &[u8]) -> Vec<u8> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let clean: Vec<u8> = source
        .iter()
        .copied()
        .filter(|byte| !is_break(byte))
        .collect();
    match base32_groups(&clean) {
        Ok(bytes) => bytes,
        Err(at) => format!("illegal base32 data at input byte {at}").into_bytes(),
    }
}

/// Groups of eight digits as five bytes. The error is the place that Go names.
fn base32_groups(clean: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(clean.len() * 5 / 8);
    let mut at = 0;
    while at < clean.len() {
        let start = at;
        let mut bits = 0_u64;
        let mut digits = 0;
        while digits < 8 {
            let Some(byte) = clean.get(at) else {
                return Err(start);
            };
            at += 1;
            if *byte == b'=' && digits >= 2 && clean.len() - at < 8 {
                check_base32_padding(clean, at, digits)?;
                bits <<= 5 * (8 - digits);
                out.extend_from_slice(&bits.to_be_bytes()[3..3 + digits * 5 / 8]);
                return Ok(out);
            }
            let Some(digit) = BASE32.iter().position(|known| known == byte) else {
                return Err(at - 1);
            };
            bits = bits << 5 | digit as u64;
            digits += 1;
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Ok(out)
}

/// The rest of a group behind its first padding.
fn check_base32_padding(clean: &[u8], at: usize, digits: usize) -> Result<(), usize> {
    let rest = &clean[at..];
    if rest.len() + digits < 7 {
        return Err(clean.len());
    }
    for (index, byte) in rest.iter().take(7 - digits).enumerate() {
        if *byte != b'=' {
            return Err(at + index);
        }
    }
    if matches!(digits, 1 | 3 | 6) {
        return Err(at - 1);
    }
    Ok(())
}
