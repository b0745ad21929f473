//! Tags with a comma behind them, which neither YAML nor go-yaml allow, and for which libyaml's scanner is not prepared.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Mark, Scanner, TokenData};

use crate::error::YamlError;

/// Most bytes that are scanned again to find such tags in one text.
const MAX_REPEATED_BYTES: usize = 64 << 20;
const PROBLEM: &str = "did not find expected whitespace or line break";

/// Refuses a text with such a tag. Other errors are left to the parser.
pub(crate) fn check(text: &[u8], lines_before: u64) -> Result<(), YamlError> {
    let mut budget = MAX_REPEATED_BYTES;
    for (start, end) in candidates(text) {
        let Some(left) = budget.checked_sub(end) else {
            return Ok(());
        };
        budget = left;
        if let Some(mark) = tag_at(&text[..end], start) {
            return Err(YamlError::Syntax {
                line: mark.line + 1 + lines_before,
                column: mark.column + 1,
                problem: format!("{PROBLEM} while scanning a tag"),
                go_text: format!("line {}: {PROBLEM}", mark.line + 1),
            });
        }
    }
    Ok(())
}

/// Where something that may be a tag begins, and the comma behind it.
fn candidates(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let bangs = text.iter().enumerate().filter(|(_, byte)| **byte == b'!');
    bangs.filter_map(|(start, _)| {
        let before = start.checked_sub(1).map_or(b' ', |at| text[at]);
        // Behind a letter a mark is part of a text.
        if before.is_ascii_alphanumeric() || before == b'!' {
            return None;
        }
        let rest = &text[start..];
        let verbatim = if rest.starts_with(b"!<") {
            rest.iter().position(|b| *b == b'>')?
        } else {
            0
        };
        let is_end = |b: &u8| b.is_ascii_whitespace() || *b == b',';
        let end = verbatim + rest[verbatim..].iter().position(is_end)?;
        (rest[end] == b',').then_some((start, start + end))
    })
}

/// The place of a tag that begins at a byte, where a text ends with it.
fn tag_at(text: &[u8], start: usize) -> Option<Mark> {
    let marked = text.len() - crate::escapes::counted(text).len();
    let start = u64::try_from(start - marked.min(start)).ok()?;
    let scan = || {
        let mut scanner = Scanner::new();
        let end: &'static [u8] = b" \n";
        scanner.set_input(text.chain(end));
        let tokens = scanner.map_while(Result::ok);
        tokens
            .filter(|token| matches!(token.data, TokenData::Tag { .. }))
            .map(|token| token.start_mark)
            .find(|mark| mark.index == start)
    };
    // An earlier tag that was held back, as it may belong to a key, stops the scanner: the parser stops there as well.
    catch_unwind(AssertUnwindSafe(scan)).ok().flatten()
}
