//! JSONPath templates as text: what stands in braces is a path, everything else is printed.

use serde_json::{Number, Value};
use thiserror::Error;

/// Longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 64 << 10;

/// Why a text is no template, in the words of client-go.
#[derive(Debug, Error, PartialEq, Eq)]
pub(in super::super) enum Problem {
    #[error("unclosed action")]
    UnclosedAction,
    #[error("unrecognized character in action: U+{:04X} '{character}'", u32::from(*character))]
    Character { character: char },
    #[error("invalid multiple recursive descent")]
    Descents,
    #[error("cannot parse number {0}")]
    Number(String),
    #[error("unterminated array")]
    Array,
    #[error("invalid array index {0}")]
    Index(String),
    #[error("array index {0} is not a number")]
    LargeIndex(String),
    #[error("unterminated filter")]
    Filter,
    #[error("unclosed array expect ]")]
    UnclosedArray,
    #[error("unterminated quoted string")]
    Quote,
    #[error("unquote string {0} error invalid syntax")]
    Escape(String),
    #[error("the template has more than {MAX_TEMPLATE_BYTES} bytes")]
    TooLong,
}

/// One part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Node {
    /// What stands in one pair of braces.
    List(Vec<Node>),
    Text(String),
    /// A number or a truth value.
    Literal(Value),
    Field(String),
    Wildcard,
    Recursive,
    Array(Slice),
    Union(Vec<Vec<Node>>),
    /// Without a right side: whether there is anything on the left.
    Filter {
        left: Vec<Node>,
        right: Option<(String, Vec<Node>)>,
    },
    Identifier(String),
}

/// `[from:to:step]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Slice {
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Whether one element was named.
    pub is_one: bool,
    pub step: Option<i64>,
}

/// Reads a template.
pub(in super::super) fn parse(template: &str) -> Result<Vec<Node>, Problem> {
    if template.len() > MAX_TEMPLATE_BYTES {
        return Err(Problem::TooLong);
    }
    let (mut nodes, mut rest) = (Vec::new(), template);
    while !rest.is_empty() {
        let (text, after) = rest
            .split_once('{')
            .map_or((rest, None), |(text, after)| (text, Some(after)));
        if !text.is_empty() {
            nodes.push(Node::Text(text.to_owned()));
        }
        let Some(after) = after else { break };
        let mut action = Action {
            rest: after,
            nodes: Vec::new(),
        };
        action.parse()?;
        nodes.push(Node::List(action.nodes));
        rest = action.rest;
    }
    Ok(nodes)
}

/// A path alone; what stands behind a closing brace in it is lost, as in client-go.
fn action(text: &str) -> Result<Vec<Node>, Problem> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphabetic() || character.is_numeric()
}

fn ends_word(character: char) -> bool {
    " \t\r\n.,[]$@{}".contains(character)
}

/// The inside of one pair of braces.
struct Action<'t> {
    rest: &'t str,
    nodes: Vec<Node>,
}

impl<'t> Action<'t> {
    fn parse(&mut self) -> Result<(), Problem> {
        loop {
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(());
            }
            if let Some(rest) = self.rest.strip_prefix("[?(") {
                self.rest = rest;
                self.filter()?;
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                self.rest = rest;
                self.recursive()?;
                continue;
            }
            let mut characters = self.rest.chars();
            let first = characters.next().ok_or(Problem::UnclosedAction)?;
            match first {
                '\r' | '\n' => return Err(Problem::UnclosedAction),
                ' ' | '@' | '$' => self.rest = characters.as_str(),
                '[' => self.array()?,
                '"' | '\'' => self.quoted(first)?,
                '.' => {
                    self.rest = characters.as_str();
                    self.field();
                }
                '+' | '-' | '0'..='9' => self.number()?,
                word if is_word(word) => self.identifier(),
                character => return Err(Problem::Character { character }),
            }
        }
    }

    /// Takes so many bytes.
    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn identifier(&mut self) {
        let length = self.rest.find(ends_word).unwrap_or(self.rest.len());
        let node = match self.take(length) {
            "true" => Node::Literal(Value::Bool(true)),
            "false" => Node::Literal(Value::Bool(false)),
            name => Node::Identifier(name.to_owned()),
        };
        self.nodes.push(node);
    }

    fn recursive(&mut self) -> Result<(), Problem> {
        if self.nodes.last() == Some(&Node::Recursive) {
            return Err(Problem::Descents);
        }
        self.nodes.push(Node::Recursive);
        if self.rest.starts_with(is_word) {
            self.field();
        }
        Ok(())
    }

    fn field(&mut self) {
        let (mut length, mut is_escaped) = (self.rest.len(), false);
        for (place, character) in self.rest.char_indices() {
            if is_escaped {
                is_escaped = false;
            } else if character == '\\' {
                is_escaped = true;
            } else if ends_word(character) {
                length = place;
                break;
            }
        }
        let node = match self.take(length) {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        };
        self.nodes.push(node);
    }

    fn number(&mut self) -> Result<(), Problem> {
        let sign = usize::from(self.rest.starts_with(['+', '-']));
        let digits = &self.rest[sign..];
        let is_part = |character: char| character == '.' || character.is_ascii_digit();
        let length = digits.find(|character| !is_part(character));
        let text = self.take(sign + length.unwrap_or(digits.len()));
        let number = match text.parse::<i64>() {
            Ok(integer) => Some(Number::from(integer)),
            Err(_) => text.parse::<f64>().ok().and_then(Number::from_f64),
        };
        let number = number.ok_or_else(|| Problem::Number(text.to_owned()))?;
        self.nodes.push(Node::Literal(Value::Number(number)));
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<(), Problem> {
        let (length, text) = unquote(self.rest, quote)?;
        self.rest = &self.rest[length..];
        self.nodes.push(Node::Text(text));
        Ok(())
    }

    fn array(&mut self) -> Result<(), Problem> {
        let end = self.rest.find([']', '\n']).ok_or(Problem::Array)?;
        if self.rest[end..].starts_with('\n') {
            return Err(Problem::Array);
        }
        let text = &self.take(end + 1)[1..end];
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text.split(',');
            let lists = parts.map(|part| action(&format!("[{}]", part.trim_matches(' '))));
            self.nodes
                .push(Node::Union(lists.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            self.nodes.extend(action(&format!(".{key}"))?);
            return Ok(());
        }
        self.nodes.push(Node::Array(slice(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<(), Problem> {
        let text = self.condition()?;
        let split = text.find(['!', '<', '>', '=']).filter(|place| *place > 0);
        let parts = split.and_then(|place| {
            let (left, rest) = text.split_at(place);
            let length = rest.find(|character| !"!<>=".contains(character));
            let (operator, right) = rest.split_at(length?);
            Some((left, operator, right))
        });
        self.nodes.push(match parts {
            Some((left, operator, right)) => Node::Filter {
                left: action(left)?,
                right: Some((operator.to_owned(), action(right)?)),
            },
            None => Node::Filter {
                left: action(text)?,
                right: None,
            },
        });
        Ok(())
    }

    /// The text of a condition: up to a parenthesis that is in no quotes.
    fn condition(&mut self) -> Result<&'t str, Problem> {
        let (mut opened, mut is_closed, mut before) = (None, false, ' ');
        for (place, character) in self.rest.char_indices() {
            match character {
                '\n' => return Err(Problem::Filter),
                '"' | '\'' => match opened {
                    None => opened = Some(character),
                    Some(quote) if before != '\\' && quote == character => is_closed = true,
                    Some(_) => {}
                },
                ')' if opened.is_some() == is_closed => {
                    let text = self.take(place);
                    let rest = self.rest.strip_prefix(")]");
                    self.rest = rest.ok_or(Problem::UnclosedArray)?;
                    return Ok(text);
                }
                _ => {}
            }
            before = character;
        }
        Err(Problem::Filter)
    }
}

/// `3`, `-1`, `1:3`, `:`, `0:9:2`.
fn slice(text: &str) -> Result<Slice, Problem> {
    let is_number = |part: &str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 || !parts.iter().all(|part| is_number(part)) {
        return Err(Problem::Index(text.to_owned()));
    }
    let number = |part: &str| -> Result<Option<i64>, Problem> {
        match part {
            "" => Ok(None),
            part => part
                .parse()
                .map(Some)
                .map_err(|_| Problem::LargeIndex(part.to_owned())),
        }
    };
    let from = number(parts[0])?;
    let is_one = parts.len() == 1;
    let to = match parts.get(1) {
        Some(part) => number(part)?,
        None => Some(from.unwrap_or(0).saturating_add(1)),
    };
    let step = number(parts.get(2).copied().unwrap_or_default())?;
    Ok(Slice {
        from,
        to,
        is_one,
        step,
    })
}

/// A text in quotes at the beginning, with Go's escapes; how many bytes it takes, and what it says.
fn unquote(text: &str, quote: char) -> Result<(usize, String), Problem> {
    let (mut out, mut characters) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((place, character)) = characters.next() {
        match character {
            '\n' => return Err(Problem::Quote),
            '\\' => {
                let broken = || Problem::Escape(text[..place + 1].to_owned());
                let Some((_, escaped)) = characters.next() else {
                    return Err(Problem::Quote);
                };
                match escaped {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'a' => out.push('\u{7}'),
                    'b' => out.push('\u{8}'),
                    'f' => out.push('\u{c}'),
                    'v' => out.push('\u{b}'),
                    '\\' => out.push('\\'),
                    same if same == quote => out.push(same),
                    'x' | 'u' | 'U' => {
                        let digits = match escaped {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let hex: String = characters.by_ref().take(digits).map(|c| c.1).collect();
                        let code = u32::from_str_radix(&hex, 16).ok();
                        let found = code.and_then(char::from_u32);
                        out.push(found.filter(|_| hex.len() == digits).ok_or_else(broken)?);
                    }
                    _ => return Err(broken()),
                }
            }
            end if end == quote => return Ok((place + 1, out)),
            other => out.push(other),
        }
    }
    Err(Problem::Quote)
}
