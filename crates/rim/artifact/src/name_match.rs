//! Shell patterns for one path part, as Go's `filepath.Match` reads them on Unix.

/// The pattern is malformed: it matches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern;

/// Whether the whole name matches: `*` and `?` do not match `/`; `[a-z]`, `[^a]`; `\` escapes.
pub fn name_matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let tokens = parse(&pattern)?;
    Ok(matches(&tokens, &name))
}

enum Token {
    Literal(char),
    AnyOne,
    AnyRun,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

fn parse(pattern: &[char]) -> Result<Vec<Token>, BadPattern> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = pattern.get(at) {
        at += 1;
        tokens.push(match c {
            '*' => Token::AnyRun,
            '?' => Token::AnyOne,
            '\\' => {
                let escaped = *pattern.get(at).ok_or(BadPattern)?;
                at += 1;
                Token::Literal(escaped)
            }
            '[' => parse_class(pattern, &mut at)?,
            other => Token::Literal(other),
        });
    }
    Ok(tokens)
}

fn parse_class(pattern: &[char], at: &mut usize) -> Result<Token, BadPattern> {
    let negated = pattern.get(*at) == Some(&'^');
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    loop {
        if pattern.get(*at) == Some(&']') && !ranges.is_empty() {
            *at += 1;
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_char(pattern, at)?;
        let mut high = low;
        if pattern.get(*at) == Some(&'-') {
            *at += 1;
            high = class_char(pattern, at)?;
        }
        ranges.push((low, high));
    }
}

/// One character of a class; it must not be the last of the pattern, since `]` has to follow.
fn class_char(pattern: &[char], at: &mut usize) -> Result<char, BadPattern> {
    let mut c = *pattern.get(*at).ok_or(BadPattern)?;
    if c == '-' || c == ']' {
        return Err(BadPattern);
    }
    *at += 1;
    if c == '\\' {
        c = *pattern.get(*at).ok_or(BadPattern)?;
        *at += 1;
    }
    if *at >= pattern.len() {
        Err(BadPattern)
    } else {
        Ok(c)
    }
}

/// Greedy match with one point to go back to: the last `*`. Linear times quadratic at worst.
fn matches(tokens: &[Token], name: &[char]) -> bool {
    let (mut t, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match tokens.get(t) {
            Some(Token::AnyRun) => {
                back = Some((t + 1, n));
                t += 1;
                continue;
            }
            Some(Token::AnyOne) => name[n] != '/',
            Some(Token::Literal(c)) => *c == name[n],
            Some(Token::Class { negated, ranges }) => {
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&name[n]))
                    != *negated
            }
            None => false,
        };
        if step {
            (t, n) = (t + 1, n + 1);
            continue;
        }
        match back {
            Some((token, start)) if name[start] != '/' => {
                (t, n) = (token, start + 1);
                back = Some((token, start + 1));
            }
            _ => return false,
        }
    }
    tokens[t..]
        .iter()
        .all(|token| matches!(token, Token::AnyRun))
}
