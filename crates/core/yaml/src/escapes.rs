//! The escape `\'` of double-quoted scalars, which go-yaml reads as a quote and libyaml's grammar does not know.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{EventData, Parser};

/// Most bytes that are read again to find such escapes in one text.
const MAX_REPEATED_BYTES: usize = 64 << 20;
/// What the scanner says of an escape that it does not know.
const UNKNOWN: &str = "found unknown escape character";

/// The text with every `\'` of its double-quoted scalars as a plain quote. Anything else, broken text too, stays as it is.
pub(crate) fn plain_quotes(text: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(text);
    if !has_escape(&text) {
        return text;
    }
    let mut budget = MAX_REPEATED_BYTES;
    while let Some(left) = budget.checked_sub(text.len()) {
        budget = left;
        let Some(place) = first_unknown_escape(&text) else {
            break;
        };
        let unescaped = unescape_scalar(&text, place);
        text = Cow::Owned(unescaped);
    }
    text
}

fn has_escape(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == br"\'")
}

/// The byte where the scanner stops at a `\'`.
fn first_unknown_escape(text: &[u8]) -> Option<usize> {
    let mut parser = Parser::new();
    let mut rest = text;
    parser.set_input(&mut rest);
    let error = loop {
        // The parser panics on some broken texts.
        match catch_unwind(AssertUnwindSafe(|| parser.parse())).ok()? {
            Ok(event) if matches!(event.data, EventData::StreamEnd) => return None,
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let mark = error
        .problem_mark()
        .filter(|_| error.problem() == UNKNOWN)?;
    let place = usize::try_from(mark.index).ok()?;
    text.get(place..)?.starts_with(br"\'").then_some(place)
}

/// Replaces every `\'` from a place inside a double-quoted scalar to its end.
fn unescape_scalar(text: &[u8], place: usize) -> Vec<u8> {
    let mut written = text[..place].to_vec();
    let mut rest = &text[place..];
    while let [first, after @ ..] = rest {
        match (first, after.first()) {
            (b'"', _) => break,
            (b'\\', Some(b'\'')) => {
                written.push(b'\'');
                rest = &after[1..];
            }
            (b'\\', Some(next)) => {
                written.extend([b'\\', *next]);
                rest = &after[1..];
            }
            _ => {
                written.push(*first);
                rest = after;
            }
        }
    }
    written.extend(rest);
    written
}
