//! Go's syntax of regular expressions as the regex crate's: the same family, with a few differences.

/// Largest repetition that Go allows.
const MAX_REPEAT: u32 = 1_000;
/// What can stand in `[[:name:]]`.
const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The same expression for the regex crate. The error is Go's, without its prefix.
pub fn translate(source: &str) -> Result<String, String> {
    let mut translator = Translator {
        out: String::with_capacity(source.len()),
        rest: source,
        depth: 0,
        can_repeat: false,
        repeats: Repeats::default(),
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
    repeats: Repeats,
}

/// How often the parts of an expression repeat, repetitions of repetitions multiplied.
#[derive(Default)]
struct Repeats {
    /// Of what was read last.
    last: u32,
    /// The most of what the open group has so far.
    most: u32,
    /// The same of the groups around it.
    around: Vec<u32>,
}

impl Repeats {
    fn part(&mut self) {
        self.last = 1;
        self.most = self.most.max(1);
    }

    fn open(&mut self) {
        self.around.push(std::mem::take(&mut self.most));
    }

    fn close(&mut self) {
        self.last = self.most;
        self.most = self.most.max(self.around.pop().unwrap_or_default());
    }

    /// Whether Go lets what was read last repeat so often.
    fn repeat(&mut self, times: u32) -> bool {
        self.last = self.last.saturating_mul(times);
        self.most = self.most.max(self.last);
        times < 2 || self.last <= MAX_REPEAT
    }
}

impl Translator<'_> {
    fn take(&mut self, bytes: usize) {
        let (head, rest) = self.rest.split_at(bytes);
        self.out.push_str(head);
        self.rest = rest;
    }

    fn character(&mut self, character: char, source: &str) -> Result<(), String> {
        if !matches!(character, '(' | ')' | '|' | '*' | '+' | '?' | '{') {
            self.repeats.part();
        }
        match character {
            '\\' => return self.escape(),
            '[' => {
                self.can_repeat = true;
                return self.class();
            }
            '(' => {
                self.depth += 1;
                self.repeats.open();
                return self.group();
            }
            ')' => {
                if self.depth == 0 {
                    return Err(format!("unexpected ): `{source}`"));
                }
                self.depth -= 1;
                self.repeats.close();
                self.can_repeat = true;
            }
            '|' => self.can_repeat = false,
            '*' | '+' | '?' => return self.repeat(1),
            '{' => match repetition(self.rest) {
                Some((length, least, most)) => {
                    let shown = &self.rest[..length];
                    let is_too_often = least > MAX_REPEAT
                        || most.is_some_and(|most| most > MAX_REPEAT || most < least);
                    if self.can_repeat && !self.repeats.repeat(most.unwrap_or(least))
                        || is_too_often
                    {
                        return Err(format!("invalid repeat count: `{shown}`"));
                    }
                    return self.repeat(length);
                }
                None => {
                    // Not a repetition: a brace like any other.
                    self.out.push('\\');
                    self.can_repeat = true;
                    self.repeats.part();
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
            'A' | 'z' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.take(2),
            'x' => {
                let code = self.hexadecimal()?;
                self.out.push_str(&format!("\\x{{{code:x}}}"));
            }
            'p' | 'P' => self.unicode_class()?,
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
            if name.starts_with(|first: char| first.is_ascii_digit()) {
                // The crate refuses such a name; as `$1` means the first group, nobody can ask for this one by its name.
                self.out.push('(');
                self.rest = &self.rest[length..];
            } else {
                self.take(length);
            }
            return Ok(());
        }
        let flags = inner
            .find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-'))
            .unwrap_or(inner.len());
        match inner[flags..].chars().next() {
            Some(':') => self.take(2 + flags + 1),
            Some(')') => {
                self.depth -= 1;
                self.repeats.close();
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

    /// A class in brackets. Characters are written by their numbers: the crate takes `&&`, `--`, `~~` and `[` for operations on sets.
    fn class(&mut self) -> Result<(), String> {
        let whole = self.rest;
        self.take(1);
        if self.rest.starts_with('^') {
            self.take(1);
        }
        let mut first = true;
        loop {
            if self.rest.is_empty() {
                return Err(format!("missing closing ]: `{whole}`"));
            }
            if self.rest.starts_with(']') && !first {
                self.take(1);
                return Ok(());
            }
            first = false;
            if self.rest.starts_with("[:")
                && let Some(end) = self.rest.find(":]")
            {
                let name = &self.rest[2..end];
                if !POSIX_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
                    let shown = &self.rest[..end + 2];
                    return Err(format!("invalid character class range: `{shown}`"));
                }
                self.take(end + 2);
                continue;
            }
            if self.class_of_class()? {
                continue;
            }
            self.range()?;
        }
    }

    /// `\d`, `\pL` and the like within brackets; whether there was one.
    fn class_of_class(&mut self) -> Result<bool, String> {
        let mut characters = self.rest.chars();
        if characters.next() != Some('\\') {
            return Ok(false);
        }
        match characters.next() {
            Some(letter @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => {
                self.out.push_str(perl_class(letter));
                self.rest = &self.rest[2..];
                Ok(true)
            }
            Some('p' | 'P') => {
                self.unicode_class()?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// One character of a class, or a range of them.
    fn range(&mut self) -> Result<(), String> {
        let start = self.rest;
        let low = self.class_character()?;
        let mut high = low;
        if self.rest.starts_with('-') && !self.rest.starts_with("-]") && self.rest.len() > 1 {
            self.rest = &self.rest[1..];
            high = self.class_character()?;
            if high < low {
                let shown = &start[..start.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{shown}`"));
            }
        }
        self.out.push_str(&format!("\\x{{{low:x}}}"));
        if high != low {
            self.out.push_str(&format!("-\\x{{{high:x}}}"));
        }
        Ok(())
    }

    fn class_character(&mut self) -> Result<u32, String> {
        let mut characters = self.rest.chars();
        let Some(first) = characters.next() else {
            return Err("missing closing ]: ``".to_owned());
        };
        if first != '\\' {
            self.rest = characters.as_str();
            return Ok(first as u32);
        }
        let Some(escape) = characters.next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let rest = characters.as_str();
        let code = match escape {
            'a' => 7,
            'f' => 12,
            't' => 9,
            'n' => 10,
            'r' => 13,
            'v' => 11,
            'x' => return self.hexadecimal(),
            '0'..='7' => {
                let count = rest
                    .bytes()
                    .take(2)
                    .take_while(|b| (b'0'..=b'7').contains(b));
                let length = 1 + count.count();
                if escape != '0' && length < 2 {
                    return Err(format!("invalid escape sequence: `\\{escape}`"));
                }
                let digits = &self.rest[1..1 + length];
                self.rest = &self.rest[1 + length..];
                return Ok(u32::from_str_radix(digits, 8).unwrap_or_default());
            }
            other if other.is_ascii_alphanumeric() => {
                return Err(format!("invalid escape sequence: `\\{other}`"));
            }
            other => other as u32,
        };
        self.rest = rest;
        Ok(code)
    }

    /// `\x41` or `\x{1F600}`.
    fn hexadecimal(&mut self) -> Result<u32, String> {
        let digits = &self.rest[2..];
        let (text, length) = match digits.strip_prefix('{') {
            Some(inner) => {
                let end = inner.find('}').unwrap_or(inner.len());
                (&inner[..end], (end + 2).min(digits.len()))
            }
            None => {
                let text = digits.get(..2).unwrap_or(digits);
                (text, text.len())
            }
        };
        let code = u32::from_str_radix(text, 16).ok();
        match code.filter(|code| char::from_u32(*code).is_some()) {
            Some(code) => {
                self.rest = &digits[length..];
                Ok(code)
            }
            None => {
                let shown = &self.rest[..2 + length];
                Err(format!("invalid escape sequence: `{shown}`"))
            }
        }
    }

    /// `\pL`, `\p{Greek}`, `\p{^L}`.
    fn unicode_class(&mut self) -> Result<(), String> {
        let name = &self.rest[2..];
        let length = match name.chars().next() {
            Some('{') => name.find('}').map(|end| end + 1),
            Some(letter) => Some(letter.len_utf8()),
            None => None,
        };
        let Some(length) = length else {
            return Err(format!("invalid character class range: `{}`", self.rest));
        };
        let shown = &self.rest[..2 + length];
        let name_of_class = name[..length].trim_start_matches('{').trim_end_matches('}');
        let (is_negated, name_of_class) = match name_of_class.strip_prefix('^') {
            Some(name) => (!shown.starts_with("\\P"), name),
            None => (shown.starts_with("\\P"), name_of_class),
        };
        let letter = if is_negated { 'P' } else { 'p' };
        // Categories and scripts are all that Go knows; the crate has other properties, too.
        let class = ["gc", "sc"]
            .map(|property| format!("\\{letter}{{{property}={name_of_class}}}"))
            .into_iter()
            .find(|class| regex::Regex::new(class).is_ok());
        let Some(class) = class.filter(|_| !name_of_class.contains(['=', ':', '!'])) else {
            return Err(format!("invalid character class range: `{shown}`"));
        };
        self.out.push_str(&class);
        self.rest = &name[length..];
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
