//! Escaping for HTML, JavaScript and URLs.

use crate::format;
use crate::strconv::is_print;
use crate::value::{Operand, Value};

/// The text of the arguments, as a template would print them.
pub fn text_of(arguments: &[Operand]) -> Vec<u8> {
    if let [only] = arguments
        && let Value::String(text) = &only.value
    {
        return text.to_vec();
    }
    let shown: Vec<Operand> = arguments
        .iter()
        .map(|argument| match argument.value {
            Value::Nil => Operand::plain(Value::text("<no value>")),
            _ => argument.clone(),
        })
        .collect();
    format::sprint(&shown)
}

/// For HTML.
pub fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(*other),
        }
    }
    out
}

/// For a JavaScript string.
pub fn js(text: &[u8]) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for character in String::from_utf8_lossy(text).chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' => out.push_str("\\u003C"),
            '>' => out.push_str("\\u003E"),
            '&' => out.push_str("\\u0026"),
            '=' => out.push_str("\\u003D"),
            c if c < ' ' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if c.is_ascii() || is_print(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04X}", c as u32)),
        }
    }
    out.into_bytes()
}

/// For a query of a URL: a space becomes a plus.
pub fn url_query(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(*byte));
            }
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
