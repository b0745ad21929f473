//! The text forms of selectors, read token by token as the API reads them, so that refusals are the same.

use super::{FieldTerm, Requirement};
use crate::names::{label_value_problems, qualified_name_problems};

/// What an operator may be, in the order in which refusals list it.
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    Identifier,
    Not,
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less,
    Open,
    Close,
    Comma,
    Unknown,
}

/// A piece of the text, with what it is.
type Item = (Token, String);

fn is_special(byte: u8) -> bool {
    b"=!(),><".contains(&byte)
}

fn is_space(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

fn special(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::Close,
        "(" => Token::Open,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        "!=" => Token::NotEquals,
        ">" => Token::Greater,
        "<" => Token::Less,
        _ => return None,
    })
}

/// The text in pieces; the last one is the end.
fn items(text: &str) -> Vec<Item> {
    let bytes = text.as_bytes();
    let mut items = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if is_space(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        if is_special(bytes[at]) {
            // The longest known symbol wins.
            let two = text.get(start..start + 2).and_then(special);
            let one = text.get(start..=start).and_then(special);
            at += if two.is_some() { 2 } else { 1 };
            let token = two.or(one).unwrap_or(Token::Unknown);
            items.push((token, text[start..at].to_owned()));
            continue;
        }
        while at < bytes.len() && !is_special(bytes[at]) && !is_space(bytes[at]) {
            at += 1;
        }
        let word = &text[start..at];
        let token = match word {
            "in" => Token::In,
            "notin" => Token::NotIn,
            _ => Token::Identifier,
        };
        items.push((token, word.to_owned()));
    }
    items.push((Token::End, String::new()));
    items
}

struct Parser {
    items: Vec<Item>,
    position: usize,
}

/// The requirements of a label selector, in their order.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser {
        items: items(text),
        position: 0,
    };
    let mut out = Vec::new();
    loop {
        let (token, literal) = parser.look();
        match token {
            Token::Identifier | Token::Not => {}
            Token::End => return Ok(out),
            _ => {
                return Err(format!(
                    "found '{literal}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        let requirement = parser.requirement();
        out.push(requirement.map_err(|why| format!("unable to parse requirement: {why}"))?);
        let (token, literal) = parser.take();
        match token {
            Token::End => return Ok(out),
            Token::Comma => {
                let (token, literal) = parser.look();
                if !matches!(token, Token::Identifier | Token::Not) {
                    return Err(format!("found '{literal}', expected: identifier after ','"));
                }
            }
            _ => {
                return Err(format!(
                    "found '{literal}', expected: ',' or 'end of string'"
                ));
            }
        }
    }
}

impl Parser {
    /// The next piece as an operator.
    fn operator(&mut self) -> Item {
        let last = self.items.len() - 1;
        let item = self.items[self.position.min(last)].clone();
        self.position += 1;
        item
    }

    /// The next piece without taking it; `in` and `notin` may be keys and values, too.
    fn look(&self) -> Item {
        let last = self.items.len() - 1;
        let (token, literal) = self.items[self.position.min(last)].clone();
        match token {
            Token::In | Token::NotIn => (Token::Identifier, literal),
            token => (token, literal),
        }
    }

    fn take(&mut self) -> Item {
        let item = self.look();
        self.position += 1;
        item
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.take();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take();
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        check_key("<nil>", &key)?;
        if negated {
            return Ok(Requirement::DoesNotExist(key));
        }
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Ok(Requirement::Exists(key));
        }
        let (operator, literal) = self.operator();
        match operator {
            Token::In | Token::NotIn => {
                let values = self.values()?;
                check_values(&key, &values)?;
                Ok(if operator == Token::In {
                    Requirement::In(key, values)
                } else {
                    Requirement::NotIn(key, values)
                })
            }
            Token::Equals | Token::DoubleEquals | Token::NotEquals => {
                let values = vec![self.exact_value()?];
                check_values(&key, &values)?;
                Ok(if operator == Token::NotEquals {
                    Requirement::NotIn(key, values)
                } else {
                    Requirement::In(key, values)
                })
            }
            Token::Greater | Token::Less => {
                let number = check_number(&key, self.exact_value()?)?;
                Ok(if operator == Token::Greater {
                    Requirement::GreaterThan(key, number)
                } else {
                    Requirement::LessThan(key, number)
                })
            }
            _ => Err(format!("found '{literal}', expected: {OPERATORS}")),
        }
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.take() {
            (Token::Identifier, value) => Ok(value),
            (_, literal) => Err(format!("found '{literal}', expected: identifier")),
        }
    }

    /// A list in parentheses, sorted and without repetition.
    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, literal) = self.take();
        if token != Token::Open {
            return Err(format!("found '{literal}' expected: '('"));
        }
        let mut values = match self.look() {
            (Token::Close, _) => vec![String::new()],
            (Token::Identifier | Token::Comma, _) => self.identifiers()?,
            (_, literal) => {
                return Err(format!(
                    "found '{literal}', expected: ',', ')' or identifier"
                ));
            }
        };
        self.take();
        values.sort();
        values.dedup();
        Ok(values)
    }

    /// The members up to the closing parenthesis; commas without a word between them stand for the empty value.
    fn identifiers(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            let (token, literal) = self.take();
            match token {
                Token::Identifier => {
                    values.push(literal);
                    match self.look() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, literal) => {
                            return Err(format!("found '{literal}', expected: ',' or ')'"));
                        }
                    }
                }
                Token::Comma => {
                    if values.is_empty() {
                        values.push(String::new());
                    }
                    match self.look().0 {
                        Token::Close => {
                            values.push(String::new());
                            return Ok(values);
                        }
                        Token::Comma => {
                            self.take();
                            values.push(String::new());
                        }
                        _ => {}
                    }
                }
                _ => return Err(format!("found '{literal}', expected: ',', or identifier")),
            }
        }
    }
}

fn check_key(place: &str, key: &str) -> Result<(), String> {
    let problems = qualified_name_problems(key);
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{place}: Invalid value: {key:?}: {}",
        problems.join("; ")
    ))
}

fn check_values(key: &str, values: &[String]) -> Result<(), String> {
    let bad = values.iter().enumerate().filter_map(|(index, value)| {
        let problems = label_value_problems(value);
        let text = problems.join("; ");
        (!problems.is_empty())
            .then(|| format!("values[{index}][{key}]: Invalid value: {value:?}: {text}"))
    });
    let mut errors: Vec<String> = bad.collect();
    match errors.len() {
        0 => Ok(()),
        1 => Err(errors.remove(0)),
        _ => Err(format!("[{}]", errors.join(", "))),
    }
}

fn check_number(key: &str, value: String) -> Result<i64, String> {
    let whole = value.parse::<i64>();
    let text = "for 'Gt', 'Lt' operators, the value must be an integer";
    let mut errors = Vec::new();
    if whole.is_err() {
        errors.push(format!("values[0]: Invalid value: {value:?}: {text}"));
    }
    if let Err(error) = check_values(key, &[value]) {
        errors.push(error);
    }
    match (whole, errors.as_slice()) {
        (Ok(number), []) => Ok(number),
        (_, [error]) => Err(error.clone()),
        (_, errors) => Err(format!("[{}]", errors.join(", "))),
    }
}

/// The terms of a field selector, in the order of their text.
pub(super) fn terms(selector: &str) -> Result<Vec<FieldTerm>, String> {
    let mut parts = split_terms(selector);
    parts.sort_unstable();
    let mut terms = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let Some((field, equal, value)) = split_term(part) else {
            return Err(format!(
                "invalid selector: '{selector}'; can't understand '{part}'"
            ));
        };
        terms.push(FieldTerm {
            field: field.to_owned(),
            value: unescape(value)?,
            equal,
        });
    }
    Ok(terms)
}

/// Parts between commas that no backslash keeps.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut kept) = (Vec::new(), 0, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if kept => kept = false,
            '\\' => kept = true,
            ',' => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Field, whether it must be equal, and value, split at the first operator.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let at = term.find(['=', '!'])?;
    for (index, _) in term[at..].char_indices() {
        let (field, rest) = term.split_at(at + index);
        for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some(value) = rest.strip_prefix(operator) {
                return Some((field, equal, value));
            }
        }
    }
    None
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(kept @ ('\\' | ',' | '=')) => out.push(kept),
                other => {
                    let sequence: String = other.into_iter().collect();
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: \\{sequence}"
                    ));
                }
            },
            ',' | '=' => {
                let number = u32::from(character);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {number}"
                ));
            }
            other => out.push(other),
        }
    }
    Ok(out)
}
