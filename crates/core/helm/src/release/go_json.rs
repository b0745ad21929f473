//! JSON as Go's `encoding/json` writes it: `<`, `>`, `&` and the two line separators escaped, floats in Go's form.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use skein_template::raw_text;

/// From this magnitude on Go writes floats with an exponent.
const EXPONENT_FROM: f64 = 1e21;
/// Below this magnitude too.
const EXPONENT_BELOW: f64 = 1e-6;

/// The JSON text of a value.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(
        &mut out,
        GoFormatter,
    ))?;
    Ok(out)
}

/// What Go writes as an escape although JSON does not ask for it, and bytes that are no UTF-8.
fn is_escaped(character: char) -> bool {
    matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
        || raw_text::shown(character) != character
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_escaped) {
            let (before, special) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let Some(character) = special.chars().next() else {
                break;
            };
            write!(writer, "\\u{:04x}", u32::from(raw_text::shown(character)))?;
            rest = &special[character.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        let text: &[u8] = match escape {
            CharEscape::Quote => b"\\\"",
            CharEscape::ReverseSolidus => b"\\\\",
            CharEscape::Solidus => b"/",
            CharEscape::Backspace => b"\\b",
            CharEscape::FormFeed => b"\\f",
            CharEscape::LineFeed => b"\\n",
            CharEscape::CarriageReturn => b"\\r",
            CharEscape::Tab => b"\\t",
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04x}"),
        };
        writer.write_all(text)
    }
}

fn float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(EXPONENT_BELOW..EXPONENT_FROM).contains(&magnitude) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    if value == 0.0 && value.is_sign_negative() {
        return "-0".into();
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bytes_that_are_no_utf_8_are_escapes() {
        let value = json!({"a": raw_text::from_bytes(b"\xff\xef\xbf\xbd".to_vec())});
        let text = to_vec(&value).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "{\"a\":\"\\ufffd\u{fffd}\"}"
        );
    }

    #[test]
    fn as_go_writes_it() {
        let value = json!({"b": [1.0, 1.5, 1e21, 1e-7, 12_345_678_901_234_568.0, 3], "a": "<a href='x'>&\u{2028}\"\\\n\u{1}é"});
        assert_eq!(
            String::from_utf8(to_vec(&value).unwrap()).unwrap(),
            r#"{"a":"\u003ca href='x'\u003e\u0026\u2028\"\\\n\u0001é","b":[1,1.5,1e+21,1e-7,12345678901234568,3]}"#
        );
    }
}
