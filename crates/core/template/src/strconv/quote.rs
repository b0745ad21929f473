//! Quoted strings and characters, by the rules of `strconv.Quote` and `strconv.Unquote`.

use std::fmt::Write;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::integer::NumberError;
use crate::raw_text;

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    !matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator
    )
}

/// A double-quoted Go string.
pub fn quote(bytes: &[u8]) -> String {
    quote_with(bytes, '"', false)
}

/// A double-quoted Go string of ASCII alone.
pub fn quote_ascii(bytes: &[u8]) -> String {
    quote_with(bytes, '"', true)
}

/// A string in double quotes as the errors of Go's package time have it: everything beyond ASCII byte by byte.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=0x7f => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text.push('"');
    text
}

/// A single-quoted Go character.
pub fn quote_char(character: char) -> String {
    let mut text = String::from("'");
    push_char(&mut text, character, '\'', false);
    text.push('\'');
    text
}

/// A single-quoted Go character of ASCII alone.
pub fn quote_char_ascii(character: char) -> String {
    let mut text = String::from("'");
    push_char(&mut text, character, '\'', true);
    text.push('\'');
    text
}

fn quote_with(bytes: &[u8], quote: char, ascii: bool) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push(quote);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_char(&mut text, character, quote, ascii);
        }
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push(quote);
    text
}

fn push_char(text: &mut String, character: char, quote: char, ascii: bool) {
    match character {
        c if c == quote || c == '\\' => {
            text.push('\\');
            text.push(c);
            return;
        }
        c if (c.is_ascii() || !ascii) && is_print(c) => {
            text.push(c);
            return;
        }
        _ => {}
    }
    let _ = match character {
        '\x07' => write!(text, "\\a"),
        '\x08' => write!(text, "\\b"),
        '\x0c' => write!(text, "\\f"),
        '\n' => write!(text, "\\n"),
        '\r' => write!(text, "\\r"),
        '\t' => write!(text, "\\t"),
        '\x0b' => write!(text, "\\v"),
        c if c < ' ' || c == '\x7f' => write!(text, "\\x{:02x}", c as u32),
        c if (c as u32) < 0x10000 => write!(text, "\\u{:04x}", c as u32),
        c => write!(text, "\\U{:08x}", c as u32),
    };
}

/// The meaning of a string in double quotes or backquotes, or of a character in single quotes.
pub fn unquote(quoted: &str) -> Result<Vec<u8>, NumberError> {
    let bytes = quoted.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return Err(NumberError::Syntax);
    };
    if bytes.len() < 2 || first != last {
        return Err(NumberError::Syntax);
    }
    let inner = &quoted[1..quoted.len() - 1];
    match first {
        b'`' if inner.contains('`') => Err(NumberError::Syntax),
        b'`' => {
            let bytes = raw_text::to_bytes(inner);
            Ok(bytes.iter().copied().filter(|b| *b != b'\r').collect())
        }
        b'"' => unquote_inner(inner, b'"'),
        b'\'' => {
            let (bytes, tail) = unquote_char(inner, b'\'')?;
            if tail.is_empty() {
                Ok(bytes.1)
            } else {
                Err(NumberError::Syntax)
            }
        }
        _ => Err(NumberError::Syntax),
    }
}

fn unquote_inner(inner: &str, quote: u8) -> Result<Vec<u8>, NumberError> {
    if inner.contains('\n') {
        return Err(NumberError::Syntax);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let ((_, bytes), tail) = unquote_char(rest, quote)?;
        out.extend_from_slice(&bytes);
        rest = tail;
    }
    Ok(out)
}

/// One character or escape at the start of a text: its code, its bytes, and what follows.
pub fn unquote_char(text: &str, quote: u8) -> Result<((u32, Vec<u8>), &str), NumberError> {
    let mut characters = text.chars();
    let first = characters.next().ok_or(NumberError::Syntax)?;
    if first as u32 == u32::from(quote) && (quote == b'\'' || quote == b'"') {
        return Err(NumberError::Syntax);
    }
    if first != '\\' {
        return Ok((code(raw_text::shown(first) as u32)?, characters.as_str()));
    }
    let escape = characters.next().ok_or(NumberError::Syntax)?;
    let rest = characters.as_str();
    let plain = |value: u32| Ok(((value, vec![value as u8]), rest));
    match escape {
        'a' => plain(7),
        'b' => plain(8),
        'f' => plain(12),
        'n' => plain(10),
        'r' => plain(13),
        't' => plain(9),
        'v' => plain(11),
        '\\' => plain(92),
        'x' => {
            let (value, tail) = digits(rest, 2, 16)?;
            Ok(((value, vec![value as u8]), tail))
        }
        'u' | 'U' => {
            let (value, tail) = digits(rest, if escape == 'u' { 4 } else { 8 }, 16)?;
            Ok((code(value)?, tail))
        }
        '0'..='7' => {
            let (value, tail) = digits(&text[1..], 3, 8)?;
            if value > 255 {
                return Err(NumberError::Syntax);
            }
            Ok(((value, vec![value as u8]), tail))
        }
        '\'' | '"' if escape as u32 == u32::from(quote) => plain(escape as u32),
        _ => Err(NumberError::Syntax),
    }
}

fn code(value: u32) -> Result<(u32, Vec<u8>), NumberError> {
    let character = char::from_u32(value).ok_or(NumberError::Syntax)?;
    Ok((value, character.to_string().into_bytes()))
}

fn digits(text: &str, count: usize, base: u32) -> Result<(u32, &str), NumberError> {
    let head = text.get(..count).ok_or(NumberError::Syntax)?;
    let mut value = 0_u32;
    for character in head.chars() {
        let digit = character.to_digit(base).ok_or(NumberError::Syntax)?;
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    Ok((value, &text[count..]))
}
