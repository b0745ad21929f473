//! The patterns of `.Files.Glob`: gobwas' glob with `/` as separator, turned into a regular expression so that time stays linear.

use regex::Regex;

/// Longest pattern, in characters.
const MAX_PATTERN_CHARS: usize = 4_096;

/// A compiled pattern.
pub(super) struct Glob(Option<Regex>);

impl Glob {
    /// Compiles a pattern. As in Helm, one that does not compile matches everything.
    pub(super) fn new(pattern: &str) -> Self {
        let expression = (pattern.chars().count() <= MAX_PATTERN_CHARS)
            .then(|| Parser::new(pattern).expression())
            .flatten();
        Self(expression.and_then(|text| Regex::new(&format!("(?s)\\A(?:{text})\\z")).ok()))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

struct Parser {
    pattern: Vec<char>,
    at: usize,
    /// Open `{`.
    terms: usize,
    out: String,
}

impl Parser {
    fn new(pattern: &str) -> Self {
        Self {
            pattern: pattern.chars().collect(),
            at: 0,
            terms: 0,
            out: String::new(),
        }
    }

    fn literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    fn next(&mut self) -> Option<char> {
        let c = self.pattern.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    /// The regular expression; `None` when gobwas refuses the pattern.
    fn expression(mut self) -> Option<String> {
        while let Some(c) = self.next() {
            match c {
                '{' => {
                    self.terms += 1;
                    self.out.push_str("(?:");
                }
                '}' if self.terms > 0 => {
                    self.terms -= 1;
                    self.out.push(')');
                }
                ',' if self.terms > 0 => self.out.push('|'),
                '[' => self.class()?,
                '?' => self.out.push_str("[^/]"),
                '*' if self.pattern.get(self.at) == Some(&'*') => {
                    self.at += 1;
                    self.out.push_str(".*");
                }
                '*' => self.out.push_str("[^/]*"),
                '\\' => {
                    // A lone backslash at the end escapes nothing.
                    if let Some(escaped) = self.next() {
                        self.literal(escaped);
                    }
                }
                c => self.literal(c),
            }
        }
        (self.terms == 0).then_some(self.out)
    }

    /// `[a-z]` (one range only), `[!a-z]`, `[abc]` or `[!abc]`.
    fn class(&mut self) -> Option<()> {
        let mut first = self.next()?;
        let negated = first == '!';
        if negated {
            first = self.next()?;
        }
        let mut members = String::new();
        if self.pattern.get(self.at) == Some(&'-') {
            self.at += 1;
            let high = self.next()?;
            if self.next()? != ']' || high < first {
                return None;
            }
            push_member(&mut members, first);
            members.push('-');
            push_member(&mut members, high);
        } else {
            self.at -= 1;
            loop {
                match self.next()? {
                    ']' => break,
                    '\\' => push_member(&mut members, self.next()?),
                    c => push_member(&mut members, c),
                }
            }
        }
        if members.is_empty() {
            return None;
        }
        let not = if negated { "^" } else { "" };
        self.out.push_str(&format!("[{not}{members}]"));
        Some(())
    }
}

fn push_member(members: &mut String, c: char) {
    if !c.is_alphanumeric() {
        members.push('\\');
    }
    members.push(c);
}
