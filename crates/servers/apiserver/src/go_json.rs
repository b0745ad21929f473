//! What Go's reader of JSON says of a text that is none.

/// Deepest nesting that is followed, in levels; Go follows 10,000.
const MAX_DEPTH: usize = 10_000;

/// What stands around the next byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// After `{`, or after a comma in an object.
    Key { may_end: bool },
    /// After a key.
    Colon,
    /// After a value of an object.
    ObjectNext,
    /// After `[`, or after a comma in a list.
    Element { may_end: bool },
    /// After an element.
    ListNext,
}

const VALUE: &str = "looking for beginning of value";
const KEY: &str = "looking for beginning of object key string";
const END: &str = "unexpected end of JSON input";

/// The first mistake in a text, in Go's words; `None` when Go would read it.
pub(crate) fn syntax_error(text: &[u8]) -> Option<String> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.document().err()
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

type Step = Result<(), String>;

impl Scanner<'_> {
    fn document(&mut self) -> Step {
        let mut stack: Vec<Inside> = Vec::new();
        self.value(&mut stack, VALUE)?;
        while let Some(inside) = stack.pop() {
            self.step(inside, &mut stack)?;
            if stack.len() > MAX_DEPTH {
                return Err("exceeded max depth".to_owned());
            }
        }
        self.space();
        match self.text.get(self.at) {
            Some(byte) => Err(invalid(*byte, "after top-level value")),
            None => Ok(()),
        }
    }

    fn step(&mut self, inside: Inside, stack: &mut Vec<Inside>) -> Step {
        let byte = self.peek()?;
        match (inside, byte) {
            (Inside::Key { may_end: true }, b'}') | (Inside::ObjectNext, b'}') => self.at += 1,
            (Inside::Key { .. }, b'"') => {
                self.string()?;
                stack.push(Inside::Colon);
            }
            (Inside::Key { .. }, _) => return Err(invalid(byte, KEY)),
            (Inside::Colon, b':') => {
                self.at += 1;
                stack.push(Inside::ObjectNext);
                self.value(stack, VALUE)?;
            }
            (Inside::Colon, _) => return Err(invalid(byte, "after object key")),
            (Inside::ObjectNext, b',') => {
                self.at += 1;
                stack.push(Inside::Key { may_end: false });
            }
            (Inside::ObjectNext, _) => return Err(invalid(byte, "after object key:value pair")),
            (Inside::Element { may_end: true }, b']') | (Inside::ListNext, b']') => self.at += 1,
            (Inside::Element { .. }, _) => {
                stack.push(Inside::ListNext);
                self.value(stack, VALUE)?;
            }
            (Inside::ListNext, b',') => {
                self.at += 1;
                stack.push(Inside::Element { may_end: false });
            }
            (Inside::ListNext, _) => return Err(invalid(byte, "after array element")),
        }
        Ok(())
    }

    fn space(&mut self) {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        while self.text.get(self.at).is_some_and(blank) {
            self.at += 1;
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Result<u8, String> {
        self.space();
        self.text
            .get(self.at)
            .copied()
            .ok_or_else(|| END.to_owned())
    }

    /// The next byte, whatever it is.
    fn next(&mut self) -> Result<u8, String> {
        let byte = self.text.get(self.at).copied();
        self.at += 1;
        byte.ok_or_else(|| END.to_owned())
    }

    /// A value; of lists and objects only the beginning.
    fn value(&mut self, stack: &mut Vec<Inside>, place: &str) -> Step {
        let byte = self.peek()?;
        match byte {
            b'{' | b'[' => {
                self.at += 1;
                stack.push(match byte {
                    b'{' => Inside::Key { may_end: true },
                    _ => Inside::Element { may_end: true },
                });
                Ok(())
            }
            b'"' => self.string(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(invalid(byte, place)),
        }
    }

    fn literal(&mut self, word: &str) -> Step {
        for wanted in word.bytes() {
            let byte = self.next()?;
            if byte != wanted {
                let wanted = char::from(wanted);
                let place = format!("in literal {word} (expecting '{wanted}')");
                return Err(invalid(byte, &place));
            }
        }
        Ok(())
    }

    fn string(&mut self) -> Step {
        self.at += 1;
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                byte if byte < b' ' => return Err(invalid(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Step {
        match self.next()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    let byte = self.next()?;
                    if !byte.is_ascii_hexdigit() {
                        return Err(invalid(byte, "in \\u hexadecimal character escape"));
                    }
                }
                Ok(())
            }
            byte => Err(invalid(byte, "in string escape code")),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    /// Digits that must be there.
    fn some_digits(&mut self, place: &str) -> Step {
        match self.digits() {
            0 => Err(invalid(self.next()?, place)),
            _ => Ok(()),
        }
    }

    fn number(&mut self) -> Step {
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.some_digits("in numeric literal")?,
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }
}

/// Go shows a byte as the character of that number.
fn invalid(byte: u8, place: &str) -> String {
    let shown = match byte {
        b'\'' => "\\'".to_owned(),
        b'"' => "\"".to_owned(),
        byte => {
            let quoted = skein_gowords::quote(&char::from(byte).to_string());
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    format!("invalid character '{shown}' {place}")
}

#[cfg(test)]
mod tests {
    use super::syntax_error;

    #[test]
    fn mistakes_are_told_as_go_tells_them() {
        for (text, told) in [
            (
                "{bad",
                "invalid character 'b' looking for beginning of object key string",
            ),
            (
                "{\"a\":1>}",
                "invalid character '>' after object key:value pair",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("{} x", "invalid character 'x' after top-level value"),
            ("nul", "unexpected end of JSON input"),
            (
                "nulx",
                "invalid character 'x' in literal null (expecting 'l')",
            ),
            ("\"a\n\"", "invalid character '\\n' in string literal"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
        ] {
            assert_eq!(
                syntax_error(text.as_bytes()).as_deref(),
                Some(told),
                "{text}"
            );
        }
        for good in [
            "{}",
            " [1, -2.5e3, \"\\u00e9\"] ",
            "null",
            "{\"a\":{\"b\":[]}}",
        ] {
            assert_eq!(syntax_error(good.as_bytes()), None, "{good}");
        }
    }
}
