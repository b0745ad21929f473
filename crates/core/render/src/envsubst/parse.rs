//! Parses a text with `${...}` expressions into nodes.

use super::functions::Function;
use super::{EnvsubstError, MAX_NESTING};

/// A piece of the parsed text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Literal text, escapes resolved.
    Text(String),
    /// `${name...}`.
    Expansion {
        /// Name of the variable.
        name: String,
        /// What is done with its value.
        function: Function,
        /// The operands, each text or an expansion of its own.
        arguments: Vec<Node>,
    },
}

/// Which escapes a run of text resolves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// None.
    No,
    /// `$$` is `$`.
    Dollar,
    /// `$$` is `$`, `\/` is `/`, `\\` is `\`.
    All,
}

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, EnvsubstError> {
    // The scanner of the original takes a NUL for the end of the text.
    let text = text.split('\0').next().unwrap_or_default();
    let mut parser = Parser { rest: text };
    let mut nodes = Vec::new();
    while !parser.rest.is_empty() {
        if parser.eat("${") {
            nodes.push(parser.expansion(0)?);
        } else {
            nodes.push(Node::Text(parser.run(Escapes::Dollar, |_| true)));
        }
    }
    Ok(nodes)
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes at most `most` characters that are one of `set`.
    fn operator(&mut self, set: &[char], most: usize) -> usize {
        let count = self
            .rest
            .chars()
            .take(most)
            .take_while(|c| set.contains(c))
            .count();
        self.rest = &self.rest[count..]; // operators are ASCII
        count
    }

    /// Takes characters while `accept` holds, up to the next `${`. Escaped characters are always taken.
    fn run(&mut self, escapes: Escapes, accept: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(first) = self.peek() {
            if self.rest.starts_with("${") {
                break;
            }
            let second = self.rest[first.len_utf8()..].chars().next();
            let escaped = match (first, second) {
                ('$', Some('$')) => escapes != Escapes::No,
                ('\\', Some('/' | '\\')) => escapes == Escapes::All,
                _ => false,
            };
            if let (true, Some(second)) = (escaped, second) {
                text.push(second);
                self.rest = &self.rest[2..];
            } else if accept(first) {
                text.push(first);
                self.rest = &self.rest[first.len_utf8()..];
            } else {
                break;
            }
        }
        text
    }

    fn name(&mut self) -> String {
        let end = self
            .rest
            .find(|c: char| !(is_letter(c) || is_digit(c) || c == '_'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn close(&mut self) -> Result<(), EnvsubstError> {
        if self.eat("}") {
            Ok(())
        } else {
            Err(EnvsubstError::BadSubstitution)
        }
    }

    /// One operand: an expansion, or a run of text that must not be empty.
    fn argument(
        &mut self,
        depth: usize,
        escapes: Escapes,
        accept: impl Fn(char) -> bool,
    ) -> Result<Node, EnvsubstError> {
        if self.eat("${") {
            return self.expansion(depth + 1);
        }
        let text = self.run(escapes, accept);
        if text.is_empty() {
            Err(EnvsubstError::Argument)
        } else {
            Ok(Node::Text(text))
        }
    }

    /// What follows `${`.
    fn expansion(&mut self, depth: usize) -> Result<Node, EnvsubstError> {
        if depth >= MAX_NESTING {
            return Err(EnvsubstError::TooDeep);
        }
        if self.eat("#") {
            let name = self.name();
            if name.is_empty() {
                return Err(EnvsubstError::BadSubstitution);
            }
            self.close()?;
            return Ok(Node::Expansion {
                name,
                function: Function::Length,
                arguments: Vec::new(),
            });
        }
        let name = self.name();
        if name.is_empty() {
            return Err(EnvsubstError::VariableName);
        }
        let (function, arguments) = match self.peek() {
            Some(':') => self.colon(depth)?,
            Some('=') => {
                self.eat("=");
                self.default_value(depth)?
            }
            Some(',' | '^') => self.letter_case()?,
            Some('/') => self.replacement(depth)?,
            Some('#') => self.removal(depth, '#')?,
            Some('%') => self.removal(depth, '%')?,
            _ if self.eat("}") => (Function::Value, Vec::new()),
            _ => return Err(EnvsubstError::MissingClosingBrace),
        };
        Ok(Node::Expansion {
            name,
            function,
            arguments,
        })
    }

    /// `:-word` and its kin, or `:offset` and `:offset:length`.
    fn colon(&mut self, depth: usize) -> Result<(Function, Vec<Node>), EnvsubstError> {
        self.eat(":");
        match self.peek() {
            Some('=' | '-' | '?' | '+') => {
                self.operator(&['=', '-', '?', '+'], 1);
                return self.default_value(depth);
            }
            // The original steps back too far over a character of several bytes, and finds no colon there.
            Some(wide) if wide.len_utf8() > 1 => return Err(EnvsubstError::BadSubstitution),
            None => return Err(EnvsubstError::BadSubstitution),
            Some(_) => {}
        }
        let mut arguments = vec![self.argument(depth, Escapes::No, |c| c != ':' && c != '}')?];
        if self.eat("}") {
            return Ok((Function::Substring, arguments));
        }
        if self.operator(&[':'], usize::MAX) == 0 {
            return Err(EnvsubstError::BadSubstitution);
        }
        arguments.push(self.argument(depth, Escapes::No, |c| c != '}')?);
        self.close()?;
        Ok((Function::Substring, arguments))
    }

    /// The word after `=`, `:=`, `:-`, `:+`, `:?`: any mix of text and expansions.
    fn default_value(&mut self, depth: usize) -> Result<(Function, Vec<Node>), EnvsubstError> {
        let mut arguments = Vec::new();
        while !self.eat("}") {
            arguments.push(self.argument(depth, Escapes::No, |c| c != '}')?);
        }
        Ok((Function::Default, arguments))
    }

    /// `^`, `^^`, `,`, `,,`.
    fn letter_case(&mut self) -> Result<(Function, Vec<Node>), EnvsubstError> {
        let before = self.rest;
        let count = self.operator(&[',', '^'], 2);
        let function = match &before[..count] {
            "^" => Function::UpperFirst,
            "^^" => Function::Upper,
            "," => Function::LowerFirst,
            ",," => Function::Lower,
            _ => Function::Value, // a mix of both does nothing
        };
        self.close()?;
        Ok((function, Vec::new()))
    }

    /// `/old/new`, `//old/new`, `/#old/new`, `/%old/new`.
    fn replacement(&mut self, depth: usize) -> Result<(Function, Vec<Node>), EnvsubstError> {
        self.eat("/");
        let function = match self.peek() {
            Some('/') => Function::ReplaceAll,
            Some('#') => Function::ReplacePrefix,
            Some('%') => Function::ReplaceSuffix,
            _ => Function::ReplaceFirst,
        };
        self.operator(&['/', '#', '%'], 1);
        let mut arguments = vec![self.argument(depth, Escapes::All, |c| c != '/')?];
        if self.operator(&['/'], usize::MAX) == 0 {
            return Err(EnvsubstError::BadSubstitution);
        }
        if self.eat("}") {
            return Ok((function, arguments));
        }
        arguments.push(self.argument(depth, Escapes::All, |c| c != '}')?);
        self.close()?;
        Ok((function, arguments))
    }

    /// `#glob`, `##glob`, `%glob`, `%%glob`.
    fn removal(
        &mut self,
        depth: usize,
        sign: char,
    ) -> Result<(Function, Vec<Node>), EnvsubstError> {
        let function = match (sign, self.operator(&[sign], 2)) {
            ('#', 1) => Function::TrimShortestPrefix,
            ('#', _) => Function::TrimLongestPrefix,
            (_, 1) => Function::TrimShortestSuffix,
            _ => Function::TrimLongestSuffix,
        };
        let argument = self.argument(depth, Escapes::No, |c| c != '}')?;
        self.close()?;
        Ok((function, vec![argument]))
    }
}

/// Go's `unicode.IsLetter`, near enough: Rust's alphabetic set also has marks and letter numbers, which no variable name has.
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

/// Go's `unicode.IsDigit` for what occurs: decimal digits.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}
