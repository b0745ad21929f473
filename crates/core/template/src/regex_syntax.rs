//! Go's syntax of regular expressions as the regex crate's: the same family, with a few differences.

/// Largest repetition that Go allows.
const MAX_REPEAT: u32 = 1_000;

/// The same expression for the regex crate. The error is Go's, without its prefix.
pub fn translate(source: &str) -> Result<String, String> {
    let mut translator = Translator {
        out: String::with_capacity(source.len()),
        rest: source,
        depth: 0,
        can_repeat: false,
    };
    while let Some(character) = translator.rest.chars().next() {
        translator.character(character, source)?;
    }
    if translator.depth > 0 {
        return Err(format!("missing closing ): `{source}`"));
    }
    Ok(translator.out)
}

struct Translator<'s> {
    out: String,
    rest: &'s str,
    depth: usize,
    /// Whether something stands before that can be repeated.
    can_repeat: bool,
}

impl Translator<'_> {
    fn take(&mut self, bytes: usize) {
        let (head, rest) = self.rest.split_at(bytes);
        self.out.push_str(head);
        self.rest = rest;
    }

    fn character(&mut self, character: char, source: &str) -> Result<(), String> {
        match character {
            '\\' => return self.escape(),
            '[' => {
                self.can_repeat = true;
                return self.class();
            }
            '(' => {
                self.depth += 1;
                return self.group();
            }
            ')' => {
                if self.depth == 0 {
                    return Err(format!("unexpected ): `{source}`"));
                }
                self.depth -= 1;
                self.can_repeat = true;
            }
            '|' => self.can_repeat = false,
            '*' | '+' | '?' => return self.repeat(1),
            '{' => match repetition(self.rest) {
                Some((length, least, most)) => {
                    let shown = &self.rest[..length];
                    if least > MAX_REPEAT
                        || most.is_some_and(|most| most > MAX_REPEAT || most < least)
                    {
                        return Err(format!("invalid repeat count: `{shown}`"));
                    }
                    return self.repeat(length);
                }
                None => {
                    // Not a repetition: a brace like any other.
                    self.out.push('\\');
                    self.can_repeat = true;
                }
            },
            '}' => {
                self.out.push('\\');
                self.can_repeat = true;
            }
            _ => self.can_repeat = true,
        }
        self.take(character.len_utf8());
        Ok(())
    }

    fn repeat(&mut self, length: usize) -> Result<(), String> {
        if !self.can_repeat {
            let shown = &self.rest[..length];
            return Err(format!(
                "missing argument to repetition operator: `{shown}`"
            ));
        }
        let start = self.rest;
        self.take(length);
        if self.rest.starts_with('?') {
            self.take(1);
        }
        // Go refuses a repetition of a repetition.
        let again = match self.rest.chars().next() {
            Some('*' | '+' | '?') => Some(1),
            Some('{') => repetition(self.rest).map(|(length, ..)| length),
            _ => None,
        };
        if let Some(more) = again {
            let end = start.len() - self.rest.len() + more;
            return Err(format!(
                "invalid nested repetition operator: `{}`",
                &start[..end]
            ));
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        self.can_repeat = true;
        let mut characters = self.rest.chars();
        characters.next();
        let Some(next) = characters.next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match next {
            'Q' => {
                let literal = &self.rest[2..];
                let end = literal.find("\\E").unwrap_or(literal.len());
                self.out.push_str(&regex::escape(&literal[..end]));
                self.rest = literal.get(end + 2..).unwrap_or_default();
            }
            'E' => self.rest = &self.rest[2..],
            'C' => {
                self.out.push_str("(?s-u:.)");
                self.rest = &self.rest[2..];
            }
            // Digits, words and spaces are those of ASCII.
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => {
                self.out.push_str(perl_class(next));
                self.rest = &self.rest[2..];
            }
            'b' | 'B' => {
                self.out.push_str(if next == 'b' {
                    "(?-u:\\b)"
                } else {
                    "(?-u:\\B)"
                });
                self.rest = &self.rest[2..];
            }
            'A' | 'z' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => {
                self.take(2);
            }
            '0'..='7' => self.octal(next)?,
            next if next.is_ascii_alphanumeric() => {
                return Err(format!("invalid escape sequence: `\\{next}`"));
            }
            next if next.is_ascii() && next != '<' && next != '>' => self.take(2),
            next => {
                // The crate knows no escape of it, or gives it a meaning of its own.
                self.out.push_str(&regex::escape(&next.to_string()));
                self.rest = &self.rest[1 + next.len_utf8()..];
            }
        }
        Ok(())
    }

    /// `\0`, `\12`, `\123`: characters by their number; `\1` alone would be a reference back, which Go refuses.
    fn octal(&mut self, first: char) -> Result<(), String> {
        let digits = &self.rest[1..];
        let count = digits
            .bytes()
            .take(3)
            .take_while(|b| (b'0'..=b'7').contains(b))
            .count();
        if first != '0' && count < 2 {
            return Err(format!("invalid escape sequence: `\\{first}`"));
        }
        let code = u32::from_str_radix(&digits[..count], 8).unwrap_or_default();
        self.out.push_str(&format!("\\x{{{code:x}}}"));
        self.rest = &digits[count..];
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        self.can_repeat = false;
        if !self.rest.starts_with("(?") {
            self.take(1);
            return Ok(());
        }
        let inner = &self.rest[2..];
        for start in ["=", "!", "<=", "<!"] {
            if inner.starts_with(start) {
                return Err(format!("invalid or unsupported Perl syntax: `(?{start}`"));
            }
        }
        if inner.starts_with("P<") || inner.starts_with('<') {
            let end = self.rest.find('>');
            let length = end.map_or(self.rest.len(), |end| end + 1);
            let name_at = self.rest.find('<').map_or(0, |at| at + 1);
            let name = self
                .rest
                .get(name_at..length.saturating_sub(1))
                .unwrap_or_default();
            let good =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if end.is_none() || !good {
                let shown = &self.rest[..length];
                return Err(format!("invalid named capture: `{shown}`"));
            }
            self.take(length);
            return Ok(());
        }
        let flags = inner
            .find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-'))
            .unwrap_or(inner.len());
        match inner[flags..].chars().next() {
            Some(':') => self.take(2 + flags + 1),
            Some(')') => {
                self.depth -= 1;
                self.take(2 + flags + 1);
            }
            Some(other) => {
                let end = 2 + flags + other.len_utf8();
                let shown = &self.rest[..end];
                return Err(format!("invalid or unsupported Perl syntax: `{shown}`"));
            }
            None => {
                return Err(format!("missing closing ): `{}`", self.rest));
            }
        }
        Ok(())
    }

    /// A class in brackets, where the crate would take `&&`, `--`, `~~` and `[` for operations on sets.
    fn class(&mut self) -> Result<(), String> {
        let whole = self.rest;
        self.take(1);
        if self.rest.starts_with('^') {
            self.take(1);
        }
        let mut first = true;
        loop {
            let Some(character) = self.rest.chars().next() else {
                return Err(format!("missing closing ]: `{whole}`"));
            };
            match character {
                ']' if !first => {
                    self.take(1);
                    return Ok(());
                }
                '[' if self.rest.starts_with("[:") && self.rest.contains(":]") => {
                    let end = self.rest.find(":]").map_or(1, |end| end + 2);
                    self.take(end);
                }
                '\\' => self.class_escape()?,
                ']' | '[' | '&' | '~' => {
                    self.out.push('\\');
                    self.take(1);
                }
                '-' if first || self.rest.starts_with("-]") || self.rest.starts_with("--") => {
                    self.out.push('\\');
                    self.take(1);
                }
                other => self.take(other.len_utf8()),
            }
            first = false;
        }
    }

    fn class_escape(&mut self) -> Result<(), String> {
        let Some(next) = self.rest[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match next {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => {
                self.out.push_str(perl_class(next));
                self.rest = &self.rest[2..];
            }
            '0'..='7' => self.octal(next)?,
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => self.take(2),
            next if next.is_ascii_alphanumeric() => {
                return Err(format!("invalid escape sequence: `\\{next}`"));
            }
            next if next.is_ascii() => self.take(2),
            next => {
                self.rest = &self.rest[1..];
                self.take(next.len_utf8());
            }
        }
        Ok(())
    }
}

/// Go's classes are of ASCII, and `\s` knows no vertical tab. The same class is written inside and outside of brackets.
fn perl_class(letter: char) -> &'static str {
    match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => "[\\t\\n\\f\\r ]",
        _ => "[^\\t\\n\\f\\r ]",
    }
}

/// `{2}`, `{2,}`, `{2,5}`: length of the text, least and most.
fn repetition(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let end = text.find('}')?;
    let (least, most) = match text[1..end].split_once(',') {
        None => (&text[1..end], None),
        Some((least, most)) => (least, Some(most)),
    };
    let number = |text: &str| {
        let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let least = number(least)?;
    let most = match most {
        None => Some(least),
        Some("") => None,
        Some(most) => Some(number(most)?),
    };
    Some((end + 1, least, most))
}
