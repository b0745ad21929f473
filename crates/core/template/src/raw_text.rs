//! Texts that may hold bytes which are no UTF-8, where only strings of Unicode can be kept: sources of templates, values, and what templates make.
//! Each such byte is one character of the last private plane, which no font and no text has.

use std::borrow::Cow;

/// Where the stand-ins begin: the byte is added. Only bytes from 0x80 on can be no UTF-8.
const FIRST: u32 = 0x10_FF00;
/// The first byte of all characters from there on.
const LEADING_BYTE: u8 = 0xF4;

/// A text in which every byte that is no UTF-8 is one character.
pub fn from_bytes(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut text = String::with_capacity(error.as_bytes().len() * 2);
        for chunk in error.as_bytes().utf8_chunks() {
            text.push_str(chunk.valid());
            let stand_ins = chunk.invalid().iter().map(|byte| FIRST + u32::from(*byte));
            text.extend(stand_ins.filter_map(char::from_u32));
        }
        text
    })
}

/// The byte that a character stands for.
pub(crate) fn byte_of(character: char) -> Option<u8> {
    let byte = u32::from(character).checked_sub(FIRST)?;
    u8::try_from(byte).ok().filter(|byte| !byte.is_ascii())
}

fn has_stand_ins(text: &str) -> bool {
    text.as_bytes().contains(&LEADING_BYTE) && text.contains(|c| byte_of(c).is_some())
}

/// The bytes that such a text was made of.
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    if !has_stand_ins(text) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The text with U+FFFD for each of those bytes, as Go writes it into JSON.
pub fn to_unicode(text: &str) -> Cow<'_, str> {
    if !has_stand_ins(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(shown).collect())
}

/// A character as Go decodes it: U+FFFD for a byte that is no UTF-8.
pub fn shown(character: char) -> char {
    match byte_of(character) {
        Some(_) => char::REPLACEMENT_CHARACTER,
        None => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for bytes in [
            &b"a"[..],
            b"",
            b"\xc3",
            b"a\xff\xc3\xa9\xe2\x82b\x80",
            "é𝄞".as_bytes(),
        ] {
            let text = from_bytes(bytes.to_vec());
            assert_eq!(to_bytes(&text), bytes, "{text:?}");
            let count = |text: &str| text.matches(char::REPLACEMENT_CHARACTER).count();
            let invalid: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
            assert_eq!(count(&to_unicode(&text)), invalid, "{text:?}");
        }
    }
}
