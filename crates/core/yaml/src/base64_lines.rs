//! Base64 as go-yaml breaks it into lines.

/// Width of a line of base64 in characters.
const BASE64_LINE: usize = 70;

/// Breaks base64 text into lines of 70 characters, each ended by a line feed; text that fits on one line stays as it is.
pub fn encode_base64_lines(encoded: &str) -> String {
    if encoded.len() < BASE64_LINE {
        return encoded.to_owned();
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    let mut rest = encoded;
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(BASE64_LINE));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out
}
