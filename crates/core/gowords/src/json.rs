//! Texts in JSON.

/// Appends a string as Go's `encoding/json` writes it: `<`, `>`, `&` and the two line separators are escaped, too.
pub fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\0'..='\u{1F}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// A finished JSON text with what Go escapes beyond the grammar: `<`, `>`, `&` and the two line separators, which stand in strings only.
pub fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escape_json, push_json_string};

    #[test]
    fn finished_texts_are_escaped_alike() {
        let text = "a<b>&\u{2029}\"é";
        let mut out = String::new();
        push_json_string(&mut out, text);
        assert_eq!(escape_json(&serde_json::Value::from(text).to_string()), out);
    }

    #[test]
    fn what_html_and_scripts_could_misread_is_escaped() {
        let mut out = String::new();
        push_json_string(&mut out, "a\"\\\n\t\u{8}\u{c}\u{1}<>&\u{2028}é\u{7f}");
        let expected = "\"a\\\"\\\\\\n\\t\\b\\f\\u0001\\u003c\\u003e\\u0026\\u2028é\u{7f}\"";
        assert_eq!(out, expected);
    }
}
