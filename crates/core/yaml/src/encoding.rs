//! Texts in UTF-16, which a byte order mark tells: they are read as the UTF-8 that they mean.

use std::borrow::Cow;

use crate::compose::MAX_INPUT_BYTES;
use crate::error::YamlError;
use crate::escapes::{BYTE_ORDER_MARK, plain_quotes};

/// The text as the parser takes it: in UTF-8, and with go-yaml's escapes.
pub(crate) fn prepared(text: &[u8]) -> Result<Cow<'_, [u8]>, YamlError> {
    if text.len() > MAX_INPUT_BYTES {
        return Err(YamlError::TooLarge {
            bytes: text.len(),
            limit: MAX_INPUT_BYTES,
        });
    }
    let to_unit = match text {
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xEF, rest @ ..] if !rest.starts_with(&[0xBB, 0xBF]) => {
            // The parser takes any such byte at the start for the beginning of a mark.
            let marked = [BYTE_ORDER_MARK, text].concat();
            return Ok(Cow::Owned(plain_quotes(&marked).into_owned()));
        }
        _ => return Ok(plain_quotes(text)),
    };
    let decoded = decode(&text[2..], to_unit)?;
    Ok(Cow::Owned(plain_quotes(decoded.as_bytes()).into_owned()))
}

fn decode(text: &[u8], to_unit: fn([u8; 2]) -> u16) -> Result<String, YamlError> {
    let mut pairs = text.chunks_exact(2);
    let units: Vec<u16> = pairs.by_ref().map(|p| to_unit([p[0], p[1]])).collect();
    let mut decoded = String::with_capacity(units.len());
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => decoded.push(c),
            Err(_) => return Err(broken(&decoded, "unpaired surrogate in UTF-16")),
        }
    }
    if pairs.remainder().is_empty() {
        Ok(decoded)
    } else {
        Err(broken(&decoded, "incomplete UTF-16 character"))
    }
}

/// The error behind what could be read.
fn broken(before: &str, problem: &str) -> YamlError {
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    YamlError::Syntax {
        line: before.matches('\n').count() as u64 + 1,
        column: last_line.chars().count() as u64 + 1,
        problem: problem.to_owned(),
        go_text: problem.to_owned(),
    }
}
