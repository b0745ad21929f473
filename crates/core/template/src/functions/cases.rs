//! Upper and lower case, words, abbreviations and wrapping.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::arguments::text;
use super::strings::{find, made};
use super::{Entry, Outcome, integer, is_go_space};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("abbrev", "int, string -> string", abbrev),
    ("abbrevboth", "int, int, string -> string", abbrevboth),
    ("camelcase", "string -> string", |runtime, arguments| {
        made(runtime, pascal_case(&text(arguments, 0).lossy()))
    }),
    ("initials", "string -> string", initials),
    ("kebabcase", "string -> string", |runtime, arguments| {
        made(runtime, lower_words(&text(arguments, 0).lossy(), '-'))
    }),
    ("lower", "string -> string", |runtime, arguments| {
        made(runtime, mapped(&text(arguments, 0).lossy(), to_lower))
    }),
    ("snakecase", "string -> string", |runtime, arguments| {
        made(runtime, lower_words(&text(arguments, 0).lossy(), '_'))
    }),
    ("swapcase", "string -> string", |runtime, arguments| {
        made(runtime, swap_case(&text(arguments, 0).lossy()))
    }),
    ("title", "string -> string", |runtime, arguments| {
        made(runtime, title(&text(arguments, 0).lossy()))
    }),
    ("untitle", "string -> string", |runtime, arguments| {
        made(runtime, untitle(&text(arguments, 0).lossy()))
    }),
    ("upper", "string -> string", |runtime, arguments| {
        made(runtime, mapped(&text(arguments, 0).lossy(), to_upper))
    }),
    ("wrap", "int, string -> string", |runtime, arguments| {
        let source = text(arguments, 1);
        let wrapped = wrapped(&source, integer(arguments, 0), b"", false)?;
        made(runtime, wrapped)
    }),
    (
        "wrapWith",
        "int, string, string -> string",
        |runtime, arguments| {
            let source = text(arguments, 2);
            let wrapped = wrapped(&source, integer(arguments, 0), &text(arguments, 1), true)?;
            made(runtime, wrapped)
        },
    ),
];

/// One character for one, as Go maps them: `ß` has no upper case of its own.
fn to_upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => character,
    }
}

fn to_lower(character: char) -> char {
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        // İ, whose lower case is i with a dot above.
        (Some(lower), Some(_)) => lower,
        _ => character,
    }
}

fn to_title(character: char) -> char {
    // The four digraphs that have a title case of their own.
    match character {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        other => to_upper(other),
    }
}

fn mapped(text: &str, map: fn(char) -> char) -> String {
    text.chars().map(map).collect()
}

/// `strings.Title`: the first letter of each word.
fn title(text: &str) -> String {
    let mut previous = ' ';
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        out.push(if is_separator(previous) {
            to_title(character)
        } else {
            character
        });
        previous = character;
    }
    out
}

fn is_separator(character: char) -> bool {
    if character.is_ascii() {
        return !(character.is_ascii_alphanumeric() || character == '_');
    }
    let group = character.general_category_group();
    if group == GeneralCategoryGroup::Letter
        || character.general_category() == GeneralCategory::DecimalNumber
    {
        return false;
    }
    is_go_space(character)
}

fn untitle(text: &str) -> String {
    let mut next = true;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_go_space(character) {
            next = true;
            out.push(character);
        } else if next {
            next = false;
            out.push(to_lower(character));
        } else {
            out.push(character);
        }
    }
    out
}

fn swap_case(text: &str) -> String {
    let mut space = true;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let category = character.general_category();
        match category {
            GeneralCategory::UppercaseLetter | GeneralCategory::TitlecaseLetter => {
                out.push(to_lower(character));
                space = false;
            }
            GeneralCategory::LowercaseLetter if space => {
                out.push(to_title(character));
                space = false;
            }
            GeneralCategory::LowercaseLetter => out.push(to_upper(character)),
            _ => {
                space = is_go_space(character);
                out.push(character);
            }
        }
    }
    out
}

/// goutils looks at bytes here.
fn initials(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut gap = true;
    let mut out = String::new();
    for character in text(arguments, 0).iter().map(|byte| char::from(*byte)) {
        if is_go_space(character) {
            gap = true;
        } else if gap {
            out.push(character);
            gap = false;
        }
    }
    made(runtime, out)
}

fn abbrev(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (width, source) = (integer(arguments, 0), text(arguments, 1));
    if width < 4 {
        return Ok(Value::String(source).into());
    }
    Ok(Value::text(abbreviated(&source, 0, width)).into())
}

fn abbrevboth(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (left, right) = (integer(arguments, 0), integer(arguments, 1));
    let source = text(arguments, 2);
    if right < 4 || (left > 0 && right < 7) {
        return Ok(Value::String(source).into());
    }
    Ok(Value::text(abbreviated(&source, left, right)).into())
}

/// goutils' `AbbreviateFull`: at most `width` bytes, with the byte at `offset` among them.
fn abbreviated(source: &[u8], offset: i64, width: i64) -> Vec<u8> {
    const MARK: &[u8] = b"...";
    let length = source.len() as i64;
    if length <= width {
        return source.to_vec();
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&source[..(width - 3) as usize], MARK].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        let rest = if width - 3 < 4 {
            Vec::new()
        } else {
            abbreviated(&source[offset as usize..], 0, width - 3)
        };
        return [MARK, &rest].concat();
    }
    [MARK, &source[(length - (width - 3)) as usize..]].concat()
}

/// goutils' `WrapCustom`, which counts bytes.
fn wrapped(
    source: &[u8],
    width: i64,
    line_end: &[u8],
    cut_words: bool,
) -> Result<Vec<u8>, CallError> {
    let line_end = if line_end.is_empty() { b"\n" } else { line_end };
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(source.len());
    let mut offset = 0;
    while source.len() - offset > width {
        if source[offset] == b' ' {
            offset += 1;
            continue;
        }
        let window = &source[offset..offset + width + 1];
        if let Some(space) = window.iter().rposition(|byte| *byte == b' ') {
            out.extend_from_slice(&window[..space]);
            out.extend_from_slice(line_end);
            offset += space + 1;
        } else if cut_words {
            out.extend_from_slice(&source[offset..offset + width]);
            out.extend_from_slice(line_end);
            offset += width;
        } else if let Some(space) = find(&source[offset + width..], b" ") {
            out.extend_from_slice(&source[offset..offset + width + space]);
            out.extend_from_slice(line_end);
            offset += width + space + 1;
        } else {
            out.extend_from_slice(&source[offset..]);
            offset = source.len();
        }
    }
    out.extend_from_slice(&source[offset..]);
    Ok(out)
}

fn is_connector(character: char) -> bool {
    character == '-' || character == '_' || is_go_space(character)
}

fn is_upper(character: char) -> bool {
    character.general_category() == GeneralCategory::UppercaseLetter
}

/// xstrings' `ToPascalCase`.
fn pascal_case(text: &str) -> String {
    let mut characters = text.chars();
    let mut out = String::with_capacity(text.len());
    let mut current = None;
    let mut first_is_upper = false;
    for character in characters.by_ref() {
        if !is_connector(character) {
            first_is_upper = is_upper(character);
            current = Some(to_upper(character));
            break;
        }
        out.push(character);
        current = Some(character);
    }
    let Some(mut current) = current else {
        return out;
    };
    if is_connector(current) {
        // Nothing but connectors: xstrings repeats the last one.
        out.push(current);
        return out;
    }
    for mut character in characters {
        let previous = current;
        if is_connector(character) && is_connector(previous) {
            out.push(previous);
            current = character;
            continue;
        }
        if is_connector(previous) {
            first_is_upper = is_upper(character);
            character = to_upper(character);
        } else {
            if first_is_upper {
                if is_upper(character) {
                    character = to_lower(character);
                } else {
                    first_is_upper = false;
                }
            }
            out.push(previous);
        }
        current = character;
    }
    out.push(current);
    out
}

/// Kinds of words of xstrings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn is_punctuation(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Punctuation
}

fn is_number(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Number
}

fn is_alphabet(character: char) -> bool {
    if !character.is_alphabetic() {
        return false;
    }
    // Scripts without case are words of their own kind.
    !matches!(character as u32, 0x3041..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7a3 | 0x20000..=0x2fa1f)
}

/// The next word of a text: its kind, itself, and what follows.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else {
        return (Word::Invalid, "", "");
    };
    let while_true = |matches: fn(char) -> bool| {
        let rest = &text[first.len_utf8()..];
        let end = rest.find(|c| !matches(c)).unwrap_or(rest.len());
        first.len_utf8() + end
    };
    let (kind, length) = if is_connector(first) {
        (Word::Connector, while_true(is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, while_true(is_punctuation))
    } else if is_upper(first) {
        (Word::Upper, upper_word(text, first))
    } else if is_alphabet(first) {
        (
            Word::Alphabet,
            while_true(|c| is_alphabet(c) && !is_upper(c)),
        )
    } else if is_number(first) {
        (Word::Number, while_true(is_number))
    } else {
        let other = |c| {
            !is_connector(c)
                && !is_punctuation(c)
                && !is_alphabet(c)
                && !is_upper(c)
                && !is_number(c)
        };
        (Word::Other, while_true(other))
    };
    let (word, rest) = text.split_at(length);
    (kind, word, rest)
}

/// `HTTPStatus` is `HTTP` and `Status`; `Status` takes its lower case along.
fn upper_word(text: &str, first: char) -> usize {
    let rest = &text[first.len_utf8()..];
    let upper_end = rest.find(|c| !is_upper(c)).unwrap_or(rest.len());
    let (upper, after) = rest.split_at(upper_end);
    let next = after.chars().next();
    let followed = next.is_some_and(is_alphabet);
    match upper.chars().next_back() {
        Some(last) if followed => first.len_utf8() + upper_end - last.len_utf8(),
        Some(_) => first.len_utf8() + upper_end,
        None => {
            let end = after
                .find(|c: char| !is_alphabet(c) || is_upper(c))
                .unwrap_or(after.len());
            first.len_utf8() + end
        }
    }
}

fn push_lower(out: &mut String, kind: Word, word: &str, connector: char) {
    if kind == Word::Connector {
        out.extend(word.chars().map(|_| connector));
    } else if kind == Word::Upper || kind == Word::Alphabet || kind == Word::Other {
        out.extend(word.chars().map(to_lower));
    } else {
        out.push_str(word);
    }
}

/// xstrings' `ToSnakeCase` and `ToKebabCase`.
fn lower_words(text: &str, connector: char) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                (kind, word, rest) = joined(&mut out, (kind, word, rest), connector);
                if !matches!(kind, Word::Invalid | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => push_lower(&mut out, previous, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if kind != Word::Connector && kind != Word::Punctuation {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                // A number belongs to the word before it, unless lower case follows.
                if kind != Word::Alphabet {
                    push_lower(&mut out, Word::Number, number, connector);
                    if kind != Word::Connector && kind != Word::Punctuation {
                        out.push(connector);
                    }
                    continue;
                }
                out.push(connector);
                push_lower(&mut out, Word::Number, number, connector);
                (kind, word, rest) = joined(&mut out, (kind, word, rest), connector);
                if !matches!(kind, Word::Invalid | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
        }
    }
    push_lower(&mut out, kind, word, connector);
    out
}

/// Lower case and numbers that follow a number stay with it.
fn joined<'t>(
    out: &mut String,
    mut next: (Word, &'t str, &'t str),
    connector: char,
) -> (Word, &'t str, &'t str) {
    while matches!(next.0, Word::Alphabet | Word::Number) {
        push_lower(out, next.0, next.1, connector);
        next = next_word(next.2);
    }
    next
}
