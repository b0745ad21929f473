//! Just enough of Rust's lexis to tell code from comments and strings, and to find where an item ends.

/// The source with comments and the inside of strings and characters blanked; every newline stays where it is.
pub fn mask(source: &str) -> String {
    let mut masker = Masker {
        input: source.as_bytes(),
        output: source.as_bytes().to_vec(),
        at: 0,
    };
    masker.run();
    String::from_utf8_lossy(&masker.output).into_owned()
}

struct Masker<'a> {
    input: &'a [u8],
    output: Vec<u8>,
    at: usize,
}

impl Masker<'_> {
    fn run(&mut self) {
        while self.at < self.input.len() {
            let rest = &self.input[self.at..];
            let word_before = self.at > 0 && is_word(self.input[self.at - 1]);
            match rest {
                [b'/', b'/', ..] => self.blank_to(end_of_line(rest)),
                [b'/', b'*', ..] => self.blank_to(end_of_block_comment(rest)),
                [b'"', ..] => self.string(1),
                [b'r', b'"' | b'#', ..] if !word_before => self.raw_string(1),
                [b'b' | b'c', b'r', b'"' | b'#', ..] if !word_before => self.raw_string(2),
                [b'\'', ..] => self.character(),
                _ => self.at += 1,
            }
        }
    }

    /// Blanks `length` bytes from here and goes on behind them.
    fn blank_to(&mut self, length: usize) {
        let end = (self.at + length).min(self.input.len());
        for byte in &mut self.output[self.at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        self.at = end;
    }

    fn string(&mut self, quote: usize) {
        self.at += quote;
        let rest = &self.input[self.at..];
        let mut length = 0;
        while length < rest.len() && rest[length] != b'"' {
            length += if rest[length] == b'\\' { 2 } else { 1 };
        }
        self.blank_to(length);
        self.at = (self.at + 1).min(self.input.len());
    }

    fn raw_string(&mut self, prefix: usize) {
        let rest = &self.input[self.at + prefix..];
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        if rest.get(hashes) != Some(&b'"') {
            // A raw identifier such as r#type.
            self.at += prefix;
            return;
        }
        self.at += prefix + hashes + 1;
        let mut end = vec![b'"'];
        end.resize(1 + hashes, b'#');
        let rest = &self.input[self.at..];
        let length = rest
            .windows(end.len())
            .position(|window| window == end)
            .unwrap_or(rest.len());
        self.blank_to(length);
        self.at = (self.at + end.len()).min(self.input.len());
    }

    /// A character literal; a lifetime has no closing quote behind its first character.
    fn character(&mut self) {
        let rest = &self.input[self.at..];
        let length = match rest {
            [_, b'\\', escaped @ ..] => {
                // The escaped character itself may be a quote.
                let close = escaped.iter().skip(1).position(|byte| *byte == b'\'');
                close.map(|close| close + 4)
            }
            _ => {
                let width = rest.get(1).map_or(1, |byte| character_width(*byte));
                (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
            }
        };
        match length {
            Some(length) => self.blank_to(length),
            None => self.at += 1,
        }
    }
}

fn character_width(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    }
}

/// Whether the byte may be part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn end_of_line(rest: &[u8]) -> usize {
    rest.iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len())
}

fn end_of_block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// Offset behind the item that starts at `start` in masked code: behind its block, or behind its semicolon.
pub fn end_of_item(code: &str, start: usize) -> usize {
    let bytes = code.as_bytes();
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return offset + 1;
                }
            }
            b';' if braces == 0 && brackets == 0 => return offset + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Masked code with every item under `#[cfg(test)]` blanked too.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut output = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        output.push_str(&rest[..at]);
        let end = end_of_item(rest, at + MARK.len());
        output.extend(
            rest[at..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
        rest = &rest[end..];
    }
    output.push_str(rest);
    output
}

/// One-based line of an offset.
pub fn line_of(code: &str, offset: usize) -> usize {
    code.as_bytes()[..offset]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked() {
        let source =
            "a /* x /* y */ */ b // c\n\"d\\\"e\" r#\"f\"g\"# 'h' '\\'' '\\n' &'i j 'é' r#k";
        let code = mask(source);
        assert_eq!(code.lines().count(), 2);
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words[..2], ["a", "b"]);
        for gone in ["c", "d", "e", "f", "g", "h", "é"] {
            assert!(!code.contains(gone), "{gone} in {code}");
        }
        assert!(code.contains("&'i j") && code.contains("r#k"), "{code}");
    }

    #[test]
    fn items_end_with_their_block() {
        let code = "fn a(b: [u8; 3]) { if c { d } } fn e();";
        assert_eq!(
            &code[..end_of_item(code, 0)],
            "fn a(b: [u8; 3]) { if c { d } }"
        );
    }

    #[test]
    fn test_modules_are_left_out() {
        let code = "use a;\n#[cfg(test)]\nmod tests {\n use b;\n}\nuse c;\n#[cfg(test)]\nmod d;\n";
        let kept = without_tests(code);
        assert!(kept.contains("use a") && kept.contains("use c"));
        assert!(!kept.contains("use b") && !kept.contains("mod d"));
        assert_eq!(kept.lines().count(), code.lines().count());
    }
}
