//! Texts that may hold bytes which are no UTF-8: templates and values files can make them, and it is for the reader of YAML to refuse them.

use std::borrow::Cow;

/// Stands for the byte 0; the others follow. The last code points of the last private plane, which no font and no text has.
const FIRST: u32 = 0x10_FF00;
/// The first byte of all characters from there on.
const LEADING_BYTE: u8 = 0xF4;

/// A text in which every byte that is no UTF-8 is one character.
pub(crate) fn from_bytes(bytes: Vec<u8>) -> String {
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

/// The bytes that such a text was made of.
pub(crate) fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    let byte_of = |c: char| u32::from(c).checked_sub(FIRST).map(u8::try_from);
    let is_raw = |c: char| matches!(byte_of(c), Some(Ok(_)));
    if !text.as_bytes().contains(&LEADING_BYTE) || !text.contains(is_raw) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(Ok(byte)) => bytes.push(byte),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
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
        }
    }
}
