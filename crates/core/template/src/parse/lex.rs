//! The lexer: a text cut into tokens, with Go's error messages.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::raw_text;
use crate::strconv::{is_print, quote};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Error,
    Bool,
    /// A printable ASCII character, such as a comma.
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    // From here on keywords.
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    fn is_keyword(self) -> bool {
        use TokenKind as T;
        matches!(
            self,
            T::Dot
                | T::Block
                | T::Break
                | T::Continue
                | T::Define
                | T::Else
                | T::End
                | T::If
                | T::Nil
                | T::Range
                | T::Template
                | T::With
        )
    }
}

fn keyword(word: &str) -> Option<TokenKind> {
    use TokenKind as T;
    Some(match word {
        "block" => T::Block,
        "break" => T::Break,
        "continue" => T::Continue,
        "define" => T::Define,
        "else" => T::Else,
        "end" => T::End,
        "if" => T::If,
        "nil" => T::Nil,
        "range" => T::Range,
        "template" => T::Template,
        "with" => T::With,
        _ => return None,
    })
}

/// A token: its text, where it starts, and its line, from 1.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: TokenKind,
    pub position: usize,
    pub text: Cow<'a, str>,
    pub line: usize,
}

impl Token<'_> {
    /// The token as error texts show it.
    pub fn describe(&self) -> String {
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Error => self.text.to_string(),
            kind if kind.is_keyword() => format!("<{}>", self.text),
            _ if self.text.len() > SHOWN_BYTES => {
                let cut: String = self.text.chars().take(SHOWN_BYTES).collect();
                format!("{}...", quote(&raw_text::to_bytes(&cut)))
            }
            _ => quote(&raw_text::to_bytes(&self.text)),
        }
    }
}

/// Longer tokens are shown shortened.
const SHOWN_BYTES: usize = 10;
const LEFT_DELIMITER: &str = "{{";
const RIGHT_DELIMITER: &str = "}}";
/// The dash and the space beside it.
const TRIM_MARKER_BYTES: usize = 2;
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// The lexer.
pub struct Lexer<'a> {
    input: &'a str,
    position: usize,
    start: usize,
    at_end: bool,
    paren_depth: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
    break_is_keyword: bool,
    continue_is_keyword: bool,
}

/// What a state of the lexer hands on: a token, or the next state.
enum Step<'a> {
    Token(Token<'a>),
    Text,
    LeftDelimiter,
    RightDelimiter,
}

impl<'a> Lexer<'a> {
    pub fn new(input: &'a str, break_is_keyword: bool, continue_is_keyword: bool) -> Self {
        Self {
            input,
            position: 0,
            start: 0,
            at_end: false,
            paren_depth: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
            break_is_keyword,
            continue_is_keyword,
        }
    }

    /// The next token. After an error or the end: end of file.
    pub fn next_token(&mut self) -> Token<'a> {
        let mut step = if self.inside_action {
            self.inside_action()
        } else {
            Step::Text
        };
        loop {
            step = match step {
                Step::Token(token) => return token,
                Step::Text => self.text(),
                Step::LeftDelimiter => self.left_delimiter(),
                Step::RightDelimiter => self.right_delimiter(),
            };
        }
    }

    fn rest(&self) -> &'a str {
        &self.input[self.position..]
    }

    fn next(&mut self) -> Option<char> {
        let Some(character) = self.rest().chars().next() else {
            self.at_end = true;
            return None;
        };
        self.position += character.len_utf8();
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    fn backup(&mut self) {
        if self.at_end || self.position == 0 {
            return;
        }
        if let Some(character) = self.input[..self.position].chars().next_back() {
            self.position -= character.len_utf8();
            if character == '\n' {
                self.line -= 1;
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&mut self, kind: TokenKind) -> Token<'a> {
        let token = Token {
            kind,
            position: self.start,
            text: Cow::Borrowed(&self.input[self.start..self.position]),
            line: self.start_line,
        };
        self.start = self.position;
        self.start_line = self.line;
        token
    }

    fn emit(&mut self, kind: TokenKind) -> Step<'a> {
        Step::Token(self.token(kind))
    }

    fn ignore(&mut self) {
        self.line += newlines(&self.input[self.start..self.position]);
        self.start = self.position;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Step<'a> {
        let token = Token {
            kind: TokenKind::Error,
            position: self.start,
            text: Cow::Owned(message.into()),
            line: self.start_line,
        };
        self.start = 0;
        self.position = 0;
        self.input = "";
        Step::Token(token)
    }

    fn text(&mut self) -> Step<'a> {
        let Some(length) = self.rest().find(LEFT_DELIMITER) else {
            self.position = self.input.len();
            if self.position > self.start {
                self.line += newlines(&self.input[self.start..self.position]);
                return self.emit(TokenKind::Text);
            }
            return self.emit(TokenKind::Eof);
        };
        if length > 0 {
            self.position += length;
            let mut trimmed = 0;
            if has_left_trim_marker(&self.rest()[LEFT_DELIMITER.len()..]) {
                let text = &self.input[self.start..self.position];
                trimmed = text.len() - text.trim_end_matches(SPACES).len();
            }
            self.position -= trimmed;
            self.line += newlines(&self.input[self.start..self.position]);
            let token = self.token(TokenKind::Text);
            self.position += trimmed;
            self.ignore();
            if !token.text.is_empty() {
                return Step::Token(token);
            }
        }
        Step::LeftDelimiter
    }

    /// Whether a right delimiter follows, and whether it trims.
    fn at_right_delimiter(&self) -> (bool, bool) {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER_BYTES..].starts_with(RIGHT_DELIMITER) {
            return (true, true);
        }
        (rest.starts_with(RIGHT_DELIMITER), false)
    }

    fn left_delimiter(&mut self) -> Step<'a> {
        self.position += LEFT_DELIMITER.len();
        let after_marker = if has_left_trim_marker(self.rest()) {
            TRIM_MARKER_BYTES
        } else {
            0
        };
        if self.rest()[after_marker..].starts_with("/*") {
            self.position += after_marker;
            self.ignore();
            return self.comment();
        }
        let token = self.token(TokenKind::LeftDelimiter);
        self.inside_action = true;
        self.position += after_marker;
        self.ignore();
        self.paren_depth = 0;
        Step::Token(token)
    }

    fn comment(&mut self) -> Step<'a> {
        self.position += "/*".len();
        let Some(length) = self.rest().find("*/") else {
            return self.error("unclosed comment");
        };
        self.position += length + "*/".len();
        let (delimiter, trims) = self.at_right_delimiter();
        if !delimiter {
            return self.error("comment ends before closing delimiter");
        }
        self.line += newlines(&self.input[self.start..self.position]);
        self.token(TokenKind::Text);
        if trims {
            self.position += TRIM_MARKER_BYTES;
        }
        self.position += RIGHT_DELIMITER.len();
        if trims {
            self.position += leading_spaces(self.rest());
        }
        self.ignore();
        Step::Text
    }

    fn right_delimiter(&mut self) -> Step<'a> {
        let (_, trims) = self.at_right_delimiter();
        if trims {
            self.position += TRIM_MARKER_BYTES;
            self.ignore();
        }
        self.position += RIGHT_DELIMITER.len();
        let token = self.token(TokenKind::RightDelimiter);
        if trims {
            self.position += leading_spaces(self.rest());
            self.ignore();
        }
        self.inside_action = false;
        Step::Token(token)
    }

    fn inside_action(&mut self) -> Step<'a> {
        use TokenKind as T;
        if self.at_right_delimiter().0 {
            if self.paren_depth == 0 {
                return Step::RightDelimiter;
            }
            return self.error("unclosed left paren");
        }
        let Some(character) = self.next() else {
            return self.error("unclosed action");
        };
        match character {
            c if SPACES.contains(&c) => {
                self.backup();
                self.space()
            }
            '=' => self.emit(T::Assign),
            ':' if self.next() == Some('=') => self.emit(T::Declare),
            ':' => self.error("expected :="),
            '|' => self.emit(T::Pipe),
            '"' => self.quoted('"', T::String, "unterminated quoted string"),
            '`' => self.raw_quoted(),
            '\'' => self.quoted('\'', T::CharConstant, "unterminated character constant"),
            '$' if self.at_terminator() => self.emit(T::Variable),
            '$' => self.field_or_variable(T::Variable),
            '.' if self.field_follows() => self.field_or_variable(T::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.backup();
                self.number()
            }
            c if is_alphanumeric(c) => {
                self.backup();
                self.identifier()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(T::LeftParen)
            }
            ')' if self.paren_depth == 0 => self.error("unexpected right paren"),
            ')' => {
                self.paren_depth -= 1;
                self.emit(T::RightParen)
            }
            c if c.is_ascii() && is_print(c) => self.emit(T::Char),
            c => self.error(format!(
                "unrecognized character in action: {}",
                code_point(c)
            )),
        }
    }

    fn field_follows(&self) -> bool {
        self.rest()
            .bytes()
            .next()
            .is_some_and(|byte| !byte.is_ascii_digit())
    }

    fn space(&mut self) -> Step<'a> {
        let mut count = 0;
        while self.peek().is_some_and(|c| SPACES.contains(&c)) {
            self.next();
            count += 1;
        }
        // The space before a trim marker belongs to the delimiter.
        let before = &self.input[self.position - 1..];
        if has_right_trim_marker(before) && before[TRIM_MARKER_BYTES..].starts_with(RIGHT_DELIMITER)
        {
            self.backup();
            if count == 1 {
                return Step::RightDelimiter;
            }
        }
        self.emit(TokenKind::Space)
    }

    fn identifier(&mut self) -> Step<'a> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let message = bad_character(self.peek());
            return self.error(message);
        }
        let word = &self.input[self.start..self.position];
        let kind = match keyword(word) {
            Some(TokenKind::Break) if !self.break_is_keyword => TokenKind::Identifier,
            Some(TokenKind::Continue) if !self.continue_is_keyword => TokenKind::Identifier,
            Some(kind) => kind,
            None if word == "true" || word == "false" => TokenKind::Bool,
            None => TokenKind::Identifier,
        };
        self.emit(kind)
    }

    fn field_or_variable(&mut self, kind: TokenKind) -> Step<'a> {
        if self.at_terminator() {
            return self.emit(if kind == TokenKind::Variable {
                TokenKind::Variable
            } else {
                TokenKind::Dot
            });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let message = bad_character(self.peek());
            return self.error(message);
        }
        self.emit(kind)
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) if SPACES.contains(&c) => true,
            Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT_DELIMITER),
        }
    }

    fn quoted(&mut self, quote: char, kind: TokenKind, unterminated: &str) -> Step<'a> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(c) if c == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_quoted(&mut self) -> Step<'a> {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string"),
                Some('`') => return self.emit(TokenKind::RawString),
                Some(_) => {}
            }
        }
    }

    fn bad_number(&mut self) -> Step<'a> {
        let text = &self.input[self.start..self.position];
        let message = format!("bad number syntax: {}", quote(text.as_bytes()));
        self.error(message)
    }

    fn number(&mut self) -> Step<'a> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.input[..self.position].ends_with('i') {
                return self.bad_number();
            }
            return self.emit(TokenKind::Complex);
        }
        self.emit(TokenKind::Number)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| valid.contains(c));
        if accepted {
            self.next();
        }
        accepted
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let decimal = digits.len() == "0123456789_".len();
        let hexadecimal = digits.len() > "0123456789_".len();
        if (decimal && self.accept("eE")) || (hexadecimal && self.accept("pP")) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn leading_spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(SPACES).len()
}

fn has_left_trim_marker(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', b' ' | b'\t' | b'\r' | b'\n', ..])
}

fn has_right_trim_marker(text: &str) -> bool {
    matches!(text.as_bytes(), [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
}

fn is_alphanumeric(character: char) -> bool {
    use GeneralCategory as G;
    if character.is_ascii() {
        return character == '_' || character.is_ascii_alphanumeric();
    }
    matches!(
        character.general_category(),
        G::UppercaseLetter
            | G::LowercaseLetter
            | G::TitlecaseLetter
            | G::ModifierLetter
            | G::OtherLetter
            | G::DecimalNumber
    )
}

/// Only called where a character follows: the end of the text ends words too.
fn bad_character(character: Option<char>) -> String {
    let shown = character.map(code_point).unwrap_or_default();
    format!("bad character {shown}")
}

/// `U+0040 '@'`, as `%#U` prints it.
pub fn code_point(character: char) -> String {
    let character = raw_text::shown(character);
    let code = format!("U+{:04X}", character as u32);
    if is_print(character) {
        format!("{code} '{character}'")
    } else {
        code
    }
}
