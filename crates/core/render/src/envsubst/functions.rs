//! What an expression does with the value of its variable.

use super::glob::{self, BadPattern};
use super::{EnvsubstError, MAX_OUTPUT_BYTES};

/// The operation of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// `${v}`: the value.
    Value,
    /// `${#v}`: the length in bytes.
    Length,
    /// `${v:-d}` and its kin: the value, or the arguments when it is empty.
    Default,
    /// `${v^}`.
    UpperFirst,
    /// `${v^^}`.
    Upper,
    /// `${v,}`.
    LowerFirst,
    /// `${v,,}`.
    Lower,
    /// `${v:offset:length}`, in bytes.
    Substring,
    /// `${v/old/new}`.
    ReplaceFirst,
    /// `${v//old/new}`.
    ReplaceAll,
    /// `${v/#old/new}`.
    ReplacePrefix,
    /// `${v/%old/new}`.
    ReplaceSuffix,
    /// `${v#glob}`.
    TrimShortestPrefix,
    /// `${v##glob}`.
    TrimLongestPrefix,
    /// `${v%glob}`.
    TrimShortestSuffix,
    /// `${v%%glob}`.
    TrimLongestSuffix,
}

impl Function {
    /// Appends the result for a value and evaluated arguments.
    pub(super) fn apply(
        self,
        value: &[u8],
        arguments: &[Vec<u8>],
        output: &mut Vec<u8>,
    ) -> Result<(), EnvsubstError> {
        let first = arguments.first().map(Vec::as_slice).unwrap_or_default();
        let second = arguments.get(1).map(Vec::as_slice);
        match self {
            Self::Value => output.extend_from_slice(value),
            Self::Length => output.extend_from_slice(value.len().to_string().as_bytes()),
            Self::Default if value.is_empty() => {
                arguments.iter().for_each(|a| output.extend_from_slice(a))
            }
            Self::Default => output.extend_from_slice(value),
            Self::UpperFirst => change_case(value, upper, true, output),
            Self::Upper => change_case(value, upper, false, output),
            Self::LowerFirst => change_case(value, lower, true, output),
            Self::Lower => change_case(value, lower, false, output),
            Self::Substring => output.extend_from_slice(substring(value, first, second)),
            Self::ReplaceFirst => replace(value, first, second.unwrap_or_default(), 1, output)?,
            Self::ReplaceAll => {
                replace(value, first, second.unwrap_or_default(), usize::MAX, output)?;
            }
            Self::ReplacePrefix => match second {
                Some(new) if value.starts_with(first) => replace(value, first, new, 1, output)?,
                _ => output.extend_from_slice(value),
            },
            Self::ReplaceSuffix => match (second, value.strip_suffix(first)) {
                (Some(new), Some(kept)) => {
                    output.extend_from_slice(kept);
                    output.extend_from_slice(new);
                }
                _ => output.extend_from_slice(value),
            },
            Self::TrimShortestPrefix => output.extend_from_slice(trim(value, first, false)),
            Self::TrimLongestPrefix => output.extend_from_slice(trim(value, first, true)),
            Self::TrimShortestSuffix => trim_suffix(value, first, false, output),
            Self::TrimLongestSuffix => trim_suffix(value, first, true, output),
        }
        Ok(())
    }
}

/// Go's simple case mapping: one character for one character, so `ß` has no capital.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

/// Go's simple case mapping to lower case.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn change_case(value: &[u8], map: fn(char) -> char, only_first: bool, output: &mut Vec<u8>) {
    // Values come from lookups of strings, so this is UTF-8; bytes elsewhere are only results.
    let text = String::from_utf8_lossy(value);
    for (index, c) in text.char_indices() {
        let c = if only_first && index > 0 { c } else { map(c) };
        output.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// A decimal integer as Go's `strconv.Atoi` takes it.
fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Bytes from an offset; a number that does not parse gives the whole value, as do all offsets written with a leading space.
fn substring<'v>(value: &'v [u8], offset: &[u8], length: Option<&[u8]>) -> &'v [u8] {
    let total = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let Some(offset) = integer(offset) else {
        return value;
    };
    let start = if offset < 0 {
        total.saturating_add(offset).max(0)
    } else {
        offset
    };
    let end = match length.map(integer) {
        None => total,
        Some(None) => return value,
        // A negative length counts from the end.
        Some(Some(length)) if length < 0 => total.saturating_add(length),
        Some(Some(length)) => start.saturating_add(length).min(total),
    };
    if start >= end {
        return &[];
    }
    let index = |position: i64| usize::try_from(position).unwrap_or(0).min(value.len());
    &value[index(start)..index(end)]
}

/// Replaces up to `most` non-overlapping occurrences; an empty `old` matches before each character and at the end.
fn replace(
    value: &[u8],
    old: &[u8],
    new: &[u8],
    most: usize,
    output: &mut Vec<u8>,
) -> Result<(), EnvsubstError> {
    let mut rest = value;
    let mut done = 0;
    while done < most {
        let (before, after) = if old.is_empty() {
            let width = if done == 0 {
                0
            } else {
                glob::first_char(rest).1
            };
            if done > 0 && rest.is_empty() {
                break;
            }
            rest.split_at(width)
        } else {
            let Some(at) = rest.windows(old.len()).position(|window| window == old) else {
                break;
            };
            (&rest[..at], &rest[at + old.len()..])
        };
        output.extend_from_slice(before);
        output.extend_from_slice(new);
        if output.len() > MAX_OUTPUT_BYTES {
            return Err(EnvsubstError::TooLarge);
        }
        rest = after;
        done += 1;
    }
    output.extend_from_slice(rest);
    Ok(())
}

/// Strips the shortest or longest non-empty prefix that the glob matches; a malformed glob strips nothing.
fn trim<'v>(value: &'v [u8], pattern: &[u8], longest: bool) -> &'v [u8] {
    let mut shortest = None;
    for end in (1..=value.len()).rev() {
        match glob::matches(pattern, &value[..end]) {
            Err(BadPattern) => return value,
            Ok(false) => {}
            Ok(true) if longest => return &value[end..],
            Ok(true) => shortest = Some(end),
        }
    }
    &value[shortest.unwrap_or(0)..]
}

/// Like [`trim`] at the other end: value and glob are reversed by character, as the original does it, classes of globs included.
fn trim_suffix(value: &[u8], pattern: &[u8], longest: bool, output: &mut Vec<u8>) {
    let reversed = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .chars()
            .rev()
            .collect::<String>()
    };
    let value = reversed(value);
    let kept = trim(value.as_bytes(), reversed(pattern).as_bytes(), longest);
    output.extend_from_slice(reversed(kept).as_bytes());
}
