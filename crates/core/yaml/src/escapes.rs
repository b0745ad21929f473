//! Escapes of double-quoted scalars of which go-yaml thinks otherwise than libyaml: it reads `\'` as a quote, and does not know `\/`.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::EventData;

use crate::flow;

/// Most bytes that are read again to find such escapes in one text.
const MAX_REPEATED_BYTES: usize = 64 << 20;
/// What the scanner says of an escape that it does not know.
pub(crate) const UNKNOWN: &str = "found unknown escape character";

/// The byte order mark, which the parser does not count.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What the parser's indexes count from.
pub(crate) fn counted(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Double-quoted scalars that have the escape `\/`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlashEscapes<'a>(&'a [u8]);

impl<'a> SlashEscapes<'a> {
    /// `None` when the text cannot have any.
    pub(crate) fn new(text: &'a [u8]) -> Option<Self> {
        let is_there = text.windows(2).any(|pair| pair == br"\/");
        is_there.then(|| Self(counted(text)))
    }

    /// Whether the double-quoted scalar between two indexes of the parser has one.
    pub(crate) fn are_within(self, start: u64, end: u64) -> bool {
        let index = |mark: u64| usize::try_from(mark).unwrap_or(usize::MAX);
        let mut rest = self.0.get(index(start)..index(end)).unwrap_or_default();
        while let [first, after @ ..] = rest {
            rest = after;
            if *first == b'\\' {
                let Some((escaped, after)) = rest.split_first() else {
                    return false;
                };
                if *escaped == b'/' {
                    return true;
                }
                rest = after;
            }
        }
        false
    }
}

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
    // A block scalar must end with a line feed.
    let mut parser = flow::parser(Cow::Borrowed(text), b"\n");
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
    let skipped = text.len() - counted(text).len();
    let place = usize::try_from(mark.index).ok()? + skipped;
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
